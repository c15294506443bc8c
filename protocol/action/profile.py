"""The action profile as one value."""

from ..profile import Profile
from .codes import CODES
from .frames import CLIENT_FRAMES, SERVER_FRAMES
from .requirements import REQUIREMENTS, SECTIONS
from .session import TABLE

ACTION = Profile(
    name="action",
    title="action profile: observations in, chunks of actions out",
    sections=SECTIONS,
    requirements=REQUIREMENTS,
    frames={**CLIENT_FRAMES, **SERVER_FRAMES},
    codes=CODES,
    machines={"session": TABLE},
)
