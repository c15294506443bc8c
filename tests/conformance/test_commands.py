"""`risp test` and `risp replay` as they are typed."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from risp.conformance.command_line import Asked
from risp.conformance.commands import replay
from risp.conformance.commands import test as command
from risp.conformance.selection import Selection
from risp.conformance.target import last_lines
from tests.null_servers import null_server
from tests.support import REFERENCE, spawn_server

from .conftest import KEY


def invoke(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give the server's URL"),
        (["ws://127.0.0.1:1", "ws://127.0.0.1:2"], "one URL"),
        (["ftp://127.0.0.1"], "is no address"),
        (["localhost:8080/v1"], "did you mean ws://localhost:8080/v1?"),
        (["ws://127.0.0.1:1", "--only", "A-NONE-1"], "nothing is called A-NONE-1"),
        (["ws://127.0.0.1:1", "--report", "pdf=x"], "KIND=FILE"),
        (["ws://127.0.0.1:1", "--report", "junit"], "KIND=FILE"),
        (["ws://127.0.0.1:1", "--report", "github=x"], "KIND=FILE"),
        (["ws://127.0.0.1:1", "--jobs", "0"], "--jobs"),
        (["ws://127.0.0.1:1", "--report", "json=no/such/folder/x"], "there is no folder"),
        (["ws://127.0.0.1:1", "--open", "no-such-file"], "--open"),
        (["--", "no-such-command-at-all"], "cannot be started"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(arguments, says):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert says in result.output


SETS_ITSELF = "which the kit sets itself"


@pytest.mark.parametrize(
    ("option", "content", "says"),
    [
        ("--open", "[]", "not an array"),
        ("--open", "{", "not JSON"),
        ("--open", "7", "not a number"),
        ("--open", '{"type": "session.open"}', f"holds `type`, {SETS_ITSELF}"),
        ("--open", '{"model": "a", "model": "b"}', "the key 'model' stands twice"),
        ("--open", '{"prompt": null}', "no sound `session.open` at /prompt: field required"),
        ("--observation", '{"type": 1, "seq": 7}', f"holds `type` and `seq`, {SETS_ITSELF}"),
        ("--observation", '{"seq": null}', f"holds `seq`, {SETS_ITSELF}"),
        ("--observation", '{"state": [NaN]}', "NaN is not JSON"),
        ("--observation", '{"state": "x"}', "no sound `observation` at /state"),
        ("--observation", '{"x_mine": [1e999]}', "a number at /x_mine that is too large"),
        ("--observation", '{"images": {"a": {"encoding": "gif"}}}', "at /images/a/encoding"),
    ],
)
def test_a_file_of_members_that_spoils_a_frame_is_wrong_usage(tmp_path, option, content, says):
    path = tmp_path / "one.json"
    path.write_text(content)
    result = invoke("ws://127.0.0.1:1", option, path)
    assert result.exit_code == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"Error: {option} {path} ")
    assert says in last


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://h:1/v1/actions", "ws://h:1/v1/actions"),
        ("ws://u:p@h/@org/v1?token=s3cret&x=1", "ws://h/@org/v1?token=...&x=..."),
        ("ws://h?s3cret", "ws://h?..."),
    ],
)
def test_the_target_is_named_at_once_without_its_secrets(url, shown):
    assert Asked(url).target() == shown
    code = (
        "import sys; from risp.conformance.command_line import Asked; Asked(sys.argv[1]).target();"
        "assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=60)


def test_the_first_line_names_the_target():
    with null_server("dead") as url:
        assert invoke(url).stderr.splitlines()[0] == f"risp test: {url} ..."
    started = Asked(None, ("serve", "--key", "s3cret"), "s3cret")
    assert started.target() == "serve --key KEY"


def test_the_last_lines_are_whole_and_say_what_is_left_out():
    assert last_lines("one\ntwo\n", 7) == "one\ntwo"
    assert last_lines("one\ntwo\nthree\n", 9) == "...\ntwo\nthree"
    assert last_lines("one\ntwo\nthree\n", 8) == "...\nthree"
    assert last_lines("one\n" + "x" * 9, 4) == "...xxxx"


def test_last_words_begin_with_a_line():
    script = "import sys; [print(f'line {i:04} of a trace', file=sys.stderr) for i in range(300)]"
    result = invoke("--", sys.executable, "-c", script)
    assert result.exit_code == 4
    assert "hint: it said on standard error: ...\n    line 0" in result.output
    assert "line 0299 of a trace\n" in result.output


def test_a_closed_pipe_ends_a_run_quietly(reference):
    code = "import sys; from risp.command import main; main()"
    arguments = ["test", reference, "--key", KEY, "--only", "A-CLOSE-1"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 141
    assert said == f"risp test: {reference} ...\n"


@pytest.mark.parametrize(
    ("named", "first"), [("A-ERR-9", "opening.second_open"), ("error.unknown_type",) * 2]
)
def test_a_check_that_is_named_tells_first_in_every_report(tmp_path, named, first):
    from tests.null_servers import answering

    from .test_reports import sloppy
    from .test_runner import serving

    path = tmp_path / "r.json"
    with serving(answering(sloppy)) as url:
        result = invoke(url, "--only", "A-OPEN-28", "--only", named, "--report", f"json={path}")
    (one,) = [r for r in json.loads(path.read_text())["requirements"] if r["id"] == "A-ERR-5"]
    assert one["findings"][0]["check"] == first
    assert len(one["findings"]) > 1
    story = result.output[result.output.index("FAIL A-ERR-5 ") :].split("\n\n")[0]
    assert f"    in        {first}\n" in story


def test_a_command_that_prints_no_url_is_named_with_what_it_said():
    script = "import sys; print('ready'); print('half a traceback', file=sys.stderr)"
    result = invoke("--", sys.executable, "-c", script)
    assert result.exit_code == 4
    assert "first line must be its URL" in result.output


def test_a_command_that_ends_at_once_is_unreachable():
    result = invoke("--", sys.executable, "-c", "raise SystemExit('no such model')")
    assert result.exit_code == 4
    assert "no such model" in result.output


def test_a_dead_port_is_4_and_nothing_passes():
    with null_server("dead") as url:
        result = invoke(url)
    assert result.exit_code == 4
    assert "nothing was judged" in result.output


def test_members_from_files_and_the_model_go_into_the_frames(tmp_path):
    for name, members in (("open", {"robot": "so101"}), ("obs", {"prompt": "from a file"})):
        (tmp_path / f"{name}.json").write_text(json.dumps(members))
    result = invoke(
        *("--open", tmp_path / "open.json", "--observation", tmp_path / "obs.json"),
        *("--model", "toy", "--only", "A-CLOSE-1", "--transcripts", tmp_path / "t"),
        *("--", *REFERENCE),
    )
    assert result.exit_code == 0, result.output
    sent = (tmp_path / "t" / "closing.close.jsonl").read_text()
    assert '\\"robot\\":\\"so101\\"' in sent
    assert '\\"model\\":\\"toy\\"' in sent
    assert "from a file" in sent


def test_a_recorded_conversation_is_held_again_and_judged(reference, full_run, tmp_path):
    path = tmp_path / "one.jsonl"
    full_run.transcripts["opening.second_open"].write(path)
    arguments = [str(path), "--target", reference, "--key", KEY]
    result = CliRunner().invoke(replay, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "already_open" in result.output
    assert "nothing broken" in result.output
    assert "answered as in the recording" in result.output


def test_a_replay_against_another_server_finds_what_is_broken_there(full_run, tmp_path):
    from tests.null_servers import answering

    from .test_reports import sloppy
    from .test_runner import serving

    path = tmp_path / "one.jsonl"
    full_run.transcripts["error.unknown_type"].write(path)
    with serving(answering(sloppy)) as url:
        result = CliRunner().invoke(replay, [str(path), "--target", url], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert "A-ERR-9" in result.output
    assert "answered otherwise than in the recording" in result.output


@pytest.mark.parametrize(
    ("name", "breaks"),
    [
        ("CountsTheRefused", "A-ERR-6"),
        ("KeepsThePrompt", "A-CLOSE-12"),
        ("A-OPEN-13-takes-true-for-a-rate", "A-OPEN-13"),
    ],
)
def test_what_a_search_has_found_shows_again_where_it_is_broken_and_nowhere_else(
    name, breaks, tmp_path
):
    from tests.broken.serve import serving

    from .test_offline import hold, server

    search = "frames.a_open_13" if breaks == "A-OPEN-13" else "sessions.whole_sessions"
    path = tmp_path / f"{search}.jsonl"
    with serving(*server(name)) as url:
        # What a script finds, a search does not look for any more.
        hold(url, tmp_path, None, Selection(only=(search,), skip=("opening.wrong_types",)))
        arguments = [str(path), "--target", url]
        result = CliRunner().invoke(replay, arguments, catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert f"{breaks} is broken in the recording, and shows again" in result.output
    with spawn_server() as sound:
        arguments = [str(path), "--target", sound.url]
        result = CliRunner().invoke(replay, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert f"{breaks} is broken in the recording, and does not show again" in result.output


def test_a_replay_of_nothing_and_against_nothing_is_refused(tmp_path, full_run):
    path = tmp_path / "one.jsonl"
    path.write_text("{}")
    with null_server("dead") as url:
        result = CliRunner().invoke(replay, [str(path), "--target", url])
        assert (result.exit_code, "line 1" in result.output) == (2, True)
        full_run.transcripts["closing.close"].write(path)
        result = CliRunner().invoke(replay, [str(path), "--target", url])
        assert (result.exit_code, "no WebSocket" in result.output) == (4, True)


def test_every_kind_of_report_is_written_in_one_run(tmp_path, reference, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    result = invoke(
        *(reference, "--key", KEY, "--only", "A-CLOSE-1", "--jobs", "2"),
        *("--report", f"json={tmp_path / 'r.json'}", "--report", f"junit={tmp_path / 'r.xml'}"),
        *("--report", "github"),
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())["complete"] is True
    assert 'name="A-CLOSE-1"' in (tmp_path / "r.xml").read_text()
    assert "### RISP: 1 of 1 MUSTs" in (tmp_path / "summary.md").read_text()


def test_in_actions_no_word_of_a_target_is_a_command_and_annotations_come_after(monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    script = "print('##[error]no url'); print('::error::nor this')"
    result = invoke("--report", "github", "--", sys.executable, "-c", script)
    assert result.exit_code == 4
    lines = result.stdout.splitlines()
    stop = next(i for i, line in enumerate(lines) if line.startswith("::stop-commands::"))
    go = lines.index(f"::{lines[stop].removeprefix('::stop-commands::')}::")
    spoken = [i for i, line in enumerate(lines) if "##[error]no url" in line]
    assert stop < min(spoken) < go
    assert lines[go + 1].startswith("::error title=diagnosis::the command printed")


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('no url')"])
def test_a_command_that_does_not_serve_leaves_no_green_file_of_an_earlier_run(tmp_path, script):
    (tmp_path / "r.xml").write_text('<testsuites tests="0"/>')
    (tmp_path / "r.json").write_text('{"complete": true}')
    result = invoke(
        *("--report", f"junit={tmp_path / 'r.xml'}", "--report", f"json={tmp_path / 'r.json'}"),
        *("--", sys.executable, "-c", script),
    )
    assert result.exit_code == 4
    assert '<error message="the command ' in (tmp_path / "r.xml").read_text()
    assert json.loads((tmp_path / "r.json").read_text())["exit_code"] == 4


def test_a_defect_of_the_kit_is_no_violation(monkeypatch, reference):
    from risp.conformance import run_command

    def crash(*arguments):
        raise RuntimeError("oops")

    monkeypatch.setattr(run_command, "Run", crash)
    assert invoke(reference).exit_code == 5


def test_the_line_again_says_what_was_asked_and_keeps_secrets():
    asked = Asked(
        "ws://u:p@h:1/v1/actions?token=s3cret",
        key="s3cret",
        open_file="my open.json",
        model="m",
        slow=True,
        seed=7,
    )
    assert asked.again() == (
        "risp test 'ws://h:1/v1/actions?token=[redacted]' --key KEY --open 'my open.json' "
        "--model m --slow --seed 7"
    )
    started = Asked(None, ("serve", "--key", "s3cret", "--k=s3cret"), "s3cret")
    assert started.again() == "risp test --key KEY -- serve --key KEY --k=KEY"
    assert Asked("ws://[", ()).again() == "risp test URL"


@pytest.mark.parametrize(("scheme", "said"), [("http", True), ("ws", False)])
def test_who_names_a_server_by_http_is_told_what_is_not_judged(scheme, said):
    lines = invoke(f"{scheme}://127.0.0.1:1").stderr
    assert ("a live profile is not" in lines) is said
