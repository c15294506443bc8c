"""Checks of the action profile. Importing this package registers them."""

from . import action, answers, closing, error, handshake, limits, observation, opening, queue

__all__ = [
    "action",
    "answers",
    "closing",
    "error",
    "handshake",
    "limits",
    "observation",
    "opening",
    "queue",
]
