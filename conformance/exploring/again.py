"""Hold generated frames again as a recording tells of them: what each is, and what it earns."""

from __future__ import annotations

from risp.protocol.action.frames import Observation, SessionClose, SessionOpen
from risp.protocol.action.requirements.registry import REQUIREMENTS

from ..check import Case, Script
from ..transcript import Event, Transcript

_FRAMES = {frame.tag(): frame for frame in (SessionOpen, Observation, SessionClose)}


def are_in(transcript: Transcript) -> bool:
    """Whether a recording holds generated frames, with what is wrong with each."""
    return any("flaw" in event.info for event in transcript.events)


def script_of(transcript: Transcript) -> Script:
    """The script that sends the frames of a recording, in their order; raises as `Talk.say`."""
    from ..generate.flaws import Flaw
    from ..generate.malformed import AlmostFrame  # Hypothesis is heavy
    from .frames import Talk

    def read(event: Event) -> AlmostFrame:
        info = event.info
        return AlmostFrame(
            text=event.text or "",
            flaw=Flaw(info["flaw"]),
            frame=_FRAMES[info["frame"]],
            pointer=str(info["pointer"]),
            earns=info["earns"],
            rule=REQUIREMENTS[info["rule"]],
            mended="",
            closes=info.get("closes"),
        )

    def script(case: Case) -> None:
        talk = Talk(case)
        for event in list(transcript.events):
            if "flaw" in event.info:
                talk.say(read(event))

    return script
