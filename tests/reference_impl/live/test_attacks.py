"""What a hostile client tries with messages, values, frames and requests."""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from risp.reference_impl.interface import LiveModel, ModelMessage, event
from risp.reference_impl.live import media
from risp.reference_impl.live.modelling.loading import load_model
from risp.reference_impl.live.replies import TOO_MANY, Returned
from risp.reference_impl.live.serving.peer import HOARDED, Peer
from risp.reference_impl.live.serving.talk import MAX_ASIDE, MAX_UNHEARD, Talk
from risp.reference_impl.live.settings import LiveSettings
from risp.reference_impl.live.stage import Stage
from tests.live_models import Probe
from tests.reference_impl.live.here import served

rule = pytest.mark.requirement


# Messages


class Queued:
    """A stage whose model is stuck until it is let go."""

    def __init__(self, full=False):
        self.full = full
        self.waiting = []

    def command(self, connection, name, arguments, uploads, reply):
        if self.full:
            reply(TOO_MANY)
        else:
            self.waiting.append(lambda: reply(Returned(None)))

    def fence(self, done):
        self.waiting.append(done)

    async def go(self):
        while self.waiting:
            self.waiting.pop(0)()
            await asyncio.sleep(0)


class Scene:
    """A session and a line, as a talk sees them; `sent` is what was said."""

    def __init__(self, full=False):
        self.id = 1002
        self.settings = LiveSettings(upload_wait_s=0.05)
        self.stage = Queued(full)
        self.uploads = SimpleNamespace(get=lambda _: None, wait=self.wait)
        self.sent = []
        self.is_cut = False
        self.talk = Talk(self, self)

    async def wait(self, upload_id, timeout_s):
        await asyncio.sleep(timeout_s)

    def schema(self):
        return {}

    def note(self, event, detail):
        pass

    def send(self, label, text):
        self.sent.append(json.loads(text)["data"])

    def hang_up(self):
        self.is_cut = True
        self.talk.close()

    def say(self, kind, scope="application", **more):
        body = {"type": kind, "data": {}, **more}
        self.talk.on_message("data", json.dumps({"scope": scope, "data": body}))

    def ids(self):
        return [one["data"].get("request_id") or one["type"] for one in self.sent]


@rule("L-CHAN-3")
def test_a_command_for_which_there_is_no_room_is_refused_in_its_turn():
    async def scene():
        its = Scene(full=True)
        its.say("requestSchema", scope="runtime")
        its.say("jump", request_id="late")
        assert its.sent == []
        await its.stage.go()
        assert its.ids() == ["modelSchema", "late"]
        assert its.sent[1]["data"]["code"] == "too_many_commands"

    asyncio.run(scene())


def test_only_so_many_commands_wait_for_their_files():
    async def scene():
        its = Scene()
        file = {"upload_id": "u", "name": "a", "mime_type": "x/y", "size": 3}
        for number in range(MAX_ASIDE + 3):
            its.say("take", uploads={"file": file}, request_id=str(number))
        await its.stage.go()
        assert its.ids() == [str(MAX_ASIDE + more) for more in range(3)]
        assert {one["data"]["code"] for one in its.sent} == {"too_many_commands"}
        await asyncio.sleep(0.1)
        assert len(its.sent) == MAX_ASIDE + 3
        assert its.sent[-1]["data"]["code"] == "unresolved_upload"

    asyncio.run(scene())


def test_a_client_that_sends_more_than_the_model_hears_is_cut_off():
    async def scene():
        its, text = Scene(), "x" * 100_000
        sound = int(MAX_UNHEARD / 101_000)
        for _ in range(sound):
            its.say("paint", what=text)
        assert not its.is_cut
        await its.stage.go()
        for _ in range(sound):  # what was heard counts no more
            its.say("paint", what=text)
        assert not its.is_cut
        for _ in range(sound):
            its.say("paint", what=text)
        assert its.is_cut

    asyncio.run(scene())


@rule("L-RESUME-9")
@rule("L-RESUME-11")
def test_what_a_former_client_asked_is_not_told_to_its_successor():
    async def scene():
        its = Scene()
        its.say("requestSchema", scope="runtime")
        its.talk.close()
        await its.stage.go()
        assert its.sent == []

    asyncio.run(scene())


def test_a_model_that_answers_after_the_servers_end_is_heard_by_nobody():
    its = []

    async def scene():
        its.append(Scene())
        its[0].say("jump")

    asyncio.run(scene())
    for waiting in its[0].stage.waiting:
        waiting()  # raises where the loop's end is not borne


@rule("L-CHAN-9")
def test_a_fault_on_a_message_is_no_end_of_the_connection(caplog):
    async def scene():
        def fail(label, message):
            raise ValueError("a fault of ours")

        peer = Peer(SimpleNamespace(on_message=fail), ())
        peer._on_message("data", "{}")
        await peer.close()

    asyncio.run(scene())
    assert "could not be taken" in caplog.text


