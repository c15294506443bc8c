"""What somebody needs who writes an interactive model."""

from .live.modelling.base import LiveModel, ReactorPipeline
from .live.modelling.events import CommandError, event
from .live.modelling.fields import InputField
from .live.modelling.files import UploadedFile
from .live.modelling.messages import ModelMessage
from .live.modelling.state import InputState
from .live.modelling.tracks import Input, Output, Video

__all__ = [
    "LiveModel",
    "ReactorPipeline",
    "InputState",
    "InputField",
    "event",
    "Input",
    "Output",
    "Video",
    "ModelMessage",
    "CommandError",
    "UploadedFile",
]
