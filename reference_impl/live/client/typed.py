"""What a generated client rests on: commands as methods, messages as objects, wrong calls refused.

The signature of a method is the one place where a command is declared: its annotations say the
types and bounds, its defaults say what may be left out. So a type checker, a completion, a reader
and the refusal all look at the same words, and none can go stale beside another; a table of the
schema in the file would say everything twice. The body is a docstring: `command` writes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import wraps
from types import TracebackType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Protocol,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
    get_type_hints,
    overload,
)

from risp.protocol.live.arguments import INVALID_COMMAND, SHOWN, Misfit, Parameter, Refused
from risp.protocol.live.channel import FileRef
from risp.protocol.live.model import Command

from .annotations import Bounds, Named, parameters
from .client import LiveClient
from .failures import Component, LiveError
from .handlers import Function, Handler, ended
from .incoming import read
from .timeouts import Timeouts

__all__ = [
    "LEFT_OUT",
    "Bounds",
    "Named",
    "RefusedCall",
    "TypedClient",
    "command",
    "field",
    "handler",
    "message",
]

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M")
R = TypeVar("R", covariant=True)


class _LeftOut:
    """The type of `LEFT_OUT`."""

    def __repr__(self) -> str:
        return "LEFT_OUT"


LEFT_OUT: Final[Any] = _LeftOut()
"""The default of an argument that is not sent: the server's own holds then."""


class RefusedCall(ValueError):
    """A command that the model's schema does not allow; nothing was sent, and the client lives."""

    def __init__(self, command: str, refused: Refused, given: Mapping[str, Any]) -> None:
        self.command = command
        """The command's name on the wire."""
        self.code = refused.code
        """The code that a server refuses it with: `invalid_command`."""
        self.param = refused.param
        """The argument that is wrong; None for the command as a whole."""
        self.value = given.get(refused.param) if refused.param is not None else None
        """The argument's value, if it has one."""
        self.message = refused.message
        """What is wrong, in the words of the wire: `brightness: 5.0 > le(2.0)`."""
        shown = "" if self.param is None else self.param
        if self.param in given:
            value = repr(self.value)
            shown += f"={value if len(value) <= SHOWN else value[:SHOWN] + '...'}"
        super().__init__(f"{command}({shown}): {self.message}")


def command(name: str) -> Callable[[F], F]:
    """Make a method, of which only the signature counts, send the command `name`.

    What is left out is not sent. The method raises RefusedCall for what the signature does not
    allow, and LiveError as `send_command` does. Raises TypeError for annotations that cannot be
    told on the wire.
    """

    def declare(function: F) -> F:
        hints = get_type_hints(function, include_extras=True)
        hints.pop("return", None)
        known = parameters(hints, frozenset(function.__kwdefaults__ or {}))

        @wraps(function)
        async def send(self: TypedClient, /, **given: Any) -> None:
            sent = {name: one for name, one in given.items() if one is not LEFT_OUT}
            await self.send_command(
                name, {known[key].name if key in known else key: one for key, one in sent.items()}
            )

        send.__dict__["declares"] = Command(name=name, parameters=tuple(known.values()))
        return cast("F", send)

    return declare


@dataclass(frozen=True, slots=True)
class Declared:
    """What a class of messages reads."""

    name: str
    """The type on the wire."""
    fields: Mapping[str, Parameter]
    """The fields, by their names in Python."""


_DECLARED: Final[dict[type[Any], Declared]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def message(name: str) -> Callable[[type[M]], type[M]]:
    """Make a class with annotations a frozen dataclass for messages of the type `name`.

    Raises TypeError for annotations that cannot be told on the wire.
    """

    def declare(kind: type[M]) -> type[M]:
        hints = get_type_hints(kind, include_extras=True)
        made: Any = dataclass(frozen=True, kw_only=True)(kind)
        optional = frozenset(
            one.name
            for one in fields(made)
            if one.default is not MISSING or one.default_factory is not MISSING
        )
        _DECLARED[made] = Declared(name, parameters(hints, optional))
        return cast("type[M]", made)

    return declare


class Decorates(Protocol[M]):
    """Has a function called with messages of one class, and gives it back."""

    def __call__(self, function: Callable[[M], R], /) -> Callable[[M], R]:
        """Call `function` with each; a coroutine function is awaited."""
        ...


class Handling(Generic[M]):
    """The attribute of a client by which handlers for one class of messages are set."""

    def __init__(self, kind: type[M]) -> None:
        self.handles = kind
        """The class of the messages."""

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, client: TypedClient, owner: type[Any]) -> Decorates[M]: ...
    def __get__(self, client: TypedClient | None, owner: type[Any]) -> Any:
        if client is None:
            return self

        def decorate(function: Function) -> Function:
            client.on(self.handles, function)
            return function

        return decorate


