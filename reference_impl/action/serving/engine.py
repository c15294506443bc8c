"""Turns of one policy, given to many sessions: off the event loop, one after the other."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

from ..policy import Description, LoadError, concurrency, describe
from .jobs import Job, Outcome, run, run_coroutine

logger = logging.getLogger("risp.policy")


class Taker(Protocol):
    """A session, as the engine sees it."""

    @property
    def has_work(self) -> bool:
        """Whether it would take a turn."""
        ...

    def take(self, now: float) -> Job | None:
        """The job for a turn that begins now."""
        ...

    def finished(self, job: Job, outcome: Outcome, now: float) -> None:
        """What came of a job."""
        ...


class Engine:
    """As many workers as the policy bears, shared by all sessions in turn.

    Raises PolicyError for a policy whose words about itself cannot be taken.
    """

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.resets = hasattr(policy, "reset")
        self.free = concurrency(policy)
        self.is_coroutine = inspect.iscoroutinefunction(getattr(policy, "infer", None))
        self.about = None if hasattr(policy, "load") else describe(policy)
        """What the policy says about itself; None until it is loaded."""
        self._queue: OrderedDict[Taker, None] = OrderedDict()
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(
        self, on_loaded: Callable[[Description], None], on_failed: Callable[[Exception], None]
    ) -> None:
        """Start the workers on the running loop, and load the policy in the first of them."""
        loop = self._loop = asyncio.get_running_loop()

        def load() -> None:
            try:
                self.policy.load()
                about = describe(self.policy)
            except BaseException as error:  # even SystemExit must not end the worker in silence
                logger.error("the policy could not be loaded", exc_info=error)
                reason = "".join(traceback.format_exception_only(error)).strip()
                loop.call_soon_threadsafe(on_failed, LoadError(f"load() raised {reason}"))
            else:
                loop.call_soon_threadsafe(self._loaded, about, on_loaded)

        if self.about is None:
            self._inbox.put(load)
        for number in range(self.free):
            # Daemons: an inference that hangs must not keep the process from ending.
            name = f"policy-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _loaded(self, about: Description, tell: Callable[[Description], None]) -> None:
        self.about = about
        tell(about)

    def _work(self) -> None:
        while True:
            self._inbox.get()()

    def offer(self, session: Taker) -> None:
        """Queue a session for a turn, if it has work."""
        if session.has_work:
            self._queue.setdefault(session, None)
            self._pump()

    def forget(self, session: Taker) -> None:
        """A session has ended and takes no more turns."""
        self._queue.pop(session, None)

    def _pump(self) -> None:
        while self.free and self._queue:
            session, _ = self._queue.popitem(last=False)
            job = session.take(time.monotonic())
            if job is None:
                continue
            self.free -= 1
            if session.has_work:
                # At the end of the queue: sessions take turns, however many observations wait.
                self._queue[session] = None
            self._start(session, job)

    def _start(self, session: Taker, job: Job) -> None:
        assert self._loop is not None, "started"
        loop = self._loop
        if self.is_coroutine and job.step is not None:
            task = loop.create_task(self._run_here(session, job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return

        def work() -> None:
            outcome = run(self.policy, job)
            try:
                loop.call_soon_threadsafe(self._finish, session, job, outcome)
            except RuntimeError:
                logger.debug("the loop has ended before an inference")

        self._inbox.put(work)

    async def _run_here(self, session: Taker, job: Job) -> None:
        assert job.step is not None, "a reset runs in a thread"
        outcome = await run_coroutine(self.policy.infer, job, job.step)
        self._finish(session, job, outcome)

    def _finish(self, session: Taker, job: Job, outcome: Outcome) -> None:
        self.free += 1
        session.finished(job, outcome, time.monotonic())
        self.offer(session)
        self._pump()
