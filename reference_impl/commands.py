"""`risp serve`: parse, start, print. Everything but click is imported when it is needed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from .action.serving.settings import Settings


class BadSpec(click.UsageError):
    """A `module:attribute` that leads nowhere."""


def load(spec: str, option: str) -> Any:
    """The object that `module:attribute` names; modules of the current directory count."""
    import importlib

    module_name, colon, attribute = spec.partition(":")
    if not colon or not module_name or not attribute:
        raise BadSpec(f"{option} {spec!r}: write it as module:attribute")
    if "/" in module_name or module_name.endswith(".py"):
        stem = os.path.basename(module_name).removesuffix(".py")
        raise BadSpec(f"{option} {spec!r}: a module, and not a file; try {stem}:{attribute}")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        # A module that is there may itself miss one: then its own name is not what is wrong.
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name.split(".")[0]
        hint = " (is it in the current directory, or installed?)" if missing else ""
        raise BadSpec(f"{option} {spec!r}: cannot import {module_name}: {error}{hint}") from None
    except Exception as error:  # noqa: BLE001  # a stranger's module may raise anything
        raise BadSpec(f"{option} {spec!r}: {type(error).__name__}: {error}") from None
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise BadSpec(f"{option} {spec!r}: there is no {attribute!r} in {module_name}")
        found = getattr(found, name)
    return found


def load_policy(spec: str) -> Any:
    """A policy, or what a class or factory without arguments makes."""
    policy = load(spec, "--policy")
    if isinstance(policy, type) or not hasattr(policy, "infer"):
        if not callable(policy):
            raise BadSpec(f"--policy {spec!r}: has neither `infer` nor can it be called")
        try:
            policy = policy()
        except Exception as error:  # noqa: BLE001  # a stranger's factory may raise anything
            hint = "it is called without arguments, to make a policy with infer(observation)"
            raise BadSpec(f"--policy {spec!r}: {type(error).__name__}: {error} ({hint})") from None
    if not callable(getattr(policy, "infer", None)):
        raise BadSpec(f"--policy {spec!r}: a policy needs a method infer(observation)")
    return policy


def make_settings(without: Sequence[str], given: dict[str, Any]) -> Settings:
    """What was chosen; what was not keeps its default."""
    from risp.protocol.action.declares import Capability

    from .action.serving.settings import Settings

    path = given["path"]
    if path is not None and not path.startswith("/"):
        raise BadSpec(f"--path {path!r}: a path begins with a slash")
    if "" in given["keys"]:
        raise BadSpec("--key: an empty key would let everybody in")
    unknown = [name for name in without if name not in list(Capability)]
    if unknown:
        raise BadSpec(f"--without {unknown[0]!r}: one of {', '.join(Capability)}")
    served = frozenset(one for one in Capability if one not in without)
    chosen = {name: value for name, value in given.items() if value is not None}
    return Settings(capabilities=served, **chosen)


def announce(settings: Settings, port: int, as_json: bool, out: TextIO) -> None:
    """Print the first line, now that the port is really open."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"ws://{host}:{port}{settings.path}"
    about = {"url": url, "pid": os.getpid(), "key_required": bool(settings.keys)}
    click.echo(json.dumps(about) if as_json else url, file=out)
    out.flush()


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0: a free one.  [default: 8080]")
@click.option("--path", help="Path of the endpoint.  [default: /v1/actions]")
@click.option("--key", "keys", multiple=True, help="A key that opens; may be given several times.")
@click.option("--policy", "policy_spec", metavar="MODULE:ATTRIBUTE", help="[default: a toy]")
@click.option("--max-frame-bytes", type=click.IntRange(1024), help="Largest message taken.")
@click.option("--max-in-flight", type=click.IntRange(8), help="Unanswered observations in fifo.")
@click.option("--answer-timeout-ms", type=click.IntRange(1), help="Answer at the latest.")
@click.option("--idle-timeout-ms", type=click.IntRange(1), help="Silence that ends a session.")
@click.option("--max-sessions", type=click.IntRange(1), help="Connections at one time.")
@click.option("--grace-s", type=click.FloatRange(0), help="How long a planned end may take.")
@click.option("--without", multiple=True, metavar="CAPABILITY", help="Leave a capability out.")
@click.option("--terse", is_flag=True, help="Declare nothing but the session id.")
@click.option("--uvloop/--no-uvloop", default=True, help="Use uvloop if it is installed.")
@click.option("--verbose", is_flag=True, help="Log connections, to standard error.")
@click.option("--json", "as_json", is_flag=True, help="The first line is a JSON object.")
@click.option("--session", "session_spec", hidden=True, help="A subclass of ServerSession.")
@click.option("--gate", "gate_spec", hidden=True, help="A subclass of Gate.")
@click.option("--toy-delay-ms", default=0.0, type=click.FloatRange(0), hidden=True)
def serve(
    policy_spec: str | None,
    without: tuple[str, ...],
    uvloop: bool,
    as_json: bool,
    verbose: bool,
    session_spec: str | None,
    gate_spec: str | None,
    toy_delay_ms: float,
    **given: Any,
) -> None:
    """Serve a policy to robots: the first line printed is the URL."""
    import logging

    from .action.policy import LoadError, PolicyError
    from .action.toy import ToyPolicy
    from .app import serve as run

    settings = make_settings(without, given)
    # The first line is the URL, whatever a policy prints while it is imported, loaded or asked.
    out, sys.stdout = sys.stdout, sys.stderr
    policy = load_policy(policy_spec) if policy_spec else ToyPolicy(toy_delay_ms / 1000)
    classes: dict[str, Any] = {"uvloop": uvloop}
    if session_spec:
        classes["session_class"] = load(session_spec, "--session")
    if gate_spec:
        classes["gate_class"] = load(gate_spec, "--gate")
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(name)s: %(message)s")
    try:
        run(settings, policy, lambda port: announce(settings, port, as_json, out), **classes)
    except PolicyError as error:
        raise BadSpec(f"--policy {policy_spec}: {error}") from None
    except LoadError as error:
        raise click.ClickException(f"--policy {policy_spec}: {error}") from error
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"cannot listen on {where}: {error.strerror}") from None
