"""When the next frame is due."""

from __future__ import annotations


class Pace:
    """At most `fps` steps a second, without drift, and without a burst after a stall."""

    def __init__(self, fps: float, now: float) -> None:
        self._period = 1 / fps
        self.due = now
        """When the next step may begin, in seconds on the caller's clock."""

    def step(self, now: float) -> None:
        """A step begins now."""
        # Half a period late or less is made up for, so that timers that wake late cost no frame.
        # What is lost beyond that is lost.
        self.due = max(self.due + self._period, now + self._period / 2)
