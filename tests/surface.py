"""What applications and models of deployed systems call: each name, what it is here, and its test.

The four documents are those from which the live profile was made: the reference of the client
class, the guide to it, the overview of all client kits, and the page about a model's state.

    python -m tests.surface            print the table
    python -m tests.surface --write    write tests/SURFACE.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("SURFACE.md")
FOLDER = "tests/reference_impl/live"


class Row(NamedTuple):
    """One thing that a document promises."""

    kind: str
    name: str
    here: str
    """What it is here, where that is not plain."""
    tests: str
    """Tests that show it, as `file::test` below `FOLDER`, with a blank between."""


def _own(*tests: str) -> str:
    return " ".join(f"client/test_as_documented.py::test_{one}" for one in tests)


def _interop(*steps: str) -> str:
    return " ".join(f"interop.py::{one}" for one in steps)


def _typed(*tests: str) -> str:
    return " ".join(f"client/{one}" for one in tests)


_CONSTRUCTOR = _own("the_constructor_takes_what_it_is_documented_to_take")
_KNOWN = _own("what_is_known_of_the_session_is_told")
_EVENTS = _own("the_eight_events_carry_what_they_are_documented_to_carry")
_FILES = _own("files_come_from_a_path_from_bytes_and_from_an_open_file")
_TRACKS = _own("a_track_is_published_and_unpublished_by_name_and_without")
_RESUMED = _own("a_session_is_resumed_with_its_state")
_LOST = _own("a_lost_connection_is_recoverable_and_a_handler_can_recover_it")
_STATUSES = _own("statuses_come_to_handlers_of_all_of_one_and_of_several")
_FRAMES = _own("frames_come_by_callback_until_it_is_taken_away")
_EXAMPLE = _own("the_complete_example")
_OFF = _own("a_handler_is_called_no_more_once_it_is_off")
_REMOTE = _own("the_models_tracks_are_there_by_name")
_REFUSED = (
    "test_commands.py::test_a_command_that_breaks_what_is_published_is_refused_and_changes_nothing"
)
_TAKEN = "test_commands.py::test_a_command_that_keeps_what_is_published_is_taken_in_silence"
_TYPES = "test_modelling.py::test_annotations_become_types_and_bounds"
_ALIAS = "`Reactor` is another name of `LiveClient`"

REFERENCE = (
    Row("class", "Reactor", _ALIAS, _EXAMPLE),
    Row("parameter", "model_name", "", _CONSTRUCTOR),
    Row(
        "parameter", "api_key", "or `RISP_API_KEY`; a server without keys needs none", _CONSTRUCTOR
    ),
    Row("parameter", "api_url", "or `RISP_URL`; there is no default", _CONSTRUCTOR),
    Row(
        "parameter",
        "local",
        "port 8080 of this machine, or `RISP_LOCAL_URL`; `api_url` is ignored",
        _CONSTRUCTOR,
    ),
    Row(
        "behaviour",
        "async with",
        "cleans up; `connect()` is called within",
        _own("async_with_cleans_up"),
    ),
    Row("method", "connect()", "returns at READY", _interop("connects")),
    Row(
        "error",
        "RuntimeError: authentication fails, or already connected",
        "`LiveError`, a RuntimeError",
        _own("authentication_that_fails_and_a_second_connect_are_runtime_errors"),
    ),
    Row("behaviour", "the key is exchanged for a token", "", _CONSTRUCTOR),
    Row("method", "disconnect(recoverable=False)", "", f"{_RESUMED} {_interop('disconnects')}"),
    Row(
        "method",
        "reconnect()",
        "also tries a failed `connect()` again",
        f"{_RESUMED} {_interop('reconnects')}",
    ),
    Row("method", "send_command(command, data)", "", _interop("is_answered", "is_refused")),
    Row("behaviour", "a FileRef as an argument", "", _FILES),
    Row(
        "method",
        "upload_file(file)",
        "path, bytes, or an open binary file",
        f"{_FILES} {_interop('uploads')}",
    ),
    Row("parameter", "name", 'the file\'s own, or "upload"', _FILES),
    Row("parameter", "mime_type", 'guessed, or "application/octet-stream"', _FILES),
    Row("error", "upload_file only while READY", "`not_ready`", _FILES),
    Row(
        "method",
        "publish_track(name, track)",
        "an aiortc track",
        f"{_TRACKS} {_interop('publishes')}",
    ),
    Row("error", "a name that is no input", "ValueError with the names that are", _TRACKS),
    Row("method", "unpublish_track(name)", "", f"{_TRACKS} {_interop('publishes')}"),
    Row("method", "set_frame_callback(callback)", "None takes it away", _FRAMES),
    Row("method", "on(event, handler)", "", _EVENTS),
    Row("method", "off(event, handler)", "", _OFF),
    Row("method", "get_status()", "", _KNOWN),
    Row("method", "get_state()", "`status`, `last_error`", _KNOWN),
    Row("method", "get_session_id()", "None without a session", _own("async_with_cleans_up")),
    Row("method", "get_last_error()", "", _KNOWN),
    Row("method", "get_capabilities()", "tracks, commands, `emission_fps`", _KNOWN),
    Row("method", "get_session_info()", "", _KNOWN),
    Row("method", "get_remote_tracks()", "", _REMOTE),
    Row("event", "status_changed", "", _EVENTS),
    Row("event", "session_id_changed", "", _EVENTS),
    Row("event", "message", "", _EVENTS),
    Row("event", "runtime_message", "", _EVENTS),
    Row("event", "track_received", "", _EVENTS),
    Row("event", "error", "", _EVENTS),
    Row("event", "session_expiration_changed", "Unix seconds, from `expires_at`", _EVENTS),
    Row("event", "capabilities_received", "", _EVENTS),
    Row(
        "behaviour",
        "typed kits extend the class",
        "`risp codegen`",
        "client/test_typed.py::",
    ),
)
"""The reference of the client class."""

GUIDE = (
    Row(
        "status",
        "DISCONNECTED, CONNECTING, WAITING, READY",
        "`Status`, also `ReactorStatus`",
        _STATUSES,
    ),
    Row("class", "ReactorStatus, ReactorError", "other names of `Status`, `LiveError`", _EXAMPLE),
    Row("method", "on_message", "", _EXAMPLE),
    Row("event", "new_message", "another name of `message`", _OFF),
    Row("method", "on_frame", "`(H, W, 3)` uint8 RGB", f"{_EXAMPLE} {_interop('shows_frames')}"),
    Row("method", "set_frame_callback(None)", "", _FRAMES),
    Row("method", "on_status, bare", "", _STATUSES),
    Row("method", "on_status(one)", "", _STATUSES),
    Row("method", "on_status([several])", "", _STATUSES),
    Row("behaviour", "a coroutine as a handler", "one call at a time, in order", _STATUSES),
    Row("method", "publish_track(track)", "where the model has one input", _TRACKS),
    Row("method", "unpublish_track()", "likewise", _TRACKS),
    Row("method", "get_remote_track()", "the only one, or None", _REMOTE),
    Row("method", "on_error", "", _LOST),
    Row("error", "component, code, message", "", _LOST),
    Row("error", "recoverable", "", f"{_LOST} {_EVENTS}"),
    Row(
        "error",
        "retry_after",
        "seconds",
        _own("the_wait_that_a_server_asks_for_is_told_in_seconds"),
    ),
    Row("behaviour", "reconnect() in an error handler", "", _LOST),
    Row("behaviour", "the complete example", "", _EXAMPLE),
    Row("parameter", "local=True", "", f"{_EXAMPLE} {_interop('connects')}"),
)
"""The guide to the client."""

OVERVIEW = (
    Row(
        "behaviour",
        "frames begin at READY and end at the disconnect",
        "",
        f"{_EXAMPLE} {_interop('pauses')}",
    ),
    Row("behaviour", "commands at READY, from a handler of the status", "", _STATUSES),
    Row("behaviour", "files from a path, from bytes, from a file object", "", _FILES),
    Row("behaviour", "FileRefs and scalars in one command", "", _FILES),
    Row("class", "FileRef: id, name, MIME type, size", "", _FILES),
    Row("behaviour", "a track's name is the attribute's in the model", "", _TRACKS),
    Row("behaviour", "capabilities come with the connection", "", _EVENTS),
    Row(
        "behaviour",
        "a dropped session is kept for 30 seconds",
        "`resume_window_s`, 30 by default",
        "test_resume.py::test_a_killed_client_is_noticed_its_state_kept_for_the_window_and_then_freed",
    ),
    Row("behaviour", "its state is not lost", "", _RESUMED),
    Row("behaviour", "disconnect keeps the session, or ends it", "", _RESUMED),
    Row("behaviour", "automatic reconnect by `recoverable` and `retry_after`", "", _LOST),
)
"""The overview of all client kits."""

MODEL = (
    Row(
        "class",
        "InputState, InputField, event, ReactorPipeline",
        "`risp.reference_impl.interface`",
        "test_modelling.py::test_what_a_model_needs_is_there_name_for_name",
    ),
    Row(
        "behaviour",
        "each public field yields `set_<field>`",
        "",
        "test_modelling.py::test_each_public_field_becomes_a_command_and_a_private_one_does_not",
    ),
    Row("constraint", "default", "", _TAKEN),
    Row("constraint", "ge, le", "both inclusive", f"{_REFUSED} {_TAKEN}"),
    Row("constraint", "min_length, max_length", "", f"{_REFUSED} {_TYPES}"),
    Row("constraint", "choices", "", f"{_REFUSED} {_TAKEN}"),
    Row("parameter", "description", "in the schema", _TYPES),
    Row(
        "behaviour",
        "an invalid value is rejected, and the field keeps its value",
        "and `commandRejected` says so",
        f"{_REFUSED} {_interop('is_refused')}",
    ),
    Row(
        "behaviour",
        "self.state is live in inference()",
        "",
        "test_stage.py::test_frames_follow_the_state_and_are_the_listeners_own "
        + _interop("shows_frames"),
    ),
    Row(
        "behaviour",
        "a session begins with all defaults",
        "",
        "test_local.py::test_a_new_local_session_has_a_state_of_its_own",
    ),
    Row(
        "behaviour",
        "no state bleeds between sessions",
        "",
        "test_stage.py::test_two_sessions_of_one_model_do_not_meet "
        "test_sessions.py::test_what_happens_on_one_session_does_not_show_on_another",
    ),
    Row(
        "behaviour",
        "the state is destroyed when the client is gone",
        "when its window is over: until then it may come back",
        "test_resume.py::test_an_orphan_is_kept_for_its_window_and_then_freed",
    ),
    Row(
        "behaviour",
        "@event(name, description) replaces the generated command",
        "",
        "test_modelling.py::test_an_event_replaces_the_command_of_a_field",
    ),
    Row(
        "behaviour",
        "`_private` fields: no command, not in the schema",
        "",
        "test_modelling.py::test_each_public_field_becomes_a_command_and_a_private_one_does_not "
        "test_modelling.py::test_a_state_is_told_without_what_is_private_or_no_json",
    ),
    Row(
        "behaviour",
        "outputs are yielded",
        "",
        "test_stage.py::test_a_step_may_show_some_tracks_or_nothing",
    ),
)
"""The page about a model's state."""

DOCUMENTS = {
    "The reference of the client class": REFERENCE,
    "The guide to the client": GUIDE,
    "The overview of all client kits": OVERVIEW,
    "A model's state": MODEL,
}
"""The rows by document."""


def table() -> str:
    """The table in Markdown."""
    lines = [
        "# Names, and where they are shown",
        "",
        "What the four documents of the deployed system promise, and the tests that show it here",
        f"(below `{FOLDER}/`). Made by `python -m tests.surface --write`; a test holds it against",
        "the tests that there are.",
    ]
    for title, rows in DOCUMENTS.items():
        lines += ["", f"## {title}", "", "| | name | here | shown by |", "|---|---|---|---|"]
        for row in rows:
            tests = "<br>".join(f"`{one.removesuffix('::')}`" for one in row.tests.split())
            lines.append(f"| {row.kind} | {row.name} | {row.here} | {tests} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        TABLE.write_text(table(), encoding="utf-8")
    else:
        sys.stdout.write(table())
