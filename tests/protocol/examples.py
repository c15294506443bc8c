"""Frames that must pass and frames that must fail, by the schema's view and by the codec's."""

from dataclasses import dataclass
from typing import Any

READY = {"type": "session.ready", "session_id": "5uWvHeqtlpRCe2uAQ8sZ9g"}
META = {"model": "toy", "inference_ms": 1.5, "queue_ms": 0}
CHUNK = {"type": "action_chunk", "seq": 0, "actions": [[0.5, 1]], "metadata": META}
TENSOR = {"dtype": "float32", "shape": [1, 2], "data": "AAAAAAAAgD8="}
OBSERVATION = {"type": "observation", "seq": 0, "state": [0.1]}
OPEN = {"type": "session.open", "prompt": "pick up the cup"}
ERROR = {"type": "error", "code": "internal", "message": "no", "fatal": True, "retryable": True}
DROPPED = {"type": "observation.dropped", "seq": 3, "reason": "superseded"}
CLOSING = {"type": "session.closing", "reason": "shutdown", "time_left_ms": 500}
STATUS = {"type": "session.status", "state": "loading"}

GOOD: list[dict[str, Any]] = [
    OPEN,
    {**OPEN, "prompt": ""},
    {**OPEN, "session_id": "", "cameras": [], "x_vendor": {"a": [None]}},
    {**OPEN, "model": None, "lora": "a@v1", "robot": "so101", "action_adapter": "joint_pos"},
    {**OPEN, "hz": 30, "chunk_size": 10, "max_gpu_seconds": 2.5, "queue": "latest"},
    {**OPEN, "chunk_size": 10.0, "capabilities": ["status", "never-heard-of"]},
    OBSERVATION,
    {**OBSERVATION, "seq": 2**53 - 1, "state": []},
    {**OBSERVATION, "seq": 1.0, "state": [1, -2.5, 0, 1e300]},
    {**OBSERVATION, "images": {}},
    {**OBSERVATION, "images": {"a/b~c": "", "raw": "AA=="}},
    {**OBSERVATION, "images": {"w": {"encoding": "jpeg_base64", "data": "/9j/2Q==", "x": 1}}},
    {**OBSERVATION, "images": {"w": {"encoding": "png_base64", "data": "AAA="}}},
    {**OBSERVATION, "request_id": "r" * 128, "prompt": "é", "max_age_ms": 0},
    {**OBSERVATION, "capture_time_ns": 2**63 - 1, "max_gpu_seconds": 0.5},
    {**OBSERVATION, "capture_time_ns": "9223372036854775807"},
    {"type": "session.close"},
    {"type": "session.close", "session_id": 5},
    READY,
    {
        **READY,
        "protocol": {"version": "1.0", "encoding": "json"},
        "model": "toy",
        "state_dim": 0,
        "action_dim": 2,
        "action_names": ["x", "y"],
        "chunk_size": 50,
        "cameras": [],
        "hz": 30,
        "queue": "fifo",
        "limits": {"max_frame_bytes": 1, "max_in_flight": 8, "x_more": True},
        "capabilities": ["gpu_budget"],
        "server_time_ns": "0",
    },
    STATUS,
    {**STATUS, "state": "warming", "message": "soon"},
    CHUNK,
    {**CHUNK, "request_id": "r", "capture_time_ns": "12"},
    {**CHUNK, "actions": TENSOR},
    DROPPED,
    {**DROPPED, "request_id": "r", "reason": "expired"},
    CLOSING,
    {**CLOSING, "reason": "expired", "time_left_ms": 0},
    ERROR,
    {**ERROR, "code": "x_ours", "fatal": False, "seq": 1, "request_id": "r", "param": "/a~1b/0"},
    {**ERROR, "param": "", "retry_after_ms": 20.5},
]


@dataclass(frozen=True)
class Bad:
    """A tree that is refused, and by whom; `code` and `pointer` are the codec's."""

    tree: dict[str, Any]
    pointer: str
    code: str = "bad_frame"
    only: str = ""
    """Empty: both refuse it. Else the one that does, for the reason in `why`."""
    why: str = ""


OWED = "the schema is the sender's view: a client does without what older servers leave out"
UNSAYABLE = "JSON Schema cannot relate one value to another"


def without(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key != name}


def observation(pointer: str, **wrong: Any) -> Bad:
    code = "invalid_image" if pointer.startswith("/images") else "invalid_observation"
    return Bad({**OBSERVATION, **wrong}, pointer, code)


def opening(pointer: str, **wrong: Any) -> Bad:
    return Bad({**OPEN, **wrong}, pointer, "invalid_open")


def image(value: Any, place: str = "") -> Bad:
    return observation(f"/images/w{place}", images={"w": value})


