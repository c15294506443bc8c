"""Frames and JSON texts as Hypothesis makes them."""

import json
from typing import Any

from hypothesis import strategies as st

from risp.conformance.generate.strategies import trees as trees_of
from risp.protocol.action.frames import CLIENT_FRAMES, SERVER_FRAMES

texts = st.text(max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)


def tidied(value: Any) -> Any:
    """An object within a frame without what a reader of it drops: nulls, and unknown members."""
    if not isinstance(value, dict):
        return value
    kept = {name: one for name, one in value.items() if one is not None and name[:2] != "x_"}
    return {name: tidied(one) for name, one in kept.items()}


def frames(classes: Any) -> Any:
    """Sound trees of these frames, of which a reader keeps whatever is inside a known member."""
    whole = st.one_of([trees_of(frame, integral_floats=True) for frame in classes.values()])
    return whole.map(lambda tree: {name: tidied(one) for name, one in tree.items()})


clients = frames(CLIENT_FRAMES)
servers = frames(SERVER_FRAMES)

leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | numbers | st.text()
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """JSON of objects whose keys come twice now and then, with escapes and white space."""

    def write(depth: int) -> str:
        kind = draw(st.sampled_from(["leaf", "array", "object"] if depth < 4 else ["leaf"]))
        space = draw(st.sampled_from(["", " ", "\n"]))
        if kind == "leaf":
            ascii_only = draw(st.booleans())
            return json.dumps(draw(leaves), ensure_ascii=ascii_only, allow_nan=False)
        count = draw(st.integers(0, 3))
        if kind == "array":
            return "[" + f",{space}".join(write(depth + 1) for _ in range(count)) + "]"
        # Few keys, some of them spelled in two ways: so that they meet.
        keys = st.sampled_from(
            ['"a"', '"\\u0061"', '"b"', '"a\\"b"', '"\\\\"', '"{["', '""', '"é"']
        )
        pairs = (f"{draw(keys)}{space}:{write(depth + 1)}" for _ in range(count))
        return "{" + ",".join(pairs) + space + "}"

    return write(0)
