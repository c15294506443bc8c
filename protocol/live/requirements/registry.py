"""The sections, and every rule by its id."""

from types import ModuleType

from ...requirement import Requirement
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

_MODULES = (
    http,
    tokens,
    sessions,
    local,
    signaling,
    channels,
    commands,
    media,
    uploads,
    resume,
    client,
)
SECTIONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module for module in _MODULES
}
"""The modules by the word that also names their checks, their page and their tests."""

REQUIREMENTS: dict[str, Requirement] = {
    rule.id: rule
    for module in _MODULES
    for rule in vars(module).values()
    if isinstance(rule, Requirement)
}
"""Every rule by its id, in the order of the specification."""
