"""What a target can be seen to offer, and what the requirements of class `declared` hang on."""

from __future__ import annotations

from enum import StrEnum


class Declares(StrEnum):
    """The facts about a target that make a requirement applicable."""

    AUTH = "auth"
    """A request without a token is refused, and the key at hand opens."""
    KEYLESS = "keyless"
    """No key is asked for."""
    LOCAL = "local"
    """`GET /session` is answered."""
    EVENTS = "events"
    """`GET /events` is answered."""
    CONNECTIONS = "connections"
    """Signaling by connection is offered."""
    FLAT = "flat"
    """The flat signaling routes are offered."""
    COMMANDS = "commands"
    """The model has at least one command."""
    STATE = "state"
    """`requestState` is answered."""
    OUTPUTS = "outputs"
    """The model has at least one track that comes from it."""
    INPUTS = "inputs"
    """The model has at least one track that goes to it."""
    UPLOADS = "uploads"
    """`POST /sessions/{session_id}/uploads` is answered."""
    EXPIRES = "expires"
    """The descriptor has `expires_at`."""
