"""Hold one recorded conversation again: send what was sent, and judge what comes now.

The sends are the recording's, byte for byte. Each goes out when as much has come in as had come in
then, or when that is overdue, so that a pipelined burst stays one and an answer is waited for.
Afterwards the monitors judge the new transcript, and the script of the recorded check judges it as
if it had held the conversation itself; what an exploration has found, the oracle judges.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.text import Text

from risp.protocol.action.limits import DEFAULT_ANSWER_TIMEOUT_MS
from risp.protocol.requirement import Requirement

from .bench import Bench
from .check import CHECKS, Case
from .diagnosis import Diagnosis, Exit
from .discovery import discover
from .json_values import mapping
from .offline import FOREVER_S, Recording, explored, judge_alone, play_recorded
from .peers.address import Address
from .peers.link import LinkError, Request
from .peers.live import LiveLink
from .peers.websocket import SLACK_S
from .report.single import print_conversation
from .runner import CHECK_S, DISCOVERY, SETTLE_S
from .subject import Subject
from .transcript import REDACTED, Event, Kind, Transcript, Way, redact_url
from .verdict import Finding, Verdict

OVERDUE_S = DEFAULT_ANSWER_TIMEOUT_MS / 1000 + SLACK_S
"""Seconds that an event of the recording is waited for before the conversation goes on."""

EARNED = ("earns", "rule", "closes", "fence", "frame", "flaw", "pointer")
"""What is noted of a generated frame: what it earns, and by which sentence."""


def run_replay(file: Path, url: str, key: str | None) -> int:
    """Hold a recorded conversation again, print it, and return the exit code."""
    try:
        recording = Transcript.read(file)
        address = Address.parse(url)
    except (OSError, ValueError) as error:
        click.echo(f"risp: {error}", err=True)
        return int(Exit.USAGE)
    console = Console(highlight=False)
    try:
        fresh = hold_again(recording, address, key)
        findings, note = judge_again(recording, fresh, address, key)
    except LinkError as error:
        click.echo(f"risp: no WebSocket at {redact_url(address.url)}: {error}", err=True)
        return int(Exit.UNREACHABLE)
    except Diagnosis as diagnosis:
        click.echo(f"risp: {diagnosis.message}", err=True)
        return int(diagnosis.code)
    print_conversation(console, fresh, findings, note)
    broken = {finding.key for finding in findings}
    for finding_key, rule in _shown(recording).items():
        again = "shows again" if finding_key in broken else "does not show again"
        console.print(Text(f"{rule.id} is broken in the recording, and {again}"), soft_wrap=True)
    same = _shape(recording) == _shape(fresh)
    console.print(f"the target answered {'as' if same else 'otherwise than'} in the recording")
    return int(Exit.VIOLATION if findings else Exit.CONFORMANT)


def _shown(recording: Transcript) -> dict[tuple[str, str], Requirement]:
    """What is broken in the recording itself."""
    try:
        _, _, findings = judge_alone(Recording.of(recording))
    except (ValueError, KeyError, TypeError):
        findings = Bench.watch(recording).findings  # Its header tells nothing that could be used.
    return {finding.key: finding.requirement for finding in findings}


def _shape(transcript: Transcript) -> list[tuple[int, str, str | None]]:
    """What came on each connection, without values: policies sample, clocks differ."""
    kinds = (Kind.HANDSHAKE, Kind.TEXT, Kind.CLOSE)
    came = [e for e in transcript.events if e.way is Way.IN and e.kind in kinds]
    return sorted(((e.channel, e.kind, e.frame_type) for e in came), key=lambda shape: shape[0])


def hold_again(recording: Transcript, address: Address, key: str | None) -> Transcript:
    """Send what a recording sent; returns the transcript of it. Raises LinkError."""
    fresh = Transcript(recording.check, recording.seed, redact_url(address.url))
    epoch = time.monotonic()
    links: dict[int, LiveLink] = {}
    came: dict[int, int] = {}
    due: dict[int, int] = {}
    for event, following in zip(recording.events, [*recording.events[1:], None], strict=True):
        number = event.channel
        if event.way is Way.IN:
            due[number] = due.get(number, 0) + 1
            continue
        # On every connection: what one session is told may hang on what another was answered.
        for other, link in links.items():
            _catch_up(link, other, came, due)
        if event.kind is Kind.HANDSHAKE:
            links[number] = LiveLink(address, fresh, number, epoch)
            at = len(fresh.events)
            links[number].connect(_request(event, address, key), OVERDUE_S)
            came[number] = 1
            _note(event, fresh, at, ("begins",))
            continue
        at = len(fresh.events)
        _send(links[number], event, flush=not _go_together(event, following))
        _note(event, fresh, at, EARNED)
    for number, link in links.items():
        _catch_up(link, number, came, due)
        _read_on(link)
        link.release()
    return fresh


def _note(recorded: Event, fresh: Transcript, at: int, names: tuple[str, ...]) -> None:
    """Say of what was sent what the recording says of it; nothing if it could not be sent."""
    if at < len(fresh.events):
        info = {name: recorded.info[name] for name in names if name in recorded.info}
        fresh.events[at].info.update(info)


def _request(event: Event, address: Address, key: str | None) -> Request:
    headers: list[tuple[str, str]] = []
    for name, value in event.info.get("headers", ()):
        if value == REDACTED:
            if key is not None:
                headers.append((name, f"Bearer {key}"))
        else:
            headers.append((name, value))
    recorded = str(event.info.get("target", address.target))
    return Request(recorded if REDACTED not in recorded else address.target, tuple(headers))


def _catch_up(link: LiveLink, number: int, came: dict[int, int], due: dict[int, int]) -> None:
    until = link.now() + OVERDUE_S
    while came[number] < due.get(number, 0):
        event = link.get(until)
        if event is None or event.kind in (Kind.CLOSE, Kind.END):
            came[number] = due.get(number, 0)
            return
        came[number] += 1


def _read_on(link: LiveLink) -> None:
    """To the end: the target may say more now than it did then."""
    until = link.now() + SETTLE_S
    while (event := link.get(until)) is not None:
        if event.kind in (Kind.CLOSE, Kind.END):
            return


def _go_together(event: Event, following: Event | None) -> bool:
    """Whether two messages left without anything between them: so they do again."""
    return (
        following is not None
        and (following.way, following.channel) == (Way.OUT, event.channel)
        and event.kind is following.kind is Kind.TEXT
    )


def _send(link: LiveLink, event: Event, flush: bool) -> None:
    if event.kind is Kind.CLOSE:
        link.put_close(None if event.code == 1005 else event.code)
    elif event.kind is Kind.END:
        link.abort()
    else:
        payload = event.text if event.text is not None else event.data or b""
        link.put(event.kind, payload, flush=flush)


def judge_again(
    recording: Transcript, fresh: Transcript, address: Address, key: str | None
) -> tuple[list[Finding], str]:
    """What monitors and the recorded check find in a transcript, and a remark. Raises Diagnosis."""
    findings = Bench.watch(fresh).findings
    check = CHECKS.get(fresh.check)
    if check is None:
        return findings, "judged by monitors only"
    if check.explores:
        verdict, reason, own = explored(check, _as_recorded(recording, fresh))
    else:
        subject = _meet(recording, address, key)
        verdict, reason, own = play_recorded(check, fresh, subject)
    seen = {finding.key for finding in findings}
    findings += [finding for finding in own if finding.key not in seen]
    if verdict in (Verdict.NOT_TESTED, Verdict.KIT_ERROR):
        return findings, f"its script could not judge it: {reason}; monitors did"
    return findings, ""


def _as_recorded(recording: Transcript, fresh: Transcript) -> Recording:
    """The new conversation with what the header of the old one says of the target."""
    return Recording.of(replace(fresh, facts={**recording.facts, "deadline_s": FOREVER_S}))


def _meet(recording: Transcript, address: Address, key: str | None) -> Subject:
    """Find out what the target declares now, told as much of it as the recorded run was."""
    told = mapping(recording.facts.get("subject"))
    subject = Subject(
        address,
        key,
        open_members=mapping(told.get("open")),
        observation_members=mapping(told.get("observation")),
    )
    spare = Transcript(DISCOVERY, recording.seed, redact_url(address.url))
    return discover(subject, lambda s: live_case(s, spare, address))


def live_case(subject: Subject, transcript: Transcript, address: Address) -> Case:
    """A case whose connections go to an address."""
    epoch = time.monotonic()
    return Case(
        subject,
        Random(0),
        transcript,
        lambda record, number: LiveLink(address, record, number, epoch),
        lambda: time.monotonic() - epoch,
        deadline=CHECK_S,
    )
