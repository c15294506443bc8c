"""Hold one recorded conversation again: send what was sent, and judge what comes now.

The sends are the recording's, byte for byte. Each goes out when as much has come in as had come in
then, or when that is overdue, so that a pipelined burst stays one and an answer is waited for.
Afterwards the monitors judge the new transcript, and the script of the recorded check judges it as
if it had held the conversation itself.
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.text import Text

from risp.protocol.action.limits import DEFAULT_ANSWER_TIMEOUT_MS

from .bench import Bench
from .check import CHECKS, Case, Check
from .diagnosis import Diagnosis, Exit
from .discovery import discover
from .peers.address import Address
from .peers.link import LinkError, Request
from .peers.live import LiveLink
from .peers.recorded import Tape
from .peers.websocket import SLACK_S
from .report.words import line
from .runner import CHECK_S, SETTLE_S, play
from .subject import Subject
from .transcript import REDACTED, Event, Kind, Transcript, Way, redact_url
from .verdict import Finding, Verdict

OVERDUE_S = DEFAULT_ANSWER_TIMEOUT_MS / 1000 + SLACK_S
"""Seconds that an event of the recording is waited for before the conversation goes on."""


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
        findings, note = judge_again(fresh, address, key, recording.seed)
    except LinkError as error:
        click.echo(f"risp: no WebSocket at {redact_url(address.url)}: {error}", err=True)
        return int(Exit.UNREACHABLE)
    except Diagnosis as diagnosis:
        click.echo(f"risp: {diagnosis.message}", err=True)
        return int(diagnosis.code)
    for event in fresh.events:
        console.print(Text(line(event)), soft_wrap=True)
    _tell(console, recording, fresh, findings, note)
    return int(Exit.VIOLATION if findings else Exit.CONFORMANT)


def _tell(
    console: Console, recording: Transcript, fresh: Transcript, findings: list[Finding], note: str
) -> None:
    console.print()
    for finding in findings:
        place = f" at {finding.pointer}" if finding.pointer else ""
        console.print(Text(f"{finding.requirement}", "bold red"))
        console.print(Text(f"    expected {finding.expected}\n    seen     {finding.seen}{place}"))
    if not findings:
        console.print(Text(f"nothing broken in this conversation {note}".strip()))
    same = _shape(recording) == _shape(fresh)
    console.print(f"the target answered {'as' if same else 'otherwise than'} in the recording")


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
    for event in recording.events:
        number = event.channel
        if event.way is Way.IN:
            due[number] = due.get(number, 0) + 1
            continue
        if event.kind is Kind.HANDSHAKE:
            links[number] = LiveLink(address, fresh, number, epoch)
            links[number].connect(_request(event, address, key), OVERDUE_S)
            came[number] = 1
            continue
        link = links[number]
        _catch_up(link, number, came, due)
        _send(link, event)
    for number, link in links.items():
        _catch_up(link, number, came, due)
        _read_on(link)
        link.release()
    return fresh


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


def _send(link: LiveLink, event: Event) -> None:
    if event.kind is Kind.CLOSE:
        link.put_close(None if event.code == 1005 else event.code)
    elif event.kind is Kind.END:
        link.abort()
    else:
        payload = event.text if event.text is not None else event.data or b""
        link.put(event.kind, payload)


def judge_again(
    fresh: Transcript, address: Address, key: str | None, seed: int
) -> tuple[list[Finding], str]:
    """What the monitors and the recorded check's own script find in a transcript, and a remark."""
    findings = Bench.watch(fresh)
    check = CHECKS.get(fresh.check)
    if check is None:
        return findings, "(judged by monitors only)"
    spare = Transcript("discovery", seed, fresh.target)
    subject = discover(Subject(address, key), lambda s: _live_case(s, spare, address))
    verdict, reason, own = play_recorded(check, fresh, subject)
    seen = {finding.key for finding in findings}
    findings += [finding for finding in own if finding.key not in seen]
    if verdict in (Verdict.NOT_TESTED, Verdict.KIT_ERROR):
        return findings, f"(its script could not judge it: {reason}; monitors did)"
    return findings, ""


def _live_case(subject: Subject, transcript: Transcript, address: Address) -> Case:
    epoch = time.monotonic()
    return Case(
        subject,
        Random(0),
        transcript,
        lambda record, number: LiveLink(address, record, number, epoch),
        lambda: time.monotonic() - epoch,
        deadline=CHECK_S,
    )


def play_recorded(
    check: Check, transcript: Transcript, subject: Subject
) -> tuple[Verdict, str, list[Finding]]:
    """Hold a check's script against a transcript: the same verdict, without a wire."""
    tape = Tape(transcript)
    case = Case(
        subject,
        Random(f"{transcript.seed}:{transcript.check}"),
        transcript,
        lambda record, number: tape.link(),
        lambda: tape.clock,
        deadline=float("inf"),
    )
    return play(check, case)
