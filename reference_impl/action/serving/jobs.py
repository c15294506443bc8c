"""What a session asks of a policy, and what comes of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from risp.protocol.action.frames import Observation, ServerFrame

from ..policy import Step
from .actions import Actions, BadActions, check

logger = logging.getLogger("risp.policy")


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one observation among the answers."""

    received: float
    """When it came, in seconds."""
    seq: int | None
    """Its `seq`, if that arrived valid."""
    request_id: str | None
    """Its `request_id`, if that arrived valid."""
    observation: Observation | None = None
    """The frame, if it was one."""
    content: bytes | None = None
    """What tells equal requests from others, where there is a `request_id`."""
    started: float | None = None
    """When its inference began, in seconds."""
    budget_ends: float | None = None
    """When its inference has used up its GPU time, in seconds."""
    answer: ServerFrame | None = field(default=None)
    """The one answer, as soon as it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One turn of the policy: an inference, or a reset."""

    slot: Slot | None
    """The observation that it is for; none for a reset."""
    step: Step | None
    """What `infer` receives; none for a reset."""
    width: int | None = None
    """How wide a row has to be, if that was declared."""


@dataclass(frozen=True, slots=True)
class Done:
    """The policy returned actions."""

    actions: Actions | None
    """What it returned, checked; none for a reset."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The policy raised, or returned what is no chunk."""

    reason: str
    """For the client: without a traceback or a path."""
    seconds: float
    """How long it took."""


Outcome = Done | Failed


def run(policy: Any, job: Job) -> Outcome:
    """Run a job on the calling thread."""
    start = time.perf_counter()
    try:
        value = policy.reset() if job.step is None else policy.infer(job.step)
    except BaseException as error:  # noqa: BLE001  # even SystemExit must not end the worker
        return _raised(error, time.perf_counter() - start)
    return _checked(value, job, time.perf_counter() - start)


async def run_coroutine(infer: Callable[[Step], Awaitable[Any]], job: Job, step: Step) -> Outcome:
    """Run an inference that is a coroutine on the calling loop."""
    start = time.perf_counter()
    try:
        value = await infer(step)
    except BaseException as error:  # a policy may raise anything
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise  # it is the server that ends, and not something that the policy awaited
        return _raised(error, time.perf_counter() - start)
    return _checked(value, job, time.perf_counter() - start)


def _raised(error: BaseException, seconds: float) -> Failed:
    # A-ERR-5: the traceback is for the operator's log, never for the client.
    logger.error("the policy raised", exc_info=error)
    return Failed("the policy raised an exception", seconds)


def _checked(value: Any, job: Job, seconds: float) -> Outcome:
    if job.step is None:
        return Done(None, seconds)
    try:
        return Done(check(value, job.width), seconds)
    except BadActions as error:
        logger.error("the policy returned no chunk: %s", error)
        return Failed(f"the policy returned no chunk: {error}", seconds)
    except BaseException as error:  # noqa: BLE001  # so may an array of its own making
        return _raised(error, seconds)
