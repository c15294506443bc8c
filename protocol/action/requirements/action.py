"""Action chunks: what an answer holds."""

from ...requirement import Requirement, Seen
from ..declares import Declares

NOT_EMPTY = Requirement(
    "A-ACT-1",
    "A server MUST send at least one row in `actions`, and at least one number in a row.",
)
EQUAL_ROWS = Requirement(
    "A-ACT-2",
    "A server MUST send rows of equal length.",
)
FINITE = Requirement(
    "A-ACT-3",
    "A server MUST send finite numbers, and only numbers, in `actions`.",
)
ACTION_DIM = Requirement(
    "A-ACT-4",
    "A server that declares `action_dim` MUST send rows of that length.",
    Seen.DECLARED,
    needs=Declares.ACTION_DIM,
)
CHUNK_SIZE = Requirement(
    "A-ACT-5",
    "A server that declares `chunk_size` MUST NOT send more rows than that.",
    Seen.DECLARED,
    needs=Declares.CHUNK_SIZE,
)
METADATA = Requirement(
    "A-ACT-6",
    "A server MUST send `metadata` with `model`, `inference_ms` and `queue_ms` in an `action_chunk`.",
)
LISTS = Requirement(
    "A-ACT-7",
    "A server MUST send `actions` as arrays of numbers to a client for which `tensor_b64` is not "
    "declared.",
)
TENSOR = Requirement(
    "A-ACT-8",
    "A server that declares `tensor_b64` to a client MUST send it `actions` as an object with "
    "`dtype`, a `shape` of rank 2, and `data` of exactly that many little-endian items in C order.",
    Seen.DECLARED,
    needs=Declares.TENSOR_B64,
)
DTYPE = Requirement(
    "A-ACT-9",
    "A server MUST name the `dtype` of a tensor as `float32`, `float64`, `uint8`, `int32`, `int64` "
    "or `bool`.",
    Seen.DECLARED,
    needs=Declares.TENSOR_B64,
)
INTEGERS = Requirement(
    "A-ACT-10",
    "A server SHOULD NOT write an integer as a float, such as `1.0`.",
)
