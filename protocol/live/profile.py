"""The live profile as one value."""

from ..profile import Profile
from .channel import CLIENT_MESSAGES, SERVER_MESSAGES
from .codes import CODES
from .control import CLIENT_CONTROLS, SERVER_CONTROLS
from .http import ENDPOINTS
from .requirements import REQUIREMENTS, SECTIONS
from .session import CLIENT_TABLE, CONNECTION_TABLE, TABLE

LIVE = Profile(
    name="live",
    title="live profile: interactive models that stream media",
    sections=SECTIONS,
    requirements=REQUIREMENTS,
    frames={**CLIENT_MESSAGES, **CLIENT_CONTROLS, **SERVER_MESSAGES, **SERVER_CONTROLS},
    codes=CODES,
    machines={"session": TABLE, "connection": CONNECTION_TABLE, "client": CLIENT_TABLE},
    endpoints=ENDPOINTS,
)
