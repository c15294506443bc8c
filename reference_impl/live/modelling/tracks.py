"""`Video`, `Input` and `Output`: the media of a model, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, get_origin

import numpy as np
from numpy.typing import NDArray

from .annotations import enclosing, own_annotations, resolved

Frame: TypeAlias = NDArray[np.uint8]
"""A picture: `(height, width, 3)`, uint8, red before green before blue."""

if TYPE_CHECKING:
    Video: TypeAlias = NDArray[Any] | None
else:

    class Video:
        """The annotation of a video track; its value is a frame, or None while there is none.

        A frame is `(height, width, 3)` in red, green, blue. Frames that come are uint8; those that
        go may be floats too, which are clipped to 0-255 and cast.
        """


class Tracks:
    """What `Input` and `Output` have in common: an annotation `name: Video` declares a track."""

    __tracks__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        around = enclosing()
        names = list(cls.__tracks__)
        for name, annotation in own_annotations(cls).items():
            place = f"{cls.__name__}.{name}"
            known = resolved(annotation, around, cls, place)
            if known is ClassVar or get_origin(known) is ClassVar:
                continue
            if known is not Video:
                raise TypeError(f"{place} is no track: annotate it with Video")
            if name.startswith("_"):
                raise TypeError(f"{place}: a track's name is public, and begins with a letter")
            if vars(cls).get(name) is not None and "__dataclass_fields__" not in vars(cls):
                raise TypeError(f"{place}: a track has no default, frames come and go")
            if name not in names:
                names.append(name)
        cls.__tracks__ = tuple(names)


class Input(Tracks):
    """The tracks that come to a model: each attribute is its newest frame, or None."""

    def __init__(self) -> None:
        for name in type(self).__tracks__:
            setattr(self, name, None)


class Output(Tracks):
    """One step of a model: a frame for each of its tracks; one that is left out shows nothing."""

    def __init__(self, **frames: Any) -> None:
        unknown = [name for name in frames if name not in type(self).__tracks__]
        if unknown:
            tracks = ", ".join(type(self).__tracks__) or "none"
            raise TypeError(f"{type(self).__name__} has no track {unknown[0]!r}; it has: {tracks}")
        for name in type(self).__tracks__:
            setattr(self, name, frames.get(name))
