"""Commands on the wire: what is published is kept, and what is refused changes nothing."""

import pytest

from risp.protocol.live.model import ModelSchema

rule = pytest.mark.requirement
DEFAULTS = {"prompt": "a sunny meadow", "action": "idle", "brightness": 1.0, "seed": 42}

NONE_OF = "not in choices ['idle', 'left', 'right', 'jump']"
LONG = "x" * 21
NO_NUMBER = "expected number, got NoneType"
BELOW = "brightness: -1.0 < ge(0.0)"

REFUSED = [
    ("L-CMD-5", "nobody_knows", {}, None, "unknown command"),
    ("L-CMD-5", "", {}, None, None),
    ("L-CMD-6", "set_seed", {"nope": 1}, "nope", "unexpected argument"),
    ("L-CMD-6", "get_state", {"x": 1}, "x", "unexpected argument"),
    ("L-CMD-7", "set_brightness", {"brightness": "1"}, "brightness", "expected number, got str"),
    ("L-CMD-7", "set_brightness", {"brightness": True}, "brightness", "expected number, got bool"),
    ("L-CMD-7", "set_seed", {"seed": True}, "seed", "expected integer, got bool"),
    ("L-CMD-7", "set_prompt", {"prompt": 7}, "prompt", "expected string, got int"),
    ("L-CMD-7", "set_prompt", {"prompt": ["a"]}, "prompt", "expected string, got list"),
    ("L-CMD-7", "set_brightness", {"brightness": None}, "brightness", NO_NUMBER),
    ("L-CMD-8", "set_seed", {"seed": 7.5}, "seed", "expected integer, got float"),
    ("L-CMD-9", "set_action", {"action": "fly"}, "action", f"action: 'fly' {NONE_OF}"),
    ("L-CMD-10", "set_brightness", {"brightness": 5.0}, "brightness", "brightness: 5.0 > le(2.0)"),
    ("L-CMD-10", "set_brightness", {"brightness": -1}, "brightness", BELOW),
    ("L-CMD-10", "add", {"a": 1, "b": 11}, "b", "b: 11 > le(10)"),
    ("L-CMD-11", "set_prompt", {"prompt": LONG}, "prompt", "prompt: length 21 > max_length(20)"),
    ("L-CMD-12", "add", {"b": 2}, "a", "missing required argument"),
    ("L-CMD-12", "set_image", {}, "image", "missing required argument"),
    ("L-CMD-16", "add", {"c": 1, "b": 11}, "c", "unexpected argument"),
    ("L-CMD-16", "add", {"b": "x"}, "b", "expected integer, got str"),
    ("L-CMD-16", "add", {"b": 11}, "b", "b: 11 > le(10)"),
]  # fmt: skip


@rule("L-CMD-5")
@rule("L-CMD-6")
@rule("L-CMD-7")
@rule("L-CMD-8")
@rule("L-CMD-9")
@rule("L-CMD-10")
@rule("L-CMD-11")
@rule("L-CMD-12")
@rule("L-CMD-13")
@rule("L-CMD-14")
@rule("L-CMD-15")
@rule("L-CMD-16")
@pytest.mark.parametrize(
    ("_", "command", "data", "param", "message"), REFUSED, ids=lambda one: str(one)[:30]
)
def test_a_command_that_breaks_what_is_published_is_refused_and_changes_nothing(
    meet, _, command, data, param, message
):
    async def scene(own, link):
        (refusal,) = await link.ask(command, data, request_id="r")
        assert (refusal["scope"], refusal["data"]["type"]) == ("runtime", "commandRejected")
        said = refusal["data"]["data"]
        assert said["request_id"] == "r"
        if message is None:
            assert (said["command"], said["code"]) == (None, "invalid_frame")
        else:
            assert (said["command"], said["code"]) == (command, "invalid_command")
            assert (said["message"], said.get("param")) == (message, param)
        assert await link.state() == DEFAULTS

    meet(scene)


@rule("L-CMD-13")
@rule("L-CMD-15")
def test_a_handler_that_fails_half_way_changes_nothing(meet):
    async def scene(own, link):
        (refusal,) = await link.ask("crash")
        said = refusal["data"]["data"]
        assert (said["code"], said["message"]) == (
            "internal_error",
            "The handler raised an unexpected error.",
        )
        assert await link.state() == DEFAULTS

    meet(scene)


@rule("L-CMD-2")
@rule("L-CMD-3")
@rule("L-CMD-4")
@rule("L-CMD-8")
@rule("L-CMD-10")
@rule("L-CMD-17")
@pytest.mark.parametrize(
    ("command", "data", "field", "value"),
    [
        ("set_brightness", {"brightness": 0}, "brightness", 0),
        ("set_brightness", {"brightness": 2.0}, "brightness", 2.0),
        ("set_brightness", {}, "brightness", 1.0),
        ("set_seed", {"seed": 7.0}, "seed", 7),
        ("set_seed", {"seed": -(2**40)}, "seed", -(2**40)),
        ("set_seed", {}, "seed", 42),
        ("set_action", {"action": "jump"}, "action", "jump"),
        ("set_action", {}, "action", "idle"),
    ],
)
def test_a_command_that_keeps_what_is_published_is_taken_in_silence(
    meet, command, data, field, value
):
    async def scene(own, link):
        await link.ask("set_seed", {"seed": 1})
        await link.ask("set_action", {"action": "left"})
        await link.ask("set_brightness", {"brightness": 0.5})
        assert await link.ask(command, data) == []
        assert (await link.state())[field] == value

    meet(scene)


@rule("L-CMD-3")
@rule("L-CMD-4")
def test_a_command_with_a_reply_gets_one(meet):
    async def scene(own, link):
        replies = [await link.ask("add", data) for data in ({"a": 1}, {"a": 1, "b": 10})]
        assert [[one["data"] for one in came] for came in replies] == [
            [{"type": "sum", "data": {"total": 2}}],
            [{"type": "sum", "data": {"total": 11}}],
        ]

    meet(scene)


@rule("L-CMD-1")
@rule("L-LOCAL-10")
def test_what_is_published_is_what_is_taken(meet):
    async def scene(own, link):
        link.say("runtime", "requestSchema")
        await link.until(lambda: bool(link.messages))
        document = link.messages[-1]["data"]["data"]
        assert document == (await own.http.get("/schema")).json()
        schema = ModelSchema.of_openapi(document)
        assert [track.name for track in schema.tracks] == ["webcam", "main_video"]
        for command in schema.commands:
            if command.name in ("crash", "finish", "set_image"):
                continue
            values = {one.name: _valid(one) for one in command.parameters}
            answers = await link.ask(command.name, values)
            assert "commandRejected" not in [one["data"]["type"] for one in answers], command.name
        assert set(await link.state()) == set(DEFAULTS)

    meet(scene)


def _valid(parameter):
    """A value that keeps what is published."""
    if not parameter.required:
        return parameter.default
    return 1
