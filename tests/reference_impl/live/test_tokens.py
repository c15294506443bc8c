"""Tokens: what a key is given, and what is taken back."""

import base64
import json

import jwt
import pytest

from risp.protocol.live.bodies import TokenRequest
from risp.protocol.live.limits import MAX_TOKEN_S
from risp.reference_impl.live.refusal import Refusal
from risp.reference_impl.live.settings import LiveSettings
from risp.reference_impl.live.tokens import ANYBODY, Tokens

KEYS = ("first", "sécond")
MODELS = {"match": ["toy"]}


class Wall:
    """A clock on the wall that stands until it is set."""

    now = 1_000_000.5

    def __call__(self) -> float:
        return self.now


def made(wall=None, **settings):
    return Tokens(LiveSettings(**{"keys": KEYS, **settings}), wall or Wall())


def token(tokens, key="first", **members):
    return tokens.exchange(key, TokenRequest.model_validate(members)).jwt


def grant(tokens, text):
    return tokens.read(f"Bearer {text}")


def detail(resources=None, **constraints):
    members = {"resources": resources, "constraints": constraints or None}
    return {"type": "session", **{k: v for k, v in members.items() if v is not None}}


def refused(call, *arguments, **members):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **members)
    return caught.value.code.code


def claims(text):
    part = text.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.requirement("L-TOKEN-3")
@pytest.mark.parametrize("members", [{}, {"authorization_details": []}])
def test_an_empty_request_yields_a_token_for_all_models(members):
    tokens = made()
    found = grant(tokens, token(tokens, **members))
    assert (found.models, found.bound, found.max_session_s, found.max_sessions) == (None,) * 4
    assert grant(tokens, tokens.exchange("first", None).jwt).models is None


@pytest.mark.requirement("L-TOKEN-10")
def test_all_tokens_of_a_key_have_one_subject_and_ids_of_their_own():
    tokens = made()
    one, other = grant(tokens, token(tokens)), grant(tokens, token(tokens))
    foreign = grant(tokens, token(tokens, "s\u00e9cond".encode().decode("latin-1")))
    assert one.subject == other.subject != foreign.subject
    assert one.token_id != other.token_id


def test_a_token_does_not_hold_the_key_nor_a_plain_digest_of_it():
    import hashlib

    text = token(made())
    assert "first" not in json.dumps(claims(text))
    digest = hashlib.sha256(b"first").hexdigest()
    assert claims(text)["sub"] not in (digest, digest[:32])
    assert claims(token(made()))["sub"] != claims(text)["sub"], "of another process"


@pytest.mark.requirement("L-TOKEN-2")
@pytest.mark.parametrize("key", [None, "", "firs", "firstt", "First"])
def test_any_other_key_is_refused(key):
    assert refused(made().exchange, key, None) == "unauthorized"


def test_without_keys_there_are_no_tokens_and_everybody_may_do_everything():
    tokens = made(keys=())
    assert refused(tokens.exchange, "first", None) == "not_found"
    for header in (None, "Bearer local", "Basic x", "nonsense"):
        assert tokens.read(header) == ANYBODY
    assert not tokens.is_good("local")


@pytest.mark.requirement("L-TOKEN-5")
@pytest.mark.requirement("L-TOKEN-6")
@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 3600), (1, 1), (60, 60), (MAX_TOKEN_S + 1, MAX_TOKEN_S)]
)
def test_a_token_is_good_for_as_long_as_was_asked_and_never_longer_than_it_may_be(asked, seconds):
    given = made().exchange("first", TokenRequest(expires_after=asked))
    assert given.expires_at == claims(given.jwt)["exp"] == 1_000_000 + seconds


def test_an_operator_cannot_make_tokens_that_are_good_for_longer_than_the_protocol_allows():
    assert made(token_s=10**9).exchange("first", None).expires_at == 1_000_000 + MAX_TOKEN_S


@pytest.mark.requirement("L-TOKEN-8")
def test_a_token_whose_time_is_over_is_refused():
    wall = Wall()
    tokens = made(wall)
    text = token(tokens, expires_after=10)
    wall.now = 1_000_009.9
    assert grant(tokens, text).token_id
    assert tokens.is_good(text)
    wall.now = 1_000_010
    assert refused(grant, tokens, text) == "unauthorized"
    assert not tokens.is_good(text)


def forged(text, secret="x" * 32, algorithm="HS256", **changes):
    body = {**claims(text), **changes}
    return jwt.encode({k: v for k, v in body.items() if v is not None}, secret, algorithm)


