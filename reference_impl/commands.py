"""`risp serve`: parse, start, print. Everything but click is imported when it is needed."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click


class BadSpec(click.UsageError):
    """A `module:attribute` that leads nowhere."""


def load(spec: str, option: str) -> Any:
    """The object that `module:attribute` names; modules of the current directory count."""
    import importlib

    module_name, colon, attribute = spec.partition(":")
    if not colon or not module_name or not attribute:
        raise BadSpec(f"{option} {spec!r}: write it as module:attribute")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        hint = "is it in the current directory, or installed?"
        raise BadSpec(f"{option} {spec!r}: cannot import {module_name}: {error} ({hint})") from None
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
            raise BadSpec(f"--policy {spec!r}: {type(error).__name__}: {error}") from None
    if not callable(getattr(policy, "infer", None)):
        raise BadSpec(f"--policy {spec!r}: a policy needs a method infer(observation)")
    return policy


CAPABILITIES = ("status", "tensor_b64", "max_age", "queue_latest", "gpu_budget")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option("--path", default="/v1/actions", show_default=True, help="Path of the endpoint.")
@click.option("--key", "keys", multiple=True, help="A key that opens; may be given several times.")
@click.option("--policy", "policy_spec", metavar="MODULE:ATTRIBUTE", help="Default: a toy.")
@click.option("--max-frame-bytes", type=click.IntRange(1024), help="Largest message taken.")
@click.option("--max-in-flight", type=click.IntRange(8), help="Unanswered observations in fifo.")
@click.option("--answer-timeout-ms", type=click.IntRange(1), help="Answer at the latest.")
@click.option("--idle-timeout-ms", type=click.IntRange(1), help="Silence that ends a session.")
@click.option("--max-sessions", type=click.IntRange(1), help="Connections at one time.")
@click.option("--grace-s", type=click.FloatRange(0), help="How long a planned end may take.")
@click.option(
    "--without", multiple=True, type=click.Choice(CAPABILITIES), help="Leave a capability out."
)
@click.option("--terse", is_flag=True, help="Declare nothing but the session id.")
@click.option("--uvloop/--no-uvloop", default=True, help="Use uvloop if it is installed.")
@click.option("--json", "as_json", is_flag=True, help="The first line is a JSON object.")
@click.option("--session", "session_spec", hidden=True, help="A subclass of ServerSession.")
@click.option("--gate", "gate_spec", hidden=True, help="A subclass of Gate.")
@click.option("--toy-delay-ms", default=0.0, type=click.FloatRange(0), hidden=True)
def serve(
    policy_spec: str | None,
    without: tuple[str, ...],
    uvloop: bool,
    as_json: bool,
    session_spec: str | None,
    gate_spec: str | None,
    toy_delay_ms: float,
    **settings: Any,
) -> None:
    """Serve a policy to robots: the first line printed is the URL."""
    import logging

    from risp.protocol.action.declares import Capability

    from .action.policy import PolicyError, concurrency, describe
    from .action.serving.settings import Settings
    from .action.toy import ToyPolicy
    from .app import serve as run

    chosen = {name: value for name, value in settings.items() if value is not None}
    served = frozenset(Capability) - {Capability(name) for name in without}
    wanted = Settings(capabilities=served, **chosen)
    policy = load_policy(policy_spec) if policy_spec else ToyPolicy(toy_delay_ms / 1000)
    classes: dict[str, Any] = {"uvloop": uvloop}
    if session_spec:
        classes["session_class"] = load(session_spec, "--session")
    if gate_spec:
        classes["gate_class"] = load(gate_spec, "--gate")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")

    def listening(port: int) -> None:
        host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
        url = f"ws://{host}:{port}{wanted.path}"
        if as_json:
            about = {"url": url, "pid": os.getpid(), "key_required": bool(wanted.keys)}
            click.echo(json.dumps(about))
        else:
            click.echo(url)
        sys.stdout.flush()

    try:
        concurrency(policy)
        if not hasattr(policy, "load"):
            describe(policy)
    except PolicyError as error:
        raise BadSpec(f"--policy {policy_spec}: {error}") from None
    run(wanted, policy, listening, **classes)
