"""Servers that are wrong about observations: what they take and what they refuse."""

from typing import Any

from risp.protocol.action.frames import (
    ClientFrame,
    Error,
    Observation,
)
from risp.protocol.action.limits import MAX_REQUEST_ID
from risp.protocol.action.requirements import observation as rule
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault
from .tamper import Tree, bad, parsed, read_as

TAKEN = "invalid_observation.*action_chunk"


@fault(rule.RISING, "observation.rising", "out_of_order.*action_chunk.*5")
class TakesASeqTwice(ServerSession):
    """Takes a `seq` that it has had."""

    def check_seq(self, frame: Observation) -> None:
        if frame.seq == self.books.last_seq:
            self.books.last_seq -= 1
        super().check_seq(frame)


@fault(rule.RISING, "observation.rising", "out_of_order.*action_chunk.*4")
class TakesASmallerSeq(ServerSession):
    """Takes a `seq` that falls."""

    def check_seq(self, frame: Observation) -> None:
        if frame.seq < self.books.last_seq:
            self.books.last_seq = -1
        super().check_seq(frame)


@fault(rule.ANY_STEP, "observation.any_step", "action_chunk.*out_of_order")
class CountsBySteps(ServerSession):
    """Takes no `seq` but the one that follows."""

    def check_seq(self, frame: Observation) -> None:
        if frame.seq != self.books.last_seq + 1:
            raise Refused("out_of_order", "one is missing", pointer="/seq")
        super().check_seq(frame)


@fault(rule.ANY_STEP, "observation.any_step", "action_chunk.*invalid_observation")
class CountsInThirtyTwoBits(ServerSession):
    """Takes no `seq` over 2^31-1."""

    def check_observation(self, frame: Observation) -> None:
        if frame.seq >= 1 << 31:
            raise Refused("invalid_observation", "too large", pointer="/seq")
        super().check_observation(frame)


@fault(rule.SEQ_BOUNDS, "observation.seq_bounds", TAKEN)
class NumbersForTheClient(ServerSession):
    """Gives an observation without `seq` the next one."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            tree.setdefault("seq", self.books.last_seq + 1)

        return super().decode(read_as(text, "observation", change))


@fault(rule.SEQ_BOUNDS, "observation.seq_bounds", 'invalid_observation.*"out_of_order"')
class ComparesBeforeItLooks(ServerSession):
    """Says `out_of_order` to a negative `seq`."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        if error.pointer == "/seq" and "greater" in error.message:
            error.code = "out_of_order"
        super().on_bad_observation(error, now)


@fault(rule.STATE_TYPE, "observation.state_type", TAKEN)
class NeedsNoState(ServerSession):
    """Takes a missing `state` for zeros."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            tree.setdefault("state", [0.0] * (self.about.state_dim or 0))

        return super().decode(read_as(text, "observation", change))


@fault(rule.STATE_TYPE, "observation.state_type", 'invalid_observation.*"bad_frame"')
class CallsABadStateABadFrame(ServerSession):
    """Says `bad_frame` to an observation whose `state` is wrong."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        if error.pointer.startswith("/state"):
            self.on_bad_frame(DecodeError("bad_frame", error.message, pointer=error.pointer))
        else:
            super().on_bad_observation(error, now)


@fault(rule.STATE_FINITE, "observation.state_finite", TAKEN)
class CutsInfinityDown(ServerSession):
    """Reads 1e999 as the greatest double."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(text.replace("e999", "e308"))


@fault(rule.STATE_FINITE, "observation.state_finite", 'invalid_observation.*"bad_frame"')
class CallsInfinityNoJson(ServerSession):
    """Takes 1e999 for a token that is not JSON."""

    def decode(self, text: str) -> ClientFrame:
        if "e999" in text:
            raise DecodeError("bad_frame", "a number too great for a double")
        return super().decode(text)


@fault(rule.STATE_WIDTH, "observation.state_width", TAKEN)
class FitsTheState(ServerSession):
    """Fills up or cuts off a `state` of another width."""

    def check_state(self, frame: Observation) -> None:
        frame.__dict__["state"] = (frame.state + [0.0] * 99)[: self.about.state_dim or 0]


@fault(rule.STATE_WIDTH, "observation.state_width", 'invalid_observation.*"inference_failed"')
class LeavesTheStateToThePolicy(ServerSession):
    """Lets the policy stumble over a `state` of another width."""

    def check_state(self, frame: Observation) -> None:
        pass


@fault(rule.STATE_PARAM, "observation.state_param", "at or below /state.*absent")
class PointsNowhere(ServerSession):
    """Refuses a wrong `state` without saying where it is."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        refusal = super().refusal(error, **members)
        at_state = error.pointer.startswith("/state")
        return refusal.model_copy(update={"param": None}) if at_state else refusal


@fault(rule.IMAGE_BASE64, "images.image_base64", "invalid_image.*action_chunk")
class PadsForTheClient(ServerSession):
    """Takes base64 without its padding."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            for name, image in (tree.get("images") or {}).items():
                if isinstance(image, str) and image == "AA":
                    tree["images"][name] = "AA=="

        return super().decode(read_as(text, "observation", change))


@fault(rule.IMAGE_BASE64, "images.image_base64", "invalid_image.*action_chunk")
class ReadsUrlSafeBase64(ServerSession):
    """Takes the other alphabet of base64."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(text.replace('"__79"', '"//79"'))


