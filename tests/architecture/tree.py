"""The tree as the architecture tests see it: modules and what they import, read and never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("protocol", "reference_impl", "conformance")


@dataclass(frozen=True)
class Module:
    """One file of a room."""

    path: Path
    name: str
    """Its import name: risp.protocol.codec, and risp.protocol for protocol/__init__.py."""

    @property
    def package(self) -> str:
        """The package from which its relative imports count."""
        if self.path.name == "__init__.py":
            return self.name
        return self.name.rpartition(".")[0]

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))


def modules(root: Path, room: str) -> list[Module]:
    """Every module of a room, by path."""
    found: list[Module] = []
    for path in sorted((root / room).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found.append(Module(path, ".".join(("risp", *parts))))
    return found


def everything(root: Path) -> list[Module]:
    return [module for room in ROOMS for module in modules(root, room)]


def imported(node: ast.AST, package: str) -> Iterator[str]:
    """The absolute names which one import statement may load: `from a import b` is a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package.split(".")
        prefix = base[: len(base) - node.level + 1] if node.level else []
        source = ".".join([*prefix, *([node.module] if node.module else [])])
        yield source
        yield from (f"{source}.{alias.name}" for alias in node.names)


def write(root: Path, files: dict[str, str]) -> Path:
    """Lay out a miniature tree for a rule's negative case; the rooms exist, empty, in any case."""
    for name, text in {**{f"{room}/__init__.py": "" for room in ROOMS}, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
