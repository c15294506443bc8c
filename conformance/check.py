"""Checks: a script that holds one conversation, and monitors that judge any.

A script drives peers, reads as the conversation that it holds, and either raises Violation or
returns having seen what it judges. A monitor is a pure function over one connection of a
transcript: it returns how many times it saw what it judges, or raises Violation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from risp.protocol.action.declares import Capability
from risp.protocol.action.limits import OPEN_ANSWER_S
from risp.protocol.requirement import Requirement

from .conversation import Conversation
from .peers.link import Link, LinkError
from .peers.websocket import SLACK_S, Peer, show
from .subject import Subject
from .transcript import Event, Transcript
from .verdict import NotSeen, Violation

HANDSHAKE_S = 5.0
"""Seconds that the opening handshake may take."""
ALL_CAPABILITIES = [Capability.STATUS, Capability.TENSOR_B64, Capability.MAX_AGE]


@dataclass
class Case:
    """What a script is given: the target as known, and ways to connect to it."""

    subject: Subject
    rng: Random
    transcript: Transcript
    """What goes over the wire, as it goes."""
    open_link: Callable[[Transcript, int], Link]
    """A connection, to be recorded in a transcript under a number."""
    clock: Callable[[], float]
    deadline: float
    """When the check has to be over, on the transcript's clock."""
    peers: list[Peer] = field(default_factory=list[Peer])
    """Every connection that the script opened."""
    had_to_leave: bool = False
    """Whether the target did not end a connection that was closed as it should be."""
    connections: int = 0
    """How many connections the script made or tried to make."""
    broken: frozenset[str] = frozenset()
    """Ids of the requirements that the run has found broken: there is no need to look for more."""
    did_not_infer: bool = False
    """Whether it ended at an observation that met with what may befall any."""

    def link(self) -> Link:
        """A connection that is not made yet, with the next number."""
        self.connections += 1
        return self.open_link(self.transcript, self.connections)

    def aside(self) -> Case:
        """The same target, recorded aside: for a conversation that may be thrown away."""
        of = self.transcript
        return replace(
            self, transcript=Transcript(of.check, of.seed, of.target), peers=[], connections=0
        )

    def enter(self, other: Transcript) -> None:
        """Add a conversation that was held aside, under numbers of its own."""
        for event in other.events:
            event.channel += self.connections
        self.transcript.events += other.events
        self.connections = max((event.channel for event in other.events), default=self.connections)

    def leave(self, shortest: Transcript) -> None:
        """Let this conversation be all that the transcript holds: the one that shows a fault."""
        start = min((event.at for event in shortest.events), default=0)
        for event in shortest.events:
            event.at -= start
        self.transcript.events[:] = shortest.events

    def shake_hands(
        self,
        *,
        target: str | None = None,
        key: str | None = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> tuple[Link, Event]:
        """Connect and return the response, whatever its status; `key=None` sends none."""
        link = self.link()
        request = self.subject.handshake(target, self.subject.key if key == "" else key, headers)
        try:
            return link, link.connect(request, HANDSHAKE_S)
        except LinkError:
            link.release()
            raise

    def response(self, **options: Any) -> Event:
        """The response to a handshake; the connection is let go at once."""
        try:
            link, event = self.shake_hands(**options)
        except LinkError as error:
            raise Violation("an HTTP response to the handshake", str(error)) from None
        link.release()
        return event

    def connect(self, **options: Any) -> Peer:
        """A connection that is upgraded and not yet opened; NotSeen if it does not come about."""
        try:
            link, event = self.shake_hands(**options)
        except LinkError as error:
            raise NotSeen(f"no connection: {error}") from None
        if event.info["status"] != 101:
            link.release()
            raise NotSeen(f"the handshake was answered with status {event.info['status']}")
        peer = Peer(link, self.subject, self.rng, self.deadline, event)
        self.peers.append(peer)
        return peer

    def open_frame(self, **members: Any) -> dict[str, Any]:
        """A `session.open` that the target accepts, with some members set; None takes one out."""
        return self.subject.open_frame(**members)

    def opened(self, **members: Any) -> Peer:
        """A connection with an open session; NotSeen if the target does not open one."""
        peer = self.connect()
        peer.send(self.open_frame(**members))
        event = peer.next(OPEN_ANSWER_S + SLACK_S)
        while event is not None and event.frame_type == "session.status":
            event = peer.next(OPEN_ANSWER_S + SLACK_S)
        if event is None or event.frame_type != "session.ready" or event.tree is None:
            raise NotSeen(f"no session was opened, but {show(event)}")
        peer.ready = event.tree
        return peer

    def release(self) -> None:
        """Let go of every connection."""
        for peer in self.peers:
            peer.release()


Script = Callable[[Case], None]
Judge = Callable[[Conversation], int]


@dataclass(frozen=True, slots=True)
class Check:
    """A script and the requirements that it judges; the first is the one that it is about."""

    name: str
    requirements: tuple[Requirement, ...]
    script: Script
    timing: bool = False
    """Whether a clock decides: then a failure is tried again alone before it counts."""
    waits_s: float = 0.0
    """Seconds that it has to wait beyond those of a usual check."""
    explores: bool = False
    """Whether it looks for a conversation that shows a fault, and leaves the shortest."""

    @property
    def title(self) -> str:
        """What the script does, in one sentence."""
        return (self.script.__doc__ or self.name).strip().splitlines()[0]


@dataclass(frozen=True, slots=True)
class Monitor:
    """A judge of single connections."""

    name: str
    requirement: Requirement
    judge: Judge


CHECKS: dict[str, Check] = {}
"""Every check by name."""
MONITORS: list[Monitor] = []
"""Every monitor."""


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def check(
    *requirements: Requirement, timing: bool = False, waits_s: float = 0.0, explores: bool = False
) -> Callable[[Script], Script]:
    """Make a check of a script."""

    def register(script: Script) -> Script:
        name = _name(script)
        if name in CHECKS:
            raise ValueError(f"two checks are called {name}")
        CHECKS[name] = Check(name, requirements, script, timing, waits_s, explores)
        return script

    return register


def monitor(requirement: Requirement) -> Callable[[Judge], Judge]:
    """Make a monitor of a judge."""

    def register(judge: Judge) -> Judge:
        MONITORS.append(Monitor(_name(judge), requirement, judge))
        return judge

    return register