BAD: list[Bad] = [
    Bad(without(OPEN, "prompt"), "/prompt", "invalid_open"),
    opening("/prompt", prompt=None),
    opening("/prompt", prompt=5),
    opening("/hz", hz=0),
    opening("/hz", hz="30"),
    opening("/hz", hz=True),
    opening("/chunk_size", chunk_size=0),
    opening("/chunk_size", chunk_size=1.5),
    opening("/chunk_size", chunk_size=True),
    opening("/max_gpu_seconds", max_gpu_seconds=-1),
    opening("/queue", queue="newest"),
    opening("/cameras", cameras="wrist"),
    opening("/cameras/1", cameras=["wrist", 1]),
    opening("/capabilities", capabilities={}),
    opening("/session_id", session_id=1),
    Bad(without(OBSERVATION, "seq"), "/seq", "invalid_observation"),
    Bad(without(OBSERVATION, "state"), "/state", "invalid_observation"),
    observation("/seq", seq=None),
    observation("/seq", seq=-1),
    observation("/seq", seq=2**53),
    observation("/seq", seq=0.5),
    observation("/seq", seq="0"),
    observation("/seq", seq=True),
    observation("/state", state={}),
    observation("/state/1", state=[0, True]),
    observation("/state/0", state=["1"]),
    observation("/state/0", state=[None]),
    observation("/state/0", state=[[1]]),
    observation("/request_id", request_id=""),
    observation("/request_id", request_id="r" * 129),
    observation("/request_id", request_id=1),
    observation("/prompt", prompt=[]),
    observation("/max_age_ms", max_age_ms=-0.5),
    observation("/max_age_ms", max_age_ms=True),
    observation("/max_gpu_seconds", max_gpu_seconds=0),
    observation("/capture_time_ns", capture_time_ns=-1),
    observation("/capture_time_ns", capture_time_ns=2**63),
    observation("/capture_time_ns", capture_time_ns=1.5),
    observation("/capture_time_ns", capture_time_ns=True),
    observation("/capture_time_ns", capture_time_ns=""),
    observation("/capture_time_ns", capture_time_ns="1e9"),
    observation("/capture_time_ns", capture_time_ns="+1"),
    Bad(
        {**OBSERVATION, "capture_time_ns": str(2**63)},
        "/capture_time_ns",
        "invalid_observation",
        "codec",
        "a pattern counts digits and cannot compare",
    ),
    observation("/images", images=[]),
    observation("/images", images="AA=="),
    image(5),
    image(None),
    image("AA"),
    image("AA=A"),
    image("A-_="),
    image("AA ="),
    image({"encoding": "gif_base64", "data": ""}, "/encoding"),
    image({"encoding": "jpeg_base64", "data": "A"}, "/data"),
    image({"encoding": "jpeg_base64"}, "/data"),
    image({"data": ""}, "/encoding"),
    Bad(without(READY, "session_id"), "", only="schema", why=OWED),
    Bad({**READY, "session_id": "short"}, "", only="schema", why=OWED),
    Bad({**READY, "session_id": 5}, "/session_id"),
    Bad({**READY, "state_dim": -1}, "/state_dim"),
    Bad({**READY, "action_dim": 0}, "/action_dim"),
    Bad({**READY, "hz": 0}, "/hz"),
    Bad({**READY, "queue": "lifo"}, "/queue"),
    Bad({**READY, "limits": {"max_in_flight": 0}}, "/limits/max_in_flight"),
    Bad({**READY, "protocol": {"version": "1.0"}}, "/protocol/encoding"),
    Bad({**READY, "cameras": [1]}, "/cameras/0"),
    Bad({**STATUS, "state": "asleep"}, "/state"),
    Bad(without(CHUNK, "actions"), "/actions"),
    Bad(without(CHUNK, "seq"), "", only="schema", why=OWED),
    Bad({**CHUNK, "seq": None}, "", only="schema", why=OWED),
    Bad(without(CHUNK, "metadata"), "", only="schema", why=OWED),
    Bad({**CHUNK, "metadata": {"model": "toy"}}, "", only="schema", why=OWED),
    Bad({**CHUNK, "actions": []}, "/actions"),
    Bad({**CHUNK, "actions": [[]]}, "/actions/0"),
    Bad({**CHUNK, "actions": [[1], [None]]}, "/actions/1/0"),
    Bad({**CHUNK, "actions": [1]}, "/actions/0"),
    Bad({**CHUNK, "actions": [[1], [1, 2]]}, "", only="codec", why=UNSAYABLE),
    Bad({**CHUNK, "actions": {**TENSOR, "dtype": "<f4"}}, "/actions/dtype"),
    Bad({**CHUNK, "actions": {**TENSOR, "shape": [2]}}, "/actions/shape"),
    Bad({**CHUNK, "actions": {**TENSOR, "shape": [1, 0]}}, "/actions/shape/1"),
    Bad({**CHUNK, "actions": {**TENSOR, "data": "AAAA"}}, "/actions", only="codec", why=UNSAYABLE),
    Bad({**CHUNK, "metadata": {**META, "queue_ms": -1}}, "/metadata/queue_ms"),
    Bad(without(DROPPED, "reason"), "/reason"),
    Bad({**DROPPED, "reason": "bored"}, "/reason"),
    Bad({**CLOSING, "reason": "tea"}, "/reason"),
    Bad(without(CLOSING, "time_left_ms"), "/time_left_ms"),
    Bad(without(ERROR, "code"), "/code"),
    Bad({**ERROR, "code": ""}, "/code"),
    Bad({**ERROR, "fatal": 1}, "/fatal"),
    Bad(without(ERROR, "fatal"), "", only="schema", why=OWED),
    Bad({**ERROR, "param": "state"}, "/param"),
    Bad({**ERROR, "param": "/a~b"}, "/param"),
    Bad({**ERROR, "retry_after_ms": "1"}, "/retry_after_ms"),
]
