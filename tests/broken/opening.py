"""Servers that are wrong from the first frame to the answer to `session.open`."""

from typing import ClassVar

from risp.protocol.action.frames import (
    ClientFrame,
    Error,
    Observation,
    ServerFrame,
    SessionClose,
    SessionOpen,
    SessionReady,
)
from risp.protocol.action.requirements import error as error_rule
from risp.protocol.action.requirements import opening as rule
from risp.protocol.action.session import State
from risp.protocol.errors import DecodeError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault, served
from .policies import LoadsSlowly
from .tamper import Tree, bad, parsed, read_as

OPENS = "opening.answer_open"


@fault(
    rule.CLIENT_SPEAKS_FIRST,
    "opening.client_speaks_first",
    "no frame before the client's first one.*x_hello|segment of the 101",
)
class Greets(ServerSession):
    """Greets before it is spoken to."""

    def connected(self, now: float) -> None:
        self.put('{"type":"x_hello"}')


@fault(rule.ANSWER_OPEN, OPENS, "session.ready.*saw error")
class AnswersNeitherWay(ServerSession):
    """Answers an opening without capabilities with an error that is not fatal, and no more."""

    def answer_open(self, frame: SessionOpen, now: float) -> None:
        if frame.capabilities is not None:
            super().answer_open(frame, now)
        else:
            self.put('{"type":"error","code":"x_no","message":"","fatal":false,"retryable":true}')


@fault(
    rule.READY_FIRST,
    "opening.ready_first",
    "session.ready, or a fatal error.*session.status",
    during=OPENS,
)
class TellsOfItsStateUnasked(ServerSession):
    """Sends a status to every client before it is ready."""

    def answer_open(self, frame: SessionOpen, now: float) -> None:
        self.send_status(now)
        super().answer_open(frame, now)


@fault(rule.UNDECODABLE_FIRST, "opening.undecodable_first", 'bad_frame.*saw error "not_open"')
class TakesGarbageForAnotherFrame(ServerSession):
    """Says `not_open` to a first message that is no frame."""

    def on_bad_frame(self, error: DecodeError) -> None:
        if self.books.state is State.NEW:
            self.on_not_open("?")
        else:
            super().on_bad_frame(error)


@fault(rule.STILL_UNOPENED, "opening.still_unopened", "session.ready.*Close with code 1008")
class EndsAfterGarbage(ServerSession):
    """Closes after a first message that is no frame."""

    def on_bad_frame(self, error: DecodeError) -> None:
        super().on_bad_frame(error)
        if self.books.state is State.NEW:
            self.close(1008)


@fault(rule.STILL_UNOPENED, "opening.still_unopened", 'session.ready.*"already_open"')
class CountsGarbageAsAnOpening(ServerSession):
    """Takes the session for open after a first message that is no frame."""

    def on_bad_frame(self, error: DecodeError) -> None:
        super().on_bad_frame(error)
        if self.books.state is State.NEW:
            self.books.state = State.OPEN


@fault(rule.OPEN_FIRST, "opening.observation_first", "not_open.*invalid_observation")
class RefusesOnlyTheFirstObservation(ServerSession):
    """Refuses an observation before the opening, and waits on."""

    def on_misplaced(self, frame: SessionOpen | Observation | SessionClose) -> None:
        if isinstance(frame, Observation):
            self.send(self.make_error("invalid_observation", "open first", seq=frame.seq))
        else:
            super().on_misplaced(frame)


@fault(rule.OPEN_FIRST, "opening.close_first", "not_open.*Close with code 1000")
class ClosesWhatIsNotOpen(ServerSession):
    """Closes as asked a session that was never opened."""

    def on_misplaced(self, frame: SessionOpen | Observation | SessionClose) -> None:
        if isinstance(frame, SessionClose):
            self.close(1000)
        else:
            super().on_misplaced(frame)


@fault(rule.OPEN_FIRST, "opening.unknown_first", 'not_open.*"unknown_type"')
class RefusesOnlyTheFirstType(ServerSession):
    """Says `unknown_type` to a first frame of an unknown type, and waits on."""

    def on_not_open(self, kind: str) -> None:
        if kind in ("observation", "session.close"):
            super().on_not_open(kind)
        else:
            self.send(self.make_error("unknown_type", "never heard of it"))


@fault(rule.OPEN_IN_TIME, "opening.open_in_time", "Close with code 1001.*nothing", slow=True)
class WaitsForEver(ServerSession):
    """Keeps a connection on which nothing is ever opened."""

    def connected(self, now: float) -> None:
        self.born = now + 3600


@fault(rule.OPEN_IN_TIME, "opening.open_in_time", "after 30 s.*after 1", slow=True)
class WaitsASecond(ServerSession):
    """Gives a client a second to open its session."""

    def connected(self, now: float) -> None:
        self.born = now - self.settings.unopened_s + 1


class LoadsForEach(ServerSession):
    """Loads its model anew for each session, for 0.2 s: legal, and only seen after the upgrade."""

    def on_open(self, frame: SessionOpen, now: float) -> None:
        self.loading = True
        super().on_open(frame, now)
        self.status_due = now + 0.2

    def tick(self, now: float) -> None:
        if self.books.state is State.OPENING and self.loading:
            self.loaded(self.about, now)
        else:
            super().tick(now)


@fault(rule.LOADING_UNAVAILABLE, "opening.loading_unavailable", "retry_after_ms", during=OPENS)
@fault(
    error_rule.UNAVAILABLE_WHEN, "error.unavailable_when", "retry_after_ms", during="action.chunk"
)
class SendsAwayForGood(LoadsForEach):
    """Says `unavailable` while it loads, and not when to come again."""

    def refuse_unready(self, message: str) -> None:
        self.send(self.make_error("unavailable", message))


