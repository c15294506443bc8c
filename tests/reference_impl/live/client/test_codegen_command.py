"""`risp codegen` as its user meets it: where schemas come from, what comes of them, what fails."""

import contextlib
import http.server
import json
import subprocess
import sys
import threading
import time

import pytest

from examples.drawing_model import Drawing
from risp.reference_impl.live.codegen import schemas
from risp.reference_impl.live.codegen.schemas import MAX_BYTES
from risp.reference_impl.live.codegen.writer import write
from tests.live_models import Probe
from tests.live_server import KEY, serving
from tests.need import ROOT

from .made import KINDS, published

DOCUMENT = json.dumps(KINDS.openapi())


def risp(*arguments, given=None):
    """Run the command; returns its exit code, its output and its last line on standard error."""
    command = (sys.executable, "-m", "risp.command", "codegen", *map(str, arguments))
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(DOCUMENT)
    return path


@contextlib.contextmanager
def answering(answer):
    """A server whose answer to GET is what a function writes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(OSError):
                answer(self)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say(status, body=b"", **headers):
    def answer(request):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_a_file_standard_input_and_a_server_make_the_same_client(file):
    texts = [risp(file), risp("-", given=DOCUMENT)]
    with answering(say(200, DOCUMENT.encode())) as url:
        texts += [risp(url), risp(f"{url}/"), risp(f"{url}/schema")]
    assert texts == [(0, write(KINDS), "")] * 5


def test_without_a_path_a_server_is_asked_for_its_schema_and_redirects_are_followed():
    asked = []

    def answer(request):
        asked.append(request.path)
        step = say(307, Location="/there") if request.path == "/schema" else say(200, b"{}")
        step(request)

    with answering(answer) as url:
        assert risp(url)[0] == 2
    assert asked == ["/schema", "/there"]


def test_a_client_is_written_and_checked_and_called_as_one_likes(file, tmp_path):
    out = tmp_path / "made.py"
    assert risp(file, "--out", out, "--check")[:1] == (1,)
    assert not out.exists()
    assert risp(file, "-o", out, "--class-name", "Mine") == (0, f"{out}\n", "")
    assert out.read_text() == write(KINDS, "Mine")
    assert risp(file, "--out", out, "--class-name", "Mine", "--check") == (
        0,
        f"{out} is as the schema makes it\n",
        "",
    )
    before = out.read_bytes()
    code, shown, mend = risp(file, "--out", out, "--check")
    assert (code, mend) == (1, f"to mend: risp codegen {file} --out {out}")
    assert "-class Mine(TypedClient" in shown
    assert "+class Kinds(TypedClient" in shown
    assert out.read_bytes() == before


def test_the_example_s_client_is_kept_in_step_as_a_build_would(tmp_path):
    schema, out = tmp_path / "drawing.json", ROOT / "examples/drawing_client.py"
    schema.write_text(json.dumps(published(Drawing).openapi()))
    told = f"{out} is as the schema makes it\n"
    assert risp(schema, "--check", "--out", out) == (0, told, "")


def test_a_difference_is_shown_in_short(file, tmp_path):
    out = tmp_path / "made.py"
    out.write_text("x = 1\n" * 500)
    code, shown, _ = risp(file, "--out", out, "--check")
    assert code == 1
    assert len(shown.splitlines()) == 41
    assert shown.splitlines()[-1].endswith("lines more")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is no JSON (Expecting value: line 1, column 1); a schema is JSON, and not YAML"),
        ("openapi: 3.1.0\ninfo:\n", "and not YAML"),
        ("<!doctype html><html></html>", "is HTML or XML, and no schema"),
        ("\ufeff  <html>", "is HTML or XML, and no schema"),
        ("[]", "is no OpenAPI document: a server's is at /schema"),
        ('{"tracks": []}', "is no OpenAPI document: a server's is at /schema"),
        ('{"openapi": "3.1.0"}', "is no model's schema: /info: expected an object, got NoneType"),
        ('{"openapi": "3.1.0", "info": {"title": "x"}}', "but no model's"),
        ('{"openapi": NaN}', "is no JSON (NaN is no number in JSON)"),
        ('{"a": ' + "9" * 5000 + "}", "is no JSON"),
        ("[" * 100_000, "is nested too deeply"),
        (DOCUMENT.replace("#/components/schemas/Sum", "#/nowhere"), "nothing is at '#/nowhere'"),
        (DOCUMENT.replace('"kinds"', '"\\ud800"'), "half a character"),
        (DOCUMENT.replace('"kinds"', '""'), "the model has no name"),
        (DOCUMENT + " " * MAX_BYTES, "has more than 4 MiB"),
    ],
    ids=range(15),
)
def test_what_is_no_schema_is_told_in_one_line(text, complaint, tmp_path):
    path = tmp_path / "bad"
    path.write_text(text, encoding="utf-8")
    code, out, line = risp(path)
    assert (code, out) == (2, "")
    assert line.startswith(f"Error: {path}: ")
    assert complaint in line
    assert len(line) < 400 + len(str(path))


def test_what_is_no_text_and_what_is_no_file_are_told(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff\xfe{")
    assert risp(path)[2] == f"Error: {path}: is no UTF-8: byte 0"
    assert risp(tmp_path)[2] == f"Error: {tmp_path}: cannot be read: Is a directory"
    gone = tmp_path / "gone.json"
    assert risp(gone)[::2] == (2, f"Error: {gone}: cannot be read: No such file or directory")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (say(404), "404: no schema is published there; of a server with keys it comes with --key"),
        (say(401), "401: no schema is published there"),
        (say(500), "answers 500 Internal Server Error, and no schema"),
        (say(204), "answers 204 No Content, and no schema"),
        (say(200, b"<html>"), "is HTML or XML, and no schema"),
        (say(200, b" " * (10 << 20)), "has more than 4 MiB"),
        (say(200, b"{", **{"Content-Length": "99"}), "cannot be had"),
        (say(302, Location="/schema"), "redirects more than 5 times"),
        (say(302, Location="file:///etc/hostname"), "is no URL of a server"),
        (say(302, Location="http://[bad"), "is no URL"),
        (lambda request: request.connection.close(), "cannot be had"),
    ],
    ids=range(11),
)
def test_a_server_that_gives_no_schema_is_told_in_one_line(answer, complaint):
    with answering(answer) as url:
        code, out, line = risp(url)
    assert (code, out) == (2, "")
    assert line.startswith(f"Error: {url}: ")
    assert complaint in line


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://127.0.0.1:1", "Error: http://127.0.0.1:1: cannot be had: Connection refused"),
        ("http://", "is no URL of a server"),
        ("http://127.0.0.1:99999999", "is no URL"),
        ("http://me:secret@127.0.0.1:1", "the key goes into --key, and not into the URL"),
        ("http://127.0.0.1:1/schema?token=secret", "cannot be had"),
    ],
)
def test_an_address_where_nothing_is_is_told_in_one_line_without_secrets(url, complaint):
    code, _, line = risp(url)
    assert code == 2
    assert complaint in line
    assert "secret" not in line


def test_a_server_that_drips_is_given_up_in_time(monkeypatch):
    def drip(request):
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b" ")
            time.sleep(0.05)

    monkeypatch.setattr(schemas, "WITHIN_S", 0.4)
    begun = time.monotonic()
    with answering(drip) as url, pytest.raises(schemas.BadSource, match=r"within 0\.4 s"):
        schemas.schema_of(url)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--check",), "--check compares with a file: name it with --out"),
        (("--class-name", "class"), "--class-name 'class': no class can be called so"),
        (("--class-name", "A:import os"), "no class can be called so"),
        (("--out", "no/such/folder/made.py"), "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(file, arguments, complaint):
    code, out, line = risp(file, *arguments)
    assert (code, out) == (2, "")
    assert complaint in line


def test_a_server_with_keys_is_asked_within_a_session_which_ends_with_that():
    with serving("--key", KEY, "--places", "1") as server:
        assert "comes with --key KEY --model NAME" in risp(server.url)[2]
        assert risp(server.url, "--key", KEY)[::2] == (
            2,
            "Error: --key: name the model too, with --model NAME",
        )
        asked = (server.url, "--model", "probe", "--key")
        assert risp(*asked, KEY) == (0, write(published(Probe)), "")
        assert risp(*asked, KEY)[0] == 0
        code, _, line = risp(*asked, "rk_wrong")
        assert (code, "unauthorized" in line) == (2, True)
        code, _, line = risp(server.url, "--key", KEY, "--model", "other")
        assert (code, "unknown_model" in line) == (2, True)


def test_a_server_without_keys_gives_its_schema_to_everybody():
    with serving() as server:
        assert risp(server.url) == (0, write(published(Probe)), "")
