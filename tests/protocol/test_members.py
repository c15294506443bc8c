"""Members in words."""

import pytest

from risp.protocol.action.frames import EncodedImage, Error, Limits, Observation, SessionReady
from risp.protocol.members import Member, kind, table


def test_a_table_tells_name_kind_need_and_meaning():
    assert table(EncodedImage) == [
        Member(
            "encoding",
            '"jpeg_base64" or "png_base64"',
            True,
            "What the sender believes the bytes to be; a server that decodes looks at the bytes.",
        ),
        Member("data", "base64 string", True, "The picture file, in padded base64."),
    ]


@pytest.mark.parametrize(
    ("part", "name", "text"),
    [
        (Observation, "seq", "integer, 0 to 2^53-1"),
        (Observation, "images", "object of base64 string or EncodedImage by name"),
        (Observation, "request_id", "string, 1 to 128 characters"),
        (Observation, "capture_time_ns", "integer, 0 to 2^63-1 or decimal string"),
        (Observation, "max_gpu_seconds", "number greater than 0"),
        (Observation, "max_age_ms", "number, 0 or greater"),
        (SessionReady, "session_id", "string, 16 or more characters"),
        (SessionReady, "limits", "Limits"),
        (SessionReady, "cameras", "array of string"),
        (Limits, "max_in_flight", "integer, 1 to 2^53-1"),
        (Error, "param", "string"),
        (Error, "fatal", "boolean"),
    ],
)
def test_kinds_read_as_people_would_write_them(part, name, text):
    assert next(member.kind for member in table(part) if member.name == name) == text


def test_what_is_owed_is_required_although_a_receiver_can_do_without():
    required = {member.name for member in table(Error) if member.required}
    assert required == {"type", "code", "message", "fatal", "retryable"}


def test_a_schema_without_a_type_takes_anything():
    assert kind({}) == "anything"
    assert kind({"type": "array", "items": {}, "minItems": 2}) == "array of 2 or more anything"
