"""A file ends at 400 lines and a function at 60; the aim is 250 and 40."""

import ast
from pathlib import Path

from tests.architecture.tree import ROOT, everything, write

FILE_LINES = 400
FUNCTION_LINES = 60


def too_long(root: Path) -> list[str]:
    found: list[str] = []
    for module in everything(root):
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found.append(f"{module.name}: {lines} lines")
        for node in ast.walk(module.tree()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    found.append(f"{module.name}.{node.name}: {lines} lines")
    return found


def test_no_file_and_no_function_is_too_long():
    assert too_long(ROOT) == []


def test_what_is_one_line_too_long_is_reported_and_what_just_fits_is_not(tmp_path):
    def function(lines: int) -> str:
        return "async def f():\n" + "    pass\n" * (lines - 1)

    write(
        tmp_path,
        {
            "protocol/a.py": "x = 1\n" * FILE_LINES,
            "protocol/b.py": "x = 1\n" * (FILE_LINES + 1),
            "conformance/a.py": function(FUNCTION_LINES),
            "conformance/b.py": function(FUNCTION_LINES + 1),
        },
    )
    assert too_long(tmp_path) == ["risp.protocol.b: 401 lines", "risp.conformance.b.f: 61 lines"]
