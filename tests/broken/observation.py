"""Servers that are wrong about observations: what they take, what they refuse, how they answer."""

import base64
from typing import Any

from risp.protocol.action.frames import (
    ActionChunk,
    ClientFrame,
    EncodedImage,
    Error,
    Metadata,
    Observation,
    ServerFrame,
)
from risp.protocol.action.requirements import observation as rule
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.queueing import Chunk
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault, served
from .policies import Late, Noisy, NoisyPair, Seeing
from .tamper import Tree, bad, parsed, read_as, written_as

HASTY = served(answer_timeout_ms=600)
CHUNK = "action.chunk"
TAKEN = "invalid_observation.*action_chunk"


@fault(rule.ONE_ANSWER, "answers.one_answer", "one answer.*another", during=CHUNK)
class AnswersTwice(ServerSession):
    """Sends each chunk twice."""

    def send(self, frame: ServerFrame) -> None:
        super().send(frame)
        if isinstance(frame, ActionChunk):
            self.put(self.write(frame))


@fault(
    rule.ONE_ANSWER,
    "answers.one_answer",
    "an answer to observation.*none, and one to a later",
    during="error.lives_on",
    served=HASTY,
)
class PassesOverBadObservations(ServerSession):
    """Says nothing to an observation that it cannot read."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        pass


@fault(
    rule.IN_TIME,
    "answers.in_time",
    "an answer within 0.4 s.*one after 1.2 s",
    during="observation.step_prompt",
    served=served(Late, answer_timeout_ms=400),
)
class AnswersWhenItIsDone(ServerSession):
    """Has no deadline for its answers."""

    def answer_due(self, slot: Slot) -> float:
        return slot.received + 3600


@fault(
    rule.CARRY_SEQ,
    ("observation.refusals_carry_both", "answers.carry_seq"),
    "seq 0.*(None|error)",
)
class RefusesWithoutSeq(ServerSession):
    """Leaves `seq` out of refusals."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        return super().refusal(error, **{**members, "seq": None})


@fault(rule.CARRY_SEQ, "answers.carry_seq", "seq 0.*action_chunk.*/seq", during=CHUNK)
class ChunksWithoutSeq(ServerSession):
    """Leaves `seq` out of chunks."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, seq=None) if isinstance(frame, ActionChunk) else text


@fault(
    rule.CARRY_REQUEST_ID,
    ("observation.refusals_carry_both", "answers.carry_request_id"),
    "request_id 'refused-state'.*(None|error)",
)
class RefusesWithoutRequestId(ServerSession):
    """Leaves `request_id` out of refusals."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        return super().refusal(error, **{**members, "request_id": None})


@fault(
    rule.CARRY_REQUEST_ID,
    "answers.carry_request_id",
    "request_id 'again'.*action_chunk",
    during="retries.same_request",
)
class ChunksWithoutRequestId(ServerSession):
    """Leaves `request_id` out of chunks."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, request_id=None) if isinstance(frame, ActionChunk) else text


@fault(
    rule.CARRY_NOTHING,
    ("observation.frame_errors_carry_nothing", "answers.carry_nothing"),
    "(no|neither) `seq`.*/seq",
)
class CountsUnknownFrames(ServerSession):
    """Takes the `seq` of a frame of an unknown type for an observation's."""

    def on_unknown_type(self, error: DecodeError) -> None:
        self.send(self.refusal(error, seq=0))


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


@fault(rule.STATE_PARAM, "observation.state_param", "at or below /state.*None")
class PointsNowhere(ServerSession):
    """Refuses a wrong `state` without saying where it is."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        refusal = super().refusal(error, **members)
        at_state = error.pointer.startswith("/state")
        return refusal.model_copy(update={"param": None}) if at_state else refusal


def refuses_images(frame: Observation, *kinds: str) -> None:
    """Refuse an observation with an image of one of these kinds."""
    for name, image in (frame.images or {}).items():
        if (image.encoding if isinstance(image, EncodedImage) else "bare") in kinds:
            raise Refused("invalid_image", "cannot be read", pointer=f"/images/{name}")


@fault(rule.BARE_IMAGE, "images.bare_image", "action_chunk.*invalid_image")
class WantsLabels(ServerSession):
    """Refuses an image without an encoding."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "bare")
        super().check_cameras(frame)


