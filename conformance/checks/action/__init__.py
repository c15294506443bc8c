"""Checks of the action profile. Importing this package registers them."""

from . import (
    action,
    answers,
    closing,
    error,
    frames,
    handshake,
    images,
    limits,
    observation,
    opening,
    queue,
    retries,
    sessions,
)

__all__ = [
    "action",
    "answers",
    "closing",
    "error",
    "frames",
    "handshake",
    "images",
    "limits",
    "observation",
    "opening",
    "queue",
    "retries",
    "sessions",
]
