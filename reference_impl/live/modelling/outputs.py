"""Which classes of a module belong to a model: its outputs, and the messages it may send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args

from .annotations import Around, own_annotations, resolved
from .tracks import Output

Kind = TypeVar("Kind")


def told(cls: type, around: Around) -> tuple[type[Output], ...] | None:
    """What the body of a class annotates `output` with; None if it does not; raises TypeError."""
    annotations = own_annotations(cls)
    if "output" not in annotations:
        return None
    place = f"{cls.__name__}.output"
    known = resolved(annotations["output"], around, cls, place)
    if known is None or known is type(None):
        return ()
    if isinstance(known, type) and issubclass(known, Output):
        return (known,)
    raise TypeError(f"{place}: annotate it with a subclass of Output, or with None")


def yielded(inference: Any, around: Around) -> list[type[Output]]:
    """The outputs in the annotation of what `inference` returns, if it can be read."""
    annotation = getattr(inference, "__annotations__", {}).get("return")
    try:
        known = resolved(annotation, around, inference, "inference")
    except TypeError:
        return []
    found: list[type[Output]] = []
    left = [known]
    while left:
        one = left.pop(0)
        if isinstance(one, type) and issubclass(one, Output) and one is not Output:
            found.append(one)
        left += get_args(one)
    return found


def beside(classes: Iterable[type], base: type[Kind]) -> list[type[Kind]]:
    """The subclasses of `base` in the modules of these classes.

    For what is declared inside a function, only what stands in the same function counts.
    """
    found: dict[tuple[str, str], type[Kind]] = {}
    for cls in classes:
        scopes = {"", cls.__qualname__.rpartition(".")[0], cls.__qualname__}
        for one in _below(base):
            if one.__module__ == cls.__module__ and one.__qualname__.rpartition(".")[0] in scopes:
                # A module that was loaded twice has left its old classes behind: the newest wins.
                found[one.__module__, one.__qualname__] = one
    return list(found.values())


def _below(base: Any) -> Iterator[Any]:
    for one in base.__subclasses__():
        yield one
        yield from _below(one)
