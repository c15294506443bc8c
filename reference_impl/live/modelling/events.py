"""`event`: a method of a model that clients can call; and the commands that come of it."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, Union, cast, get_args, get_origin, overload

from risp.protocol.live.arguments import ABSENT
from risp.protocol.live.model import Command

from .annotations import Around, resolved
from .fields import Argument, argument, spec_of
from .messages import ModelMessage, type_of
from .state import InputState

Method = TypeVar("Method", bound=Callable[..., Any])

MARK = "__risp_event__"
"""The attribute by which a method is known to be an event."""
COMMAND_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
"""What a command may be called."""
EMPTY = inspect.Parameter.empty


class CommandError(Exception):
    """Raised by a handler: the command is refused with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """For programs: the model's own, or one of the protocol's."""
        self.message = message
        """For people."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What `@event` was told."""

    name: str | None
    description: str


@overload
def event(name: Method, /) -> Method: ...
@overload
def event(name: str | None = None, description: str = "") -> Callable[[Method], Method]: ...


def event(name: Any = None, description: str = "") -> Any:
    """Make a method a command, called `name` or else as the method is.

    It runs between two steps of `inference`. What it takes stands in its signature; what it returns
    is None, or a ModelMessage that answers the sender.
    """
    if callable(name):
        return event()(name)

    def mark(method: Method) -> Method:
        setattr(method, MARK, Mark(name, description))
        return method

    return mark


@dataclass(frozen=True, slots=True)
class Handler:
    """A command, and what carries it out."""

    command: Command
    """What clients are told."""
    arguments: Mapping[str, Argument]
    """How its arguments are made."""
    reply: type[ModelMessage] | None
    """The message that it answers with."""
    method: str | None = None
    """The method; None: a field of the state is set."""
    function: Callable[..., Any] | None = None
    """The method as a function of its class."""

    def run(self, model: Any, values: Mapping[str, Any]) -> Any:
        """Carry it out with arguments that were read; returns what the method does."""
        if self.method is not None:
            return getattr(model, self.method)(**values)
        for name, value in values.items():
            setattr(model.state, name, value)
        return None

    def build(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make of values that were read what the annotations promise."""
        return {name: self.arguments[name].build(value) for name, value in values.items()}


def handlers(
    model: type,
    state: type[InputState],
    reserved: frozenset[str],
    around: Around,
    inherited: Mapping[str, Handler],
) -> dict[str, Handler]:
    """Every command of a model: its events, and `set_<field>` where no event is called so.

    `inherited` has the events of the class that it extends, by method.

    Raises TypeError for an event that cannot be one, naming the place and the remedy.
    """
    found: dict[str, Handler] = {}
    for method, mark in _marked(model):
        place = f"{model.__name__}.{method}"
        if method in reserved:
            raise TypeError(f"{place} has a meaning of its own and can be no event: rename it")
        function = getattr(model, method)
        known = inherited.get(method)
        # What is inherited was read where it stands, and its annotations may mean nothing here.
        if known is not None and known.function is function:
            handler = known
        else:
            handler = _handler(method, mark, function, around, place)
        name = handler.command.name
        if name in found:
            raise TypeError(
                f"{place} and {model.__name__}.{found[name].method} are both called {name!r}: "
                "give one of them another name"
            )
        found[name] = handler
    for name, one in state.__arguments__.items():
        setter = f"set_{name}"
        if setter not in found:
            told = one.parameter.description or f"Set {name}."
            command = Command(name=setter, parameters=(one.parameter,), description=told)
            found[setter] = Handler(command, {name: one}, None)
    return found


def _marked(model: type) -> Iterator[tuple[str, Mark]]:
    """The methods that are events, in order; one that is written anew stays an event."""
    marks: dict[str, Mark] = {}
    for cls in reversed(model.__mro__):
        for name, value in vars(cls).items():
            if isinstance(value, staticmethod | classmethod):
                if hasattr(cast(Any, value).__func__, MARK):
                    raise TypeError(f"{cls.__name__}.{name}: an event is a plain method, with self")
            elif callable(value) and hasattr(value, MARK):
                marks[name] = getattr(value, MARK)
    yield from marks.items()


def _handler(method: str, mark: Mark, function: Any, around: Around, place: str) -> Handler:
    name = method if mark.name is None else mark.name
    if not COMMAND_NAME.fullmatch(name):
        raise TypeError(
            f"{place}: {name!r} can be no command's name: "
            "use letters, digits and underscores, and begin with a letter"
        )
    refuse_async(function, place)
    if inspect.isgeneratorfunction(function):
        raise TypeError(f"{place} yields, and nothing would run it: return a message, or send()")
    arguments = _arguments(function, around, place)
    reply = _reply(function, around, place)
    said = (function.__doc__ or "").strip().partition("\n")[0]
    default = f"Set {name.removeprefix('set_')}." if name.startswith("set_") else ""
    command = Command(
        name=name,
        parameters=tuple(one.parameter for one in arguments.values()),
        reply=None if reply is None else type_of(reply),
        description=mark.description or said or default,
    )
    return Handler(command, arguments, reply, method, function)


def refuse_async(function: Any, place: str) -> None:
    """Raise TypeError for a coroutine function."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{place} is async, and models run in a thread of their own: leave it out")


def _arguments(function: Any, around: Around, place: str) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise TypeError(f"{place} lacks self")
    for parameter in parameters[1:]:
        at = f"{place}({parameter.name})"
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"{at}: arguments come by name: name each one, without * and /")
        if parameter.annotation is EMPTY:
            raise TypeError(f"{at} has no annotation: clients have to be told its type")
        annotation = resolved(parameter.annotation, around, function, at)
        default = ABSENT if parameter.default is EMPTY else parameter.default
        found[parameter.name] = argument(parameter.name, annotation, spec_of(default, at), at)
    return found


UNSAYABLE = (str, bytes, int, float, bool, dict, list, tuple)
"""What a handler may not answer with, though it is often tried."""


def _reply(function: Any, around: Around, place: str) -> type[ModelMessage] | None:
    annotation = getattr(function, "__annotations__", {}).get("return")
    known = resolved(annotation, around, function, f"{place} -> {annotation}")
    choices = get_args(known) if get_origin(known) in {Union, types.UnionType} else (known,)
    replies = [one for one in choices if isinstance(one, type) and issubclass(one, ModelMessage)]
    others = [one for one in (get_origin(one) or one for one in choices) if one in UNSAYABLE]
    if others:
        raise TypeError(
            f"{place} -> {others[0].__name__}: a command answers with a ModelMessage, or with None"
        )
    if len(replies) > 1:
        raise TypeError(f"{place}: a command answers with one kind of message: make it one class")
    return replies[0] if replies else None
