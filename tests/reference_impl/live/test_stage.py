"""One session of a model: what is served when, what ends it, and what survives what."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any

import numpy as np
import pytest

from risp.reference_impl.interface import (
    CommandError,
    Input,
    InputField,
    InputState,
    LiveModel,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)
from risp.reference_impl.live.modelling.loading import load_model
from risp.reference_impl.live.pacing import Pace
from risp.reference_impl.live.replies import MAX_WAITING
from risp.reference_impl.live.stage import Rejected, Reply, Returned, Stage

PATIENCE = 10.0
"""Seconds within which what is expected has to come."""


@dataclass
class State(InputState):
    text: str = InputField(default="meadow", max_length=20)
    level: float = InputField(default=1.0, ge=0.0, le=2.0)
    tags: list[str] = InputField(default=())  # noqa: RUF009  # a list each
    _derived: Any = None


class Told(ModelMessage):
    text: str


class Eyes(Input):
    webcam: Video


class Pictures(Output):
    main_video: Video
    depth: Video


class Base(LiveModel):
    """Commands of every kind."""

    state: State
    input: Eyes
    output: None
    fps = 200

    @event
    def get_text(self) -> Told:
        return Told(text=self.state.text)

    @event
    def break_off(self, how: str = "value") -> None:
        self.state.text = "half"
        self.state._derived = "half"
        self.state.tags.append("half")
        if how == "own":
            raise CommandError("too_dark", "It is too dark.")
        if how == "exit":
            raise SystemExit(3)
        if how == "state":
            self.state = None
        raise ValueError("no such luck")

    @event
    def answer_wrong(self, how: str) -> Any:
        self.state.text = "half"
        return {"dict": {}, "nan": Told(text=float("nan"))}[how]  # type: ignore[arg-type]

    @event
    def tell(self, text: str) -> None:
        self.send(Told(text=text))

    @event
    def take(self, file: UploadedFile | None = None, note: str = "") -> Told:
        return Told(text=f"{None if file is None else file.name} {note}")


@dataclass
class Heard:
    """Everything that a stage tells, in order; the frames stand in a queue of their own."""

    messages: Queue[ModelMessage] = field(default_factory=Queue)
    frames: Queue[tuple[str, Any]] = field(default_factory=Queue)
    ends: Queue[tuple[str, Exception | None]] = field(default_factory=Queue)
    threads: set[str] = field(default_factory=set)
    at: list[float] = field(default_factory=list)

    def on_frame(self, track: str, frame: Any) -> None:
        self.at.append(time.monotonic())
        self.threads.add(threading.current_thread().name)
        self.frames.put((track, frame))

    def on_message(self, message: ModelMessage) -> None:
        self.threads.add(threading.current_thread().name)
        self.messages.put(message)

    def on_end(self, reason: str, error: Exception | None) -> None:
        self.threads.add(threading.current_thread().name)
        self.ends.put((reason, error))


class Play:
    """A stage and who hears it, with questions that wait for their answers."""

    def __init__(self, model: type[LiveModel]) -> None:
        self.heard = Heard()
        self.stage = Stage(load_model(model), self.heard)

    def ask(
        self, name: str, uploads: dict[str, UploadedFile] | None = None, /, **arguments: Any
    ) -> Reply:
        answers: Queue[Reply] = Queue()
        self.stage.command(1, name, arguments, uploads or {}, answers.put)
        return answers.get(timeout=PATIENCE)

    def state(self) -> dict[str, Any]:
        answers: Queue[dict[str, Any]] = Queue()
        self.stage.state(answers.put)
        return answers.get(timeout=PATIENCE)

    def settle(self) -> None:
        done = threading.Event()
        self.stage.fence(done.set)
        assert done.wait(PATIENCE)

    def frame(self) -> Any:
        return self.heard.frames.get(timeout=PATIENCE)[1]


@pytest.fixture
def play() -> Iterator[Callable[[type[LiveModel]], Play]]:
    plays: list[Play] = []

    def begin(model: type[LiveModel]) -> Play:
        plays.append(Play(model))
        plays[-1].stage.start()
        return plays[-1]

    yield begin
    for one in plays:
        one.stage.stop()
        assert one.stage.join(PATIENCE)


FAILED = Rejected("internal_error", "The handler raised an unexpected error.", None)
ENDED = Rejected("session_closed", "The session has ended.", None)
FRESH = {"text": "meadow", "level": 1.0, "tags": []}


def grey(value: int, height: int = 4, width: int = 4) -> Any:
    return np.full((height, width, 3), value, np.uint8)


# Commands


def test_a_field_is_set_and_reset_and_the_state_is_told(play):
    it = play(Base)
    assert it.ask("set_text", text="forest") == Returned(None)
    assert it.ask("get_text") == Returned(Told(text="forest"))
    assert it.state() == {**FRESH, "text": "forest"}
    assert it.ask("set_text") == Returned(None)
    assert it.state() == FRESH


def test_a_command_that_does_not_fit_changes_nothing(play):
    it = play(Base)
    assert it.ask("set_level", level=5) == Rejected(
        "invalid_command", "level: 5.0 > le(2.0)", "level"
    )
    assert it.ask("fly") == Rejected("invalid_command", "unknown command", None)
    assert it.ask("set_text", text="x", more=1) == Rejected(
        "invalid_command", "unexpected argument", "more"
    )
    assert it.state() == FRESH


@pytest.mark.parametrize("how", ["value", "exit", "state"])
def test_a_handler_that_fails_changes_nothing_and_the_session_lives(play, caplog, how):
    it = play(Base)
    assert it.ask("break_off", how=how) == FAILED
    assert it.state() == FRESH
    assert it.ask("get_text") == Returned(Told(text="meadow"))
    (record,) = caplog.records
    assert "break_off" in record.getMessage()
    assert record.exc_info is not None


def test_a_command_error_is_answered_with_its_own_code(play, caplog):
    it = play(Base)
    assert it.ask("break_off", how="own") == Rejected("too_dark", "It is too dark.", None)
    assert it.state() == FRESH
    assert caplog.records == []


@pytest.mark.parametrize("how", ["dict", "nan"])
def test_an_answer_that_is_no_message_is_the_models_error(play, how):
    it = play(Base)
    assert it.ask("answer_wrong", how=how) == FAILED
    assert it.state() == FRESH


def test_a_private_field_is_put_back_too(play):
    seen: Queue[Any] = Queue()

    class Model(Base):
        @event
        def look(self) -> None:
            seen.put(self.state._derived)

    it = play(Model)
    it.ask("break_off")
    it.ask("look")
    assert seen.get(timeout=PATIENCE) is None


def test_an_upload_reaches_the_handler_as_a_file(play, tmp_path):
    file = UploadedFile("u", "a.png", "image/png", 1, tmp_path / "a")
    it = play(Base)
    assert it.ask("take", {"file": file}, note="x") == Returned(Told(text="a.png x"))
    assert it.ask("take") == Returned(Told(text="None "))
    refused = it.ask("set_text", {"text": file})
    assert refused == Rejected("invalid_command", "expected string, got upload", "text")


def test_a_broadcast_comes_before_the_answer_and_in_the_stages_thread(play):
    it = play(Base)
    order: Queue[str] = Queue()
    it.heard.on_message = lambda message: order.put("message")  # type: ignore[method-assign]
    it.stage.command(1, "tell", {"text": "yo"}, {}, lambda reply: order.put("reply"))
    assert [order.get(timeout=PATIENCE) for _ in range(2)] == ["message", "reply"]


def test_what_another_thread_sends_is_told_in_the_stages_thread(play):
    class Model(Base):
        @event
        def later(self) -> None:
            threading.Thread(target=self.send, args=(Told(text="late"),)).start()

    it = play(Model)
    it.ask("later")
    assert it.heard.messages.get(timeout=PATIENCE) == Told(text="late")
    assert it.heard.threads == {"stage-model"}


def test_everything_is_done_in_the_order_in_which_it_was_queued(play):
    it = play(Base)
    order: Queue[Any] = Queue()
    for number in range(50):
        it.stage.command(1, "set_text", {"text": str(number)}, {}, lambda reply: None)
        it.stage.state(lambda state: order.put(state["text"]))
        it.stage.fence(lambda number=number: order.put(number))
    it.settle()
    assert list(order.queue) == [one for number in range(50) for one in (str(number), number)]


def test_more_commands_than_are_kept_are_refused_and_the_others_served(play):
    entered, leave = threading.Event(), threading.Event()

    class Model(Base):
        @event
        def block(self) -> None:
            entered.set()
            leave.wait(PATIENCE)

    it = play(Model)
    answers: Queue[Reply] = Queue()
    it.stage.command(1, "block", {}, {}, answers.put)
    assert entered.wait(PATIENCE)
    for _ in range(MAX_WAITING):
        it.stage.command(1, "set_text", {}, {}, answers.put)
    assert answers.empty()
    it.stage.command(1, "set_text", {}, {}, answers.put)
    refused = answers.get_nowait()
    assert isinstance(refused, Rejected)
    assert refused.code == "too_many_commands"
    leave.set()
    it.settle()
    assert list(answers.queue) == [Returned(None)] * (MAX_WAITING + 1)


def test_a_callback_that_raises_ends_nothing(play, caplog):
    it = play(Base)

    def fail(*anything: Any) -> None:
        raise RuntimeError("the loop is closed")

    it.heard.on_message = fail  # type: ignore[method-assign]
    assert it.ask("tell", text="x") == Returned(None)
    it.stage.command(1, "get_text", {}, {}, fail)
    it.stage.fence(fail)
    assert it.state() == FRESH
    assert len(caplog.records) == 3


# Hooks


def test_hooks_take_what_they_want_and_may_fail(play, caplog, tmp_path):
    called: Queue[Any] = Queue()

    class Model(Base):
        def on_connect(self, connection_id):
            called.put(("on", connection_id, self.state.text))
            raise ValueError("shy")

        def on_disconnect(self):
            called.put("off")

        def file_uploaded(self, file):
            called.put(file.name)

    it = play(Model)
    it.stage.connected(7)
    it.stage.uploaded(UploadedFile("u", "a.png", "image/png", 1, tmp_path))
    it.stage.disconnected(7)
    it.settle()
    assert list(called.queue) == [("on", 7, "meadow"), "a.png", "off"]
    assert it.ask("get_text") == Returned(Told(text="meadow"))
    assert len(caplog.records) == 1


# Frames


class Showing(Base):
    """Shows the level as grey."""

    output: Pictures
    fps = 100

    def inference(self) -> Iterator[Any]:
        frame = grey(0)
        while True:
            frame[:] = int(self.state.level * 100)
            yield Pictures(main_video=frame)


def test_frames_follow_the_state_and_are_the_listeners_own(play):
    it = play(Showing)
    first = it.frame()
    assert it.ask("set_level", level=2) == Returned(None)
    # At most one step was under way.
    it.heard.frames.queue.clear()
    assert it.frame()[0, 0, 0] == 200
    assert first[0, 0, 0] == 100
    assert it.heard.threads == {"stage-showing"}


def test_a_step_may_show_some_tracks_or_nothing(play):
    class Model(Base):
        output: Pictures

        def inference(self):
            yield None
            yield Pictures(depth=grey(1))
            yield Pictures(depth=grey(2), main_video=grey(3).astype(np.float64))

    it = play(Model)
    assert it.heard.ends.get(timeout=PATIENCE) == ("finished", None)
    shown = [(track, frame[0, 0, 0]) for track, frame in it.heard.frames.queue]
    assert shown == [("depth", 1), ("main_video", 3), ("depth", 2)]


def test_the_newest_frame_of_a_track_is_seen_and_an_unknown_track_ignored(play):
    class Model(Base):
        output: Pictures

        def inference(self):
            while True:
                webcam = self.input.webcam
                yield Pictures(main_video=grey(9) if webcam is None else webcam)

    it = play(Model)
    assert it.frame()[0, 0, 0] == 9

    def wait_for(value: int) -> None:
        end = time.monotonic() + PATIENCE
        while it.frame()[0, 0, 0] != value:
            assert time.monotonic() < end

    it.stage.show("webcam", grey(1))
    it.stage.show("webcam", grey(2))
    it.stage.show("nose", grey(3))
    wait_for(2)
    it.stage.restart()
    it.settle()
    it.heard.frames.queue.clear()
    assert it.frame()[0, 0, 0] == 2
    it.stage.show("webcam", None)
    wait_for(9)


def test_frames_come_at_their_rate(play):
    it = play(Showing)
    for _ in range(61):
        it.frame()
    times = it.heard.at[:61]
    # 60 periods of 10 ms, and never two frames closer than half of one, but for a late timer.
    assert 0.58 <= times[-1] - times[0] <= 3.0


def test_a_command_does_not_wait_for_the_next_step(play):
    class Slow(Showing):
        fps = 0.02

    it = play(Slow)
    it.frame()
    begin = time.monotonic()
    assert it.ask("set_level", level=2) == Returned(None)
    it.settle()
    assert time.monotonic() - begin < 5
    it.stage.stop()
    assert it.stage.join(5)


def test_a_model_slower_than_its_rate_is_still_served(play):
    class Late(Base):
        output: Pictures
        fps = 1000

        def inference(self):
            while True:
                time.sleep(0.005)
                yield Pictures(main_video=grey(1))

    it = play(Late)
    for number in range(5):
        assert it.ask("set_text", text=str(number)) == Returned(None)


def test_a_flood_of_commands_does_not_stop_the_frames(play):
    it = play(Showing)
    flooding = True

    def again(reply: Reply) -> None:
        if flooding:
            it.stage.command(1, "set_text", {}, {}, again)

    for _ in range(20):
        it.stage.command(1, "set_text", {}, {}, again)
    for _ in range(10):
        it.frame()
    flooding = False
    it.settle()


def test_the_pace_has_no_drift_and_no_burst():
    pace = Pace(10, now=0.0)
    for step in range(1000):
        pace.step(pace.due + 0.01)  # each timer wakes 10 ms late
        assert pace.due == pytest.approx((step + 1) / 10)
    pace.step(500.0)  # a stall
    assert pace.due == pytest.approx(500.05)
    pace.step(pace.due)
    assert pace.due == pytest.approx(500.15)


# Ends


def test_inference_that_ends_ends_the_session_once_and_all_is_refused_after(play):
    class Model(Base):
        output: Pictures

        def on_connect(self):
            raise AssertionError("no hook after the end")

        def inference(self):
            yield Pictures(main_video=grey(1))

    it = play(Model)
    assert it.heard.ends.get(timeout=PATIENCE) == ("finished", None)
    assert it.stage.join(PATIENCE)
    assert it.ask("get_text") == ENDED
    assert it.state() == {}
    it.settle()
    it.stage.connected(1)
    it.stage.restart()
    it.stage.stop()
    assert it.heard.ends.empty()


def failing_steps() -> list[tuple[Any, str]]:
    def raises(self):
        yield Pictures(main_video=grey(1))
        raise ValueError("out of memory")

    def exits(self):
        yield Pictures(main_video=grey(1))
        raise SystemExit(1)

    def begins_badly(self):
        raise ValueError("no weights")

    def no_generator(self):
        return [Pictures(main_video=grey(1))]

    def wrong_shape(self):
        yield Pictures(main_video=np.zeros((3, 4, 4), np.uint8))

    def no_output(self):
        yield grey(1)

    def strange_output(self):
        class Strange(Output):
            strange: Video

        yield Strange(strange=grey(1))

    return [
        (raises, "out of memory"),
        (exits, "SystemExit"),
        (begins_badly, "no weights"),
        (no_generator, "returned a list"),
        (wrong_shape, r"track 'main_video': the shape is (3, 4, 4)"),
        (no_output, "yield an Output, or None"),
        (strange_output, "Strange.strange is no track"),
    ]


@pytest.mark.parametrize(("inference", "words"), failing_steps())
def test_inference_that_fails_ends_the_session_and_the_log_says_why(play, caplog, inference, words):
    caplog.set_level(logging.ERROR)
    it = play(type("Model", (Base,), {"inference": inference, "__annotations__": OUTPUT}))
    reason, error = it.heard.ends.get(timeout=PATIENCE)
    assert reason == "model_error"
    assert words in str(error)
    assert it.stage.join(PATIENCE)
    assert it.ask("get_text") == ENDED
    (record,) = caplog.records
    assert record.getMessage().startswith("model failed: ")


OUTPUT = {"output": Pictures}


def test_what_waits_when_the_session_ends_is_answered(play):
    entered, leave = threading.Event(), threading.Event()

    class Model(Base):
        output: Pictures

        def inference(self):
            entered.set()
            leave.wait(PATIENCE)
            yield from ()

    it = play(Model)
    assert entered.wait(PATIENCE)
    answers: Queue[Any] = Queue()
    it.stage.command(1, "get_text", {}, {}, answers.put)
    it.stage.fence(lambda: answers.put("fence"))
    it.stage.state(answers.put)
    leave.set()
    assert it.stage.join(PATIENCE)
    assert list(answers.queue) == [ENDED, "fence", {}]


def test_stop_closes_the_generator_and_tells_nobody(play):
    closed: Queue[Any] = Queue()

    class Model(Showing):
        def on_disconnect(self):
            closed.put("hook")

        def inference(self):
            try:
                yield from super().inference()
            finally:
                closed.put(self.state.text)

    it = play(Model)
    it.frame()
    it.stage.stop()
    it.stage.disconnected(1)
    it.stage.stop()
    assert it.stage.join(PATIENCE)
    assert list(closed.queue) == ["meadow"]
    assert it.heard.ends.empty()
    assert it.ask("get_text") == ENDED


def test_a_generator_that_will_not_close_is_left(play, caplog):
    class Model(Base):
        output: Pictures

        def inference(self):
            try:
                while True:
                    yield Pictures(main_video=grey(1))
            except GeneratorExit:
                yield None

    it = play(Model)
    it.frame()
    it.stage.restart()
    assert it.ask("get_text") == Returned(Told(text="meadow"))
    it.stage.stop()
    assert it.stage.join(PATIENCE)
    assert len(caplog.records) == 2


def test_a_stage_that_never_started_can_be_stopped():
    it = Play(Base)
    answers: Queue[Reply] = Queue()
    it.stage.command(1, "get_text", {}, {}, answers.put)
    it.stage.show("webcam", grey(1))
    it.stage.stop()
    assert answers.get_nowait() == ENDED
    assert it.stage.join(0)
    with pytest.raises(Empty):
        it.heard.ends.get_nowait()


# Restarts


def test_restart_makes_all_fresh_and_keeps_the_order(play):
    class Model(Showing):
        seen = 0

        def on_connect(self, number):
            self.connection = number

        @event
        def count(self) -> Told:
            self.seen += 1
            return Told(text=f"{self.seen} {self.connection}")

    it = play(Model)
    it.stage.connected(1)
    it.stage.connected(2)
    it.stage.disconnected(1)
    it.ask("set_level", level=2)
    assert it.ask("count") == Returned(Told(text="1 2"))
    answers: Queue[Any] = Queue()
    it.stage.state(lambda state: answers.put(state["level"]))
    it.stage.restart()
    it.stage.state(lambda state: answers.put(state["level"]))
    it.settle()
    assert list(answers.queue) == [2.0, 1.0]
    assert it.ask("count") == Returned(Told(text="1 2"))
    it.heard.frames.queue.clear()
    assert it.frame()[0, 0, 0] == 100


def test_a_restart_that_fails_ends_the_session(play):
    begun = 0

    class Model(Showing):
        def inference(self):
            nonlocal begun
            begun += 1
            if begun == 2:
                raise ValueError("only once")
            return super().inference()

    it = play(Model)
    it.frame()
    it.stage.restart()
    reason, error = it.heard.ends.get(timeout=PATIENCE)
    assert (reason, str(error)) == ("model_error", "only once")


def test_two_sessions_of_one_model_do_not_meet(play):
    loaded = load_model(Base)
    first, second = Heard(), Heard()
    one, other = Stage(loaded, first), Stage(loaded, second)
    answers: Queue[dict[str, Any]] = Queue()
    for stage in (one, other):
        stage.start()
    one.command(1, "set_text", {"text": "mine"}, {}, lambda reply: other.state(answers.put))
    assert answers.get(timeout=PATIENCE) == FRESH
    one.command(1, "tell", {"text": "x"}, {}, lambda reply: None)
    assert first.messages.get(timeout=PATIENCE) == Told(text="x")
    assert second.messages.empty()
    for stage in (one, other):
        stage.stop()
        assert stage.join(PATIENCE)