@fault(rule.JPEG_IMAGE, "images.jpeg_image", "action_chunk.*invalid_image")
class ReadsNoJpeg(ServerSession):
    """Refuses images labelled JPEG."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "jpeg_base64")
        super().check_cameras(frame)


@fault(rule.PNG_IMAGE, "images.png_image", "action_chunk.*invalid_image")
class ReadsNoPng(ServerSession):
    """Refuses images labelled PNG."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "png_base64")
        super().check_cameras(frame)


@fault(rule.BYTES_DECIDE, "images.bytes_decide", "action_chunk.*invalid_image")
class TrustsLabels(ServerSession):
    """Refuses an image whose bytes are not what its label says."""

    def check_cameras(self, frame: Observation) -> None:
        for name, image in (frame.images or {}).items():
            if isinstance(image, EncodedImage):
                is_png = base64.b64decode(image.data).startswith(b"\x89PNG")
                if is_png != (image.encoding == "png_base64"):
                    raise Refused("invalid_image", "mislabelled", pointer=f"/images/{name}")
        super().check_cameras(frame)


@fault(rule.IMAGE_TYPE, "images.image_type", "invalid_image.*action_chunk")
class SkipsImagesWithoutData(ServerSession):
    """Passes over an image that has an encoding and no data."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            images = tree.get("images") or {}
            for name in [n for n, i in images.items() if isinstance(i, dict) and len(i) == 1]:
                del images[name]

        return super().decode(read_as(text, "observation", change))


@fault(rule.IMAGE_TYPE, "images.image_type", 'invalid_image.*"invalid_observation"')
class CallsABadImageABadObservation(ServerSession):
    """Says `invalid_observation` to an image that is a number."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        if error.code == "invalid_image" and error.pointer.count("/") == 2:
            error.code = "invalid_observation"
        super().on_bad_observation(error, now)


@fault(rule.IMAGE_ENCODING, "images.image_encoding", "invalid_image.*action_chunk")
class ReadsAnyEncoding(ServerSession):
    """Takes an image in an encoding that nobody knows."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            for image in (tree.get("images") or {}).values():
                if isinstance(image, dict) and isinstance(image.get("encoding"), str):
                    image["encoding"] = "jpeg_base64"

        return super().decode(read_as(text, "observation", change))


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


@fault(
    rule.CAMERA_MISSING, "images.camera_missing", TAKEN, served=served(Seeing)
)
class SeesInTheDark(ServerSession):
    """Does without the last camera that it declares."""

    def check_cameras(self, frame: Observation) -> None:
        if set(frame.images or ()) != set(self.about.cameras[:-1]):
            super().check_cameras(frame)


@fault(
    rule.CAMERA_PARAM,
    "images.camera_missing",
    "at or below /images.*/state",
    served=served(Seeing),
)
class BlamesTheState(ServerSession):
    """Points at `state` when a camera is missing."""

    def check_cameras(self, frame: Observation) -> None:
        try:
            super().check_cameras(frame)
        except RemoteProtocolError as error:
            raise Refused(error.code, error.message, pointer="/state") from None


@fault(rule.EXTRA_CAMERA, "images.extra_camera", "action_chunk.*invalid_observation",
       served=served(Seeing))  # fmt: skip
class KnowsItsCameras(ServerSession):
    """Refuses images of cameras that it has not declared."""

    def check_cameras(self, frame: Observation) -> None:
        super().check_cameras(frame)
        if set(frame.images or ()) - set(self.about.cameras):
            raise Refused("invalid_observation", "what camera is that?", pointer="/images")


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


@fault(
    rule.TIME_UNALTERED,
    "answers.time_unaltered",
    r"1737830400000000001.*1\.7.*/capture_time_ns|0 | saw 0\.0",
    during="observation.time_type",
)
class RoundsTimes(ServerSession):
    """Repeats a capture time as a float."""

    def echo_time(self, slot: Slot) -> Any:
        time = super().echo_time(slot)
        return float(time) if isinstance(time, int) else time


@fault(
    rule.TIME_UNALTERED,
    "answers.time_unaltered",
    "'1737830400000000001'.*saw 1737830400000000001",
    during="observation.time_type",
)
class ReadsTimes(ServerSession):
    """Repeats a capture time that came in a string as a number."""

    def echo_time(self, slot: Slot) -> Any:
        time = super().echo_time(slot)
        return int(time) if isinstance(time, str) else time


@fault(rule.TIME_REPEATED, "observation.time_repeated", "capture_time_ns.*saw none")
class ForgetsTimes(ServerSession):
    """Does not repeat capture times."""

    def echo_time(self, slot: Slot) -> Any:
        return None


@fault(rule.REQUEST_ID_BOUNDS, "retries.request_id_bounds", TAKEN)
class CutsLongIds(ServerSession):
    """Cuts off request ids that are too long."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(name := tree.get("request_id"), str):
                tree["request_id"] = name[:128]

        return super().decode(read_as(text, "observation", change))


