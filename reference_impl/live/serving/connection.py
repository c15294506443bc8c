"""One connection of a session: candidates, offer, answer, channels, and signs of life."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from risp.protocol.live.limits import EARLY_CANDIDATES, EARLY_CANDIDATES_S
from risp.protocol.live.session import (
    ANSWER,
    CONNECTION_TABLE,
    CUT,
    DATA_OPEN,
    HANG_UP,
    NO_ANSWER,
    OFFER,
    Link,
)
from risp.protocol.live.signaling import Answer, Candidates, Offer
from risp.protocol.machine import Move

from ..refusal import Refusal
from .talk import Scene, Talk

if TYPE_CHECKING:
    from aiortc import RTCIceCandidate

    from .offers import Read
    from .peer import Peer

logger = logging.getLogger("risp.live")

UNOPENED_S = 30.0
"""How long a client may take from the answer to the open channel, in seconds."""
CLOSE_S = 3.0
"""How long the end of a connection may take, in seconds."""


class Home(Scene, Protocol):
    """What a connection has of its session, and tells it."""

    @property
    def tracks(self) -> Any:
        """The model's tracks."""
        ...

    def served(self, connection: Connection) -> None:
        """The channel `data` is open."""
        ...

    def left(self, connection: Connection) -> None:
        """A served connection is gone."""
        ...

    def wants(self, connection: int, track: str) -> bool:
        """Whether frames of an input are to be handed over."""
        ...

    def on_input(self, connection: int, track: str, frame: Any) -> None:
        """A frame of an input has come."""
        ...

    def has_input(self, connection: int, track: str) -> None:
        """A connection of the flat routes sends an input: nobody can ask there."""
        ...


