"""Media: pausing and resuming what comes from the model, publishing what goes to it."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import PAUSED_WITHIN_MS, PUBLISH_ANSWER_S, PUBLISHER_SILENT_S

OUT = Declares.OUTPUTS
IN = Declares.INPUTS

START_PAUSED = Requirement(
    "L-MEDIA-1",
    "A server MUST start the outputs of a connection paused, but for those of the flat routes (L-SIGNAL-26).",
    Seen.DECLARED,
    needs=OUT,
)
RESUMED_FLOWS = Requirement(
    "L-MEDIA-2",
    "A server MUST send the frames of an output that is resumed, as the model makes them.",
    Seen.DECLARED,
    needs=OUT,
)
PAUSED_STOPS = Requirement(
    "L-MEDIA-3",
    f"A server MUST NOT send a new frame of an output later than {PAUSED_WITHIN_MS} ms after it was paused.",
    Seen.DECLARED,
    needs=OUT,
)
INFERENCE_GOES_ON = Requirement(
    "L-MEDIA-4",
    "A server MUST NOT stop the model because its outputs are paused.",
    Seen.DECLARED,
    needs=OUT,
)
RESUME_IDEMPOTENT = Requirement(
    "L-MEDIA-5",
    "A server MUST take a second `resume_track` or `pause_track` in a row without an effect or a fault.",
    Seen.DECLARED,
    needs=OUT,
)
OF_ONE_CONNECTION = Requirement(
    "L-MEDIA-6",
    "A server MUST pause and resume an output for the connection only that says so.",
    Seen.DECLARED,
    needs=OUT,
)
UNKNOWN_NAME = Requirement(
    "L-MEDIA-7",
    "A server MUST bear a notification for a track that it does not have.",
)
PUBLISH_ANSWERED = Requirement(
    "L-MEDIA-8",
    f"A server MUST answer every `publish_track` request within {PUBLISH_ANSWER_S} s with one response of the same `request_id`.",
)
PUBLISHED_USED = Requirement(
    "L-MEDIA-9",
    "A server MUST hand the frames of a published input to the model, and none of one that is not published; on the flat routes its first frame publishes an input.",
    Seen.DECLARED,
    needs=IN,
)
ONE_PUBLISHER = Requirement(
    "L-MEDIA-10",
    "A server MUST refuse with `publish_refused` to let a second connection publish an input whose publisher sends frames.",
    Seen.DECLARED,
    needs=IN,
)
TAKEN_OVER = Requirement(
    "L-MEDIA-11",
    f"A server MUST let another connection publish an input whose publisher has sent no frame for {PUBLISHER_SILENT_S} s, or is gone, or has stopped.",
    Seen.DECLARED,
    needs=IN,
)
PUBLISH_UNKNOWN = Requirement(
    "L-MEDIA-12",
    "A server MUST refuse with `unknown_track` to publish what is not an input of the model.",
)
UNPUBLISHED = Requirement(
    "L-MEDIA-13",
    "A server MUST let an input be published again after `unpublish_track`.",
    Seen.DECLARED,
    needs=IN,
)
UNKNOWN_METHOD = Requirement(
    "L-MEDIA-14",
    "A server MUST answer a request on `control` whose method it does not know with the error `unknown_method`.",
)
FRAME_RATE = Requirement(
    "L-MEDIA-15",
    "A server MUST NOT send more frames a second than `emission_fps` says, over any five seconds.",
    Seen.DECLARED,
    needs=OUT,
)
