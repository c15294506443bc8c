"""`ModelMessage`: what a model tells the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, dataclass_transform, get_origin

from risp.protocol.live.arguments import ABSENT
from risp.protocol.live.model import Message, snake_case

from .annotations import enclosing, own_annotations, plain, resolved
from .fields import Argument, InputField, argument, spec_of


@dataclass_transform(kw_only_default=True, field_specifiers=(InputField,))
class ModelMessage:
    """The base of a message: annotations are its fields, given by name.

    Its type on the wire is the class's name in snake case, whatever its fields are called. Raises
    TypeError where a class is declared with a field that cannot be told to clients.
    """

    __arguments__: ClassVar[Mapping[str, Argument]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__dataclass_fields__" in vars(cls):
            return  # the second class that `@dataclass(slots=True)` makes
        around = enclosing()
        arguments = dict(cls.__arguments__)
        for name, annotation in own_annotations(cls).items():
            place = f"{cls.__name__}.{name}"
            known = resolved(annotation, around, cls, place)
            if name.startswith("_") or known is ClassVar or get_origin(known) is ClassVar:
                continue
            spec = spec_of(vars(cls).get(name, ABSENT), place)
            arguments[name] = argument(name, known, spec, place)
            if spec.default is not ABSENT:
                setattr(cls, name, spec.default)
            elif name in vars(cls):
                delattr(cls, name)
        cls.__arguments__ = arguments

    def __init__(self, **fields: Any) -> None:
        arguments = type(self).__arguments__
        for name in fields:
            if name not in arguments:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
        for name, one in arguments.items():
            if name not in fields and one.parameter.required:
                raise TypeError(f"{type(self).__name__} lacks its field {name!r}")
            setattr(self, name, fields[name] if name in fields else one.default())

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).__arguments__)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # as of any dataclass that can change


def type_of(message: ModelMessage | type[ModelMessage]) -> str:
    """Its type on the wire."""
    return snake_case((message if isinstance(message, type) else type(message)).__name__)


def body_of(message: ModelMessage) -> dict[str, Any]:
    """Its fields on the wire; raises TypeError for a value that JSON cannot say."""
    return {name: _field(message, name) for name in type(message).__arguments__}


def _field(message: ModelMessage, name: str) -> Any:
    try:
        return plain(getattr(message, name))
    except TypeError as error:
        raise TypeError(f"{type(message).__name__}.{name}: {error}") from None


def declaration(message: type[ModelMessage]) -> Message:
    """What the model's schema says of a class of messages."""
    said = vars(message).get("__doc__") or ""
    if said.startswith(f"{message.__name__}("):
        said = ""  # the signature, which `@dataclass` writes where nothing else stands
    return Message(
        name=type_of(message),
        fields=tuple(one.parameter for one in message.__arguments__.values()),
        description=said.strip().partition("\n")[0],
    )
