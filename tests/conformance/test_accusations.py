"""What is accused and what is not, where the two look alike."""

import pytest

from risp.conformance.checks.action.error import no_insides
from risp.conformance.checks.action.handshake import challenge
from risp.conformance.conversation import Conversation, is_aside
from risp.conformance.transcript import Event, Kind, Way
from risp.conformance.verdict import Violation
from risp.protocol.action.frames import Error
from risp.protocol.codec import encode
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.speaking import Refused
from tests.broken.catalogue import PLAIN
from tests.broken.court import trial

# Made up of parts: no file of this tree names a machine's path.
HOME, USERS, TMP = (f"/{name}" for name in ("home", "Users", "tmp"))


def talk(kind: Kind, **rest: object) -> Conversation:
    """One event of the server's."""
    return Conversation([(0, Event(0, 1, Way.IN, kind, **rest))])  # type: ignore[arg-type]  # by keyword


def accuses(monitor, conversation: Conversation) -> bool:
    """Whether a monitor finds fault; it has to see what it judges in any case."""
    try:
        assert monitor(conversation) == 1
    except Violation:
        return True
    return False


@pytest.mark.parametrize(
    ("message", "shows"),
    [
        ("see /app/help/me", False),
        (f"see https://vendor.example/usr/lib/e.js or //vendor.example{HOME}/me/", False),
        ("POST /var/api/x or /opt/in, not /data/v1/actions", False),
        ("try docs.example.rs:8080/app.py", False),
        ("2/3 of the images, at home/Users/etc", False),
        ("", False),
        (f"cannot read {HOME}/robot/policy", True),
        (f"cannot read {USERS}/me/policy", True),
        ("/usr/lib/libcuda is too old", True),
        (f"{TMP}/torch_0/kernel failed", True),
        ("in site-packages/torch", True),
        ("/srv/policy/reader.so", True),
        ("/etc/risp/keys.yaml: no such file", True),
        ("/app/server/main.py failed", True),
        ("/models/pi05/weights.safetensors is gone", True),
        ("panicked at src/main.rs:5:3", True),
        ("at infer (/app/server.js:10:5)", True),
        ('File "policy.py", line 7, in infer', True),
        ("C:\\\\policies\\\\toy", True),
        ("Traceback (most recent call last)", True),
    ],
)
def test_only_what_is_surely_a_path_of_a_file_system_is_one(message, shows):
    error = Error(code="inference_failed", message=message, fatal=False, retryable=True)
    assert accuses(no_insides, talk(Kind.TEXT, text=encode(error))) == shows


def test_what_the_client_wrote_is_not_held_against_the_server():
    error = Error(
        code="duplicate_request",
        message="no",
        fatal=False,
        retryable=False,
        request_id=f"{HOME}/me/1",
        param=f"/images{HOME}/me",
    )
    assert not accuses(no_insides, talk(Kind.TEXT, text=encode(error)))


@pytest.mark.parametrize(
    ("values", "is_wrong"),
    [
        (["Bearer"], False),
        (['bearer realm="x"'], False),
        (['Basic realm="x"', "Bearer"], False),
        (['Basic realm="x", Bearer realm="y"'], False),
        (['Digest qop="a\\"b, c", Bearer'], False),
        ([], True),
        (["Basic"], True),
        (["Bearers"], True),
        (['Basic realm="a, Bearer"'], True),
        (["Custom a=b, bearer=c"], True),
    ],
)
def test_bearer_is_one_of_the_schemes_that_a_401_names(values, is_wrong):
    headers = [("WWW-Authenticate", value) for value in values]
    assert accuses(challenge, talk(Kind.HANDSHAKE, info={"status": 401, "headers": headers})) == (
        is_wrong
    )


def test_the_text_of_a_close_is_no_frame():
    close = Event(0, 1, Way.IN, Kind.CLOSE, code=1000, text='{"type":"error","fatal":true}')
    assert (close.tree, close.frame_type) == (None, None)


@pytest.mark.parametrize(
    ("members", "is_one"),
    [
        ({}, True),
        ({"fatal": None}, True),
        ({"fatal": True}, False),
        ({"seq": 0}, False),
        ({"code": "bad_frame"}, False),
        ({"code": 7}, False),
        ({"type": "action_chunk"}, False),
    ],
)
def test_a_vendors_error_that_is_not_fatal_and_names_no_observation_is_aside(members, is_one):
    assert is_aside({"type": "error", "code": "x_news", "fatal": False} | members) == is_one


class SendsAllAway(ServerSession):
    """Has time for no observation after the first of all."""

    came = 0
    first = 0

    def admit(self, unanswered: int) -> None:
        type(self).came += 1
        if self.came > self.first:
            raise Refused("rate_limited", "not so fast")


@pytest.mark.parametrize("first", [0, 1])
def test_who_sends_every_observation_away_gets_no_pass_out_of_it(first):
    finished = trial(type("SendsAllAway", (SendsAllAway,), {"first": first}), PLAIN).finished
    assert (finished.exit_code, finished.complete) == (3, False)
    if first:
        passed = {one.requirement.id for one in finished.requirements if one.verdict == "pass"}
        assert passed & {"A-OBS-7", "A-OBS-23", "A-OBS-24", "A-OBS-33", "A-OBS-48"} == set()
        assert "A-QUEUE-2" not in passed
    else:
        assert finished.diagnosis is not None
        assert "no acceptable observation found" in finished.diagnosis.message
