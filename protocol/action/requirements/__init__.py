"""Every rule of the action profile; one module per section, one page of the specification each."""

from . import action, client, closing, error, handshake, limits, observation, opening, queue
from .registry import REQUIREMENTS, SECTIONS, section

__all__ = [
    "REQUIREMENTS",
    "SECTIONS",
    "action",
    "client",
    "closing",
    "error",
    "handshake",
    "limits",
    "observation",
    "opening",
    "queue",
    "section",
]
