"""Broken servers: each is the reference with one override, and the court has to notice which."""

from . import (
    action,
    answers,
    closing,
    error,
    handshake,
    images,
    limits,
    observation,
    opening,
    queue,
    ready,
    retries,
)
from .catalogue import EQUIVALENTS, FAULTS, Fault

__all__ = [
    "EQUIVALENTS",
    "FAULTS",
    "Fault",
    "action",
    "answers",
    "closing",
    "error",
    "handshake",
    "images",
    "limits",
    "observation",
    "opening",
    "queue",
    "ready",
    "retries",
]
