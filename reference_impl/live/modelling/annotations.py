"""From Python's annotations to the shapes of the wire, and from values to values."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from risp.protocol.live.arguments import ABSENT, Parameter, Shape, Type

from .files import UploadedFile

SUPPORTED = (
    "int, float, str, bool, Literal, Enum, list, dict, a dataclass, UploadedFile, "
    "or one of them and None"
)
"""What an annotation may be."""
PLAIN = {
    int: Type.INTEGER,
    float: Type.NUMBER,
    str: Type.STRING,
    bool: Type.BOOLEAN,
    UploadedFile: Type.UPLOAD,
    list: Type.ARRAY,
    dict: Type.OBJECT,
}
"""Classes that need no further look."""
NONE = type(None)


@dataclass(frozen=True, slots=True)
class Form:
    """What an annotation means."""

    shape: Shape
    """For the wire."""
    build: Callable[[Any], Any]
    """Makes of a value from the wire what the annotation promises."""


def form(annotation: Any, place: str) -> Form:
    """Read an annotation; raises TypeError, naming `place` and the remedy."""
    return _form(annotation, place, ())


def _same(value: Any) -> Any:
    return value


def _form(annotation: Any, place: str, within: tuple[type, ...]) -> Form:
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return Form(Shape(), _same)
    if origin is Annotated:
        return _form(args[0], place, within)
    if origin in {Union, types.UnionType} and NONE in args and len(args) == 2:
        inner = _form(args[0] if args[1] is NONE else args[1], place, within)
        return _nullable(inner)
    if origin is Literal:
        values = tuple(value for value in args if value is not None)
        choice = Form(_choice([plain(value) for value in values]), _same)
        return _nullable(choice) if None in args else choice
    if origin is list:
        items = _form(args[0], place, within)
        return Form(
            Shape(type=Type.ARRAY, items=items.shape), lambda value: [*map(items.build, value)]
        )
    if origin is dict and args[0] is str:
        items = _form(args[1], place, within)
        return Form(
            Shape(type=Type.OBJECT, items=None if args[1] is Any else items.shape),
            lambda value: {key: items.build(one) for key, one in value.items()},
        )
    known: Any = annotation
    if isinstance(annotation, type):
        if annotation in PLAIN:
            return Form(Shape(type=PLAIN[annotation]), _same)
        if issubclass(annotation, Enum):
            return Form(_choice([plain(member) for member in annotation]), annotation)
        if hasattr(known, "__dataclass_fields__") and known not in within:
            return _dataclass(known, place, (*within, known))
    shown = getattr(known, "__name__", None) or str(known)
    raise TypeError(f"{place}: {shown} cannot be told on the wire: use {SUPPORTED}")


def _nullable(inner: Form) -> Form:
    shape = dataclasses.replace(inner.shape, nullable=True)
    return Form(shape, lambda value: None if value is None else inner.build(value))


def _choice(values: list[Any]) -> Shape:
    # By `is`: a bool is no int here.
    kinds = {next((PLAIN[one] for one in PLAIN if type(value) is one), None) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    return Shape(type=kind or Type.ANY, choices=tuple(values))


def _dataclass(annotation: type, place: str, within: tuple[type, ...]) -> Form:
    hints = get_type_hints(annotation)
    builds: dict[str, Callable[[Any], Any]] = {}
    members: list[Parameter] = []
    for field in dataclasses.fields(annotation):
        at = f"{place}: {annotation.__name__}.{field.name}"
        inner = _form(hints[field.name], at, within)
        builds[field.name] = inner.build
        default: Any = ABSENT
        if field.default is not dataclasses.MISSING:
            default = plain(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            default = plain(field.default_factory())
        shape = {name: getattr(inner.shape, name) for name in Shape.__slots__}
        members.append(
            Parameter(name=field.name, default=default, required=default is ABSENT, **shape)
        )
    return Form(
        Shape(type=Type.OBJECT, members=tuple(members)),
        lambda value: annotation(**{name: builds[name](one) for name, one in value.items()}),
    )


def plain(value: Any) -> Any:
    """What a value is on the wire, copied; raises TypeError for what JSON cannot say."""
    whole: Any = value
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case list() | tuple():
            return [plain(item) for item in whole]
        case dict():
            if not all(isinstance(key, str) for key in whole):
                raise TypeError("a dict with keys other than str cannot go on the wire")
            return {key: plain(one) for key, one in whole.items()}
        case UploadedFile():
            return value.reference()
        case np.generic():
            return plain(value.item())
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return {name: plain(getattr(value, name)) for name in names}
        case _:
            shown = value if isinstance(value, float) else f"a {type(value).__name__}"
            raise TypeError(f"{shown} cannot go on the wire")


@dataclass(frozen=True, slots=True)
class Around:
    """The names around a class statement: those of a module, or of a function in it."""

    module: str
    names: dict[str, Any]


NOWHERE = Around("", {})


def enclosing() -> Around:
    """The names around the class statement whose `__init_subclass__` asks.

    Annotations that are kept as text may name what exists only inside a function.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # no public way to it
    while frame.f_code.co_name == "__init_subclass__" and frame.f_back is not None:
        frame = frame.f_back
    return Around(str(frame.f_globals.get("__name__", "")), dict(frame.f_locals))


def own_annotations(cls: type) -> dict[str, Any]:
    """The annotations that stand in the body of a class, in order, text left as it is."""
    return dict(inspect.get_annotations(cls))


def resolved(annotation: Any, around: Around, owner: Any, place: str) -> Any:
    """An annotation that may be text, as an object; raises TypeError if a name in it is unknown.

    `owner` is the class or function in which it stands, `around` what `enclosing` found.
    """
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    names = dict(vars(module)) if module else {}
    if around.module == owner.__module__:
        names |= around.names
    if isinstance(owner, type):
        names |= vars(owner)
    try:
        return eval(annotation, names)
    except Exception as error:
        raise TypeError(
            f"{place}: the annotation {annotation!r} cannot be read ({error}): "
            "define what it names above the class, and not under TYPE_CHECKING"
        ) from error
