"""One session of a model, in a thread of its own.

Whoever drives it may call from any thread. Handlers and hooks run one after the other, between two
steps of `inference`; while no step is due they run at once. Every command gets exactly one answer.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from risp.protocol.codec import dump

from .frames import BadFrame, fit
from .modelling.base import LiveModel, call_hook
from .modelling.files import UploadedFile
from .modelling.loading import LoadedModel
from .modelling.messages import ModelMessage, body_of
from .modelling.state import snapshot
from .modelling.tracks import Frame, Output
from .pacing import Pace
from .replies import ENDED, MAX_WAITING, TOO_MANY, Rejected, Reply, Returned, carry_out

__all__ = ["Stage", "StageListener", "Returned", "Rejected", "Reply", "FINISHED", "MODEL_ERROR"]

logger = logging.getLogger("risp.model")

FINISHED = "finished"
"""Why a session ends: `inference` has."""
MODEL_ERROR = "model_error"
"""Why a session ends: `inference` raised, or gave what is no frame."""

LOOK_S = 0.01
"""How often the thread's end is looked for, in seconds."""

Entry = Callable[[], object]


class StageListener(Protocol):
    """Who hears what a session gives; called in the stage's thread."""

    def on_frame(self, track: str, frame: Frame) -> None:
        """A frame, which is the listener's to keep."""
        ...

    def on_message(self, message: ModelMessage) -> None:
        """A message for every connection; read it here, the model may change it afterwards."""
        ...

    def on_end(self, reason: str, error: Exception | None) -> None:
        """The model has ended the session: `finished` or `model_error`. Not told after `stop`."""
        ...


