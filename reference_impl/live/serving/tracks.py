"""What a connection is sent of the model's outputs."""

from __future__ import annotations

from av import VideoFrame

from risp.protocol.live.model import Track

from ..media import NewestFrame


class OutTrack(NewestFrame):
    """What one connection is sent of an output: the newest frame, while it is not paused."""

    def __init__(self, track: Track, paused: bool) -> None:
        super().__init__()
        self.track = track
        self.paused = paused

    def show(self, frame: VideoFrame) -> None:
        """Take a frame; one that has not been sent yet is passed over for it."""
        if not self.paused:
            super().show(frame)

    def pause(self) -> None:
        """Send no more frames (L-MEDIA-3)."""
        self.paused = True
        self.forget()

    def resume(self) -> None:
        """Send frames again (L-MEDIA-2)."""
        self.paused = False
