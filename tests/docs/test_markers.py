"""Every requirement stands once in the pages, on its own, and the hook refuses anything else."""

import re
from collections import Counter
from typing import Any

import pytest

from risp.protocol.catalogue import PROFILES
from risp.protocol.live.profile import LIVE
from risp.protocol.profile import Profile
from tests.docs.pages import DOCS, MARKER, SPEC, pages


def test_every_requirement_stands_once_on_the_page_of_its_section():
    found = [
        (name, path.relative_to(DOCS).as_posix())
        for path in pages()
        for name in MARKER.findall(path.read_text(encoding="utf-8"))
    ]
    due = [
        (rule.id, profile.page(rule).partition("#")[0])
        for profile in PROFILES
        for rule in profile.requirements.values()
    ]
    assert Counter(found) == Counter(due)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_there_is_a_page_for_every_section_and_no_other_but_the_index(profile: Profile):
    found = {path.stem for path in (SPEC / profile.name).glob("*.md")}
    assert found == {*profile.sections, "index"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_page_of_a_profile_is_in_the_navigation_in_the_order_of_its_sections(
    profile: Profile,
):
    nav = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    found = re.findall(rf"- spec/{profile.name}/(\w+)\.md", nav)
    assert found == ["index", *profile.sections]


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

    for path in sorted(SPEC.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for left_out in ("A-LIM-3", "L-UP-9"):
            text = text.replace(f"[[{left_out}]]\n", "")
        hooks.expand(text, path.relative_to(DOCS).as_posix())
    with pytest.raises(PluginError, match=r"requirements that stand on no page: A-LIM-3, L-UP-9$"):
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


LIVE_HERE = "spec/live/http.md"


@pytest.mark.parametrize(
    ("page", "directive", "row"),
    [
        ("http", "{{errors}}", "| 404 | `unknown_upload` | no | There is no such upload"),
        ("channels", "{{errors}}", "| `publish_refused` | yes | The input track has another"),
        ("index", "{{numbers}}", "| 262,144 | The largest message on a data channel"),
        ("index", "{{declares}}", "| `keyless` | No key is asked for."),
        ("index", "{{sections}}", "| [uploads](uploads.md) | Uploads: reserved, put, told of"),
        (
            "sessions",
            "{{states session}}",
            "| `active` | client | last connection gone | `orphaned`",
        ),
        ("sessions", "{{states session}}", "active --> orphaned: C: last connection gone"),
        ("sessions", "{{states}}", "| `created` | client | `DELETE /sessions/{session_id}` |"),
        ("signaling", "{{states connection}}", "| `failed` | The offer could not be answered."),
        ("client", "{{states client}}", "ready --> disconnected: C: disconnect<br>S: connection"),
        ("uploads", "{{frame FileRef}}", "`FileRef`: a file that was uploaded, as commands name"),
        ("tokens", "{{frame Constraints}}", "| `max_sessions` | integer, 1 to 2<sup>53</sup>-1"),
        ("index", "{{endpoints}}", "| `PUT .../sdp_params`<br>Make an offer; it replaces"),
        ("local", "{{endpoints local}}", "| 200 | `no_session` |"),
        ("sessions", "{{endpoint create_session}}", "| 201 | `Session`: The session. |"),
        ("sessions", "{{endpoint create_session}}", "| 429 | `too_many_sessions`: The token's"),
        ("http", "within {{ANSWER_WITHIN_S}} s, in {{WEBRTC_VERSION}}", "within 10 s, in 1.0"),
        ("http", "see {{see L-UP-9}} and {{see A-OPEN-2}}", "[A-OPEN-2](../action/opening.md#a-"),
    ],
)
def test_a_live_page_s_tables_come_from_the_live_profile(hooks, page, directive, row):
    assert row in hooks.expand(directive, f"spec/live/{page}.md")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{endpoint make_tea}}", "nothing is called endpoint make_tea"),
        ("{{endpoints kitchen}}", "nothing is called endpoints kitchen"),
        ("{{states kettle}}", "nothing is called states kettle"),
        ("{{frame Observation}}", "no frame is called Observation"),
        ("{{OPEN_ANSWER_S}}", "nothing is called OPEN_ANSWER_S"),
        ("[[A-OPEN-2]]", "A-OPEN-2 belongs on spec/action/opening.md"),
        ("[[L-UP-9]]", "L-UP-9 belongs on spec/live/uploads.md"),
    ],
)
def test_what_the_live_profile_does_not_know_ends_the_build(hooks, text, message):
    from mkdocs.exceptions import PluginError

    with pytest.raises(PluginError, match=f"{LIVE_HERE}: {message}"):
        hooks.expand(text, LIVE_HERE)


def test_every_endpoint_stands_on_the_index_and_in_detail_or_in_a_table_of_its_page():
    index = (SPEC / "live/index.md").read_text(encoding="utf-8")
    assert "{{endpoints}}" in index
    words = ["tokens", "sessions", "local", "signaling", "uploads", "http"]
    texts = {word: (SPEC / f"live/{word}.md").read_text(encoding="utf-8") for word in words}
    for one in LIVE.endpoints:
        text = texts[LIVE.section(one.why)]
        named = {
            f"{{{{endpoint {one.name}}}}}",
            f"{{{{endpoints {one.group.replace(' ', '-')}}}}}",
            f"{one.method} {one.path} HTTP/1.1",
        }
        assert any(name in text for name in named), one.name


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_table_of_classes_counts_every_requirement(hooks, profile: Profile):
    rows = hooks.classes(profile, "").splitlines()[2:]
    counted = sum(int(cell) for row in rows for cell in row.strip("| ").split(" | ")[2:])
    assert counted == len(profile.requirements)
