"""What each endpoint does: a method for every row of the table, under its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from risp.protocol.frame import Part
from risp.protocol.live import bodies, http, signaling
from risp.protocol.live.endpoint import KEY_HEADER, Auth, Endpoint, Group
from risp.protocol.live.limits import FLAT_CONNECTION, GREATEST_CONNECTION, LEAST_CONNECTION
from risp.protocol.live.session import State
from risp.protocol.version import PROTOCOL_VERSION

from ..refusal import Refusal
from ..settings import LiveSettings
from ..tokens import ANYBODY, Grant
from .doors import one
from .events import stream_events
from .reading import announced, in_time

if TYPE_CHECKING:
    from ..service import LiveService
    from ..session import LiveSession
    from ..uploads import Place

_CONNECTION = re.compile(r"\d{1,9}", re.ASCII)
_PLAIN_HOST = re.compile(r"[\w.\-:\[\]]+", re.ASCII)


@dataclass
class Asked:
    """One request, as far as it is understood."""

    endpoint: Endpoint
    request: Request
    grant: Grant = ANYBODY
    """What who asks may do."""
    body: Any = None
    """The object in its body, where the row names one."""
    _session: LiveSession | None = None
    _place: Place | None = None
    connection: int = FLAT_CONNECTION
    """The connection that its path names."""

    @property
    def session(self) -> LiveSession:
        """The session that its path names."""
        assert self._session is not None, "the path has no session"
        return self._session

    @session.setter
    def session(self, session: LiveSession) -> None:
        self._session = session

    @property
    def place(self) -> Place:
        """The place for a file that its path names."""
        assert self._place is not None, "the path has no upload"
        return self._place

    @place.setter
    def place(self, place: Place) -> None:
        self._place = place


class Discovery:
    """What a server says of itself. Also what is left of the HTTP side without the live profile."""

    def __init__(self, settings: LiveSettings, *, version: str, profiles: dict[str, str]) -> None:
        self.settings = settings
        self._info = bodies.ServerInfo(server_version=version)
        self._profiles = {name: bodies.Published(path=path) for name, path in profiles.items()}

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The rows that are published."""
        return (http.GET_WELL_KNOWN,)

    @property
    def ending(self) -> bool:
        """Whether the server has announced its end."""
        return False

    def admit(self, asked: Asked) -> None:
        """Ask for what a row asks for. Raises Refusal (L-TOKEN-2, L-TOKEN-7)."""

    def find(self, asked: Asked) -> None:
        """Look up what the path names. Raises Refusal."""

    def get_well_known(self, asked: Asked) -> bodies.WellKnown:
        """What is spoken here (L-HTTP-25)."""
        return bodies.WellKnown(
            protocol="risp",
            version=PROTOCOL_VERSION,
            server_info=self._info,
            profiles=self._profiles,
            models=self.models(),
            key_required=bool(self.settings.keys),
        )

    def models(self) -> list[bodies.ModelChoice]:
        """The interactive models that are served."""
        return []

    def handler(self, endpoint: Endpoint) -> Callable[[Asked], Any]:
        """What carries out a row; raises AttributeError where nothing does."""
        found: Callable[[Asked], Any] = getattr(self, endpoint.name)
        return found


