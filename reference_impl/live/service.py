"""The sessions of one server: places, waiting, windows, and what is told of them."""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from risp.protocol.live import bodies
from risp.protocol.live.http import END_SESSION
from risp.protocol.live.limits import END_WITHIN_S, WEBRTC_VERSION
from risp.protocol.live.model import ModelSchema
from risp.protocol.live.session import LOCAL, State

from .journal import Journal
from .modelling.loading import LoadedModel
from .refusal import Refusal
from .session import LiveSession
from .settings import LiveSettings
from .tokens import Grant, Tokens
from .uploads import Place

logger = logging.getLogger("risp.live")

TICK_S = 0.5
"""How often clocks are looked at, in seconds."""
NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id of the local session that is not running."""
TRANSPORT = bodies.Transport(protocol="webrtc", version=WEBRTC_VERSION)
CLUSTER = "local"


class LiveService:
    """The live profile of a server, on the event loop."""

    def __init__(
        self,
        settings: LiveSettings,
        model: LoadedModel,
        *,
        version: str = "",
        now: Callable[[], float] = time.monotonic,
        session_class: type[LiveSession] = LiveSession,
    ) -> None:
        self.settings = settings
        self.tokens = Tokens(settings)
        self.journal = Journal()
        self.ending = False
        """Whether the server has announced its end."""
        self.local: LiveSession | None = None
        """The session of the local routes, while it runs."""
        self._model = model
        self._info = bodies.ServerInfo(server_version=version or "0")
        self._now = now
        self._session_class = session_class
        self._sessions: dict[str, LiveSession] = {}
        self._is_loaded = False
        self._tasks: set[asyncio.Task[Any]] = set()

    # Its life

    def start(self, on_failed: Callable[[Exception], None]) -> None:
        """Load the model in a thread, and begin to look at clocks."""
        loop = asyncio.get_running_loop()

        def load() -> None:
            try:
                self._model.load()
            except Exception as error:  # noqa: BLE001  # a stranger's model may raise anything
                failure: Exception | None = error
            else:
                failure = None
            with suppress(RuntimeError):  # the server has ended meanwhile
                loop.call_soon_threadsafe(self._on_loaded, failure, on_failed)

        # A thread that nobody waits for: an end need not wait for what is no longer wanted.
        threading.Thread(target=load, name="risp-load", daemon=True).start()
        self._keep(asyncio.create_task(self._tick()))

    def _on_loaded(self, failure: Exception | None, on_failed: Callable[[Exception], None]) -> None:
        if failure is not None:
            on_failed(failure)
            return
        self._is_loaded = True
        self.journal.add("loaded", "loading", "available", {"model": self.model.name})
        self._give_places()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for session in list(self._sessions.values()):
                try:
                    await self._look_after(session)
                except Exception:
                    logger.exception("a session could not be looked after")

    async def _look_after(self, session: LiveSession) -> None:
        if session.state is State.CLOSED:
            if self._now() > session.since + self.settings.gone_s:
                self._sessions.pop(session.id, None)
            return
        reason = session.due()
        if reason:
            self.over(session, reason)
        else:
            await session.check()

    async def shutdown(self, reason: str = "shutting_down") -> None:
        """End every session, and tell them (L-SESS-22)."""
        self.ending = True
        ends = [self._end(session, reason) for session in self._living()]
        self.journal.close()
        if ends:
            with suppress(TimeoutError):
                async with asyncio.timeout(END_WITHIN_S - 0.5):
                    await asyncio.gather(*ends)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What is asked

    @property
    def model(self) -> ModelSchema:
        """What is published."""
        return self._model.schema

    @property
    def document(self) -> dict[str, Any]:
        """The same as an OpenAPI document."""
        return self._model.document

    @property
    def loading(self) -> bool:
        """Whether the model is still being loaded."""
        return not self._is_loaded

    @property
    def state(self) -> str:
        """How the server is, for `GET /health`."""
        if self.ending:
            return "terminated"
        if self.loading:
            return "loading"
        return "serving" if any(s.has_place for s in self._sessions.values()) else "available"

    def create(self, grant: Grant, request: bodies.SessionRequest) -> LiveSession:
        """A new session (L-SESS-1). Raises Refusal."""
        if request.model.name != self.model.name:
            raise Refusal(
                "unknown_model", f"no model is called {request.model.name!r}", param="/model/name"
            )
        if grant.models is not None and request.model.name not in grant.models:
            raise Refusal("model_not_allowed", "the token does not cover this model")
        if grant.bound is not None:
            raise Refusal("model_not_allowed", "the token is bound to sessions that there are")
        offered = request.supported_transports
        if offered is not None and not any(_is_spoken(one) for one in offered):
            raise Refusal(
                "invalid_body", "of these only webrtc 1 is spoken", param="/supported_transports"
            )
        mine = [s for s in self._living() if s.grant.token_id == grant.token_id]
        if grant.max_sessions is not None and len(mine) >= grant.max_sessions:
            detail = "as many sessions of this token live as may live"
            raise Refusal("too_many_sessions", detail, retry_after_s=self.settings.retry_after_s)
        return self._open(grant, local=False)

    def start_local(self) -> LiveSession:
        """The session of this machine (L-LOCAL-1). Raises Refusal."""
        if self.local is not None:
            raise Refusal("session_running", "a local session runs already")
        if self.loading:
            raise Refusal("loading", "the model is still being loaded", retry_after_s=1)
        if not self._has_room():
            detail = "every place is taken"
            raise Refusal("no_capacity", detail, retry_after_s=self.settings.retry_after_s)
        self.local = self._open(self.tokens.read(None), local=True)
        return self.local

    def find(self, grant: Grant, session_id: str) -> LiveSession:
        """A session that a token may touch. Raises Refusal (L-TOKEN-10, L-TOKEN-11)."""
        found = self._sessions.get(session_id)
        bound = grant.bound is None or session_id in grant.bound
        if found is None or not bound or found.grant.subject != grant.subject:
            raise Refusal("unknown_session", "there is no such session")
        return found

    def find_upload(self, upload_id: str) -> Place:
        """The place for a file, by the secret in its URL. Raises Refusal (L-UP-6)."""
        for session in self._living():
            place = session.uploads.find(upload_id)
            if place is not None:
                return place
        raise Refusal("unknown_upload", "there is no such upload, or its time is over")

    async def end(self, session: LiveSession, reason: str) -> None:
        """End a session as its client asks; returns when all of it is freed (L-SESS-13)."""
        if session.state is not State.CLOSED:
            await self._end(session, reason, by_client=True)

    async def stop_local(self, reason: str) -> None:
        """End the session of this machine. Raises Refusal."""
        if self.local is None:
            raise Refusal("no_session", "no local session runs")
        await self.end(self.local, reason)

    def restart(self, session: LiveSession) -> None:
        """Begin a session's model anew. Raises Refusal."""
        session.restart()

    # What is told

    def created(self, session: LiveSession) -> bodies.Session:
        """A session as it was created."""
        described = self.describe(session)
        names = bodies.Session.model_fields
        return bodies.Session(**{name: getattr(described, name) for name in names})

    def info(self, session: LiveSession) -> bodies.SessionInfo:
        """A session in short."""
        return bodies.SessionInfo(session_id=session.id, cluster=CLUSTER, state=session.word)

    def describe(self, session: LiveSession) -> bodies.SessionDescriptor:
        """A session, in the words of the session routes."""
        return self._describe(session, session.word)

    def describe_local(self) -> bodies.SessionDescriptor:
        """The session of this machine, or what there would be (L-LOCAL-6)."""
        if self.local is None:
            return self._describe(None, LOCAL[State.CREATED])
        return self._describe(self.local, self.local.local_word)

    def _describe(self, session: LiveSession | None, state: str) -> bodies.SessionDescriptor:
        is_there = session is not None and session.has_place
        return bodies.SessionDescriptor(
            session_id=session.id if session is not None else NOBODY,
            cluster=CLUSTER,
            state=state,
            model=bodies.ModelChoice(name=self.model.name, version=self.model.version),
            server_info=self._info,
            expires_at=session.expires_at if session is not None else None,
            resume_window_s=self.settings.resume_window_s,
            selected_transport=TRANSPORT if is_there else None,
            transports=[TRANSPORT] if is_there else None,
            capabilities=bodies.Capabilities.model_validate(session.capabilities())
            if session is not None and is_there
            else None,
        )

    # What sessions tell

    def note(self, session: LiveSession, event: str, before: State, detail: dict[str, Any]) -> None:
        """Write down what has happened on a session."""
        about = {"session_id": session.id, **detail}
        self.journal.add(event, LOCAL[before], session.local_word, about)

    def over(self, session: LiveSession, reason: str) -> None:
        """End a session that has come to its end by itself."""
        if session.state is not State.CLOSED:
            self._keep(self._end(session, reason))

    def _open(self, grant: Grant, *, local: bool) -> LiveSession:
        has_place = self._is_loaded and self._has_room()
        if not has_place and len(self._waiting()) >= self.settings.waiting:
            detail = "every place is taken, and so is all room to wait"
            raise Refusal("no_capacity", detail, retry_after_s=self.settings.retry_after_s)
        # It takes long to be imported, and is needed as soon as there is an offer.
        self._keep(asyncio.create_task(asyncio.to_thread(_import_webrtc)))
        session = self._session_class(
            self.settings, self._model, grant, self, self._now, local=local
        )
        self._sessions[session.id] = session
        if has_place:
            session.activate()
        else:
            session.wait()
        return session

    def _living(self) -> list[LiveSession]:
        return [s for s in self._sessions.values() if s.state is not State.CLOSED]

    def _waiting(self) -> list[LiveSession]:
        return [s for s in self._sessions.values() if s.state is State.WAITING]

    def _has_room(self) -> bool:
        taken = sum(session.has_place for session in self._sessions.values())
        return taken < self.settings.places

    def _give_places(self) -> None:
        for session in self._waiting():
            if self.loading or not self._has_room():
                return
            session.activate()

    def _end(
        self, session: LiveSession, reason: str, by_client: bool = False
    ) -> asyncio.Task[None]:
        task = session.end(reason, END_SESSION.move) if by_client else session.end(reason)
        if session is self.local:
            self.local = None
        if not self.ending:
            self._give_places()
        return task

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_spoken(transport: bodies.Transport) -> bool:
    major = WEBRTC_VERSION.partition(".")[0]
    return transport.protocol == "webrtc" and transport.version.partition(".")[0] == major


def _import_webrtc() -> None:
    importlib.import_module("risp.reference_impl.live.serving.peer")
