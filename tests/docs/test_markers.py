"""Every requirement stands once in the pages, on its own, and the hook refuses anything else."""

from collections import Counter
from typing import Any

import pytest

from risp.protocol.action.profile import ACTION
from risp.protocol.action.requirements import REQUIREMENTS, SECTIONS
from tests.docs.pages import DOCS, MARKER, SPEC, pages


def test_every_requirement_stands_once_on_the_page_of_its_section():
    found = [
        (name, path.relative_to(DOCS).as_posix())
        for path in pages()
        for name in MARKER.findall(path.read_text(encoding="utf-8"))
    ]
    due = [(rule.id, ACTION.page(rule).partition("#")[0]) for rule in REQUIREMENTS.values()]
    assert Counter(found) == Counter(due)


def test_there_is_a_page_for_every_section_and_no_other_but_the_index():
    assert {path.stem for path in (SPEC / "action").glob("*.md")} == {*SECTIONS, "index"}


@pytest.fixture
def hooks(need) -> Any:
    need("mkdocs", "builds the pages")
    from docs import hooks

    hooks.on_pre_build()
    yield hooks
    hooks.on_pre_build()


HERE = "spec/action/opening.md"


def test_a_marker_becomes_the_sentence_with_its_keyword_class_and_anchor(hooks):
    text = hooks.expand("before\n\n[[A-OPEN-2]]\n\nafter {{see A-HAND-1}}\n", HERE)
    assert text == (
        "before\n\n"
        "[A-OPEN-2](#a-open-2) A server **MUST** answer `session.open` with `session.ready` or a "
        "fatal `error` within 10 s of it, or of the last `session.status` that it sent to a client "
        'that listed `status`. <span class="seen">(provoked)</span>\n'
        "{: #a-open-2 .rule }\n\n"
        "after [A-HAND-1](handshake.md#a-hand-1)\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[A-OPEN-999]]", "no requirement is called A-OPEN-999"),
        ("[[not_open]]", "no requirement is called not_open"),
        ("[[A-HAND-1]]", "A-HAND-1 belongs on spec/action/handshake.md"),
        ("[[A-OPEN-2]]\n\n[[A-OPEN-2]]", "A-OPEN-2 stands there twice"),
        ("{{frame SessionWhat}}", "no frame is called SessionWhat"),
        ("{{nonsense}}", "nothing is called nonsense"),
        ("{{NO_SUCH_NUMBER}}", "nothing is called NO_SUCH_NUMBER"),
        ("{{see A-OPEN-999}}", "no requirement is called A-OPEN-999"),
        ("A server MUST dance.", "MUST outside a requirement"),
    ],
)
def test_what_the_code_does_not_know_ends_the_build(hooks, text, message):
    from mkdocs.exceptions import PluginError

    with pytest.raises(PluginError, match=f"{HERE}: {message}"):
        hooks.expand(text, HERE)


def test_a_requirement_that_stands_on_no_page_ends_the_build(hooks, tmp_path):
    from mkdocs.exceptions import PluginError

    for path in sorted((SPEC / "action").glob("*.md")):
        text = path.read_text(encoding="utf-8").replace("[[A-LIM-3]]\n", "")
        hooks.expand(text, f"spec/action/{path.name}")
    with pytest.raises(PluginError, match=r"requirements that stand on no page: A-LIM-3$"):
        hooks.on_post_build({"site_dir": str(tmp_path)})


def test_keywords_in_code_and_numbers_in_prose_are_left_and_filled_in(hooks):
    assert hooks.expand("`MUST` within {{OPEN_ANSWER_S}} s", HERE) == "`MUST` within 10 s"


@pytest.mark.parametrize(
    ("directive", "row"),
    [
        ("{{frame Observation}}", "| `seq` | integer, 0 to 2<sup>53</sup>-1 | yes | The obs"),
        ("{{frame Metadata}}", "| `queue_ms` | number, 0 or greater | yes | Time between"),
        ("{{errors}}", "| `not_open` | yes | no | 1008 or 1002 | The first frame of"),
        ("{{capabilities}}", "| `max_age` | client asks, server confirms | Observations older"),
        ("{{numbers}}", "| 1,048,576 | A server that declares no other takes"),
        ("{{declares}}", "| `auth` | A handshake without a key"),
        ("{{states}}", "open --> closing: S: session.closing"),
        ("{{sections}}", "| [opening](opening.md) | From the first frame"),
    ],
)
def test_tables_come_from_the_code(hooks, directive, row):
    assert row in hooks.expand(directive, HERE)


def test_the_table_of_classes_counts_every_requirement(hooks):
    rows = hooks.classes().splitlines()[2:]
    counted = sum(int(cell) for row in rows for cell in row.strip("| ").split(" | ")[2:])
    assert counted == len(REQUIREMENTS)
