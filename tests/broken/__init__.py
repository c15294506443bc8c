"""Broken servers: each is the reference with one override, and the court has to notice which."""

from . import action, closing, error, handshake, limits, observation, opening, queue
from .catalogue import EQUIVALENTS, FAULTS, Fault

__all__ = [
    "EQUIVALENTS",
    "FAULTS",
    "Fault",
    "action",
    "closing",
    "error",
    "handshake",
    "limits",
    "observation",
    "opening",
    "queue",
]