def test_a_message_without_end_is_noticed():
    async def scene():
        peer = Peer(SimpleNamespace(), ())
        assert not peer.hoards()
        peer._pc.createDataChannel("data")
        assert not peer.hoards()
        peer._pc.sctp._advertised_rwnd -= HOARDED  # raises where aiortc has another name for it
        assert not peer.hoards()
        peer._pc.sctp._advertised_rwnd -= 2 << 20
        assert peer.hoards()
        await peer.close()

    asyncio.run(scene())


# Values that nobody could be told


class Total(ModelMessage):
    total: int


class Sums(LiveModel):
    @event
    def double(self, number: int) -> Total:
        return Total(total=number * 2)


class Told:
    """What a stage told."""

    def on_frame(self, track, frame):
        pass

    def on_message(self, message):
        pass

    def on_end(self, reason, error):
        pass


def asked(model, *commands):
    """The answers to commands, and the state after them."""
    stage, answers, states = Stage(load_model(model), Told()), [], []
    stage.start()
    for name, arguments in commands:
        stage.command(1, name, arguments, {}, answers.append)
    stage.state(states.append)
    until = time.monotonic() + 5
    while not states and time.monotonic() < until:
        time.sleep(0.005)
    stage.stop()
    assert stage.join(5)
    return answers, states[0]


@rule("L-CMD-3")
@rule("L-CMD-19")
@rule("L-CHAN-15")
@pytest.mark.parametrize("seed", [1 << 64, -(1 << 63) - 1, 1e30])
def test_an_integer_that_no_answer_could_hold_is_refused(seed):
    (answer,), state = asked(Probe, ("set_seed", {"seed": seed}))
    assert (answer.code, answer.param) == ("invalid_command", "seed")
    assert state["seed"] == 42


@rule("L-CMD-18")
def test_an_answer_that_cannot_be_written_is_the_models_fault():
    (answer, next_one), _ = asked(Sums, ("double", {"number": 1 << 63}), ("double", {"number": 1}))
    assert answer.code == "internal_error"
    assert next_one == Returned(Total(total=2))


# Frames


def test_frames_that_come_faster_than_they_are_made_ready_do_not_pile_up(monkeypatch):
    count, shown, late = 200, [], []

    class Flood:
        """A client's track that has `count` frames at once."""

        left = count

        async def recv(self):
            self.left -= 1
            if self.left < 0:
                late.append(time.monotonic())
                await asyncio.sleep(0.3)
                raise MediaStreamError
            frame = VideoFrame(16, 16)
            frame.pts = count - self.left
            return frame

    def slowly(frame):
        time.sleep(0.05)
        return frame.pts

    monkeypatch.setattr(media, "decoded", slowly)

    async def scene():
        began = time.monotonic()
        await media.read_frames(Flood(), lambda: True, shown.append)
        assert late[0] - began < 1  # all were read while the first ones were made ready
        assert shown[-1] == count
        assert len(shown) < 10

    asyncio.run(scene())


# The end of what does not want to end


class Stuck(LiveModel):
    def on_connect(self) -> None:
        time.sleep(1)


def test_a_stuck_model_takes_no_thread_from_others():
    async def scene():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        stage = Stage(load_model(Stuck), Told())
        stage.start()
        stage.connected(1)
        stage.stop()
        ending = asyncio.create_task(stage.left(5))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await asyncio.to_thread(lambda: None)
        assert time.monotonic() - began < 0.5
        assert not ending.done()
        assert await ending

    asyncio.run(scene())


def test_a_connection_that_aiortc_cannot_close_is_freed_all_the_same():
    async def scene():
        peer, freed = Peer(SimpleNamespace(), ()), []

        class Part:
            """A part of a connection; the receiver waits for a task that is dead."""

            def __init__(self, name, transport=None):
                self.name, self.transport = name, transport

            async def stop(self):
                if self.name == "receiver":
                    await asyncio.Event().wait()
                freed.append(self.name)

        async def close():
            await asyncio.Event().wait()

        network = Part("dtls", Part("ice"))
        one = SimpleNamespace(receiver=Part("receiver", network), sender=Part("sender", network))
        peer._pc = SimpleNamespace(
            close=close,
            getTransceivers=lambda: [one],
            sctp=SimpleNamespace(transport=network),
            remove_all_listeners=lambda: None,
        )
        async with asyncio.timeout(2.5):
            await peer.close()
        assert freed == ["sender", "dtls", "ice"]

    asyncio.run(scene())


# Requests


@rule("L-HTTP-12")
def test_a_length_that_no_disk_has_is_refused_at_once():
    with (
        served() as here,
        socket.create_connection(("127.0.0.1", here.port), timeout=5) as line,
    ):
        head = f"POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {10**19}\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 413")
