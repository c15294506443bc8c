"""Every rule of the live profile; one module per section, one page of the specification each."""

from . import (
    channels,
    client,
    commands,
    http,
    local,
    media,
    resume,
    sessions,
    signaling,
    tokens,
    uploads,
)
from .registry import REQUIREMENTS, SECTIONS

__all__ = [
    "REQUIREMENTS",
    "SECTIONS",
    "channels",
    "client",
    "commands",
    "http",
    "local",
    "media",
    "resume",
    "sessions",
    "signaling",
    "tokens",
    "uploads",
]
