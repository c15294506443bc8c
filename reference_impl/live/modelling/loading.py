"""From a class to a model that can be served."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from risp.protocol.live.limits import MAX_NAME
from risp.protocol.live.model import Direction, Message, ModelSchema, Track

from .annotations import NOWHERE
from .base import LiveModel, call_hook, kebab_case
from .events import Handler
from .messages import ModelMessage, declaration
from .outputs import beside, yielded
from .tracks import Input, Output

logger = logging.getLogger("risp.model")


class ModelError(Exception):
    """A model that cannot be served, and what would mend it."""


class LoadedModel:
    """A model that is sound, and its weights once `load` has run."""

    def __init__(self, prototype: LiveModel, schema: ModelSchema) -> None:
        self.schema = schema
        """What it publishes."""
        self.document = schema.openapi()
        """The same as an OpenAPI document; every session hands out this one."""
        self.capabilities = schema.capabilities()
        """The same as the descriptor has it."""
        self._prototype = prototype

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What carries out each command."""
        return type(self._prototype).__handlers__

    @property
    def fps(self) -> float:
        """How many steps a second are taken, at most."""
        return float(self._prototype.fps)

    @property
    def infers(self) -> bool:
        """Whether it has an `inference`, or only commands."""
        return type(self._prototype).inference is not LiveModel.inference

    def load(self, config_path: str | None = None) -> None:
        """Load the weights, which may take minutes; raises ModelError."""
        try:
            call_hook(self._prototype, "load", config_path)
        except Exception as error:
            logger.error("%s: load() failed", self.schema.name, exc_info=error)
            raise ModelError(f"load() raised {type(error).__name__}: {error}") from error

    def inputs(self) -> Input:
        """The input tracks of a session, without a frame."""
        return self._prototype.__input__()

    def session(self, send: Callable[[ModelMessage], None], inputs: Input) -> LiveModel:
        """The object on which a session works, with a fresh state."""
        model = copy.copy(self._prototype)
        model.state = model.__state__()
        model.input = inputs
        model._risp_send = send  # pyright: ignore[reportPrivateUsage]  # out of the model's sight
        return model


def load_model(spec: Any) -> LoadedModel:
    """Check a subclass of LiveModel, or an object of one; raises ModelError with the remedy."""
    cls: Any = spec if isinstance(spec, type) else type(spec)
    if not issubclass(cls, LiveModel) or cls is LiveModel:
        raise ModelError(f"{cls.__name__} is no model: extend risp.reference_impl's LiveModel")
    try:
        schema = _schema(cls)
    except TypeError as error:
        raise ModelError(str(error)) from error
    try:
        prototype: LiveModel = cls() if isinstance(spec, type) else spec
    except Exception as error:
        raise ModelError(
            f"{cls.__name__}() raised {type(error).__name__}: {error} "
            "(a model is made without arguments; what takes time belongs into load)"
        ) from error
    return LoadedModel(prototype, schema)


def _schema(cls: type[LiveModel]) -> ModelSchema:
    name = cls.name or kebab_case(cls.__name__)
    if len(name) > MAX_NAME:
        raise TypeError(f"{cls.__name__}.name has more than {MAX_NAME} characters")
    if isinstance(cls.fps, bool) or not (math.isfinite(cls.fps) and cls.fps > 0):
        raise TypeError(f"{cls.__name__}.fps is {cls.fps!r}: give the frames of a second")
    own = (cls.__doc__ or "").strip() if vars(cls).get("__doc__") else ""
    return ModelSchema(
        name=name,
        version=cls.version,
        description=cls.description or own.partition("\n")[0],
        tracks=_tracks(cls),
        commands=tuple(handler.command for handler in cls.__handlers__.values()),
        messages=_messages(cls),
    )


def _models(cls: type[LiveModel]) -> list[type]:
    """The class and the models that it extends."""
    return [one for one in cls.__mro__ if issubclass(one, LiveModel) and one is not LiveModel]


def _outputs(cls: type[LiveModel]) -> list[type[Output]]:
    if cls.__outputs__ is not None:
        return list(cls.__outputs__)
    return yielded(cls.inference, NOWHERE) or beside(_models(cls), Output)


def _tracks(cls: type[LiveModel]) -> tuple[Track, ...]:
    tracks = {name: Track(name=name, direction=Direction.IN) for name in cls.__input__.__tracks__}
    infers = cls.inference is not LiveModel.inference
    found = [name for output in _outputs(cls) for name in output.__tracks__] if infers else []
    if infers and not found and cls.__outputs__ != ():
        raise TypeError(
            f"{cls.__name__} has an inference() and no output track: declare one, as in "
            "`class MyOutput(Output): main_video: Video`, or say `output: None`"
        )
    for name in dict.fromkeys(found):
        if name in tracks:
            raise TypeError(f"{cls.__name__}: a track {name!r} comes and another goes: rename one")
        tracks[name] = Track(name=name, direction=Direction.OUT, rate=float(cls.fps))
    return tuple(tracks.values())


def _messages(cls: type[LiveModel]) -> tuple[Message, ...]:
    """What commands answer with, and every message that is declared beside the model."""
    replies = [handler.reply for handler in cls.__handlers__.values() if handler.reply is not None]
    classes: dict[str, type[ModelMessage]] = {}
    for one in dict.fromkeys([*replies, *beside(_models(cls), ModelMessage)]):
        message = declaration(one)
        other = classes.setdefault(message.name, one)
        if other is not one:
            raise TypeError(
                f"{one.__qualname__} and {other.__qualname__} are both {message.name!r} "
                "on the wire: rename one"
            )
    return tuple(declaration(one) for one in classes.values())
