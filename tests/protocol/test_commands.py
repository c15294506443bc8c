"""The commands that read the protocol aloud."""

import json
import re

import pytest
from click.testing import CliRunner, Result

from risp.command import cli
from risp.protocol import documents
from risp.protocol.action.requirements import REQUIREMENTS
from risp.protocol.catalogue import PROFILES
from risp.protocol.live.http import ENDPOINTS
from risp.protocol.live.profile import LIVE

RULES = [rule for profile in PROFILES for rule in profile.requirements.values()]
NAMES = [
    *(rule.id for rule in RULES),
    *(code for profile in PROFILES for code in profile.codes),
    *(tag for profile in PROFILES for tag in profile.frames),
    *(endpoint.name for endpoint in ENDPOINTS),
]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def risp(*arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(cli, arguments, color=color)


def output(*arguments: str) -> str:
    result = risp(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_schema_prints_the_bundle_or_one_document():
    assert output("schema") == documents.documents()["action"]
    assert output("schema", "action.error") == documents.documents()["action.error"]
    assert output("schema", "session.open") == documents.documents()["action.session.open"]


def test_schema_lists_names():
    assert output("schema", "--names").split() == list(documents.documents())


@pytest.mark.parametrize("name", ["nothing", "open", "session"])
def test_schema_refuses_a_name_that_is_none(name):
    result = risp("schema", name)
    assert result.exit_code == 2
    assert f"no schema is called {name!r}" in result.stderr


def test_schema_writes_and_checks_a_folder(tmp_path):
    written = output("schema", "--out", str(tmp_path))
    assert written.split() == [str(tmp_path / name) for name in documents.files()]
    assert output("schema", "--check", "--out", str(tmp_path)).startswith(
        f"{len(documents.files())} documents"
    )
    assert len(documents.files()) == 10 + 1 + len(LIVE.frames) + 1


def test_schema_check_names_the_file_that_drifted_and_the_remedy(tmp_path):
    documents.write(tmp_path)
    path = tmp_path / "action.schema.json"
    path.write_text("{}\n")
    result = risp("schema", "--check", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{path}: differs from the models",
        f"to mend: risp schema --out {tmp_path}",
    ]


def test_the_tree_s_own_documents_are_mended_by_make(monkeypatch, tmp_path):
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    result = risp("schema", "--check")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "to mend: make schema"


def test_list_tells_every_requirement_and_counts_them():
    text = output("list")
    flat = " ".join(text.split())
    for rule in RULES:
        assert f"{rule.id} {rule.keyword} {rule.seen} {rule.role} {rule.sentence}" in flat
    assert f"{len(RULES)} requirements" in text
    counts = re.findall(r"^  [a-z-]+ +(\d+)  ", text, re.MULTILINE)
    assert sum(int(n) for n in counts) == len(RULES)


def test_list_fits_eighty_columns_and_says_the_same_without_colour():
    plain = output("list")
    assert max(map(len, plain.splitlines())) <= 80
    coloured = risp("list", color=True).stdout
    assert coloured != plain
    assert ANSI.sub("", coloured) == plain


def listed(*arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(output("list", "--json", *arguments))
    return found


@pytest.mark.parametrize(
    ("arguments", "member", "value"),
    [
        (["--section", "opening"], "section", "opening"),
        (["--section", "OPEN"], "section", "opening"),
        (["--level", "should"], "level", "SHOULD"),
        (["--seen", "off-wire"], "seen", "off-wire"),
        (["--role", "client"], "role", "client"),
        (["--profile", "live"], "profile", "live"),
        (["--section", "SIGNAL"], "section", "signaling"),
    ],
)
def test_list_filters(arguments, member, value):
    everything, found = listed(), listed(*arguments)
    assert found == [rule for rule in everything if rule[member] == value]
    assert 0 < len(found) < len(everything)


def test_filters_narrow_each_other():
    found = listed("--section", "error", "--level", "SHOULD")
    assert {(rule["section"], rule["level"]) for rule in found} == {("error", "SHOULD")}


def test_list_as_json_tells_all():
    rule = REQUIREMENTS["A-LIM-1"]
    assert listed("--section", "limits")[0] == {
        "id": "A-LIM-1",
        "profile": "action",
        "section": "limits",
        "level": "MUST",
        "keyword": "MUST",
        "seen": "declared",
        "role": "server",
        "needs": "max_frame_bytes",
        "reason": None,
        "sentence": rule.sentence,
        "page": "spec/action/limits.md#a-lim-1",
    }


def test_a_section_without_a_match_lists_nothing_and_an_unknown_one_is_an_error():
    assert "0 requirements" in output("list", "--section", "queue", "--role", "client")
    result = risp("list", "--section", "kitchen")
    assert result.exit_code == 2
    assert "no section 'kitchen'; there are: handshake, opening" in result.stderr


def test_a_profile_that_there_is_not_and_a_section_of_another_are_errors():
    unknown = risp("list", "--profile", "sleepy")
    assert unknown.exit_code == 2
    assert "no profile 'sleepy'; there are: action, live" in unknown.stderr
    foreign = risp("list", "--profile", "live", "--section", "opening")
    assert foreign.exit_code == 2
    assert "no section 'opening'; there are: http, tokens" in foreign.stderr


def test_schema_prints_the_openapi_document_and_the_messages_of_the_channels():
    assert output("schema", "live.openapi") == documents.documents()["live.openapi"]
    assert output("schema", "openapi") == documents.documents()["live.openapi"]
    assert output("schema", "runtime.ping") == documents.documents()["live.runtime.ping"]


def test_explain_a_requirement():
    assert output("explain", "a-open-6") == (
        "A-OPEN-6: MUST, owed by the server\n"
        "\n"
        "  A server that receives any other frame than `session.open` first MUST answer\n"
        "  `not_open` and close.\n"
        "\n"
        "  seen:      provoked\n"
        "  section:   action/opening\n"
        "  page:      docs/spec/action/opening.md#a-open-6\n"
        "\n"
        "moves of the session that it makes legal:\n"
        "  new -> closed on error (fatal) (A-OPEN-6)\n"
        "\n"
        "error codes that it names:\n"
        "  not_open: The first frame of the connection was none that opens a session.\n"
    )


def test_explain_says_what_a_requirement_needs_and_why_it_is_not_seen():
    assert "  needs:     auth, declared by the target\n" in output("explain", "A-HAND-9")
    assert "  because:   A log is not on the wire.\n" in output("explain", "A-HAND-16")


def test_explain_an_error_code():
    text = output("explain", "not_open")
    assert text.startswith("not_open: an error code of the action profile\n")
    for line in ("  fatal:     true", "  retryable: false", "  close:     1008, 1002"):
        assert f"{line}\n" in text
    assert "requirements that name it:\n  A-OPEN-6 " in text


@pytest.mark.parametrize("name", ["observation", "Observation", "OBSERVATION"])
def test_explain_a_frame(name):
    text = output("explain", name)
    assert text.startswith("observation: a frame of the client\n")
    assert "  seq: integer, 0 to 2^53-1, required\n" in text
    assert "  open -> open on observation (A-OBS-1)\n" in text


def test_a_name_in_both_profiles_is_explained_in_both():
    text = output("explain", "internal")
    first, second = text.split("\n\ninternal: an error code of the ")
    assert first.startswith("internal: an error code of the action profile\n")
    assert second.startswith("live profile\n")
    assert "  fatal:     true\n" in first
    assert "  status:    500\n" in second
    assert "fatal" not in second


def test_a_code_says_on_which_page_it_stands():
    assert "docs/spec/action/error.md\n" in output("explain", "not_open")
    assert "docs/spec/live/http.md\n" in output("explain", "offer_failed")
    assert "docs/spec/live/channels.md\n" in output("explain", "publish_refused")


@pytest.mark.parametrize(
    "name", [("create_session",), ("POST /sessions",), ("post", "/sessions"), ("/sessions",)]
)
def test_explain_an_endpoint(name):
    text = output("explain", *name)
    assert text.startswith("POST /sessions\n\n  Create a session; it may have to wait for a place.")
    assert "  asks for:  token, on a server with keys\n" in text
    assert "takes a SessionRequest:\n  model: ModelChoice, required\n" in text
    assert "answers:\n  201 with a Session: The session.\n" in text
    assert "  429 too_many_sessions: The token's sessions are all taken.\n" in text
    assert "requirements that name it:\n  L-SESS-1 " in text


def test_a_path_of_several_endpoints_is_explained_with_each():
    text = output("explain", "/sessions/{session_id}")
    assert re.findall(r"^(\w+) /sessions/{session_id}$", text, re.MULTILINE) == [
        "GET",
        "PUT",
        "DELETE",
    ]


def test_rules_that_shorten_a_path_are_found_by_its_endpoint():
    assert "\n  L-SIGNAL-8 " in output("explain", "get_answer")
    assert "\n  L-SIGNAL-8 " not in output("explain", "make_offer")


@pytest.mark.parametrize("name", NAMES)
def test_everything_can_be_explained_within_eighty_columns(name):
    # An endpoint's address is the one thing that is not broken, so that it can be copied.
    addresses = {f"{one.method} {one.path}" for one in ENDPOINTS}
    lines = [line for line in output("explain", name).splitlines() if line not in addresses]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("name", "meant"),
    [("out_of_ordr", "out_of_order"), ("A-OPNE-2", "A-OPEN-2"), ("observatoin", "observation")],
)
def test_a_close_miss_gets_a_suggestion(name, meant):
    result = risp("explain", name)
    assert result.exit_code == 2
    assert f"nothing is called {name!r}; did you mean " in result.stderr
    assert meant in result.stderr


def test_a_wide_miss_gets_none():
    result = risp("explain", "zzzzzzzz")
    assert result.exit_code == 2
    assert "nothing is called 'zzzzzzzz'\n" in result.stderr
