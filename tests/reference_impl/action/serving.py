"""A conversation with a session that has no transport and no clock but the test's."""

import json
from typing import Any

from risp.protocol.action.limits import MAX_SEQ
from risp.reference_impl.action.policy import Description
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.actions import check
from risp.reference_impl.action.serving.jobs import Done, Failed, Job
from risp.reference_impl.action.serving.settings import Settings

ABOUT = Description(model="toy", state_dim=2, action_dim=2, chunk_size=3, hz=30)
ROWS = [[1.5, 2.5], [3.5, 4.5]]
__all__ = ["ABOUT", "MAX_SEQ", "ROWS", "Talk", "error"]


def error(code: str, **members: Any) -> dict[str, Any]:
    """What is compared of an error: all but its wording."""
    fatal = code in ("not_open", "invalid_open", "unknown_model", "unknown_lora")
    fatal |= code in ("unknown_adapter", "unavailable", "idle_timeout", "internal")
    retryable = code in ("too_many_in_flight", "inference_failed", "budget_exceeded")
    retryable |= code in ("shutting_down", "unavailable", "idle_timeout", "internal")
    return {"type": "error", "code": code, "fatal": fatal, "retryable": retryable, **members}


class Talk:
    """Says frames, hears frames, gives turns of a policy, and lets time pass."""

    def __init__(
        self,
        about: Description | None = ABOUT,
        session_class: type[ServerSession] = ServerSession,
        resets: bool = False,
        **settings: Any,
    ) -> None:
        self.now = 100.0
        self.session = session_class(
            Settings(**settings), about, self.now, wall_ns=5, resets=resets
        )
        self.session.connected(self.now)

    def say(self, frame: dict[str, Any] | str | bytes) -> list[dict[str, Any]]:
        """Say one message; what is heard at once."""
        message = json.dumps(frame) if isinstance(frame, dict) else frame
        self.session.receive(message, self.now)
        return self.hear()

    def open(self, **members: Any) -> dict[str, Any]:
        """Open, and return `session.ready`."""
        ready, *rest = self.say({"type": "session.open", "prompt": "p", **members})
        assert (ready["type"], rest) == ("session.ready", [])
        return ready

    def observe(self, seq: int, **members: Any) -> list[dict[str, Any]]:
        """Send a sound observation, or one with other members."""
        return self.say({"type": "observation", "seq": seq, "state": [0, 1], **members})

    def hear(self) -> list[dict[str, Any]]:
        """All that the session has said since, without the wording of errors."""
        said, self.session.outbox[:] = list(self.session.outbox), []
        assert self.session.defects == []
        frames = [json.loads(text) for text in said]
        for frame in frames:
            if frame["type"] == "error":
                assert frame.pop("message")
        return frames

    def turn(self) -> Job | None:
        """A turn of the policy begins."""
        return self.session.take(self.now)

    def finish(self, job: Job | None, rows: Any = ROWS, s: float = 0.25) -> list[dict[str, Any]]:
        """The policy returns rows; what is heard then."""
        assert job is not None
        actions = None if job.slot is None else check(rows, job.width)
        self.session.finished(job, Done(actions, s), self.now)
        return self.hear()

    def fail(self, job: Job | None) -> list[dict[str, Any]]:
        """The policy fails; what is heard then."""
        assert job is not None
        self.session.finished(job, Failed("it raised", 0.25), self.now)
        return self.hear()

    def infer(self, rows: Any = ROWS) -> list[dict[str, Any]]:
        """A whole turn of the policy."""
        return self.finish(self.turn(), rows)

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass; what is heard by then."""
        self.now += seconds
        self.session.tick(self.now)
        return self.hear()


def chunk(seq: int, queue_ms: float = 0.0, **members: Any) -> dict[str, Any]:
    """The answer that `Talk.infer` makes."""
    metadata = {"model": "toy", "inference_ms": 250.0, "queue_ms": queue_ms}
    return {"type": "action_chunk", "seq": seq, "actions": ROWS, "metadata": metadata, **members}
