"""The version of the protocol, and the names under which it is spoken."""

PROTOCOL_VERSION = "1.0"
"""What `session.ready` declares in `protocol.version`."""

SUBPROTOCOL_PREFIX = "risp."
"""Subprotocol offers with this prefix are ours; all others are foreign and ignored."""

SUBPROTOCOL_JSON = "risp.v1.json"
"""JSON text frames. Offering no subprotocol means this one."""

ENCODING_JSON = "json"
"""What `session.ready` declares in `protocol.encoding` on a session of JSON text frames."""

ACTION_PATH = "/v1/actions"
"""Where the action profile lives unless its operator publishes another path."""
