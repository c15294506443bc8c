"""A package's `__init__.py` re-exports, under `__all__`, and does nothing else."""

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.tree import ROOT, Module, everything, write


def packages(root: Path) -> list[Module]:
    return [module for module in everything(root) if module.path.name == "__init__.py"]


def allowed(node: ast.stmt) -> bool:
    """A docstring, an import, `__all__`, the guard, TYPE_CHECKING, and a lazy `__getattr__`."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.If(test=test):
            return any(word in ast.unparse(test) for word in ("__name__", "TYPE_CHECKING"))
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
        case _:
            return False


def listed(tree: ast.Module) -> set[str]:
    """The names in `__all__`, which is a plain list or tuple of strings."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return set(ast.literal_eval(value))
            case _:
                pass
    return set()


def more_than_exports(root: Path) -> list[str]:
    found: list[str] = []
    for package in packages(root):
        tree = package.tree()
        found += [f"{package.name}:{node.lineno}" for node in tree.body if not allowed(node)]
        brought = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.level
            for alias in node.names
        }
        unlisted = sorted(brought - listed(tree))
        found += [f"{package.name}: {name} is not in __all__" for name in unlisted]
    return found


def ghosts(module: ModuleType) -> list[str]:
    """What `__all__` promises and the module does not have."""
    return [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]


def test_packages_only_re_export():
    assert more_than_exports(ROOT) == []


@pytest.mark.parametrize("name", [package.name for package in packages(ROOT)])
def test_every_exported_name_exists(name):
    assert ghosts(importlib.import_module(name)) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("def helper(): ...", "risp.protocol:1"),
        ('"""Doc."""\nVERSION = 1', "risp.protocol:2"),
        ("from .a import x, y\n__all__ = ['x']", "risp.protocol: y is not in __all__"),
    ],
)
def test_a_package_that_does_more_is_reported(tmp_path, text, finding):
    assert more_than_exports(write(tmp_path, {"protocol/__init__.py": text})) == [finding]


def test_a_plain_package_is_not_reported(tmp_path):
    text = '"""Doc."""\nif __name__ != "x":\n    raise ImportError\nfrom .a import b as c\n'
    write(tmp_path, {"protocol/__init__.py": text + '__all__ = ["c"]'})
    assert more_than_exports(tmp_path) == []


def test_a_name_that_does_not_exist_is_reported():
    module = ModuleType("sample")
    module.__dict__.update(__all__=["here", "ghost"], here=1)
    assert ghosts(module) == ["ghost"]
