"""Images in observations: what is taken, what is refused."""

from collections.abc import Iterable
from typing import Any

from risp.protocol.action.requirements import observation as rule

from ...check import Case, check
from ...json_values import mapping, shown
from ...peers.websocket import Peer
from ...pictures import JPEG, PNG
from ...verdict import Violation
from .observation import INVALID, accepted, refused

EXTRA_CAMERA = "risp_extra_camera"
"""A camera that no server declares."""


def camera(peer: Peer) -> str:
    """The name of a camera to try images on."""
    return next(iter(peer.observation().get("images") or ()), EXTRA_CAMERA)


def with_image(peer: Peer, image: Any) -> dict[str, Any]:
    """An observation in which one image is this."""
    frame = peer.observation()
    return frame | {"images": {**(frame.get("images") or {}), camera(peer): image}}


def accepted_image(case: Case, image: Any) -> None:
    """Send an image, which must be taken."""
    peer = case.opened()
    frame = with_image(peer, image)
    peer.send(frame)
    peer.expect("action_chunk", seq=frame["seq"])


def refused_images(case: Case, images: Iterable[Any]) -> None:
    """Send images, each of which must be refused."""
    peer = case.opened()
    for image in images:
        refused(peer, with_image(peer, image), "invalid_image")


@check(rule.BARE_IMAGE)
def bare_image(case: Case) -> None:
    """Send an image as a bare base64 string."""
    accepted_image(case, JPEG)


@check(rule.JPEG_IMAGE)
def jpeg_image(case: Case) -> None:
    """Send an image labelled JPEG."""
    accepted_image(case, {"encoding": "jpeg_base64", "data": JPEG})


@check(rule.PNG_IMAGE)
def png_image(case: Case) -> None:
    """Send an image labelled PNG."""
    accepted_image(case, {"encoding": "png_base64", "data": PNG})


@check(rule.BYTES_DECIDE)
def bytes_decide(case: Case) -> None:
    """Label a PNG as a JPEG, and the other way round."""
    accepted_image(case, {"encoding": "jpeg_base64", "data": PNG})
    accepted_image(case, {"encoding": "png_base64", "data": JPEG})


@check(rule.IMAGE_TYPE)
def image_type(case: Case) -> None:
    """Send images of wrong JSON types."""
    whole = {"encoding": "jpeg_base64", "data": JPEG}
    parts = [{k: v for k, v in whole.items() if k != gone} for gone in whole]
    refused_images(
        case, (None, 7, True, [JPEG], {}, *parts, whole | {"data": 7}, whole | {"encoding": 7})
    )


@check(rule.IMAGE_ENCODING)
def image_encoding(case: Case) -> None:
    """Send an image in an encoding that does not exist."""
    refused_images(case, [{"encoding": name, "data": JPEG} for name in ("gif_base64", "jpeg", "")])


@check(rule.IMAGE_BASE64)
def image_base64(case: Case) -> None:
    """Send image data that is not padded base64."""
    broken = ("AA", "A===", "!!!!", "__79", "AA==AA==")
    objects = [{"encoding": "jpeg_base64", "data": data} for data in broken]
    refused_images(case, (*broken, *objects))


@check(rule.CAMERA_MISSING, rule.CAMERA_PARAM)
def camera_missing(case: Case) -> None:
    """Leave out each required camera in turn."""
    peer = case.opened()
    for name in case.subject.cameras:
        frame = peer.observation()
        frame["images"] = {k: v for k, v in frame["images"].items() if k != name}
        peer.send(frame)
        error = peer.expect_error(INVALID, peer.answer_s, hint=f"{name} was left out")
        if not str(error.get("param")).startswith("/images"):
            raise Violation(
                "`param` at or below /images",
                shown(error.get("param")),
                requirement=rule.CAMERA_PARAM,
            )


@check(rule.EXTRA_CAMERA)
def extra_camera(case: Case) -> None:
    """Send an image of a camera that was not declared."""
    peer = case.opened()
    images = {**mapping(peer.observation().get("images")), EXTRA_CAMERA: JPEG}
    accepted(peer, images=images)


@check(rule.NO_IMAGES)
def no_images(case: Case) -> None:
    """Observe without `images`."""
    accepted(case.opened(), images=None)