class Connection:
    """One connection, on the event loop."""

    def __init__(self, home: Home, number: int, now: Callable[[], float]) -> None:
        self.id = number
        self.link = CONNECTION_TABLE.initial
        self.peer: Peer | None = None
        self.flat = False
        """Whether its offer came by the flat routes."""
        self.created = now()
        self._home = home
        self._now = now
        self._early: list[tuple[float, RTCIceCandidate]] = []
        self._answer = ""
        self._failure = ""
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._talk: Talk | None = None
        self._sign = now()
        self._packets: int = 0
        self._answered_at = 0.0

    @property
    def is_live(self) -> bool:
        """Whether it holds a peer."""
        return self.peer is not None or (self._task is not None and not self._task.done())

    # Signaling

    def offer(self, offer: Offer, flat: bool) -> None:
        """Take an offer: the one before it, and its answer, are gone. Raises Refusal."""
        from .offers import read_offer

        read = read_offer(offer, self._home.tracks)
        if self._task is not None:
            self._task.cancel()
        self._drop_peer(OFFER)
        self.flat, self._answer = flat, ""
        self._task = asyncio.create_task(self._make_answer(read))

    def answer(self) -> Answer | None:
        """The answer to the newest offer; None as long as there is none. Raises Refusal."""
        if self.link is Link.FAILED:
            raise Refusal("offer_failed", self._failure)
        if not self._answer:
            return None
        return Answer(sdp_answer=self._answer, connection_id=self.id)

    def candidates(self, given: Candidates) -> None:
        """Take candidates, now or for the offer to come. Raises Refusal."""
        from .offers import read_candidate

        read = [read_candidate(one, number) for number, one in enumerate(given.candidates)]
        fresh = [(self._now(), one) for one in read if one is not None]
        if self.peer is not None and self.link in (Link.ANSWERED, Link.SERVED):
            peer = self.peer
            for _, one in fresh:
                self._spawn(peer.add(one))
        else:
            self._early = [*self._early, *fresh][-EARLY_CANDIDATES:]

    async def _make_answer(self, read: Read) -> None:
        from .peer import Peer

        settings = self._home.settings
        peer = self.peer = Peer(self, settings.ice_servers)
        try:
            async with asyncio.timeout(settings.answer_within_s):
                answer = await peer.answer(read, paused=not self.flat)
                for _, candidate in self._take_early():
                    await peer.add(candidate)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # what an offer leads to inside is anybody's guess
            logger.info("an offer could not be answered: %s: %s", type(error).__name__, error)
            self._failure = "no answer could be made to the offer in time"
            if not isinstance(error, TimeoutError):
                self._failure = (
                    f"no answer could be made to the offer: {str(error) or type(error).__name__}"
                )
            self._drop_peer(NO_ANSWER)
        else:
            self._talk = Talk(self._home, self)
            self._answer = answer
            self._sign = self._answered_at = self._now()
            self._packets = 0
            self._go(ANSWER)
            if "a=candidate:" not in answer:
                logger.warning("nobody can connect: this machine has no address but 127.0.0.1")
            if self.flat:
                for name in peer.inputs:
                    self._home.has_input(self.id, name)

    def _take_early(self) -> list[tuple[float, RTCIceCandidate]]:
        kept = [one for one in self._early if one[0] > self._now() - EARLY_CANDIDATES_S]
        self._early = []
        return kept

    # What the peer tells

    def on_open(self, label: str) -> None:
        """A channel is open; with `data`, serving begins (L-SIGNAL-23)."""
        self._sign = self._now()
        if label == "data" and self.link is Link.ANSWERED:
            self._go(DATA_OPEN)
            self._home.served(self)

    def on_message(self, label: str, message: str | bytes) -> None:
        """A message has come."""
        self._sign = self._now()
        if self._talk is not None:
            self._talk.on_message(label, message)

    def on_frame(self, track: str, frame: Any) -> None:
        """A frame of an input has come."""
        self._sign = self._now()
        self._home.on_input(self.id, track, frame)

    def wants(self, track: str) -> bool:
        """Whether frames of an input are to be handed over."""
        return self._home.wants(self.id, track)

    def on_gone(self) -> None:
        """The client has hung up."""
        self._drop_peer(HANG_UP)

    # What the session and the talk tell

    def send(self, label: str, text: str) -> None:
        """Send a message on a channel, if it is open."""
        if self.peer is not None:
            self.peer.send(label, text)

    def say(self, frame: Any) -> None:
        """Send a message on `data`, if it is open."""
        if self._talk is not None:
            self._talk.tell(frame)

    def hang_up(self) -> None:
        """Close the connection."""
        self._drop_peer(CUT)

    def pause(self, track: str, paused: bool) -> None:
        """Pause or resume an output of this connection (L-MEDIA-6)."""
        output = self.peer.outputs.get(track) if self.peer is not None else None
        if output is not None and paused:
            output.pause()
        elif output is not None:
            output.resume()

    def show(self, track: str, frame: Any) -> None:
        """Send a frame of an output, unless it is paused."""
        output = self.peer.outputs.get(track) if self.peer is not None else None
        if output is not None:
            output.show(frame)

    def watches(self, track: str) -> bool:
        """Whether a frame of an output would be sent."""
        output = self.peer.outputs.get(track) if self.peer is not None else None
        return output is not None and not output.paused

    async def check(self) -> None:
        """Hang up on a client that has been silent for too long, never came, or floods."""
        peer, now = self.peer, self._now()
        if peer is None or self.link not in (Link.ANSWERED, Link.SERVED):
            return
        if self.link is Link.ANSWERED and now > self._answered_at + UNOPENED_S:
            self._drop_peer(HANG_UP)
            return
        if peer.hoards():
            logger.warning("a client sends a message without end, and is cut off")
            self._drop_peer(HANG_UP)
            return
        if now < self._sign + 1.0:
            return
        packets: int = await peer.packets()
        if packets != self._packets:
            self._packets, self._sign = packets, now
        elif now > self._sign + self._home.settings.silence_s and peer is self.peer:
            logger.info("a client has been silent for %d s", self._home.settings.silence_s)
            self._drop_peer(HANG_UP)

    async def close(self) -> None:
        """Send what is still to be sent, and free everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.peer is not None:
            await self.peer.flush()
        self._drop_peer(CUT)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _drop_peer(self, move: Move) -> None:
        """Make a move that ends what there was before it."""
        was_served, peer = self.link is Link.SERVED, self.peer
        self._go(move)
        self.peer = None
        if self._talk is not None:
            self._talk.close()
            self._talk = None
        if peer is not None:
            self._spawn(self._end(peer))
        if was_served:
            self._home.left(self)

    def _go(self, move: Move) -> None:
        row = CONNECTION_TABLE.find(self.link, move)
        if row is not None:
            self.link = row.target

    async def _end(self, peer: Peer) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await peer.close()
        except TimeoutError:
            logger.warning("a connection could not be closed within %d s", CLOSE_S)
        except Exception:  # what an offer has made of it is anybody's guess
            logger.exception("a connection could not be closed")

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
