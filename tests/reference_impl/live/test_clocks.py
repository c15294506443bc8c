"""What time and bounds do to sessions: in one process, with short clocks."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from risp.protocol.live.bodies import ModelChoice, SessionRequest
from risp.protocol.live.limits import EARLY_CANDIDATES
from risp.protocol.live.session import State
from risp.protocol.live.signaling import Candidate, Candidates, Offer
from risp.reference_impl.live.modelling.loading import load_model
from risp.reference_impl.live.refusal import Refusal
from risp.reference_impl.live.service import LiveService
from risp.reference_impl.live.settings import LiveSettings
from tests.live_models import Probe

rule = pytest.mark.requirement
ASKED = SessionRequest(model=ModelChoice(name="probe"))
LINE = "candidate:1 1 udp 2122194687 192.0.2.2 50798 typ host"


@asynccontextmanager
async def serving(**settings):
    service = LiveService(LiveSettings(**settings), load_model(Probe))
    failures = []
    service.start(failures.append)
    while service.loading:
        await asyncio.sleep(0.01)
    try:
        yield service, service.tokens.read(None)
    finally:
        await service.shutdown()
        assert failures == []


async def until(what, within=5.0):
    async with asyncio.timeout(within):
        while not what():
            await asyncio.sleep(0.02)


def code(caught):
    return caught.value.code.code


async def sdp():
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.createDataChannel("data")
    await pc.setLocalDescription(await pc.createOffer())
    made = Offer(sdp_offer=pc.localDescription.sdp)
    await pc.close()
    return made


@rule("L-SESS-17")
def test_a_session_to_which_nobody_connects_ends():
    async def scene():
        async with serving(never_connected_s=0.3, gone_s=0.5) as (service, grant):
            session = service.create(grant, ASKED)
            await until(lambda: session.state is State.CLOSED)
            assert session.reason == "never_connected"
            assert service.describe(session).state == "CLOSED"

            def is_forgotten():
                try:
                    service.find(grant, session.id)
                except Refusal:
                    return True
                return False

            await until(is_forgotten)

    asyncio.run(scene())


@rule("L-SESS-8")
def test_a_session_that_waits_too_long_is_closed():
    async def scene():
        async with serving(places=1, waiting_within_s=0.3) as (service, grant):
            first = service.create(grant, ASKED)
            second = service.create(grant, ASKED)
            assert (first.state, second.state) == (State.ACTIVE, State.WAITING)
            await until(lambda: second.state is State.CLOSED)
            assert second.reason == "no_capacity"
            assert first.state is State.ACTIVE

    asyncio.run(scene())


@rule("L-SESS-21")
def test_there_is_room_to_wait_for_so_many_only():
    async def scene():
        async with serving(places=1, waiting=2) as (service, grant):
            for _ in range(3):
                service.create(grant, ASKED)
            with pytest.raises(Refusal) as caught:
                service.create(grant, ASKED)
            assert code(caught) == "no_capacity"
            assert caught.value.retry_after_s is not None

    asyncio.run(scene())


@rule("L-SESS-3")
@rule("L-SESS-11")
def test_what_there_is_not_is_refused():
    async def scene():
        async with serving() as (service, grant):
            with pytest.raises(Refusal) as caught:
                service.create(grant, SessionRequest(model=ModelChoice(name="nobody")))
            assert code(caught) == "unknown_model"
            with pytest.raises(Refusal) as caught:
                service.find(grant, "nobody")
            assert code(caught) == "unknown_session"
            spoken = [{"protocol": "smoke", "version": "1.0"}]
            asked = {"model": {"name": "probe"}, "supported_transports": spoken}
            with pytest.raises(Refusal) as caught:
                service.create(grant, SessionRequest.model_validate(asked))
            assert code(caught) == "invalid_body"

    asyncio.run(scene())


@rule("L-SIGNAL-21")
def test_early_candidates_are_kept_up_to_a_bound():
    async def scene():
        async with serving() as (service, grant):
            session = service.create(grant, ASKED)
            one = Candidate(candidate=LINE, sdp_mid="0")
            for _ in range(3):
                session.candidates(4321, Candidates(candidates=[one] * EARLY_CANDIDATES))
            assert len(session._connections[4321]._early) == EARLY_CANDIDATES

    asyncio.run(scene())


def test_connections_that_hold_nothing_are_forgotten_before_there_are_too_many():
    async def scene():
        async with serving() as (service, grant):
            session = service.create(grant, ASKED)
            first = session.register().connection_id
            for number in range(2000, 2100):
                session.candidates(number, Candidates(candidates=[]))
            assert first not in session._connections
            assert len(session._connections) <= 64

    asyncio.run(scene())


def test_a_session_has_so_many_live_connections_at_the_most():
    async def scene():
        async with serving(connections=2) as (service, grant):
            session = service.create(grant, ASKED)
            offer = await sdp()
            for number in (2000, 2001):
                session.offer(number, offer)
            with pytest.raises(Refusal) as caught:
                session.offer(2002, offer)
            assert code(caught) == "no_capacity"
            session.offer(2001, offer)  # a newer one of the same connection is no further one

    asyncio.run(scene())


@rule("L-SIGNAL-12")
def test_an_offer_that_fails_later_is_told_and_the_next_one_is_answered(monkeypatch):
    async def scene():
        from risp.reference_impl.live.serving import peer

        async def fail(self, offer, paused):
            raise RuntimeError("out of ports")

        async with serving() as (service, grant):
            session = service.create(grant, ASKED)
            offer = await sdp()
            with monkeypatch.context() as patched:
                patched.setattr(peer.Peer, "answer", fail)
                session.offer(2000, offer)
                await asyncio.sleep(0.05)
                for _ in range(2):
                    with pytest.raises(Refusal) as caught:
                        session.answer(2000)
                    assert code(caught) == "offer_failed"
            session.offer(2000, offer)
            assert session.answer(2000) is None
            await until(lambda: session.answer(2000) is not None)

    asyncio.run(scene())


@rule("L-SIGNAL-13")
def test_an_answer_that_does_not_come_is_given_up_in_time(monkeypatch):
    async def scene():
        from risp.reference_impl.live.serving import peer

        async def hang(self, offer, paused):
            await asyncio.sleep(60)

        async with serving(answer_within_s=0.2) as (service, grant):
            session = service.create(grant, ASKED)
            monkeypatch.setattr(peer.Peer, "answer", hang)
            session.offer(2000, await sdp())
            assert session.answer(2000) is None
            await asyncio.sleep(0.4)
            with pytest.raises(Refusal) as caught:
                session.answer(2000)
            assert code(caught) == "offer_failed"

    asyncio.run(scene())
