"""The numbers of the action profile: clocks, bounds, and what holds where nothing is declared."""

OPEN_ANSWER_S = 10
"""A server answers `session.open` within this many seconds."""
UNOPENED_S = 30
"""A connection on which nothing is opened for this many seconds is closed."""
STATUS_EVERY_S = 5
"""While it loads, a server that was asked for status sends one at least this often, in seconds."""
CLOSE_WITHIN_S = 1
"""After `session.close` or a fatal error, the server's Close follows within this many seconds."""
PONG_WITHIN_S = 1
"""A ping is answered within this many seconds, whatever the policy is doing."""

DEFAULT_ANSWER_TIMEOUT_MS = 14_000
"""Every observation is answered within this; deployed clients give up at 15 s."""
DEFAULT_MAX_FRAME_BYTES = 1 << 20
"""The largest message a server takes, in bytes of payload, if it declares no other."""
DEFAULT_MAX_IN_FLIGHT = 8
"""Observations that a client may have unanswered in `fifo`, and the least a server may declare."""
REMEMBERED_CHUNKS = 64
"""How many answered request ids a session remembers at least."""

MAX_SEQ = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""
MAX_TIME_NS = 2**63 - 1
"""The largest capture time: nanoseconds in a signed 64-bit integer."""
MAX_REQUEST_ID = 128
"""Characters in a request id, at most."""
MIN_SESSION_ID = 16
"""Characters in a session id, at least."""
SESSION_ID_BITS = 120
"""Random bits in a session id, at least."""
