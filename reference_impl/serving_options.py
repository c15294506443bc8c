"""What `risp serve` is told, as objects: policies, models, settings."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .action.serving.settings import Settings
    from .live.service import LiveService

LIVE_NEEDS = {"aiortc": "aiortc", "jwt": "PyJWT", "numpy": "numpy"}
"""The modules that the live profile cannot do without, and what brings them."""
REMEDY = 'install it with: pip install "risp[server,live]"'
LIVE_GRACE_S = 4.0
"""How long a planned end may take if nothing else is said and the live profile is served, in
seconds: with it, all has to have ended within five (L-SESS-22)."""


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


def make_live(spec: str | None, settings: Settings, given: dict[str, Any]) -> LiveService | None:
    """The live profile with a model, or with the toy; None where what it needs is not installed."""
    missing = _missing()
    if missing is not None:
        if spec is not None:
            raise click.ClickException(f"--model {spec}: needs {missing}; {REMEDY}")
        click.echo(f"live profile: not served, since it needs {missing}; {REMEDY}", err=True)
        return None
    from .app import our_version
    from .live.modelling.loading import ModelError, load_model
    from .live.service import LiveService
    from .live.settings import LiveSettings
    from .live.toy import Toy

    try:
        model = load_model(load(spec, "--model") if spec is not None else Toy)
    except ModelError as error:
        raise BadSpec(f"--model {spec!r}: {error}") from None
    chosen = {name: value for name, value in given.items() if value is not None}
    bounds = LiveSettings(host=settings.host, keys=settings.keys, **chosen)
    return LiveService(bounds, model, version=our_version())


def is_of_model(error: Exception) -> bool:
    """Whether a model could not be loaded."""
    from .live.modelling.loading import ModelError

    return isinstance(error, ModelError)


def _missing() -> str | None:
    """What the live profile needs and does not find; nothing of it is imported yet."""
    for module, distribution in LIVE_NEEDS.items():
        if importlib.util.find_spec(module) is None:
            return distribution
    return None
