"""The tables of wrong requests as one page: `python -m tests.reference_impl.live.bad_table`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .bad_input import KEYLESS, WEBRTC, Bad
from .bad_keys import KEYED

FILE = Path(__file__).parents[2] / "BAD_INPUT.md"


def table(rows: Sequence[Bad]) -> list[str]:
    """One line for all that earn the same at an endpoint."""
    groups: dict[tuple[str, int, str, str], list[str]] = {}
    for row in rows:
        where = f"`{row.method} {row.path.replace(WEBRTC, '...')}`"
        place = f"`{row.param}`" if row.param else ""
        groups.setdefault((where, row.status, row.code, place), []).append(_plain(row))
    lines = ["| request | what is wrong | answer | `param` |", "|---|---|---|---|"]
    lines += [
        f"| {where} | {', '.join(dict.fromkeys(names))} | {status} `{code}` | {place} |"
        for (where, status, code, place), names in groups.items()
    ]
    return lines


def _plain(row: Bad) -> str:
    """Its name, without what stands in the other columns."""
    name = row.name.removesuffix(f": {row.method} {row.path}")
    if row.param:
        name = name.removeprefix(f"{row.param} ")
    name = {"Ellipsis": "left out", f"{row.method} {row.path}": "the method"}.get(name, name)
    return name.replace("|", "\\|").replace("\n", " ")


def page() -> str:
    """The whole text."""
    return "\n".join(
        [
            "# Wrong requests, and what they earn",
            "",
            "Written by `python -m tests.reference_impl.live.bad_table`. Each is sent over a real",
            "socket in the tests (`test_bad_input.py`), and after each the same session is asked",
            "for, and is still served. `{sid}` is a session, `{gone}` one that has ended, `{free}`",
            "a place for three bytes, `{taken}` one that has them; `...` is",
            "`/sessions/{sid}/transport/webrtc`. What is wrong on the data channels is in",
            "`test_channels.py`, `test_commands.py` and `test_attacks.py`, each followed by a",
            "sound message on the same connection.",
            "",
            f"## Without keys: {len(KEYLESS)}",
            "",
            *table(KEYLESS),
            "",
            f"## With keys: {len(KEYED)}",
            "",
            *table(KEYED),
            "",
        ]
    )


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