@fault(
    rule.STATUS_WHILE_LOADING,
    "opening.status_while_loading",
    "a status every 5 s.*a gap of 6",
    during=OPENS,
    served=served(LoadsSlowly),
    slow=True,
)
class TellsOnce(ServerSession):
    """Says once that it loads, and then nothing until it has loaded."""

    def send_status(self, now: float) -> None:
        super().send_status(now)
        self.status_due = None


@fault(rule.UNKNOWN_MEMBERS, "opening.unknown_members", "session.ready.*invalid_open")
class KnowsEveryMemberOfAnOpening(ServerSession):
    """Refuses an opening with a member that it does not know."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        if isinstance(frame, SessionOpen) and set(parsed(text) or ()) - set(frame.model_fields_set):
            raise bad(frame, "invalid_open")
        return frame


@fault(rule.EMPTY_PROMPT, "opening.empty_prompt", "session.ready.*invalid_open")
class WantsAPrompt(ServerSession):
    """Refuses an empty prompt."""

    def check_names(self, frame: SessionOpen) -> None:
        if not frame.prompt:
            raise Refused("invalid_open", "what is to be done?", pointer="/prompt")
        super().check_names(frame)


@fault(rule.LABEL_OPTIONAL, "opening.only_a_prompt", "session.ready.*invalid_open")
class WantsALabel(ServerSession):
    """Refuses an opening without a `session_id`."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.session_id is None:
            raise Refused("invalid_open", "a label, please", pointer="/session_id")
        super().check_names(frame)


@fault(rule.INVALID_OPEN, "opening.wrong_types", "invalid_open.*session.ready")
class TakesANumberForAPrompt(ServerSession):
    """Reads a prompt that is a number as its digits."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if type(tree.get("prompt")) is int:
                tree["prompt"] = str(tree["prompt"])

        return super().decode(read_as(text, "session.open", change))


@fault(rule.INVALID_OPEN, "opening.wrong_types", "invalid_open.*session.ready")
class TakesTrueForARate(ServerSession):
    """Reads `hz: true` as 1."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if tree.get("hz") is True:
                tree["hz"] = 1

        return super().decode(read_as(text, "session.open", change))


@fault(rule.INVALID_OPEN, "opening.wrong_types", "invalid_open.*session.ready")
class SkipsOddCapabilities(ServerSession):
    """Passes over capabilities that are no strings."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            asked = tree.get("capabilities")
            if isinstance(asked, list):
                tree["capabilities"] = [one for one in asked if isinstance(one, str)]

        return super().decode(read_as(text, "session.open", change))


@fault(rule.INVALID_OPEN, "opening.wrong_types", 'invalid_open.*"internal"')
class BreaksOnWrongTypes(ServerSession):
    """Meets a wrong type as a defect of its own."""

    def on_bad_open(self, error: DecodeError) -> None:
        self.on_defect()


@fault(rule.POSITIVE, "opening.positive", "invalid_open.*session.ready")
class TakesNothingForAnything(ServerSession):
    """Takes a rate of zero for none."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if tree.get("hz") == 0:
                del tree["hz"]

        return super().decode(read_as(text, "session.open", change))


@fault(rule.POSITIVE, "opening.positive", "invalid_open.*session.ready")
class TakesADebtOfTime(ServerSession):
    """Takes a negative GPU budget."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if tree.get("max_gpu_seconds") == -1:
                tree["max_gpu_seconds"] = 1

        return super().decode(read_as(text, "session.open", change))


@fault(rule.PROMPT_REQUIRED, "opening.prompt_required", "invalid_open.*session.ready")
class NeedsNoPrompt(ServerSession):
    """Opens a session for nothing."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(read_as(text, "session.open", lambda t: t.setdefault("prompt", "")))


@fault(rule.EQUAL_LABELS, "opening.several_sessions", "action_chunk.*Close with code 1001")
class KeepsOneSessionPerLabel(ServerSession):
    """Ends a session when another with the same label opens."""

    by_label: ClassVar[dict[str | None, ServerSession]] = {}

    def answer_open(self, frame: SessionOpen, now: float) -> None:
        before = self.by_label.get(frame.session_id)
        if before is not None and not before.over:
            before.close(1001)
        self.by_label[frame.session_id] = self
        super().answer_open(frame, now)


@fault(rule.ALREADY_OPEN, "opening.second_open", "already_open.*session.ready")
class OpensTwice(ServerSession):
    """Opens a session on top of the one that is open."""

    def on_already_open(self) -> None:
        self.put(self.write(self.make_ready(self.opening, self.born)))


@fault(rule.ALREADY_OPEN, "opening.second_open", 'already_open.*"not_open"')
class EndsWhenOpenedTwice(ServerSession):
    """Ends the session because of a second opening."""

    def on_already_open(self) -> None:
        self.send(self.make_error("not_open", "once is enough"))


@fault(
    rule.ONE_REFUSAL,
    "opening.one_refusal",
    "nothing after a fatal error.*session.ready",
    during="opening.wrong_types",
)
class RefusesAndOpens(ServerSession):
    """Says that it is ready after it has refused."""

    def send(self, frame: ServerFrame) -> None:
        refuses = isinstance(frame, Error) and self.books.state is State.OPENING
        super().send(frame)
        if refuses:
            self.put(self.write(SessionReady(session_id=self.new_session_id())))


@fault(rule.NULL_IS_ABSENT, "opening.null_is_absent", "session.ready.*invalid_open")
class RefusesNullInAnOpening(ServerSession):
    """Refuses an opening with a member that is null."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        if isinstance(frame, SessionOpen) and None in (parsed(text) or {}).values():
            raise bad(frame, "invalid_open")
        return frame
