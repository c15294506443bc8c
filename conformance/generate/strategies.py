"""Strategies of sound frames, derived from the schemas of the frame classes.

A member is named here only where its meaning decides whether a target takes it; what it may be
stands in its class.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from random import Random
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from risp.protocol.action.frames import ITEM_SIZES, Observation, SessionOpen
from risp.protocol.frame import Frame
from risp.protocol.jsonschema import of_part

from ..json_values import listing
from ..pictures import JPEG, PNG
from ..subject import Subject

Schema = Mapping[str, Any]
Tree = dict[str, Any]

EXACT: Final = 2**53 - 1
"""Integers up to here, and only these, every JSON reader keeps."""
LONG_MS: Final = 60_000
"""A `max_age_ms` that no observation reaches while it waits."""

_TEXT = st.text(max_size=12)
_NAMES = st.text(max_size=6)
_BYTES = st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode())
_SAID = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "contentEncoding", "default"}
    | {"description", "enum", "exclusiveMinimum", "items", "maxItems", "maxLength", "maximum"}
    | {"minItems", "minLength", "minimum", "pattern", "properties", "required", "title", "type"}
)


def anything() -> SearchStrategy[Any]:
    """Any JSON value, small."""
    return _ANYTHING


_LEAVES: SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_ANYTHING: SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_UNKNOWN = st.dictionaries(_NAMES.map("x_{}".format), _ANYTHING, max_size=2)


def values(
    schema: Schema,
    definitions: Mapping[str, Schema],
    *,
    integral_floats: bool = False,
    data: SearchStrategy[str] = _BYTES,
) -> SearchStrategy[Any]:
    """JSON values that a schema allows; `data` is what stands where base64 is due.

    Raises ValueError for a keyword that it does not know, lest a bound be passed over.
    """
    if not _SAID.issuperset(schema):
        raise ValueError(f"no strategy for {sorted(set(schema) - _SAID)}")
    of = partial(values, definitions=definitions, integral_floats=integral_floats, data=data)
    if "$ref" in schema:
        return of(definitions[schema["$ref"].rpartition("/")[2]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return _choices(schema["anyOf"], of)
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return _integers(schema, integral_floats)
        case "number":
            return _numbers(schema)
        case "string":
            return data if schema.get("contentEncoding") == "base64" else _strings(schema)
        case "array":
            least = schema.get("minItems", 0)
            most = schema.get("maxItems", least + 3)
            return st.lists(of(schema["items"]), min_size=least, max_size=most)
        case "object" if "properties" in schema:
            return _objects(schema, of)
        case "object":
            return st.dictionaries(_NAMES, of(schema.get("additionalProperties", {})), max_size=3)
        case _:
            return anything()


def _choices(
    schemas: Sequence[Schema], of: Callable[[Schema], SearchStrategy[Any]]
) -> SearchStrategy[Any]:
    strategies = [of(schema) for schema in schemas]
    most = max((one["maximum"] for one in schemas if "maximum" in one), default=None)
    if most is not None:
        # A decimal string in place of a number keeps its bound, which no pattern can say.
        strategies = [
            st.just(str(most)) | strategy.filter(partial(_at_most, most))
            if "pattern" in schema
            else strategy
            for schema, strategy in zip(schemas, strategies, strict=True)
        ]
    return st.one_of(strategies)


def _at_most(most: int, digits: str) -> bool:
    return int(digits) <= most


def integer_bounds(schema: Schema) -> tuple[int, int]:
    """The least and the greatest integer that a schema of numbers allows."""
    if "exclusiveMinimum" in schema:
        least = math.floor(schema["exclusiveMinimum"]) + 1
    else:
        least = math.ceil(schema.get("minimum", -EXACT))
    return least, math.floor(schema.get("maximum", EXACT))


def _integers(schema: Schema, integral_floats: bool) -> SearchStrategy[Any]:
    least, most = integer_bounds(schema)
    small = st.integers(least, min(least + 9, most))
    integers = small | st.sampled_from([least, most]) | st.integers(least, most)
    return integers | small.map(float) if integral_floats else integers


def _numbers(schema: Schema) -> SearchStrategy[Any]:
    floats = st.floats(
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum"),
        exclude_min="exclusiveMinimum" in schema,
        allow_nan=False,
        allow_infinity=False,
    )
    return _integers(schema, False) | floats


def _strings(schema: Schema) -> SearchStrategy[str]:
    if "pattern" in schema:
        alphabet = st.characters(codec="utf-8")
        return st.from_regex(schema["pattern"], fullmatch=True, alphabet=alphabet)
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    texts = st.text(min_size=least, max_size=min(least + 12, most or least + 12))
    return (
        texts if most is None else texts | st.characters(codec="utf-8").map(partial(_times, most))
    )


def _times(count: int, character: str) -> str:
    return character * count


def _objects(schema: Schema, of: Callable[[Schema], SearchStrategy[Any]]) -> SearchStrategy[Tree]:
    due = schema.get("required", ())
    members = {name: of(member) for name, member in schema["properties"].items()}
    known = st.fixed_dictionaries(
        {name: one for name, one in members.items() if name in due},
        optional={name: one for name, one in members.items() if name not in due},
    )
    whole = st.builds(_merged, known, _UNKNOWN)
    complete = _UNSAID.get(schema.get("title", ""))
    return whole if complete is None else whole.map(complete)


def _merged(first: Tree, second: Tree) -> Tree:
    return {**first, **second}


# What a schema cannot say


def _fill(tensor: Tree) -> Tree:
    """Give a tensor as many bytes as its type and its shape, made small, call for."""
    shape = [1 + side % 4 for side in tensor["shape"]]
    size = int(math.prod(shape)) * ITEM_SIZES[tensor["dtype"]]
    content = ((base64.b64decode(tensor["data"]) or b"\0") * size)[:size]
    return tensor | {"shape": shape, "data": base64.b64encode(content).decode()}


def _even(chunk: Tree) -> Tree:
    """Cut the rows of a chunk to the length of the shortest."""
    rows: Any = chunk["actions"]
    if not isinstance(rows, list):
        return chunk
    width = min(map(len, listing(rows)))
    return chunk | {"actions": [row[:width] for row in listing(rows)]}


_UNSAID: dict[str, Callable[[Tree], Tree]] = {"ActionChunk": _even, "Tensor": _fill}


# Frames


@cache
def trees(
    frame: type[Frame], *, integral_floats: bool = False, without: frozenset[str] = frozenset()
) -> SearchStrategy[Tree]:
    """Any sound tree of a frame, in any order of its members; some may be left out altogether."""
    schema = of_part(frame)
    properties = {name: one for name, one in schema["properties"].items() if name not in without}
    rest = schema | {"properties": properties}
    return _shuffled(values(rest, schema.get("$defs", {}), integral_floats=integral_floats))


@st.composite
def _shuffled(draw: st.DrawFn, whole: SearchStrategy[Tree]) -> Tree:
    return dict(draw(st.permutations(list(draw(whole).items()))))


# Frames that a target accepts

NUMBERS = st.floats(-1000, 1000) | st.integers(-1000, 1000)
"""What stands in `state`: finite, and of moderate size."""


def _pictures(data: str, encoding: str) -> SearchStrategy[Any]:
    return st.sampled_from([data, {"encoding": encoding, "data": data}])


_JPEGS = _pictures(JPEG, "jpeg_base64")
_PICTURES = _JPEGS | _pictures(PNG, "png_base64")
_REFUSABLE = ("model", "lora", "action_adapter")


def accepted_opens(subject: Subject) -> SearchStrategy[Tree]:
    """Trees of `session.open` that a target accepts, and that change nothing of what it sends."""
    chosen: dict[str, SearchStrategy[Any]] = {
        **dict.fromkeys((*_REFUSABLE, "max_gpu_seconds"), st.none()),
        "queue": st.sampled_from([None, "fifo"]),
        "capabilities": st.none() | st.lists(_NAMES.map("x_{}".format), max_size=3),
    }
    given = _of(subject.open_frame(), subject.open_members)
    free = trees(SessionOpen, without=frozenset(chosen))
    whole = _overlaid(free, {}, chosen, given, subject.open_members)
    return whole.filter(partial(_fits, subject.max_frame_bytes))


def accepted_observations(subject: Subject) -> SearchStrategy[Tree]:
    """Trees of observations that a target accepts, without `seq`, which the sender gives them.

    Request ids differ within what one example draws, and so within a session.
    """
    width = subject.state_width
    required = st.fixed_dictionaries(dict.fromkeys(subject.cameras, _JPEGS))
    more = st.dictionaries(_NAMES, _PICTURES, max_size=2)
    images = st.builds(_merged, more, required)
    always: dict[str, SearchStrategy[Any]] = {
        "state": st.lists(NUMBERS, min_size=width, max_size=width)
    }
    chosen: dict[str, SearchStrategy[Any]] = {
        "request_id": st.none() | st.uuids().map(str),
        "max_age_ms": st.none() | st.integers(LONG_MS, EXACT),
        "max_gpu_seconds": st.none(),
    }
    if subject.cameras:
        always["images"] = images
    else:
        chosen["images"] = st.none() | images
    given = _of(subject.observation(0, Random(0)), subject.observation_members)
    free = trees(Observation, without=frozenset({"seq", *always, *chosen}))
    members = {"seq": None, **subject.observation_members}
    given.pop("seq", None)
    whole = _overlaid(free, always, chosen, given, members)
    return whole.filter(partial(_fits, subject.max_frame_bytes))


def _of(frame: Tree, members: Collection[str]) -> Tree:
    """What a frame has of these members; those that the user took out are not in it."""
    return {name: frame[name] for name in members if name in frame}


@st.composite
def _overlaid(
    draw: st.DrawFn,
    free: SearchStrategy[Tree],
    always: dict[str, SearchStrategy[Any]],
    chosen: dict[str, SearchStrategy[Any]],
    given: Tree,
    settled: Collection[str],
) -> Tree:
    """Lay what was chosen for a target over what is free, and what its user gave over all."""
    made = draw(free) | draw(st.fixed_dictionaries(always, optional=chosen))
    tree = {name: value for name, value in made.items() if name not in settled} | given
    return dict(draw(st.permutations(list(tree.items()))))


def _fits(most: int, tree: Tree) -> bool:
    """Whether a message with this tree has no more bytes, once it is numbered."""
    return len(json.dumps(tree)) + len(f', "seq": {EXACT}') <= most
