"""`risp serve`: parse, start, print. Everything but click is imported when it is needed."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from .serving_options import (
    LIVE_GRACE_S,
    BadSpec,
    is_of_model,
    load,
    load_policy,
    make_live,
    make_settings,
)

if TYPE_CHECKING:
    from .action.serving.settings import Settings
    from .live.service import LiveService

LIVE_OPTIONS = (
    "places",
    "resume_window_s",
    "session_s",
    "max_upload_bytes",
    "ice_servers",
    "origins",
    "token_secret",
)
"""Those that only the live profile has, by their name in its settings."""


def announce(
    settings: Settings, live: LiveService | None, port: int, as_json: bool, out: TextIO
) -> None:
    """Print the first line, now that the port is really open."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"ws://{host}:{port}{settings.path}"
    about: dict[str, Any] = {
        "url": url,
        "pid": os.getpid(),
        "key_required": bool(settings.keys),
    }
    if live is not None:
        about["live"] = f"http://{host}:{port}"
    click.echo(json.dumps(about) if as_json else url, file=out)
    out.flush()
    if live is not None:
        click.echo(f"live profile: {about['live']}/  (model {live.model.name})", err=True)


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
@click.option("--model", "model_spec", metavar="MODULE:CLASS", help="[default: a toy]")
@click.option("--no-live", is_flag=True, help="Serve policies only, and no interactive model.")
@click.option(
    "--places",
    type=click.IntRange(1),
    help="Sessions that have the model at one time.  [default: 8]",
)
@click.option(
    "--resume-window-s", type=click.FloatRange(0), help="How long an orphan is kept.  [default: 30]"
)
@click.option(
    "--session-s",
    type=click.FloatRange(1),
    help="How long a live session may take.  [default: 3600]",
)
@click.option(
    "--max-upload-bytes", type=click.IntRange(1), help="Largest file taken.  [default: 64 MiB]"
)
@click.option("--ice-server", "ice_servers", multiple=True, metavar="URI", help="STUN or TURN.")
@click.option("--origin", "origins", multiple=True, help="An origin of pages that may ask.")
@click.option("--token-secret", envvar="RISP_TOKEN_SECRET", help="Signs tokens.  [default: drawn]")
@click.option("--uvloop/--no-uvloop", default=True, help="Use uvloop if it is installed.")
@click.option("--verbose", is_flag=True, help="Log connections, to standard error.")
@click.option("--json", "as_json", is_flag=True, help="The first line is a JSON object.")
@click.option("--session", "session_spec", hidden=True, help="A subclass of ServerSession.")
@click.option("--gate", "gate_spec", hidden=True, help="A subclass of Gate.")
@click.option("--toy-delay-ms", default=0.0, type=click.FloatRange(0), hidden=True)
def serve(
    policy_spec: str | None,
    model_spec: str | None,
    no_live: bool,
    without: tuple[str, ...],
    uvloop: bool,
    as_json: bool,
    verbose: bool,
    session_spec: str | None,
    gate_spec: str | None,
    toy_delay_ms: float,
    **given: Any,
) -> None:
    """Serve a policy to robots, and a model to people: the first line printed is the URL."""
    import logging

    from .action.policy import LoadError, PolicyError
    from .action.toy import ToyPolicy
    from .app import serve as run

    if no_live and model_spec:
        raise BadSpec("--model and --no-live: one of the two")
    for_live = {name: given.pop(name) for name in LIVE_OPTIONS}
    if not no_live and given["grace_s"] is None:
        given["grace_s"] = LIVE_GRACE_S
    settings = make_settings(without, given)
    # The first line is the URL, whatever a policy prints while it is imported, loaded or asked.
    out, sys.stdout = sys.stdout, sys.stderr
    policy = load_policy(policy_spec) if policy_spec else ToyPolicy(toy_delay_ms / 1000)
    live = None if no_live else make_live(model_spec, settings, for_live)
    classes: dict[str, Any] = {"uvloop": uvloop, "live": live}
    if session_spec:
        classes["session_class"] = load(session_spec, "--session")
    if gate_spec:
        classes["gate_class"] = load(gate_spec, "--gate")
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(name)s: %(message)s")
    try:
        run(settings, policy, lambda port: announce(settings, live, port, as_json, out), **classes)
    except PolicyError as error:
        raise BadSpec(f"--policy {policy_spec}: {error}") from None
    except LoadError as error:
        raise click.ClickException(f"--policy {policy_spec}: {error}") from error
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        hint = "; --port 0 takes a free one" if error.errno == errno.EADDRINUSE else ""
        raise click.ClickException(f"cannot listen on {where}: {error.strerror}{hint}") from None
    except Exception as error:
        if live is None or not is_of_model(error):
            raise
        raise click.ClickException(f"--model {model_spec}: {error}") from error
