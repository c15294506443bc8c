"""`InputState`: what clients steer a model by."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, ClassVar, cast, get_origin

from risp.protocol.codec import dump
from risp.protocol.live.arguments import ABSENT

from .annotations import enclosing, own_annotations, plain, resolved
from .fields import Argument, FieldSpec, argument, is_mutable, spec_of


class InputState:
    """The base of a model's state; a subclass is a dataclass, and lives as long as a session.

    Each public field becomes a command `set_<field>`. A field whose name begins with `_` is the
    model's own: clients neither see nor set it. Raises TypeError where a class is declared with
    fields that cannot be told to clients, naming the field and the remedy.
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
            default = vars(cls).get(name, ABSENT)
            if name.startswith("_"):
                _private(cls, name, default, place)
                continue
            known = resolved(annotation, around, cls, place)
            if known is ClassVar or get_origin(known) is ClassVar:
                continue
            spec = spec_of(default, place)
            if spec.default is ABSENT:
                raise TypeError(f"{place} has no default: every session begins with one")
            arguments[name] = argument(name, known, spec, place)
            setattr(cls, name, _dataclass_default(arguments[name], spec))
        cls.__arguments__ = arguments


def _private(cls: type, name: str, default: Any, place: str) -> None:
    if isinstance(default, FieldSpec):
        default = default.default
        setattr(cls, name, default)
    field = cast("dataclasses.Field[Any]", default)
    if default is ABSENT or (
        isinstance(default, dataclasses.Field)
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ):
        raise TypeError(f"{place} is private and has no default: give it one, as in `= None`")
    if is_mutable(default):
        raise TypeError(
            f"{place}: a {type(field).__name__} as default would be shared by all sessions: "
            "use dataclasses.field(default_factory=...)"
        )


def _dataclass_default(one: Argument, spec: FieldSpec) -> Any:
    """The default as `@dataclass` wants it; one that can change is made anew each time."""
    default = one.default()
    return dataclasses.field(default_factory=one.default) if is_mutable(default) else default


def declared(state: type[InputState]) -> type[InputState]:
    """Check that a state class is ready for use; raises TypeError."""
    fields = vars(state).get("__dataclass_fields__")
    if fields is None and state is not InputState and own_annotations(state):
        raise TypeError(f"{state.__name__} is no dataclass: put @dataclass above it")
    if getattr(getattr(state, "__dataclass_params__", None), "frozen", False):
        raise TypeError(f"{state.__name__} is frozen, and commands change it: leave out frozen")
    return state


def snapshot(state: InputState | None) -> dict[str, Any]:
    """The public fields as JSON; a value that JSON cannot say is left out."""
    found: dict[str, Any] = {}
    for name in type(state).__arguments__ if state is not None else ():
        try:
            value = plain(getattr(state, name))
            dump(value)
        except TypeError:
            continue
        found[name] = value
    return found


def names_of(state: Any) -> list[str]:
    """The names of all fields, private ones too."""
    return [field.name for field in dataclasses.fields(state)] if is_dataclass(state) else []


class Kept:
    """A state as it was, to be put back; lists, dicts and sets are copied one level deep.

    What lies deeper, and what the model keeps in itself, is not undone.
    """

    def __init__(self, state: InputState) -> None:
        self._state = state
        self._fields = {name: _copied(getattr(state, name)) for name in names_of(state)}

    def restore(self) -> InputState:
        """Put every field back."""
        for name, value in self._fields.items():
            setattr(self._state, name, value)
        return self._state


def _copied(value: Any) -> Any:
    return value.copy() if type(value) in {list, dict, set} else value
