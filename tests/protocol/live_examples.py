"""Messages of the live profile that must pass, and what deployed programs really send."""

from typing import Any

FILE = {"upload_id": "6ad456a8", "name": "photo.png", "mime_type": "image/png", "size": 8}


def runtime(kind: str, **members: Any) -> dict[str, Any]:
    return {"scope": "runtime", "data": {"type": kind, **members}}


def application(kind: str, **members: Any) -> dict[str, Any]:
    return {"scope": "application", "data": {"type": kind, **members}}


CLIENT: list[dict[str, Any]] = [
    application("set_prompt", data={"prompt": "é", "deep": [{"a": None}]}, request_id="r" * 128),
    application("set_image", data={}, uploads={"image": FILE, "mask": {**FILE, "size": 0}}),
    application("reset"),
    runtime("ping"),
    runtime("ping", data={}),
    runtime("requestSchema", data={}, request_id="q"),
    runtime("requestCapabilities", data={}),
    runtime("requestState"),
    runtime("fileUploaded", data=FILE),
    runtime("requestClip", data={"duration_seconds": 1.0}),
    runtime("requestRecording", data={}),
]
"""What clients send on `data`."""

SERVER: list[dict[str, Any]] = [
    application("prompt_set", data={"prompt": "a", "length": 1}, request_id="r"),
    application("lifecycle", data={}),
    runtime("modelSchema", data={"openapi": "3.1.0"}, request_id="q"),
    runtime("modelCapabilities", data={"tracks": [], "commands": [], "emission_fps": None}),
    runtime("modelState", data={"prompt": "a", "seed": 42.0}),
    runtime("commandRejected", data={"command": None, "code": "invalid_frame", "message": "no"}),
    runtime(
        "commandRejected",
        data={
            "command": "set_seed",
            "code": "invalid_command",
            "message": "expected integer, got float",
            "param": "seed",
            "request_id": "c",
        },
    ),
    runtime("sessionEnded", data={"reason": "expired"}),
    runtime("clipFailed", data={"reason": "no recordings here"}),
]
"""What servers send on `data`."""

CLIENT_CONTROL: list[dict[str, Any]] = [
    *(
        {"type": "notification", "event": event, "data": {"name": "main_video"}}
        for event in ("resume_track", "pause_track", "unpublish_track")
    ),
    {
        "type": "request",
        "method": "publish_track",
        "request_id": "ctrl_1",
        "data": {"name": "webcam"},
    },
]
"""What clients send on `control`."""

_ANSWER = {"type": "response", "method": "publish_track", "request_id": "ctrl_1"}
SERVER_CONTROL: list[dict[str, Any]] = [
    {**_ANSWER, "data": {}},
    {**_ANSWER, "error": {"code": "publish_refused", "message": "taken"}},
]
"""What servers send on `control`."""

CAPTURED_CLIENT = [
    '{"scope": "application", "data": {"type": "get_state", "data": {}}}',
    '{"scope": "application", "data": {"type": "set_brightness", "data": {"nope": 1}}}',
    '{"scope": "runtime", "data": {"type": "ping", "data": {}}}',
    '{"scope": "runtime", "data": {"type": "requestCapabilities", "data": {}}}',
    '{"scope": "runtime", "data": {"type": "fileUploaded", "data": {"upload_id": '
    '"6ad456a8759a4dbf8dc9a3ced5b7381b", "name": "photo.png", "mime_type": "image/png", '
    '"size": 8}}}',
    '{"scope": "application", "data": {"type": "set_image", "data": {"caption": "cap"}, '
    '"uploads": {"image": {"upload_id": "6ad456a8759a4dbf8dc9a3ced5b7381b", '
    '"name": "photo.png", "mime_type": "image/png", "size": 8}}}}',
    '{"scope": "runtime", "data": {"type": "requestClip", "data": {"duration_seconds": 1.0}}}',
    '{"scope":"runtime","data":{"type":"requestSchema","data":{}}}',
    '{"scope":"application","data":{"type":"broadcast","data":{"text":"yo"}}}',
]
"""Messages of deployed clients on `data`, letter for letter."""

CAPTURED_SERVER = [
    '{"scope": "application", "data": {"type": "prompt_set", "data": {"prompt": '
    '"a dark forest", "length": 13.0}}}',
    '{"scope": "application", "data": {"type": "photo.png", "data": {"mime_type": '
    '"image/png", "size": 8.0, "name": "photo.png"}}}',
    '{"scope": "runtime", "data": {"type": "clipFailed", "data": {"reason": '
    '"recorder disabled or encoder crashed"}}}',
    '{"scope": "runtime", "data": {"type": "modelCapabilities", "data": {"protocol_version": '
    '"0.0.0", "tracks": [{"name": "webcam", "kind": "video", "direction": "sendonly"}], '
    '"commands": [], "emission_fps": null}}}',
]
"""Messages of deployed servers on `data`, letter for letter."""
