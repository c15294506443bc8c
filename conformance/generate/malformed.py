"""Almost-frames: sound frames with one fault, each knowing what it must earn and by which sentence.

What a flaw earns is declared, from the flaw and from the codes that the protocol gives each member;
nothing is decoded to find out. The tests compare it with the codec.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from risp.protocol.action.codec import REFUSALS
from risp.protocol.action.codes import NORMAL_CLOSE, TOO_BIG
from risp.protocol.action.frames import Observation, SessionClose, SessionOpen
from risp.protocol.codec import MAX_DEPTH
from risp.protocol.frame import Frame
from risp.protocol.requirement import Requirement

from ..json_values import listing, mapping
from ..pictures import JPEG
from ..subject import Subject
from .flaws import ANY, Flaw, Place, flaws, places
from .sentences import SENTENCES, Key
from .strategies import Tree, accepted_observations, accepted_opens, anything, trees, values
from .wrong import SEQ, Raw, wrong

_RAW = "risp_raw_token"
_SLOT = json.dumps(SEQ)

TAKEN = frozenset({Flaw.ANYTHING, Flaw.EXTRA, Flaw.INTEGRAL_FLOAT})
"""What is odd and no fault; so is a null in the place of an optional member."""
UNREADABLE = frozenset(
    {Flaw.NOT_JSON, Flaw.NOT_AN_OBJECT, Flaw.BYTE_ORDER_MARK, Flaw.DUPLICATE_KEY, Flaw.TOO_DEEP}
    | {Flaw.NAN_TOKEN, Flaw.SURROGATE}
)
"""What keeps a text from being read as an object, wherever in it the flaw is."""


@dataclass(frozen=True, slots=True)
class AlmostFrame:
    """A frame with one fault, or with one oddity that a server has to take."""

    text: str = field(repr=False)  # Hypothesis prints what failed, and this may be long
    """What goes on the wire; in an observation, with a placeholder where `seq` goes."""
    flaw: Flaw
    """What is wrong with it."""
    frame: type[Frame]
    """What it almost is."""
    pointer: str
    """JSON pointer to where the flaw is; empty for the whole."""
    earns: str | None
    """The error code that it must earn; None if it must be taken, or earns a Close."""
    rule: Requirement
    """The sentence that says so."""
    mended: str = field(repr=False)
    """The frame without the flaw, with the same placeholder."""
    closes: int | None = None
    """The close code that it must earn in place of an error or an answer."""

    def at(self, seq: int) -> str:
        """The text with its `seq`; where the length counts, spaces keep it."""
        number = str(seq)
        if self.flaw is Flaw.TOO_BIG:
            number = number.rjust(len(_SLOT))
        return self.text.replace(_SLOT, number)

    def mended_at(self, seq: int) -> str:
        """The frame without the flaw, with its `seq`."""
        return self.mended.replace(_SLOT, str(seq))


def earned(frame: type[Frame], pointer: str, flaw: Flaw) -> str | None:
    """The code that a flaw at a place earns; None for what is taken, and for what earns a Close."""
    place = _place(frame, pointer)
    if (
        flaw in TAKEN
        or flaw is Flaw.TOO_BIG
        or (flaw is Flaw.NULL and place is not None and place.nullable)
    ):
        return None
    if flaw is Flaw.WRONG_TAG:
        return "unknown_type"
    if flaw in UNREADABLE or pointer == "/type" or place is None:
        return "bad_frame"
    tag = frame.tag()
    return REFUSALS.get(f"{tag}/{place.member}", REFUSALS[tag])


def _place(frame: type[Frame], pointer: str) -> Place | None:
    return next((place for place in places(frame) if place.pointer == pointer), None)


def almost(
    frame: type[Frame],
    sound: SearchStrategy[Tree],
    *,
    plain: SearchStrategy[Tree] | None = None,
    keep: Collection[str] = (),
    max_bytes: int | None = None,
) -> SearchStrategy[AlmostFrame]:
    """Almost-frames of a kind: trees drawn from `sound`, spoilt in one place.

    What has to be taken is put into a tree from `plain`, so that nothing else in it can be what a
    target stumbles over, and never into the members to `keep`. A message is too big only where
    `max_bytes` says what is.
    """
    each = _by_key(frame, sound, sound if plain is None else plain, keep, max_bytes)
    return st.one_of(list(each.values()))


def by_key(subject: Subject) -> dict[Key, SearchStrategy[AlmostFrame]]:
    """All almost-frames for a target, by tag, place and flaw."""
    observation = subject.observation(0, Random(0))
    kept = set(subject.observation_members)
    if subject.cameras:
        kept.add("images")
    most = subject.limit("max_frame_bytes")
    opens, plain_open = accepted_opens(subject), st.just(subject.open_frame())
    plain_close: Tree = {"type": SessionClose.tag()}
    return {
        **_by_key(SessionOpen, opens, plain_open, set(subject.open_members), most),
        **_by_key(Observation, accepted_observations(subject), st.just(observation), kept, most),
        **_by_key(SessionClose, trees(SessionClose), st.just(plain_close), (), most),
    }


def by_rule(subject: Subject) -> dict[str, SearchStrategy[AlmostFrame]]:
    """All almost-frames for a target, by the id of the sentence that says what they earn."""
    grouped: dict[str, list[SearchStrategy[AlmostFrame]]] = {}
    for key, strategy in by_key(subject).items():
        grouped.setdefault(SENTENCES[key].id, []).append(strategy)
    return {rule: st.one_of(strategies) for rule, strategies in grouped.items()}


def _by_key(
    frame: type[Frame],
    sound: SearchStrategy[Tree],
    plain: SearchStrategy[Tree],
    keep: Collection[str],
    max_bytes: int | None,
) -> dict[Key, SearchStrategy[AlmostFrame]]:
    made: dict[Key, SearchStrategy[AlmostFrame]] = {}
    for pointer, flaw in flaws(frame):
        key = (frame.tag(), pointer, flaw)
        rule = SENTENCES.get(key)
        if rule is None or (flaw is Flaw.TOO_BIG and max_bytes is None):
            continue
        code = earned(frame, pointer, flaw)
        if code is None and pointer[1:].partition("/")[0] in keep:
            continue
        closes = TOO_BIG if flaw is Flaw.TOO_BIG else None
        if code is None and closes is None and frame is SessionClose:
            closes = NORMAL_CLOSE
        make = partial(_made, frame=frame, flaw=flaw, rule=rule, earns=code, closes=closes)
        spoil = _spoiler(frame, pointer, flaw, max_bytes or 0)
        made[key] = _spoilt(plain if code is None else sound, spoil).map(make)
    return made


def _made(spoilt: tuple[str, str, str], **rest: Any) -> AlmostFrame:
    text, pointer, mended = spoilt
    return AlmostFrame(text, pointer=pointer, mended=mended, **rest)


Spoil = Callable[[st.DrawFn, Tree], tuple[str, str]]
"""Makes of a sound tree the text of an almost-frame, and a pointer to the flaw."""


@st.composite
def _spoilt(draw: st.DrawFn, sound: SearchStrategy[Tree], spoil: Spoil) -> tuple[str, str, str]:
    # By way of its text, so that no part of the tree stands in two places at once.
    tree: Tree = json.loads(json.dumps(draw(sound)))
    if tree["type"] == Observation.tag():
        tree["seq"] = SEQ
    mended = _write(tree)
    text, pointer = spoil(draw, tree)
    return text, pointer, mended


def _spoiler(frame: type[Frame], pointer: str, flaw: Flaw, max_bytes: int) -> Spoil:
    place = _place(frame, pointer)
    if place is not None:
        return partial(_spoil_place, place, flaw)
    if flaw is Flaw.TOO_BIG:
        return partial(_too_big, max_bytes)
    if flaw is Flaw.EXTRA:
        return partial(_extra, frame)
    return _OF_THE_WHOLE[flaw]


def _write(tree: Any) -> str:
    """Compact ASCII JSON; at most one raw text in it stands as it is."""
    raw: list[str] = []

    def mark(value: Raw) -> str:
        raw.append(value.text)
        return _RAW

    text = json.dumps(tree, separators=(",", ":"), default=mark)
    return text.replace(json.dumps(_RAW), raw[0], 1) if raw else text


# Flaws of a place


def _spoil_place(place: Place, flaw: Flaw, draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    holder, key, pointer = _find(draw, tree, place)
    if flaw is Flaw.MISSING:
        del holder[key]
    else:
        holder[key] = draw(wrong(place, flaw))
    return _write(tree), pointer


def _find(draw: st.DrawFn, tree: Tree, place: Place) -> tuple[Any, str | int, str]:
    """What holds a place, the key that it has there, and its pointer; what is not there is made."""
    holder: Any = tree
    way = ""
    if place.parent is not None:
        outer, at, way = _find(draw, tree, place.parent)
        holder = _inside(draw, outer, at, place, place.parent)
    key: str | int = place.name
    if place.in_array:
        # A value is put there at once: the place only has to exist.
        items = listing(holder)
        holder[:] = items or [None]
        key = draw(st.integers(0, max(len(items) - 1, 0)))
    elif key == ANY:
        names = list(mapping(holder))
        key = draw(st.sampled_from(names)) if names else draw(st.text(max_size=6))
    return holder, key, f"{way}/{_escaped(str(key))}"


def _inside(draw: st.DrawFn, outer: Any, at: str | int, place: Place, parent: Place) -> Any:
    """What a place is in; something sound is put there if it is absent, or of another type."""
    held = outer[at] if isinstance(at, int) else outer.get(at)
    if not isinstance(held, list if place.in_array else dict):
        if place.in_array:
            outer[at] = []
        elif place.name == ANY:
            outer[at] = {}
        else:
            schema = parent.choice("object") or {}
            outer[at] = draw(values(schema, parent.definitions, data=st.just(JPEG)))
    return outer[at]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


# Flaws of the whole

_NO_LITERALS = (
    "01", "+1", ".5", "1.", "0x1", "nan", "undefined", "True", "None", "'a'", '"\t"', '"\\x41"', "",
)  # fmt: skip
"""What careless encoders and hands write for a value."""


def _not_json(draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    text = _write(tree)
    spoilt = st.one_of(
        st.integers(0, len(text) - 1).map(lambda end: text[:end]),
        st.sampled_from([text + text, text + "}", text[:-1] + ",}", "// \n" + text, text + "\0"]),
        st.sampled_from(_NO_LITERALS).map(lambda literal: f'{text[:-1]},"x_spoilt":{literal}}}'),
    )
    return draw(spoilt), ""


def _not_an_object(draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    other = anything().filter(lambda value: not isinstance(value, dict))
    return _write(draw(st.just([tree]) | other)), ""


def _byte_order_mark(draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    del draw
    return "\ufeff" + _write(tree), ""


def _duplicate_key(draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    name = draw(st.sampled_from(list(tree)))
    # The odd one comes first: most readers that take it keep the last.
    value = draw(st.just(tree[name]) | anything())
    spelled = json.dumps(name)
    if draw(st.booleans()) and name[:1].isascii() and name[:1].isalpha():
        spelled = f'"\\u{ord(name[0]):04x}{spelled[2:]}'
    return f"{{{spelled}:{_write(value)},{_write(tree)[1:]}", f"/{_escaped(name)}"


def _too_deep(draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    deep: Any = draw(anything())
    as_arrays = draw(st.booleans())
    for _ in range(draw(st.integers(MAX_DEPTH, MAX_DEPTH + 9))):
        deep = [deep] if as_arrays else {"a": deep}
    return _write(tree | {"x_deep": deep}), "/x_deep"


def _too_big(max_bytes: int, draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    del draw
    padding = max_bytes + 1 - len(_write(tree | {"x_padding": ""}))
    if padding < 0:
        reject()
    return _write(tree | {"x_padding": "a" * padding}), "/x_padding"


def _extra(frame: type[Frame], draw: st.DrawFn, tree: Tree) -> tuple[str, str]:
    known = frame.model_fields
    unknown = st.text(max_size=12).filter(lambda name: name not in known and name not in tree)
    name = draw(unknown.map(lambda name: f"x_{name}") | unknown)
    return _write(tree | {name: draw(anything())}), f"/{_escaped(name)}"


_OF_THE_WHOLE: dict[Flaw, Spoil] = {
    Flaw.NOT_JSON: _not_json,
    Flaw.NOT_AN_OBJECT: _not_an_object,
    Flaw.BYTE_ORDER_MARK: _byte_order_mark,
    Flaw.DUPLICATE_KEY: _duplicate_key,
    Flaw.TOO_DEEP: _too_deep,
}