@pytest.mark.requirement("L-TOKEN-9")
def test_a_token_of_another_secret_or_another_algorithm_is_refused():
    tokens = made()
    text = token(tokens)
    head, body, signature = text.split(".")
    bare = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for wrong in (
        forged(text),
        forged(text, secret=None, algorithm="none"),
        f"{bare}.{body}.",
        f"{bare}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        token(made()),
        "x" * 9000,
        "",
        "first",
        "ünïcode",
    ):
        assert refused(tokens.read, f"Bearer {wrong}") == "unauthorized", wrong
        assert not tokens.is_good(wrong)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_right_secret_with_another_algorithm_is_refused(algorithm):
    tokens = made()
    text = token(tokens)
    assert grant(tokens, forged(text, tokens._secret))
    assert refused(grant, tokens, forged(text, tokens._secret, algorithm)) == "unauthorized"


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("exp", "iat", "sub", "jti", "iss")),
        {"iss": "somebody"},
        {"exp": "later"},
        {"exp": 2_000_000.5},
        {"models": "toy"},
        {"max_sessions": "1"},
        {"sub": "another"},
    ],
)
def test_what_is_signed_and_not_as_we_write_it_is_refused(changes):
    tokens = made()
    text = token(tokens)
    assert grant(tokens, forged(text, tokens._secret))
    assert refused(grant, tokens, forged(text, tokens._secret, **changes)) == "unauthorized"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "Token {}", "Bearer{}"]
)
def test_only_a_token_of_the_scheme_bearer_counts(header):
    tokens = made()
    text = token(tokens)
    assert tokens.read(f"bearer  {text} ").token_id
    assert refused(tokens.read, header and header.format(text)) == "unauthorized"


@pytest.mark.requirement("A-HAND-15")
def test_a_key_is_no_token():
    tokens = made()
    assert refused(tokens.read, "Bearer first") == "unauthorized"
    assert not tokens.is_good("first")


@pytest.mark.parametrize(
    ("details", "models"),
    [
        ([detail()], None),
        ([detail({})], None),
        ([detail({"models": {}})], None),
        ([detail({"models": {"all": True}})], None),
        ([detail({"models": {"all": True, "match": ["toy"]}})], None),
        ([detail({"models": {"all": False}})], set()),
        ([detail({"models": {"match": []}})], set()),
        ([detail({"models": MODELS})], {"toy"}),
        ([detail({"models": MODELS}), detail({"models": {"match": ["b"]}})], {"toy", "b"}),
        ([detail({"models": MODELS}), detail()], None),
    ],
)
def test_details_add_up_in_models(details, models):
    tokens = made()
    assert grant(tokens, token(tokens, authorization_details=details)).models == models


def test_of_the_bounds_of_several_details_the_tightest_holds():
    tokens = made()
    details = [
        detail({"sessions": {"bind": ["a"]}}, max_session_duration_seconds=60, max_sessions=3),
        detail({"sessions": {}}, max_session_duration_seconds=20),
        detail({"sessions": {"bind": ["b"]}}, max_sessions=5),
    ]
    found = grant(tokens, token(tokens, authorization_details=details))
    assert (found.bound, found.max_session_s, found.max_sessions) == ({"a", "b"}, 20, 3)


def test_a_model_that_is_not_served_is_refused_with_its_place_but_only_to_a_key():
    tokens = made()
    request = TokenRequest.model_validate(
        {"authorization_details": [detail(), detail({"models": {"match": ["toy", "other"]}})]}
    )
    with pytest.raises(Refusal) as caught:
        tokens.exchange("first", request, known=("toy",))
    assert caught.value.code.code == "unknown_model"
    assert caught.value.param == "/authorization_details/1/resources/models/match/1"
    assert refused(tokens.exchange, "wrong", request, known=("toy",)) == "unauthorized"


@pytest.mark.requirement("L-TOKEN-15")
def test_only_a_token_that_was_not_narrowed_opens_the_action_profile():
    tokens = made()
    assert tokens.is_good(token(tokens))
    for resources in ({"models": MODELS}, {"sessions": {"bind": ["a"]}}):
        narrowed = token(tokens, authorization_details=[detail(resources)])
        assert grant(tokens, narrowed).token_id
        assert not tokens.is_good(narrowed)


def test_with_a_secret_of_the_operators_tokens_outlive_the_process_but_not_their_key():
    text = token(made(token_secret="s"))
    assert grant(made(token_secret="s"), text).token_id
    assert refused(grant, made(token_secret="other"), text) == "unauthorized"
    assert refused(grant, made(token_secret="s", keys=("new",)), text) == "unauthorized"


def test_settings_do_not_show_their_secrets():
    shown = repr(LiveSettings(keys=("k-e-y",), token_secret="s-e-c"))
    assert "k-e-y" not in shown
    assert "s-e-c" not in shown
