"""What a policy is to a server: any object with `infer`; and what it may say about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import pybase64
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from risp.protocol.action.frames import EncodedImage, Observation, SessionOpen
from risp.protocol.scalars import NonNegativeInt, PositiveInt, PositiveNumber, Text


class Policy(Protocol):
    """The one method that a policy needs.

    It may have more: `describe()` (a mapping with members of `Description`), `reset()` (runs once
    per opening), `load()` (runs once, while the server already listens), and `max_concurrency`
    (how many `infer` may run at one time; 1 if absent). `infer` may be a coroutine function.
    """

    def infer(self, observation: Step, /) -> Any:
        """Return actions: a list or array, one row or rows of equal width."""
        ...


class PolicyError(Exception):
    """A policy that cannot be served, and what would mend it."""


class LoadError(Exception):
    """A policy that could not be loaded."""


class Description(BaseModel):
    """What `describe()` may return; every member is optional and unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: Text | None = None
    """The model that serves where the client names none."""
    models: list[Text] | None = None
    """All models that serve; `model` alone if absent."""
    loras: list[Text] = Field(default_factory=list)
    """LoRA adapters that serve."""
    action_adapters: list[Text] = Field(default_factory=list)
    """Action schemes that serve."""
    state_dim: NonNegativeInt | None = None
    """Width of `state`."""
    action_dim: PositiveInt | None = None
    """Width of an action row."""
    action_names: list[Text] | None = None
    """What each column of an action row moves."""
    chunk_size: PositiveInt | None = None
    """Rows of a chunk, at most."""
    cameras: list[Text] = Field(default_factory=list)
    """Cameras without which `infer` cannot do."""
    hz: Annotated[PositiveNumber, Field()] | None = None
    """The rate at which rows are meant to be played."""

    def served_models(self) -> list[str]:
        """Every model name that a client may ask for."""
        return [name for name in [self.model, *(self.models or [])] if name is not None]


class Images(Mapping[str, bytes]):
    """Pictures by camera name; a picture is decoded from base64 when it is looked at."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[str, str | EncodedImage]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> bytes:
        image = self._raw[name]
        data = image if isinstance(image, str) else image.data
        # It is sound, as the frame has seen to; the decoder that refuses is the faster one.
        return pybase64.b64decode(data, validate=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@dataclass(frozen=True, slots=True)
class Step:
    """What `infer` receives: one observation and the session that it belongs to."""

    observation: Observation
    """The frame as it came."""
    opening: SessionOpen
    """What the session was opened with."""
    model: str
    """The model that the client was told."""

    @property
    def seq(self) -> int:
        """The observation's number."""
        return self.observation.seq

    @property
    def state(self) -> list[float]:
        """Joint positions, or whatever the policy takes."""
        return self.observation.state

    @property
    def images(self) -> Images:
        """The bytes of each picture, whatever their label says they are."""
        return Images(self.observation.images or {})

    @property
    def prompt(self) -> str:
        """The instruction that holds for this step."""
        own = self.observation.prompt
        return self.opening.prompt if own is None else own

    @property
    def request_id(self) -> str | None:
        """The client's name for this request."""
        return self.observation.request_id

    @property
    def capture_time_ns(self) -> int | str | None:
        """When it was captured, on the client's clock and as the client wrote it."""
        time: int | str | None = self.observation.capture_time_ns
        return time


def describe(policy: Any) -> Description:
    """Ask a policy about itself. Raises PolicyError for an answer that cannot be declared."""
    ask = getattr(policy, "describe", None)
    try:
        said: Any = {} if ask is None else ask()
    except Exception as error:  # a policy may raise anything
        raise PolicyError(f"describe() raised {type(error).__name__}: {error}") from error
    try:
        about = Description.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        member = ".".join(map(str, first["loc"])) or "its answer"
        raise PolicyError(f"describe(): {member}: {first['msg']}") from None
    name = about.model or (about.models[0] if about.models else type(policy).__name__)
    return about.model_copy(update={"model": name})


def concurrency(policy: Any) -> int:
    """How many inferences may run at one time. Raises PolicyError for what is no such number."""
    number = getattr(policy, "max_concurrency", 1)
    if not isinstance(number, int) or number < 1:
        raise PolicyError(f"max_concurrency is {number!r}, and has to be an integer of 1 or more")
    return number
