"""`InputField`: a default with bounds, for a field of the state or an argument of a handler."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from risp.protocol.live.arguments import ABSENT, Misfit, Parameter, Shape, Type

from .annotations import form, plain

NUMERIC = frozenset({Type.INTEGER, Type.NUMBER})
SIZED = frozenset({Type.STRING, Type.ARRAY})
CHOOSABLE = frozenset({Type.INTEGER, Type.NUMBER, Type.STRING, Type.BOOLEAN, Type.ANY})


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What `InputField` was told."""

    default: Any = ABSENT
    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[Any, ...] | None = None
    description: str = ""

    def bounds(self) -> dict[str, Any]:
        """The bounds that are set."""
        names = ("ge", "le", "min_length", "max_length")
        found = {name: getattr(self, name) for name in names}
        return {name: bound for name, bound in found.items() if bound is not None}


def InputField(  # noqa: N802  # it is written where a class's name is expected
    default: Any = ABSENT,
    *,
    ge: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    choices: Sequence[Any] | None = None,
    description: str = "",
    moderate: bool = True,
) -> Any:
    """Declare a default and what a client may set: bounds are inclusive, `choices` exhaustive.

    Without `default`, a handler's argument has to be sent; a field of the state needs one. A
    default that is a tuple is a fresh list for each session. `moderate` is taken, and unused.
    """
    del moderate
    chosen = None if choices is None else tuple(choices)
    return FieldSpec(default, ge, le, min_length, max_length, chosen, description)


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter, and how its values are made."""

    parameter: Parameter
    """What the wire is told."""
    build: Callable[[Any], Any]
    """Makes of a value that was read what the annotation promises."""

    def default(self) -> Any:
        """The default, made anew."""
        return self.build(self.parameter.take(self.parameter.default, self.parameter.name))


def spec_of(default: Any, place: str) -> FieldSpec:
    """What stands behind `=`, as a FieldSpec; raises TypeError for what sessions would share."""
    field: dataclasses.Field[Any] = default
    if isinstance(default, dataclasses.Field):
        if field.default_factory is not dataclasses.MISSING:
            raise TypeError(
                f"{place}: default_factory has no default that clients could be told: "
                "for a list give a tuple as default, else give None and say `... | None`"
            )
        default = ABSENT if field.default is dataclasses.MISSING else field.default
    spec = default if isinstance(default, FieldSpec) else FieldSpec(default)
    if is_mutable(spec.default):
        raise TypeError(
            f"{place}: a {type(spec.default).__name__} as default would be shared by all sessions: "
            "for a list give a tuple, freeze a dataclass, else give None and say `... | None`"
        )
    return spec


def is_mutable(default: Any) -> bool:
    """Whether it cannot be hashed, which is how dataclasses tell too."""
    return type(default).__hash__ is None


def argument(name: str, annotation: Any, spec: FieldSpec, place: str) -> Argument:
    """Put together what an annotation and a spec say; raises TypeError naming place and remedy."""
    meant = form(annotation, place)
    shape = meant.shape
    for bound in spec.bounds():
        fitting = NUMERIC if bound in {"ge", "le"} else SIZED
        if shape.type not in fitting:
            raise TypeError(f"{place}: {bound} says nothing about a value of type {shape.type}")
    changes = spec.bounds()
    if spec.choices is not None:
        if shape.type not in CHOOSABLE:
            raise TypeError(f"{place}: choices say nothing about a value of type {shape.type}")
        changes["choices"] = tuple(_plain(choice, place) for choice in spec.choices)
    shape = dataclasses.replace(shape, **changes)
    default = spec.default
    if default is not ABSENT:
        default = _plain(default, place)
        try:
            default = shape.take(default, name)
        except Misfit as error:
            raise TypeError(
                f"{place}: the default does not keep to the field's own declaration: {error}"
                + (" (write `... | None` to allow None)" if default is None else "")
            ) from None
    parameter = Parameter(
        name=name,
        default=default,
        required=default is ABSENT,
        description=spec.description,
        **{field: getattr(shape, field) for field in Shape.__slots__},
    )
    return Argument(parameter, meant.build)


def _plain(value: Any, place: str) -> Any:
    try:
        return plain(value)
    except TypeError as error:
        raise TypeError(f"{place}: {error}: give a value that JSON can say") from None
