"""The numbers of the live profile: clocks, bounds, and what holds where nothing is declared."""

ANSWER_WITHIN_S = 10
"""A server has the answer to an offer within this many seconds, or says that there is none."""
REQUEST_WITHIN_S = 10
"""A server cuts off a client whose request is not there within this many seconds."""
BODY_RATE = 1 << 16
"""A request's body may take a second more for each so many bytes that it announces."""
NEVER_CONNECTED_S = 60
"""A session to which nobody connects is freed after this many seconds."""
WAITING_WITHIN_S = 120
"""A session waits for a place at most this many seconds."""
RESUME_WINDOW_S = 30
"""A server that declares no `resume_window_s` keeps the state of an orphaned session so long."""
GONE_S = 60
"""A session that has ended is told of for this many seconds, in seconds after its end."""
SILENCE_S = 20
"""A server bears this many seconds without a sign of life on a connection."""
NOTICED_WITHIN_S = 25
"""A server has noticed a dead client after this many seconds."""
PING_EVERY_S = 5
"""A client pings at least this often, in seconds."""
PUBLISHER_SILENT_S = 12
"""An input track can be taken over from a publisher that has been silent for so many seconds."""
PUBLISH_ANSWER_S = 10
"""A server answers a request on the channel `control` within this many seconds."""
PAUSED_WITHIN_MS = 500
"""This many milliseconds after an output was paused, no new frame leaves."""
END_WITHIN_S = 5
"""A server that stops has ended its sessions within this many seconds."""

EARLY_CANDIDATES = 64
"""A server keeps so many candidates of a connection that has no offer yet."""
EARLY_CANDIDATES_S = 30
"""It keeps them for this many seconds."""
FLAT_CONNECTION = 1001
"""The connection of the flat routes; a server never mints it."""
LEAST_CONNECTION = 1001
"""The least connection id."""
GREATEST_CONNECTION = 9999
"""The greatest connection id."""

MAX_MESSAGE_BYTES = 1 << 18
"""The largest message on a data channel, in bytes; declared in the answer as `max-message-size`."""
MAX_BODY_BYTES = 1 << 18
"""A server takes JSON bodies of at least this many bytes."""
UPLOAD_URL_S = 900
"""An upload's URL works for this many seconds, or until its session ends."""
UPLOAD_WAIT_S = 10
"""A command waits this many seconds for an upload that it names."""
MAX_NAME = 255
"""Names of files and models have at most this many characters."""
MAX_REQUEST_ID = 128
"""A client's `request_id` has at most this many characters."""
MAX_REASON = 200
"""A `reason` for ending a session has at most this many characters."""
MAX_TOKEN_S = 21600
"""A token is good for at most this many seconds."""
TOKEN_S = 3600
"""A token is good for this many seconds if nothing else is asked for."""
SESSION_ID_BITS = 120
"""A server draws at least this many random bits for a session id, and for an upload id."""

API_VERSION = 1
"""The version in `Reactor-API-Version` and `Reactor-API-Accept-Version`."""
WEBRTC_VERSION = "1.0"
"""The version in `Reactor-WebRTC-Version`, and of the transport `webrtc`."""
