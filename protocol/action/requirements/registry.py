"""The sections, and every rule by its id."""

from types import ModuleType

from ...requirement import Requirement
from . import action, client, closing, error, handshake, limits, observation, opening, queue

SECTIONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (handshake, opening, observation, queue, action, error, limits, closing, client)
}
"""The modules by the word that also names their checks, their page and their tests."""

_PLACED = [
    (name, rule)
    for name, module in SECTIONS.items()
    for rule in vars(module).values()
    if isinstance(rule, Requirement)
]
_SECTION_OF = {rule.id: name for name, rule in _PLACED}

REQUIREMENTS: dict[str, Requirement] = {rule.id: rule for _, rule in _PLACED}
"""Every rule by its id, in the order of the specification."""


def section(rule: Requirement) -> str:
    """The word of the section that a rule stands in, as in `opening`."""
    return _SECTION_OF[rule.id]
