"""The table of names is true: its tests are there, and what they are named for can be called."""

import ast
import inspect

from risp.reference_impl import LiveClient
from risp.reference_impl.live.client.handlers import EVENTS
from tests.support import ROOT
from tests.surface import DOCUMENTS, FOLDER, GUIDE, REFERENCE, TABLE, table

ROWS = [row for rows in DOCUMENTS.values() for row in rows]


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / FOLDER / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_every_row_names_tests_that_are_there():
    missing = []
    for row in ROWS:
        assert row.tests, row.name
        for one in row.tests.split():
            file, _, name = one.partition("::")
            if not (ROOT / FOLDER / file).exists() or (name and name not in functions_of(file)):
                missing.append(one)
    assert missing == []


def test_every_method_and_parameter_of_the_documents_can_be_called():
    for row in (*REFERENCE, *GUIDE):
        if row.kind == "method":
            name = row.name.partition("(")[0].partition(",")[0]
            assert callable(getattr(LiveClient, name)), name
    constructor = inspect.signature(LiveClient).parameters
    assert list(constructor)[:4] == ["model_name", "api_key", "api_url", "local"]
    upload = inspect.signature(LiveClient.upload_file).parameters
    assert list(upload)[1:] == ["file", "name", "mime_type"]


def test_every_event_has_a_row():
    assert [row.name for row in REFERENCE if row.kind == "event"] == list(EVENTS)


def test_the_table_is_what_would_be_written():
    assert TABLE.read_text(encoding="utf-8") == table()
