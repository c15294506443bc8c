"""What becomes of a command: it is carried out and answered, or refused and nothing has changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from risp.protocol.codec import dump
from risp.protocol.live.arguments import Refused

from .modelling.base import LiveModel
from .modelling.events import CommandError
from .modelling.files import UploadedFile
from .modelling.loading import LoadedModel
from .modelling.messages import ModelMessage, body_of
from .modelling.state import Kept

logger = logging.getLogger("risp.model")

MAX_WAITING = 1000
"""So many entries may wait; a command beyond them is refused."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A command was carried out."""

    message: ModelMessage | None
    """What it answers with."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A command was not carried out; the state is as it was."""

    code: str
    """From the table of codes, or the model's own."""
    message: str
    """What is wrong, for people."""
    param: str | None
    """The argument that is wrong; None for the command as a whole."""


Reply = Returned | Rejected

ENDED = Rejected("session_closed", "The session has ended.", None)
TOO_MANY = Rejected("too_many_commands", f"{MAX_WAITING} commands wait already.", None)
FAILED = Rejected("internal_error", "The handler raised an unexpected error.", None)


def carry_out(
    loaded: LoadedModel,
    model: LiveModel,
    name: str,
    arguments: Mapping[str, Any],
    uploads: Mapping[str, UploadedFile],
) -> Reply:
    """Carry a command out on a session's model; raises nothing."""
    try:
        values = loaded.schema.command(name).read(arguments, uploads)
    except Refused as refused:
        return Rejected(refused.code, refused.message, refused.param)
    for argument, value in values.items():
        if not _is_sayable(value):
            return Rejected("invalid_command", "integers have at most 64 bits", argument)
    handler = loaded.handlers[name]
    kept = Kept(model.state)
    try:
        message = handler.run(model, {**handler.build(values), **uploads})
        if message is not None:
            if not isinstance(message, ModelMessage):
                raise TypeError(f"it returned a {type(message).__name__}, and no ModelMessage")
            dump(body_of(message))  # raises if it cannot go on the wire
    except CommandError as error:
        model.state = kept.restore()
        return Rejected(error.code, error.message, None)
    except BaseException as error:  # a handler may raise anything
        model.state = kept.restore()
        logger.error("%s: the command %r failed", loaded.schema.name, name, exc_info=error)
        return FAILED
    return Returned(message)


def _is_sayable(value: Any) -> bool:
    """Whether a value that was read could be told too: what nobody can be told, nobody may set."""
    try:
        dump(value)
    except TypeError:
        return False
    return True
