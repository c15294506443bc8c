"""The command that belongs to no room: what it lists, and what it says when it cannot go on."""

import sys
import types
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import risp.command
from risp.command import cli

ROOT = Path(__file__).parents[1]


@click.command
def hello():
    """Say hello."""
    click.echo("hello")


@click.command
def reach():
    """Reach a live session."""
    raise ModuleNotFoundError("No module named 'jwt'", name="jwt")


@click.command
def defect():
    """Import what nobody has."""
    raise ModuleNotFoundError("No module named 'nobody_has'", name="nobody_has")


def needs_an_extra(name: str) -> click.Command:
    raise ModuleNotFoundError("No module named 'aiortc.rtp'", name="aiortc.rtp")


@pytest.fixture
def subcommands(monkeypatch):
    """Give the command these entry points, in place of those which are installed."""
    module = types.ModuleType("sample_commands")
    module.__dict__.update(hello=hello, reach=reach, defect=defect, plain=len)
    broken = types.ModuleType("sample_broken")
    broken.__dict__["__getattr__"] = needs_an_extra
    monkeypatch.setitem(sys.modules, "sample_commands", module)
    monkeypatch.setitem(sys.modules, "sample_broken", broken)

    def install(**values: str) -> None:
        entries = [EntryPoint(name, value, "risp.commands") for name, value in values.items()]
        monkeypatch.setattr(risp.command, "entry_points", lambda group: entries)

    return install


@pytest.fixture
def without(monkeypatch):
    """Make a distribution look as if it were not installed."""

    def hide(hidden: str) -> None:
        def missing(name: str):
            if name == hidden:
                raise PackageNotFoundError(name)
            return distribution(name)

        monkeypatch.setattr(risp.command, "distribution", missing)

    return hide


def run(*arguments: str):
    return CliRunner().invoke(cli, arguments, prog_name="risp")


def test_the_installed_command_is_the_tree_s_own():
    assert Path(risp.command.__file__).resolve() == ROOT / "command.py"


def test_the_version_is_the_distribution_s():
    assert run("--version").output == f"risp {version('risp')}\n"


def test_a_subcommand_runs(subcommands):
    subcommands(hello="sample_commands:hello")
    result = run("hello")
    assert (result.exit_code, result.output) == (0, "hello\n")


def test_help_lists_the_subcommands_by_room_and_by_name(subcommands, monkeypatch):
    for room in ("conformance", "protocol"):
        monkeypatch.setitem(sys.modules, f"risp.{room}.sample", sys.modules["sample_commands"])
    subcommands(
        zeta="risp.protocol.sample:hello",
        alpha="risp.protocol.sample:hello",
        judge="risp.conformance.sample:hello",
        guest="sample_commands:hello",
    )
    _, _, listing = run("--help").output.partition("Judge:")
    assert listing.split() == [
        *("judge", "Say", "hello."),
        *("Read:", "alpha", "Say", "hello.", "zeta", "Say", "hello."),
        *("More:", "guest", "Say", "hello."),
    ]


def test_a_declared_extra_that_is_missing_is_named_and_nothing_else_breaks(subcommands, without):
    subcommands(serve="sample_commands:hello [server]", hello="sample_commands:hello")
    without("uvicorn")
    assert "serve  (needs the server extra)" in run("--help").output
    result = run("serve", "--port", "0")
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: risp serve needs uvicorn; install it with: pip install "risp[server]"\n'
    )
    assert run("hello").output == "hello\n"


def test_a_declared_extra_that_is_there_changes_nothing(subcommands):
    subcommands(serve="sample_commands:hello [server]")
    assert run("serve").output == "hello\n"


def test_an_import_that_fails_while_loading_names_the_extra(subcommands):
    subcommands(live="sample_broken:live")
    assert "live  (needs the live extra)" in run("--help").output
    result = run("live")
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: risp live needs aiortc.rtp; install it with: pip install "risp[live]"\n'
    )


def test_an_import_that_fails_while_running_names_the_extra(subcommands):
    subcommands(reach="sample_commands:reach")
    result = run("reach")
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: risp reach needs jwt; install it with: pip install "risp[live]"\n'
    )


def test_an_import_that_no_extra_mends_is_a_defect_and_stays_one(subcommands):
    subcommands(defect="sample_commands:defect")
    result = run("defect")
    assert isinstance(result.exception, ModuleNotFoundError)
    assert result.exception.name == "nobody_has"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module:x", "ModuleNotFoundError"),
        ("sample_commands:absent", "AttributeError"),
        ("sample_commands:plain", "TypeError"),
    ],
)
def test_a_stranger_s_broken_entry_point_leaves_help_whole(subcommands, value, reason):
    subcommands(broken=value, hello="sample_commands:hello")
    result = run("--help")
    assert result.exit_code == 0
    assert f"broken  (cannot be loaded: {reason}" in result.output
    assert "hello   Say hello." in result.output


def test_a_subcommand_that_nobody_has_is_a_usage_error(subcommands):
    subcommands()
    result = run("nope")
    assert result.exit_code == 2
    assert "No such command 'nope'" in result.stderr
