"""Frames that a model gives: what they have to be, and how they are made fit for a codec."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .modelling.tracks import Frame

MAX_SIDE = 16383
"""VP8 knows no greater width or height."""


class BadFrame(Exception):
    """What a model gave is no frame, and what it has to be."""


def fit(frame: Any, place: str) -> Frame:
    """A copy of a frame as uint8 with even sides; raises BadFrame, naming `place`.

    Floats are clipped to 0-255 and cast, NaN is 0. Codecs take colour for two by two pixels: an odd
    last row or column is cut off. The copy lets the model draw its next frame into the same array.
    """
    array: NDArray[Any] = frame
    if not isinstance(frame, np.ndarray):
        raise BadFrame(f"{place}: a frame is a NumPy array, and not a {type(frame).__name__}")
    if array.ndim != 3 or array.shape[2] != 3:
        raise BadFrame(f"{place}: the shape is {array.shape}, and has to be (height, width, 3)")
    height, width = (side - side % 2 for side in array.shape[:2])
    if not (2 <= height <= MAX_SIDE and 2 <= width <= MAX_SIDE):
        raise BadFrame(f"{place}: {array.shape} is out of bounds: 2 to {MAX_SIDE} pixels a side")
    even = array[:height, :width]
    if array.dtype == np.uint8:
        return np.array(even, dtype=np.uint8, order="C", copy=True)
    if np.issubdtype(array.dtype, np.floating):
        # fmax and fmin take the number where the other is NaN.
        return np.ascontiguousarray(np.fmin(np.fmax(even, 0), 255).astype(np.uint8))
    raise BadFrame(f"{place}: the values are {array.dtype}, and have to be uint8 or floats")
