"""The README does what it says."""

import re

import pytest
from click.testing import CliRunner

from risp.conformance.commands import replay
from risp.conformance.commands import test as judge
from risp.protocol.action.profile import ACTION
from risp.reference_impl.commands import serve
from tests.support import ROOT, spawn_server

README = (ROOT / "README.md").read_text()


@pytest.fixture
def risp_help() -> str:
    """What the commands say of their options."""
    return "".join(CliRunner().invoke(one, ["--help"]).output for one in (judge, replay, serve))


def block(language: str, holding: str, page: str = README) -> str:
    """The fenced block of a language that holds some text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    (found,) = [one for one in blocks if holding in one]
    return found


GUIDES = ROOT / "docs" / "guides"


@pytest.mark.parametrize(
    ("policy", "client", "key"),
    [
        (README, README, ("--key", "s3cret")),
        ((GUIDES / "policy.md").read_text(), (GUIDES / "client.md").read_text(), ()),
    ],
    ids=["readme", "guides"],
)
def test_the_printed_policy_is_served_and_the_printed_client_drives_a_robot(
    tmp_path, policy, client, key
):
    (tmp_path / "my_policy.py").write_text(block("python", "class Policy", policy))
    client = block("python", "ActionStream(prompt=", client)
    moved: list[list[float]] = []
    with spawn_server("--policy", "my_policy:Policy", *key, cwd=tmp_path) as server:
        assert "ws://127.0.0.1:8080" in client
        source = client.replace("ws://127.0.0.1:8080", server.url)
        names = {"jpeg_bytes": b"\xff\xd8\xff\xd9", "apply_to_hardware": moved.append}
        exec(compile(source, "README.md", "exec"), names)
    assert moved == [[0.0] * 6] * 10 * 50


def test_the_verbs_and_options_that_it_names_exist(risp_help):
    makefile = (ROOT / "Makefile").read_text()
    for verb in re.findall(r"make ([a-z-]+)", README):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
    for option in set(re.findall(r"`(--[a-z-]+)", README)) - {"--risp-target"}:
        assert option in risp_help, option


def test_the_requirement_that_it_quotes_is_the_requirement():
    ((id_, sentence),) = re.findall(r"^FAIL (A-\S+)  (.+)$", README, re.MULTILINE)
    assert sentence == ACTION.requirements[id_].sentence


def test_what_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