class Stage:
    """Runs one session of a model from `start` to `stop`, or until `inference` ends."""

    def __init__(self, loaded: LoadedModel, listener: StageListener) -> None:
        self._loaded = loaded
        self._listener = listener
        self._input = loaded.inputs()
        self._model: LiveModel | None = None
        """None until the thread has made it, and again when `restart` wants another one."""
        self._steps: Iterator[Any] | None = None
        self._pace = Pace(loaded.fps, 0.0)
        self._connections: dict[int, None] = {}
        self._inbox: SimpleQueue[tuple[Entry, Entry]] = SimpleQueue()
        self._stop = threading.Event()
        self._ending = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(
            target=self._run, name=f"stage-{loaded.schema.name}", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end soon: at the next step at the latest; no hook is called any more."""
        self._stop.set()
        self._put(_nothing)
        if self._thread.ident is None:
            self._drain()

    def join(self, timeout: float) -> bool:
        """Wait so many seconds for the thread's end, and say whether it has come."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    async def left(self, seconds: float) -> bool:
        """The same on an event loop.

        It looks now and then. Whoever waited in a thread for a model that is stuck would take that
        thread from the encoders of other sessions.
        """
        until = time.monotonic() + seconds
        while not self.join(0):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def restart(self) -> None:
        """Begin anew with a fresh state; what was queued before is still done on the old one.

        Input tracks go on, and `on_connect` is called again for every connection that is there.
        """
        self._put(self._discard)

    def command(
        self,
        connection: int,
        name: str,
        arguments: dict[str, Any],
        uploads: dict[str, UploadedFile],
        reply: Callable[[Reply], None],
    ) -> None:
        """Queue a command; `reply` is called in the caller's thread if it cannot be queued."""
        del connection
        if self._inbox.qsize() >= MAX_WAITING:
            _guarded(lambda: reply(TOO_MANY))
            return
        self._put(
            lambda: reply(carry_out(self._loaded, self._playing(), name, arguments, uploads)),
            lambda: reply(ENDED),
        )

    def fence(self, done: Callable[[], None]) -> None:
        """Call `done` when everything that was queued before is done; here, if it has ended."""
        self._put(done, done)

    def state(self, done: Callable[[dict[str, Any]], None]) -> None:
        """Call `done` with the public fields of the state; with none if it has ended."""
        self._put(lambda: done(snapshot(self._playing().state)), lambda: done({}))

    def connected(self, connection: int) -> None:
        """Tell the model of a connection."""

        def tell() -> None:
            self._connections[connection] = None
            call_hook(self._playing(), "on_connect", connection)

        self._put(tell)

    def disconnected(self, connection: int) -> None:
        """Tell the model that a connection is gone."""

        def tell() -> None:
            self._connections.pop(connection, None)
            call_hook(self._playing(), "on_disconnect", connection)

        self._put(tell)

    def uploaded(self, file: UploadedFile) -> None:
        """Tell the model of a file."""
        self._put(lambda: call_hook(self._playing(), "file_uploaded", file))

    def show(self, track: str, frame: Frame | None) -> None:
        """Make this the newest frame of an input track, at once; it is the model's from now on."""
        if track in type(self._input).__tracks__:
            setattr(self._input, track, frame)

    def _put(self, entry: Entry, otherwise: Entry | None = None) -> None:
        """Queue what is to be done, and what instead if the session ends before."""
        with self._ending:
            if not self._ended:
                self._inbox.put((entry, otherwise or _nothing))
                return
        _guarded(otherwise or _nothing)

    def _send(self, message: ModelMessage) -> None:
        dump(body_of(message))  # raises in the model's own code if it cannot go on the wire
        if threading.current_thread() is self._thread:
            _guarded(lambda: self._listener.on_message(message))
        else:
            self._put(lambda: self._listener.on_message(message))

    def _run(self) -> None:
        reason, failure = FINISHED, None
        try:
            self._play()
        except BaseException as error:  # even SystemExit must not end the thread in silence
            # What is wrong with a frame its message says; a traceback would only show this file.
            trace = None if isinstance(error, BadFrame) else error
            logger.error("%s failed: %s", self._loaded.schema.name, error, exc_info=trace)
            reason = MODEL_ERROR
            failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
        self._close()
        if not self._stop.is_set():
            if failure is None:
                logger.warning(
                    "%s: inference() has ended, and the session with it; one that is to go on has "
                    "a `while True`",
                    self._loaded.schema.name,
                )
            _guarded(lambda: self._listener.on_end(reason, failure))
        self._drain()

    def _play(self) -> None:
        """Serve and step, in turn; returns when `inference` has ended, or `stop` was called."""
        while not self._stop.is_set():
            if self._model is None:
                self._begin()
            self._serve()
            if self._steps is None or self._stop.is_set():
                continue
            self._pace.step(time.monotonic())
            try:
                output = next(self._steps)
            except StopIteration:
                return
            if not self._stop.is_set():
                self._emit(output)

    def _begin(self) -> None:
        model = self._model = self._loaded.session(self._send, self._input)
        self._pace = Pace(self._loaded.fps, time.monotonic())
        for connection in self._connections:
            _guarded(partial(call_hook, model, "on_connect", connection))
        if self._loaded.infers:
            steps: Any = model.inference()
            if not hasattr(steps, "__next__"):
                raise TypeError(f"inference() has to yield, and returned a {type(steps).__name__}")
            self._steps = steps

    def _playing(self) -> LiveModel:
        assert self._model is not None, "entries wait until it is there"
        return self._model

    def _discard(self) -> None:
        self._close()

    def _close(self) -> None:
        """End the model's run: its generator, then its state."""
        steps, self._steps = self._steps, None
        model, self._model = self._model, None
        _guarded(getattr(steps, "close", _nothing))
        if model is not None:
            model.state = model.input = None

    def _serve(self) -> None:
        """Do what waits; then, until the next step is due, whatever comes."""
        waiting = self._inbox.qsize()
        while self._model is not None and not self._stop.is_set():
            # What waits already is done even if the step is late, so that a model that is slower
            # than its rate still hears; what comes meanwhile waits for the next time.
            left = None if self._steps is None else self._pace.due - time.monotonic()
            if left is not None and left <= 0:
                if not waiting:
                    return
                left = 0
            try:
                entry, _ = self._inbox.get(timeout=left)
            except Empty:
                return
            waiting = max(0, waiting - 1)
            _guarded(entry)

    def _drain(self) -> None:
        with self._ending:
            self._ended = True
        while True:
            try:
                _, otherwise = self._inbox.get_nowait()
            except Empty:
                return
            _guarded(otherwise)

    def _emit(self, output: Any) -> None:
        if output is None:
            return
        if not isinstance(output, Output):
            given = type(output).__name__
            raise BadFrame(f"inference() yielded a {given}: yield an Output, or None")
        known = {track.name for track in self._loaded.schema.tracks}
        for track in type(output).__tracks__:
            frame = getattr(output, track, None)
            if track not in known:
                raise BadFrame(f"{type(output).__name__}.{track} is no track that was published")
            if frame is not None:
                fitted = fit(frame, f"track {track!r}")
                _guarded(partial(self._listener.on_frame, track, fitted))


def _nothing() -> None:
    """Do nothing."""


def _guarded(entry: Entry) -> None:
    """Do something that must not end the thread."""
    try:
        entry()
    except BaseException as error:  # a model's hook may raise anything
        logger.error("a hook or a listener failed", exc_info=error)