def handler(kind: type[M]) -> Handling[M]:
    """Make an attribute that decorates handlers of messages of this class."""
    return Handling(kind)


class TypedClient(LiveClient):
    """A client of one model: see `LiveClient` for the constructor and for all that is not typed.

    A subclass names its model, as in `class Probe(TypedClient, model="probe")`. A message that is
    not what its class says is told as the error `invalid_message`, and handlers of `message` are
    given it all the same. Raises as `LiveClient` does.
    """

    __model: ClassVar[str] = ""
    __commands: ClassVar[Mapping[str, Command]] = {}
    __kinds: ClassVar[Mapping[str, type[Any]]] = {}

    def __init_subclass__(cls, *, model: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if model is not None:
            cls.__model = model
        own: list[Any] = list(vars(cls).values())
        commands = [one.declares for one in own if hasattr(one, "declares")]
        kinds = [one.handles for one in own if hasattr(one, "handles")]
        cls.__commands = {**cls.__commands, **{one.name: one for one in commands}}
        cls.__kinds = {**cls.__kinds, **{_DECLARED[one].name: one for one in kinds}}

    def __init__(
        self,
        api_key: str | None = None,
        api_url: str | None = None,
        local: bool = False,
        *,
        timeouts: Timeouts | None = None,
        flat: bool | None = None,
    ) -> None:
        super().__init__(self.__model, api_key, api_url, local, timeouts=timeouts, flat=flat)
        self.__handlers: dict[type[Any], list[Handler]] = {}
        self.on("message", self.__hear)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            running = [one.task for many in self.__handlers.values() for one in many]
            await ended([task for task in running if task is not None], self._timeouts.close_s)

    async def send_command(self, command: str, data: Mapping[str, Any] | None = None) -> None:
        """Send a command that the schema allows; raises RefusedCall for others, before it sends.

        `LiveClient.send_command(client, ...)` sends whatever it is given: for a command that is
        newer than this class. Raises LiveError as that does.
        """
        given = dict(data or {})
        uploads = [name for name, one in given.items() if isinstance(one, FileRef)]
        rest = {name: one for name, one in given.items() if name not in uploads}
        try:
            if command not in self.__commands:
                raise Refused(INVALID_COMMAND, "unknown command", None)
            taken = self.__commands[command].read(rest, uploads)
        except Refused as refused:
            raise RefusedCall(command, refused, given) from None
        await super().send_command(command, {name: taken.get(name, given[name]) for name in given})

    def on(self, event: str | type[Any], handler: Function) -> None:
        """Call `handler` at each event of this name, or with each message of this class.

        Raises ValueError for an event, or a class, that is not one of this client.
        """
        if isinstance(event, str):
            super().on(event, handler)
            return
        if not callable(handler):
            raise TypeError(f"a handler is a function, and not a {type(handler).__name__}")
        if event not in self.__kinds.values():
            raise ValueError(f"{event.__name__} is no message of {type(self).__name__}")
        name = _DECLARED[event].name
        one = Handler(handler, lambda error: self._on_failed(error, name))
        self.__handlers.setdefault(event, []).append(one)

    def off(self, event: str | type[Any], handler: Function) -> None:
        """Call it no more."""
        if isinstance(event, str):
            super().off(event, handler)
            return
        handlers = self.__handlers.get(event, [])
        handlers[:] = [one for one in handlers if one.function != handler]

    def __hear(self, told: Mapping[str, Any]) -> None:
        """Hand a message over as an object; what cannot be read is told as an error."""
        kind = self.__kinds.get(told["type"])
        if kind is None:
            return
        try:
            said = kind(**read(_DECLARED[kind].fields, told.get("data")))
        except Misfit as misfit:
            reason = f"{told['type']}: {misfit}"
            self._tell(LiveError("invalid_message", reason, component=Component.MODEL))
            return
        for one in tuple(self.__handlers.get(kind, ())):
            one(said)