@fault(rule.SAME_REQUEST, "retries.same_request", "the first answer.*other actions",
       served=served(Noisy))  # fmt: skip
class InfersAgain(ServerSession):
    """Remembers no request."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        pass


@fault(rule.PENDING_REQUEST, "retries.pending_request", "the pending request.*other actions",
       served=served(NoisyPair))  # fmt: skip
class InfersBoth(ServerSession):
    """Does not see that a request is still being worked on."""

    def pending(self, slot: Slot) -> bool:
        return False


@fault(rule.OTHER_CONTENT, "retries.other_content", "duplicate_request.*action_chunk")
class LooksAtTheIdAlone(ServerSession):
    """Takes any content under a known id for the same."""

    def content(self, slot: Slot) -> bytes:
        return b""


@fault(rule.NOT_CONTENT, "retries.not_content", "action_chunk.*duplicate_request")
class ComparesTimes(ServerSession):
    """Takes the capture time for a part of the content."""

    def content(self, slot: Slot) -> bytes:
        assert slot.observation is not None
        return super().content(slot) + str(slot.observation.capture_time_ns).encode()


@fault(rule.NOT_CONTENT, "retries.not_content", "action_chunk.*duplicate_request")
class ComparesAges(ServerSession):
    """Takes `max_age_ms` for a part of the content."""

    def content(self, slot: Slot) -> bytes:
        assert slot.observation is not None
        return super().content(slot) + str(slot.observation.max_age_ms).encode()


@fault(rule.SEQ_BEFORE_REQUEST, "retries.seq_before_request", "out_of_order.*action_chunk")
class LooksAtTheIdFirst(ServerSession):
    """Answers a known request under an old `seq`."""

    def check_seq(self, frame: Observation) -> None:
        if frame.request_id not in self.chunks:
            super().check_seq(frame)


@fault(rule.REMEMBER, "retries.remember", "64 chunks ago.*other actions", served=served(Noisy))
class ForgetsEarly(ServerSession):
    """Remembers 63 requests."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        super().remember(slot, chunk)
        while len(self.chunks) > 63:
            self.chunks.popitem(last=False)


@fault(rule.ONLY_CHUNKS, "retries.only_chunks", "action_chunk.*duplicate_request")
class RemembersRefusals(ServerSession):
    """Remembers the id of a request that it has refused."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        super().on_bad_observation(error, now)
        if error.request_id is not None:
            self.chunks[error.request_id] = Chunk(None, [], Metadata())


SHARED: Any = type("Shared", (dict,), {"clear": lambda self: None, "popitem": dict.popitem})()


@fault(rule.REQUEST_SCOPE, "retries.request_scope", "action_chunk.*duplicate_request")
class RemembersForAll(ServerSession):
    """Remembers the requests of all sessions together."""

    def connected(self, now: float) -> None:
        self.chunks = SHARED


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


@fault(rule.NO_IMAGES, "images.no_images", "action_chunk.*invalid_observation")
class WantsImagesAnyway(ServerSession):
    """Requires no camera, and `images` all the same."""

    def check_cameras(self, frame: Observation) -> None:
        if frame.images is None:
            raise Refused("invalid_observation", "nothing to be seen", pointer="/images")
