"""Observations: what is taken, what is refused, and the one answer that each gets."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import (
    DEFAULT_ANSWER_TIMEOUT_MS,
    MAX_REQUEST_ID,
    MAX_SEQ,
    MAX_TIME_NS,
    REMEMBERED_CHUNKS,
)

ONE_ANSWER = Requirement(
    "A-OBS-1",
    "A server MUST answer every observation exactly once, with `action_chunk`, `error` or "
    "`observation.dropped`.",
)
IN_TIME = Requirement(
    "A-OBS-2",
    "A server MUST answer every observation within the declared `limits.answer_timeout_ms` of its "
    f"receipt, or {DEFAULT_ANSWER_TIMEOUT_MS:,} ms if it declares none.",
)
CARRY_SEQ = Requirement(
    "A-OBS-3",
    "A server MUST repeat the observation's `seq`, if it arrived valid, in the answer.",
)
CARRY_REQUEST_ID = Requirement(
    "A-OBS-4",
    "A server MUST repeat the observation's `request_id`, if it arrived valid, in the answer.",
)
CARRY_NOTHING = Requirement(
    "A-OBS-5",
    "A server MUST NOT put `seq` or `request_id` into the errors `bad_frame` and `unknown_type`.",
)
RISING = Requirement(
    "A-OBS-6",
    "A server MUST answer `out_of_order` to an observation whose `seq` is not greater than that of "
    "every observation that it has accepted on the session.",
)
ANY_STEP = Requirement(
    "A-OBS-7",
    "A server MUST accept a `seq` that leaves numbers out.",
)
SEQ_BOUNDS = Requirement(
    "A-OBS-8",
    f"A server MUST answer `invalid_observation` to a `seq` that is missing, no integer, or outside "
    f"0..{MAX_SEQ}.",
)
STATE_TYPE = Requirement(
    "A-OBS-9",
    "A server MUST answer `invalid_observation` to a `state` that is missing or no array of numbers.",
)
STATE_FINITE = Requirement(
    "A-OBS-10",
    "A server MUST answer `invalid_observation` to a number in `state` that is too great for a "
    "double, such as `1e999`.",
)
STATE_WIDTH = Requirement(
    "A-OBS-11",
    "A server that declares `state_dim` MUST answer `invalid_observation` to a `state` of another "
    "length.",
    Seen.DECLARED,
    needs=Declares.STATE_DIM,
)
STATE_PARAM = Requirement(
    "A-OBS-12",
    "A server MUST name `/state`, or a place within it, in `param` of the error that refuses a "
    "missing or wrong `state`.",
)
BARE_IMAGE = Requirement(
    "A-OBS-13",
    "A server MUST accept an image that is a bare base64 string.",
)
JPEG_IMAGE = Requirement(
    "A-OBS-14",
    "A server MUST accept an image that is an object with `encoding: jpeg_base64` and `data`.",
)
PNG_IMAGE = Requirement(
    "A-OBS-15",
    "A server MUST accept an image that is an object with `encoding: png_base64` and `data`.",
)
BYTES_DECIDE = Requirement(
    "A-OBS-16",
    "A server MUST NOT refuse an image because its bytes are of another format than its label says: "
    "deployed clients label any bytes JPEG.",
)
IMAGE_TYPE = Requirement(
    "A-OBS-17",
    "A server MUST answer `invalid_image` to an image, null included, that is neither a string nor "
    "an object with `encoding` and `data`.",
)
IMAGE_ENCODING = Requirement(
    "A-OBS-18",
    "A server MUST answer `invalid_image` to an `encoding` that this profile does not name.",
)
IMAGE_BASE64 = Requirement(
    "A-OBS-19",
    "A server MUST answer `invalid_image` to image data that is not padded base64.",
)
CAMERA_MISSING = Requirement(
    "A-OBS-20",
    "A server that declares `cameras` MUST answer `invalid_observation` to an observation that "
    "lacks one of them.",
    Seen.DECLARED,
    needs=Declares.CAMERAS,
)
CAMERA_PARAM = Requirement(
    "A-OBS-21",
    "A server that refuses an observation for a missing camera MUST name `/images`, or the camera's "
    "place within it, in `param`.",
    Seen.DECLARED,
    needs=Declares.CAMERAS,
)
EXTRA_CAMERA = Requirement(
    "A-OBS-22",
    "A server MUST accept images of cameras that it did not declare.",
)
STEP_PROMPT = Requirement(
    "A-OBS-23",
    "A server MUST accept a `prompt` in an observation.",
)
UNKNOWN_MEMBERS = Requirement(
    "A-OBS-24",
    "A server MUST ignore members of an observation that it does not know.",
)
NULL_IS_ABSENT = Requirement(
    "A-OBS-25",
    "A server MUST take an optional member of an observation that is null as absent.",
)
INTEGRAL_FLOAT = Requirement(
    "A-OBS-26",
    "A server MUST accept an integral float, such as `1.0`, where an integer is due.",
)
NO_BOOLEAN_NUMBERS = Requirement(
    "A-OBS-27",
    "A server MUST NOT take a boolean for a number.",
)
NO_STRING_NUMBERS = Requirement(
    "A-OBS-28",
    "A server MUST NOT take a numeric string for a number, times excepted.",
)
TIME_TYPE = Requirement(
    "A-OBS-29",
    "A server MUST accept a `capture_time_ns` that is an integer or a decimal string in "
    f"0..{MAX_TIME_NS}.",
)
TIME_UNALTERED = Requirement(
    "A-OBS-30",
    "A server that repeats `capture_time_ns` MUST repeat it with equal value and the same JSON "
    "type, never in float notation.",
    Seen.OBSERVED,
)
TIME_REPEATED = Requirement(
    "A-OBS-31",
    "A server SHOULD repeat `capture_time_ns` in the `action_chunk`.",
)
REQUEST_ID_BOUNDS = Requirement(
    "A-OBS-32",
    "A server MUST answer `invalid_observation` to a `request_id` that is no string of 1 to "
    f"{MAX_REQUEST_ID} characters.",
)
SAME_REQUEST = Requirement(
    "A-OBS-33",
    "A server that accepts an observation with the `request_id` and the content of a request that "
    "it has to remember MUST answer it with equal `actions`, unless this repeat is dropped.",
)
PENDING_REQUEST = Requirement(
    "A-OBS-34",
    "A server MUST answer the repeat of a request that is still pending and then becomes a chunk "
    "with equal `actions`, unless the repeat is dropped meanwhile.",
)
INFER_ONCE = Requirement(
    "A-OBS-35",
    "A server MUST NOT run a second inference for a repeated request.",
    Seen.OFF_WIRE,
    reason="Equal actions can also come from inferring twice.",
)
OTHER_CONTENT = Requirement(
    "A-OBS-36",
    "A server MUST answer `duplicate_request` to the `request_id` of a request that it has to "
    "remember, coming again with other content.",
)
NOT_CONTENT = Requirement(
    "A-OBS-37",
    "A server MUST compare the content of requests by `state`, `images`, `prompt` and "
    "`max_gpu_seconds` alone.",
)
SEQ_BEFORE_REQUEST = Requirement(
    "A-OBS-38",
    "A server MUST answer `out_of_order`, and neither a chunk nor `duplicate_request`, to a "
    "`request_id` that comes again under a `seq` that does not rise.",
)
REMEMBER = Requirement(
    "A-OBS-39",
    f"A server MUST remember at least the last {REMEMBERED_CHUNKS} requests of a session that had a "
    "`request_id` and became a chunk, with their chunks.",
    Seen.SLOW,
    reason=f"It takes {REMEMBERED_CHUNKS} inferences of a policy that may be slow.",
)
ONLY_CHUNKS = Requirement(
    "A-OBS-40",
    "A server MUST NOT remember a `request_id` whose observation it refused.",
)
REQUEST_SCOPE = Requirement(
    "A-OBS-41",
    "A server MUST NOT remember a `request_id` across sessions.",
)
EXPIRE = Requirement(
    "A-OBS-42",
    "A server that declares `max_age` MUST answer an observation whose age has reached its "
    "`max_age_ms` when its turn comes with `observation.dropped` and the reason `expired`.",
    Seen.DECLARED,
    needs=Declares.MAX_AGE,
)
STILL_FRESH = Requirement(
    "A-OBS-43",
    "A server MUST NOT drop an observation as `expired` before its `max_age_ms` have passed.",
    Seen.DECLARED,
    needs=Declares.MAX_AGE,
)
GPU_BUDGET = Requirement(
    "A-OBS-44",
    "A server that declares `gpu_budget` MUST answer `budget_exceeded` to an observation whose "
    "inference takes longer than its `max_gpu_seconds`.",
    Seen.DECLARED,
    needs=Declares.GPU_BUDGET,
)
STEP_BUDGET = Requirement(
    "A-OBS-45",
    "A server that declares `gpu_budget` MUST put the `max_gpu_seconds` of an observation in the "
    "place of the session's.",
    Seen.DECLARED,
    needs=Declares.GPU_BUDGET,
)
BOUNDS = Requirement(
    "A-OBS-46",
    "A server MUST answer `invalid_observation` to a `max_age_ms`, `max_gpu_seconds`, `prompt` or "
    "`capture_time_ns` of a wrong type or out of bounds.",
)
NO_IMAGES = Requirement(
    "A-OBS-47",
    "A server that requires no camera MUST accept an observation without `images`.",
    Seen.DECLARED,
    needs=Declares.NO_CAMERAS,
)
NO_FALSE_REFUSAL = Requirement(
    "A-OBS-48",
    "A server MUST NOT refuse an observation that keeps every rule of this profile and every "
    "declaration of the server's with a code that names a fault of the observation: `bad_frame`, "
    "`unknown_type`, `invalid_observation`, `invalid_image`, `out_of_order` or `duplicate_request`.",
)
