"""Servers that are wrong about what they serve, and what they declare."""

import hashlib
import secrets
from typing import Any

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import (
    ServerFrame,
    SessionOpen,
    SessionReady,
)
from risp.protocol.action.requirements import opening as rule
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault
from .tamper import written_as

OPENS = "opening.answer_open"


@fault(rule.SESSION_ID, "opening.session_id", "at least 16 characters.*/session_id", during=OPENS)
class CountsItsSessions(ServerSession):
    """Gives ids of eight characters."""

    def new_session_id(self) -> str:
        return secrets.token_hex(4)


@fault(rule.OWN_ID, "opening.own_id", "an id of the server's own.*the client's label")
class TakesTheLabelForAnId(ServerSession):
    """Takes the client's label for its session id."""

    def make_ready(self, frame: SessionOpen, now: float) -> SessionReady:
        ready = super().make_ready(frame, now)
        label = frame.session_id or ""
        return ready.model_copy(update={"session_id": label}) if len(label) >= 16 else ready


@fault(rule.DISTINCT_IDS, "opening.distinct_ids", "three ids")
class DerivesItsIds(ServerSession):
    """Makes the id out of the label."""

    def new_session_id(self) -> str:
        return hashlib.sha256(str(self.opening.session_id).encode()).hexdigest()


@fault(rule.DESCRIBE, "opening.describe", "a full description.*no hz")
class HasNoRate(ServerSession):
    """Leaves out at which rate its rows are meant to be played."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        return super().describe(frame, now) | {"hz": None}


@fault(rule.READY_SHAPE, "opening.ready_shape", "types and bounds.*/state_dim", during=OPENS)
class WritesNumbersAsText(ServerSession):
    """Declares its width as a string."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, state_dim="6") if isinstance(frame, SessionReady) else text


@fault(rule.READY_SHAPE, "opening.ready_shape", "types and bounds.*/limits", during=OPENS)
class HasNoLimit(ServerSession):
    """Declares a limit of -1 for none."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        wrong = {"idle_timeout_ms": -1}
        return written_as(text, limits=wrong) if isinstance(frame, SessionReady) else text


@fault(rule.ROBOT_IS_A_HINT, "opening.robot_is_a_hint", "session.ready.*unknown_model")
class ServesKnownRobots(ServerSession):
    """Refuses robots that it has not heard of."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.robot is not None:
            raise Refused("unknown_model", "nothing here moves that", pointer="/robot")
        super().check_names(frame)


@fault(rule.UNSERVED_MODEL, "opening.unserved_model", "unknown_model.*invalid_open")
class CallsAModelInvalid(ServerSession):
    """Refuses a model that it does not serve as an invalid opening."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.model is not None and frame.model not in self.about.served_models():
            raise Refused("invalid_open", "no such model", pointer="/model")
        super().check_names(frame)


@fault(rule.UNSERVED_LORA, "opening.unserved_lora", "unknown_lora.*unknown_model")
class CallsALoraAModel(ServerSession):
    """Refuses a LoRA adapter that it does not serve as a model."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.lora is not None:
            raise Refused("unknown_model", "no such model", pointer="/lora")
        super().check_names(frame)


@fault(rule.UNSERVED_ADAPTER, "opening.unserved_adapter", 'unknown_adapter.*"internal"')
class TripsOverAnAdapter(ServerSession):
    """Meets an action adapter that it does not serve as a defect of its own."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.action_adapter is not None:
            raise KeyError(frame.action_adapter)
        super().check_names(frame)


class IgnoresNames(ServerSession):
    """Serves what it has, whatever is asked for: legal, as long as it declares that."""

    def check_names(self, frame: SessionOpen) -> None:
        pass


@fault(rule.TRUE_MODEL, "opening.true_model", "the name of the model that serves.*no-such-name")
class SaysWhatOneLikesToHear(IgnoresNames):
    """Declares the model that was asked for, and serves its own."""

    @property
    def model(self) -> str:
        return self.opening.model or super().model


@fault(rule.ON_REQUEST_ONLY, "opening.on_request_only", "not asked for.*max_age", during=OPENS)
class ForcesItsCapabilities(ServerSession):
    """Declares all that it can to everybody."""

    def choose_capabilities(self, frame: SessionOpen) -> frozenset[Capability]:
        return self.settings.capabilities


@fault(rule.QUEUE_LATEST_DECLARED, "opening.latest_declared", 'queue "latest".*session.ready')
class PromisesLatest(ServerSession):
    """Declares `queue_latest` and gives `fifo` to who asks for it."""

    def choose_queue(self, frame: SessionOpen) -> str:
        return "fifo"
