"""Give the folders their import names: links for `pip install -e .`, one file for a wheel."""

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOMS = ("protocol", "reference_impl", "conformance")
LINKED = (*ROOMS, "command.py")


def link_rooms(root: Path) -> None:
    """Link each room, and the command, below `.editable/risp`; remove whatever else is there."""
    namespace = root / ".editable" / "risp"
    namespace.mkdir(parents=True, exist_ok=True)
    for stale in namespace.iterdir():
        if stale.is_dir() and not stale.is_symlink():
            shutil.rmtree(stale)
        else:
            stale.unlink()
    for name in LINKED:
        link = namespace / name
        link.symlink_to(Path("..", "..", name), target_is_directory=(root / name).is_dir())


class ImportNames(BuildHookInterface[Any]):
    """Run by hatchling before it builds a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the links for an editable install, or place the command in a real wheel.

        A table in pyproject.toml can map folders and not a file; and its `force-include` would
        copy the command into site-packages in an editable install too, where it would go stale.
        """
        if version == "editable":
            link_rooms(Path(self.root))
        else:
            build_data["force_include"]["command.py"] = "risp/command.py"
