"""No module reaches itself through what is imported when modules are loaded."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import ROOT, everything, imported, write


def load_time_nodes(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import: no function's body, and nothing under TYPE_CHECKING."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from load_time_nodes(node.orelse)
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from load_time_nodes(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from load_time_nodes(handler.body)


def import_graph(root: Path) -> dict[str, set[str]]:
    """Module to modules. A package counts only where a name is taken from its __init__ itself."""
    tree = everything(root)
    names = {module.name for module in tree}
    graph: dict[str, set[str]] = {}
    for module in tree:
        targets: set[str] = set()
        for node in load_time_nodes(module.tree().body):
            source, *taken = list(imported(node, module.package)) or [""]
            inner = {name for name in taken if name in names}
            targets |= inner
            if not taken or len(inner) < len(taken):
                targets |= {source} & names
        graph[module.name] = targets
    return graph


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Every module that reaches itself, with one way on which it does."""
    found: list[str] = []
    for start in sorted(graph):
        ways = [[start]]
        seen: set[str] = set()
        while ways:
            way = ways.pop(0)
            if start in graph[way[-1]]:
                found.append(" -> ".join([*way, start]))
                break
            for target in sorted(graph[way[-1]] - seen):
                seen.add(target)
                ways.append([*way, target])
    return found


def test_no_module_imports_itself_on_any_way():
    assert cycles(import_graph(ROOT)) == []


def test_a_cycle_is_reported_from_each_of_its_modules(tmp_path):
    write(
        tmp_path,
        {
            "protocol/a.py": "from .b import x",
            "protocol/b.py": "from . import c",
            "protocol/c.py": "try:\n    import risp.protocol.a\nexcept ImportError:\n    pass",
        },
    )
    assert cycles(import_graph(tmp_path)) == [
        "risp.protocol.a -> risp.protocol.b -> risp.protocol.c -> risp.protocol.a",
        "risp.protocol.b -> risp.protocol.c -> risp.protocol.a -> risp.protocol.b",
        "risp.protocol.c -> risp.protocol.a -> risp.protocol.b -> risp.protocol.c",
    ]


def test_a_package_and_its_module_can_be_a_cycle(tmp_path):
    write(
        tmp_path, {"protocol/__init__.py": "from .a import x", "protocol/a.py": "from . import y"}
    )
    assert cycles(import_graph(tmp_path)) == [
        "risp.protocol -> risp.protocol.a -> risp.protocol",
        "risp.protocol.a -> risp.protocol -> risp.protocol.a",
    ]


def test_a_late_import_and_one_for_the_type_checker_make_no_cycle(tmp_path):
    write(
        tmp_path,
        {
            "protocol/a.py": "from .b import x",
            "protocol/b.py": "if TYPE_CHECKING:\n from .a import y\ndef f():\n from .a import y",
        },
    )
    assert cycles(import_graph(tmp_path)) == []