class Handlers(Discovery):
    """The endpoints of the live profile."""

    def __init__(self, live: LiveService, *, version: str, profiles: dict[str, str]) -> None:
        super().__init__(live.settings, version=version, profiles=profiles)
        self.live = live

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The rows that are published with these settings."""
        hidden: set[Group] = set()
        hidden |= {Group.LOCAL} if self.settings.keys else {Group.TOKENS}  # L-LOCAL-13
        hidden |= set() if self.settings.flat else {Group.FLAT}
        hidden |= set() if self.settings.uploads else {Group.UPLOADS}
        rows = [row for row in http.ENDPOINTS if row.group not in hidden]
        return [row for row in rows if self.settings.events or row is not http.GET_EVENTS]

    @property
    def ending(self) -> bool:
        """Whether the server has announced its end."""
        return self.live.ending

    def admit(self, asked: Asked) -> None:
        """Ask for a key or a token."""
        match asked.endpoint.auth:
            case Auth.KEY:
                self.live.tokens.check_key(one(asked.request, KEY_HEADER))
            case Auth.TOKEN:
                asked.grant = self.live.tokens.read(one(asked.request, "authorization"))
            case Auth.NOTHING:
                pass

    def find(self, asked: Asked) -> None:
        """Look up the session, the connection and the place that the path names."""
        named = asked.request.path_params
        if "session_id" in named:
            asked.session = self.live.find(asked.grant, named["session_id"])
        if "upload_id" in named:
            asked.place = self.live.find_upload(named["upload_id"])
        if "connection_id" in named:
            asked.connection = _connection(named["connection_id"])

    def models(self) -> list[bodies.ModelChoice]:
        """The model."""
        return [bodies.ModelChoice(name=self.live.model.name, version=self.live.model.version)]

    # Tokens and sessions

    def create_token(self, asked: Asked) -> Part:
        """A token for a key."""
        key = one(asked.request, KEY_HEADER)
        return self.live.tokens.exchange(key, asked.body, known=(self.live.model.name,))

    def create_session(self, asked: Asked) -> Part:
        """A session."""
        return self.live.created(self.live.create(asked.grant, asked.body))

    def get_session(self, asked: Asked) -> Part:
        """The session as it is."""
        return self.live.describe(asked.session)

    def get_session_info(self, asked: Asked) -> Part:
        """The session in short."""
        return self.live.info(asked.session)

    def restart_session(self, asked: Asked) -> Part:
        """Begin its model anew; while it waits for a place, there is nothing to begin anew."""
        if asked.session.state not in (State.CREATED, State.WAITING):
            self.live.restart(asked.session)
        return self.live.describe(asked.session)

    async def end_session(self, asked: Asked) -> None:
        """End it."""
        await self.live.end(asked.session, _reason(asked.body))

    # Signaling; the flat routes do the same for a connection of their own

    def get_ice_servers(self, asked: Asked) -> Part:
        """The STUN and TURN servers."""
        _check_open(asked.session)
        servers = [signaling.IceServer(uris=[uri]) for uri in self.settings.ice_servers]
        return signaling.IceServers(ice_servers=servers)

    def create_connection(self, asked: Asked) -> Part:
        """A connection."""
        return asked.session.register()

    def make_offer(self, asked: Asked) -> Part:
        """Take an offer."""
        flat = asked.endpoint.group is Group.FLAT
        asked.session.offer(asked.connection, asked.body, flat)
        return signaling.OfferTaken(connection_id=asked.connection)

    def get_answer(self, asked: Asked) -> Part | None:
        """The answer, once it is there."""
        return asked.session.answer(asked.connection)

    def add_candidates(self, asked: Asked) -> None:
        """Take candidates."""
        asked.session.candidates(asked.connection, asked.body)

    replace_offer = flat_make_offer = flat_replace_offer = make_offer
    flat_get_answer = get_answer
    flat_add_candidates = add_candidates

    # Uploads

    def reserve_upload(self, asked: Asked) -> Part:
        """Reserve a place for a file."""
        session = asked.session
        _check_open(session)
        if not session.has_place:
            code = "loading" if self.live.loading else "no_capacity"
            raise Refusal(code, "the session has no place yet")
        return session.uploads.reserve(asked.body, _base(asked.request))

    async def put_upload(self, asked: Asked) -> None:
        """Take the file's bytes."""
        place, size = asked.place, announced(asked.request)
        if size is not None and size != place.size:
            # At once: nobody has to send a large file to learn that.
            place.check_free()
            raise Refusal("wrong_length", f"{place.size} bytes are due, and {size} announced")
        async with in_time(asked.request):
            await place.receive(asked.request.stream())

    # Local mode

    def start_local_session(self, asked: Asked) -> Part:
        """Start the session of this machine."""
        self.live.start_local()
        return self.live.describe_local()

    def get_local_session(self, asked: Asked) -> Part:
        """The session of this machine, or where it would be."""
        return self.live.describe_local()

    async def stop_local_session(self, asked: Asked) -> None:
        """End it."""
        await self.live.stop_local(_reason(asked.body))

    def get_schema(self, asked: Asked) -> dict[str, Any]:
        """What the model publishes."""
        return self.live.document

    def get_events(self, asked: Asked) -> Response:
        """What happens."""
        return stream_events(self.live.journal, asked.request)

    def get_health(self, asked: Asked) -> Part:
        """How the server is."""
        return bodies.Health(status="healthy", state=self.live.state)


def _connection(text: str) -> int:
    number = int(text) if _CONNECTION.fullmatch(text) else 0
    if not LEAST_CONNECTION <= number <= GREATEST_CONNECTION:
        detail = f"a connection id is an integer from {LEAST_CONNECTION} to {GREATEST_CONNECTION}"
        raise Refusal("invalid_path", detail, param="connection_id")
    return number


def _reason(body: bodies.EndRequest | None) -> str:
    return (body.reason if body is not None else None) or "client"


def _check_open(session: LiveSession) -> None:
    if session.state is State.CLOSED:
        raise Refusal("session_closed", f"the session has ended: {session.reason}")


def _base(request: Request) -> str:
    """The server's address, as the client wrote it."""
    host = one(request, "host")
    if host is None or not _PLAIN_HOST.fullmatch(host):
        name, port = request.scope["server"]
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{request.url.scheme}://{host}"
