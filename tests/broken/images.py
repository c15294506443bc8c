"""Servers that are wrong about images."""

import base64

from risp.protocol.action.frames import (
    ClientFrame,
    EncodedImage,
    Observation,
)
from risp.protocol.action.requirements import observation as rule
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault, served
from .policies import Seeing
from .tamper import Tree, read_as

TAKEN = "invalid_observation.*action_chunk"


def refuses_images(frame: Observation, *kinds: str) -> None:
    """Refuse an observation with an image of one of these kinds."""
    for name, image in (frame.images or {}).items():
        if (image.encoding if isinstance(image, EncodedImage) else "bare") in kinds:
            raise Refused("invalid_image", "cannot be read", pointer=f"/images/{name}")


@fault(rule.BARE_IMAGE, "images.bare_image", "action_chunk.*invalid_image")
class WantsLabels(ServerSession):
    """Refuses an image without an encoding."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "bare")
        super().check_cameras(frame)


@fault(rule.JPEG_IMAGE, "images.jpeg_image", "action_chunk.*invalid_image")
class ReadsNoJpeg(ServerSession):
    """Refuses images labelled JPEG."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "jpeg_base64")
        super().check_cameras(frame)


@fault(rule.PNG_IMAGE, "images.png_image", "action_chunk.*invalid_image")
class ReadsNoPng(ServerSession):
    """Refuses images labelled PNG."""

    def check_cameras(self, frame: Observation) -> None:
        refuses_images(frame, "png_base64")
        super().check_cameras(frame)


@fault(rule.BYTES_DECIDE, "images.bytes_decide", "action_chunk.*invalid_image")
class TrustsLabels(ServerSession):
    """Refuses an image whose bytes are not what its label says."""

    def check_cameras(self, frame: Observation) -> None:
        for name, image in (frame.images or {}).items():
            if isinstance(image, EncodedImage):
                is_png = base64.b64decode(image.data).startswith(b"\x89PNG")
                if is_png != (image.encoding == "png_base64"):
                    raise Refused("invalid_image", "mislabelled", pointer=f"/images/{name}")
        super().check_cameras(frame)


@fault(rule.IMAGE_TYPE, "images.image_type", "invalid_image.*action_chunk")
class SkipsImagesWithoutData(ServerSession):
    """Passes over an image that has an encoding and no data."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            images = tree.get("images") or {}
            for name in [n for n, i in images.items() if isinstance(i, dict) and len(i) == 1]:
                del images[name]

        return super().decode(read_as(text, "observation", change))


@fault(rule.IMAGE_TYPE, "images.image_type", "invalid_image.*action_chunk")
class TakesNullForNoImage(ServerSession):
    """Passes over an image that is null."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(images := tree.get("images"), dict):
                tree["images"] = {name: i for name, i in images.items() if i is not None}

        return super().decode(read_as(text, "observation", change))


@fault(rule.IMAGE_TYPE, "images.image_type", 'invalid_image.*"invalid_observation"')
class CallsABadImageABadObservation(ServerSession):
    """Says `invalid_observation` to an image that is a number."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        if error.code == "invalid_image" and error.pointer.count("/") == 2:
            error.code = "invalid_observation"
        super().on_bad_observation(error, now)


@fault(rule.IMAGE_ENCODING, "images.image_encoding", "invalid_image.*action_chunk")
class ReadsAnyEncoding(ServerSession):
    """Takes an image in an encoding that nobody knows."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            for image in (tree.get("images") or {}).values():
                if isinstance(image, dict) and isinstance(image.get("encoding"), str):
                    image["encoding"] = "jpeg_base64"

        return super().decode(read_as(text, "observation", change))


@fault(rule.CAMERA_MISSING, "images.camera_missing", TAKEN, served=served(Seeing))
class SeesInTheDark(ServerSession):
    """Does without the last camera that it declares."""

    def check_cameras(self, frame: Observation) -> None:
        if set(frame.images or ()) != set(self.about.cameras[:-1]):
            super().check_cameras(frame)


@fault(
    rule.CAMERA_PARAM,
    "images.camera_missing",
    "at or below /images.*/state",
    served=served(Seeing),
)
class BlamesTheState(ServerSession):
    """Points at `state` when a camera is missing."""

    def check_cameras(self, frame: Observation) -> None:
        try:
            super().check_cameras(frame)
        except RemoteProtocolError as error:
            raise Refused(error.code, error.message, pointer="/state") from None


@fault(rule.EXTRA_CAMERA, "images.extra_camera", "action_chunk.*invalid_observation",
       served=served(Seeing))  # fmt: skip
class KnowsItsCameras(ServerSession):
    """Refuses images of cameras that it has not declared."""

    def check_cameras(self, frame: Observation) -> None:
        super().check_cameras(frame)
        if set(frame.images or ()) - set(self.about.cameras):
            raise Refused("invalid_observation", "what camera is that?", pointer="/images")


@fault(rule.NO_IMAGES, "images.no_images", "action_chunk.*invalid_observation")
class WantsImagesAnyway(ServerSession):
    """Requires no camera, and `images` all the same."""

    def check_cameras(self, frame: Observation) -> None:
        if frame.images is None:
            raise Refused("invalid_observation", "nothing to be seen", pointer="/images")
