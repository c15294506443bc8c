"""Frames and JSON texts as Hypothesis makes them."""

import base64
import json
from typing import Any

from hypothesis import strategies as st

texts = st.text(max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
counts = st.integers(1, 2**53 - 1)
seqs = st.integers(0, 2**53 - 1) | st.integers(0, 9).map(float)
pictures = st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode())
times = st.integers(0, 2**63 - 1) | st.integers(0, 2**63 - 1).map(str)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False) | counts
milliseconds = st.floats(min_value=0, allow_infinity=False) | st.integers(0, 10**6)
request_ids = st.text(min_size=1, max_size=128)
modes = st.sampled_from(["fifo", "latest"])
images = pictures | st.fixed_dictionaries(
    {"encoding": st.sampled_from(["jpeg_base64", "png_base64"]), "data": pictures}
)
rows = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1)
)


def tensors() -> st.SearchStrategy[dict[str, Any]]:
    def of(shape: list[int]) -> st.SearchStrategy[dict[str, Any]]:
        size = 4 * shape[0] * shape[1]
        data = st.binary(min_size=size, max_size=size).map(lambda b: base64.b64encode(b).decode())
        return st.fixed_dictionaries(
            {"dtype": st.sampled_from(["float32", "int32"]), "shape": st.just(shape), "data": data}
        )

    return st.lists(st.integers(1, 4), min_size=2, max_size=2).flatmap(of)


def frame(tag: str, owed: dict[str, Any], optional: dict[str, Any]) -> Any:
    """A frame's tree: what is owed, some of the rest or null for it, and members of nobody's."""
    maybe = {name: values | st.none() for name, values in optional.items()}
    extra = st.dictionaries(texts.map(lambda name: f"x_{name}"), texts, max_size=2)
    known = st.fixed_dictionaries({"type": st.just(tag), **owed}, optional=maybe)
    return st.builds(lambda a, b: {**b, **a}, known, extra)


answers = {"request_id": request_ids, "capture_time_ns": times}
clients = st.one_of(
    frame(
        "session.open",
        {"prompt": texts},
        {
            "session_id": texts,
            "cameras": st.lists(texts),
            "hz": positive,
            "chunk_size": counts,
            "max_gpu_seconds": positive,
            "queue": modes,
            "capabilities": st.lists(texts),
            **dict.fromkeys(("model", "lora", "robot", "action_adapter"), texts),
        },
    ),
    frame(
        "observation",
        {"seq": seqs, "state": st.lists(numbers)},
        {
            "images": st.dictionaries(texts, images, max_size=3),
            "prompt": texts,
            "max_age_ms": milliseconds,
            "max_gpu_seconds": positive,
            **answers,
        },
    ),
    frame("session.close", {}, {"session_id": texts | numbers}),
)
servers = st.one_of(
    frame(
        "session.ready",
        {"session_id": st.text(min_size=16, max_size=30)},
        {
            "model": texts,
            "protocol": st.fixed_dictionaries({"version": texts, "encoding": st.just("json")}),
            "state_dim": st.integers(0, 9),
            "action_dim": counts,
            "cameras": st.lists(texts),
            "limits": st.dictionaries(
                st.sampled_from(["max_frame_bytes", "max_in_flight"]), counts
            ),
            "queue": modes,
            "server_time_ns": times,
        },
    ),
    frame(
        "action_chunk",
        {
            "seq": seqs,
            "actions": rows | tensors(),
            "metadata": st.fixed_dictionaries(
                {"model": texts, "inference_ms": milliseconds, "queue_ms": milliseconds}
            ),
        },
        answers,
    ),
    frame(
        "error",
        {
            "code": st.text(min_size=1),
            "message": texts,
            "fatal": st.booleans(),
            "retryable": st.booleans(),
        },
        {"seq": seqs, "request_id": request_ids, "retry_after_ms": milliseconds},
    ),
    frame(
        "observation.dropped",
        {"seq": seqs, "reason": st.sampled_from(["superseded", "expired"])},
        {"request_id": request_ids},
    ),
)

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
