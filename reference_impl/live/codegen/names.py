"""Names in Python for what a schema calls as it likes: plain, unique, and always the same."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from itertools import chain, count

from risp.protocol.live.model import pascal_case, snake_case

from ..client.typed import TypedClient

TYPES = frozenset(
    {
        *("Annotated", "Any", "Final", "Literal", "NotRequired", "TypedDict"),
        *("FileRef", "LEFT_OUT", "Bounds", "Named", "TypedClient"),
        *("command", "handler", "message"),
        *("bool", "dict", "float", "int", "list", "str"),
    }
)
"""What generated source calls something: nothing in it is called so."""
NEVER = frozenset({*keyword.kwlist, "self", "l", "I", "O"}) | TYPES
"""Names that nothing is given: of the language, of the source, and such that look like digits."""
LONGEST = 40
"""A name of more characters is cut: lines have to hold it."""
METHODS = frozenset(name for name in dir(TypedClient) if not name.startswith("_"))
"""What every client has."""


def snake(name: str, otherwise: str) -> str:
    """A name for a method, a parameter or a field; `otherwise` where nothing of it is left."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) and len(name) <= LONGEST:
        return name
    found = re.sub(r"[^a-z0-9]+", "_", snake_case(name)).strip("_")[:LONGEST].rstrip("_")
    if not found:
        return otherwise
    return found if found[0].isalpha() else f"{otherwise}_{found}"


def pascal(name: str, otherwise: str) -> str:
    """A name for a class."""
    return pascal_case(snake(name, otherwise).strip("_"))


def assigned(
    names: Iterable[str],
    make: Callable[[str], str],
    taken: set[str],
    mended: Callable[[str], str] = "{}_".format,
) -> dict[str, str]:
    """A name for each, none of them in `taken`, to which they are added.

    Which gets which does not depend on their order; one that can stay as it is does.
    """
    found: dict[str, str] = {}
    for name in sorted(set(names), key=lambda name: (make(name) != name, name)):
        made = make(name)
        numbered = (f"{mended(made)}{number}" for number in count(2))
        tries = chain((made, mended(made)), numbered)
        found[name] = next(one for one in tries if one not in taken)
        taken.add(found[name])
    return found