@fault(rule.STEP_PROMPT, "observation.step_prompt", "action_chunk.*invalid_observation")
class SticksToItsPrompt(ServerSession):
    """Refuses a change of the instruction."""

    def check_observation(self, frame: Observation) -> None:
        if frame.prompt is not None:
            raise Refused("invalid_observation", "one thing at a time", pointer="/prompt")
        super().check_observation(frame)


@fault(rule.UNKNOWN_MEMBERS, "observation.unknown_members", "action_chunk.*invalid_observation")
class KnowsEveryMemberOfAnObservation(ServerSession):
    """Refuses an observation with a member that it does not know."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        if isinstance(frame, Observation) and set(parsed(text) or ()) - set(frame.model_fields_set):
            raise bad(frame, "invalid_observation")
        return frame


@fault(rule.NULL_IS_ABSENT, "observation.null_is_absent", "action_chunk.*invalid_observation")
class RefusesNullInAnObservation(ServerSession):
    """Refuses an observation with a member that is null."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        if isinstance(frame, Observation) and None in (parsed(text) or {}).values():
            raise bad(frame, "invalid_observation")
        return frame


@fault(rule.INTEGRAL_FLOAT, "observation.integral_float", "action_chunk.*invalid_observation")
class WantsDigitsOnly(ServerSession):
    """Refuses 7.0 for a `seq`."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        if isinstance(frame, Observation) and isinstance((parsed(text) or {}).get("seq"), float):
            raise bad(frame, "invalid_observation", "/seq")
        return frame


@fault(rule.NO_BOOLEAN_NUMBERS, "observation.no_boolean_numbers", TAKEN)
class TakesTrueForOne(ServerSession):
    """Reads true as 1, as Python does."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(state := tree.get("state"), list):
                tree["state"] = [float(one) if one is True else one for one in state]

        return super().decode(read_as(text, "observation", change))


@fault(rule.NO_STRING_NUMBERS, "observation.no_string_numbers", TAKEN)
class ReadsNumbersInText(ServerSession):
    """Reads "5" as 5."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(seq := tree.get("seq"), str) and seq.isdigit():
                tree["seq"] = int(seq)

        return super().decode(read_as(text, "observation", change))


@fault(rule.TIME_TYPE, "observation.time_type", "action_chunk.*invalid_observation")
class WantsTimesAsNumbers(ServerSession):
    """Refuses a capture time in a string."""

    def check_observation(self, frame: Observation) -> None:
        if isinstance(frame.capture_time_ns, str):
            raise Refused("invalid_observation", "no number", pointer="/capture_time_ns")
        super().check_observation(frame)


@fault(rule.EXPIRE, "observation.expire", "observation.dropped with.*expired.*action_chunk")
class KeepsWhatIsOld(ServerSession):
    """Uses an observation however old it is."""

    def expired(self, slot: Slot, now: float) -> bool:
        return False


@fault(rule.STILL_FRESH, "observation.still_fresh", "action_chunk.*observation.dropped")
class ThrowsAwayWhatIsFresh(ServerSession):
    """Takes every `max_age_ms` for over."""

    def expired(self, slot: Slot, now: float) -> bool:
        return slot.observation is not None and slot.observation.max_age_ms is not None


@fault(rule.GPU_BUDGET, "observation.gpu_budget", "budget_exceeded.*action_chunk")
class SpendsFreely(ServerSession):
    """Declares `gpu_budget` and keeps none."""

    def budget(self, frame: Observation) -> float | None:
        return None


@fault(rule.STEP_BUDGET, "observation.step_budget", "action_chunk.*budget_exceeded")
class KeepsTheSessionsBudget(ServerSession):
    """Uses an observation's budget only where the session has none."""

    def budget(self, frame: Observation) -> float | None:
        return self.opening.max_gpu_seconds or super().budget(frame)


@fault(rule.BOUNDS, "observation.bounds", TAKEN)
class TakesANegativeAge(ServerSession):
    """Takes a negative `max_age_ms` for none."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if tree.get("max_age_ms") == -1:
                del tree["max_age_ms"]

        return super().decode(read_as(text, "observation", change))


@fault(rule.BOUNDS, "observation.bounds", TAKEN)
class TakesFractionsOfNanoseconds(ServerSession):
    """Rounds a capture time of 1.5."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if tree.get("capture_time_ns") == 1.5:
                tree["capture_time_ns"] = 1

        return super().decode(read_as(text, "observation", change))


@fault(rule.NO_FALSE_REFUSAL, "observation.nothing_wrong", "nothing is wrong.*invalid_observation")
class CountsUtf16Units(ServerSession):
    """Counts a `request_id` in units of UTF-16, and finds it too long."""

    def check_observation(self, frame: Observation) -> None:
        if len((frame.request_id or "").encode("utf-16-le")) > 2 * MAX_REQUEST_ID:
            raise Refused("invalid_observation", "too long", pointer="/request_id")
        super().check_observation(frame)


@fault(rule.NO_FALSE_REFUSAL, "observation.nothing_wrong", "nothing is wrong.*invalid_observation")
class KnowsItsJointsBetter(ServerSession):
    """Calls a `state` wrong that its joints cannot have, though it has not said which they can."""

    def check_state(self, frame: Observation) -> None:
        super().check_state(frame)
        if any(abs(number) > 1e6 for number in frame.state):
            raise Refused("invalid_observation", "beyond every stop", pointer="/state")
