"""The numbers of the action profile: clocks, bounds, and what holds where nothing is declared."""

OPEN_ANSWER_S = 10
"""A server answers `session.open` within this many seconds."""
UNOPENED_S = 30
"""A server closes a connection on which nothing is opened for this many seconds."""
STATUS_EVERY_S = 5
"""A server that loads and was asked for status sends one at least this often, in seconds."""
CLOSE_WITHIN_S = 1
"""A server's Close follows `session.close` or a fatal error within this many seconds."""
PONG_WITHIN_S = 1
"""A server answers a ping within this many seconds, whatever the policy is doing."""

DEFAULT_ANSWER_TIMEOUT_MS = 14_000
"""A server answers each observation within this many milliseconds, if it declares no other."""
DEFAULT_MAX_FRAME_BYTES = 1 << 20
"""A server that declares no other takes messages of at least this many bytes of payload."""
DEFAULT_MAX_IN_FLIGHT = 8
"""A client may have this many observations unanswered in `fifo`; no server declares fewer."""
REMEMBERED_CHUNKS = 64
"""A server remembers at least this many answered request ids on a session."""

MAX_SEQ = 2**53 - 1
"""A client's `seq` goes no higher: the largest integer that every JSON reader keeps exactly."""
MAX_TIME_NS = 2**63 - 1
"""A client's `capture_time_ns` goes no higher: nanoseconds in a signed 64-bit integer."""
MAX_REQUEST_ID = 128
"""A client's `request_id` has at most this many characters."""
MIN_SESSION_ID = 16
"""A server's `session_id` has at least this many characters."""
SESSION_ID_BITS = 120
"""A server draws at least this many random bits for a `session_id`."""
