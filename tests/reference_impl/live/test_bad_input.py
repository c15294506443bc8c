"""The tables of wrong requests, sent over real sockets."""

import re

import httpx
import jwt
import pytest

from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.live.http import ENDPOINTS
from tests.reference_impl.live import bad_table
from tests.reference_impl.live.bad_input import KEYLESS, Bad
from tests.reference_impl.live.bad_keys import KEYED
from tests.reference_impl.live.here import KEYS, Here

rule = pytest.mark.requirement


def names_of(here: Here) -> dict[str, str]:
    """What stands for the names in braces."""
    mine = here.bearer() if here.live.settings.keys else {}
    sid, gone = here.create(**mine), here.create(**mine)
    names = {"sid": sid, "gone": gone}
    for name in ("free", "taken"):
        names[name] = here.reserve(sid, **mine).rpartition("/")[2]
    assert here.http.put(f"/uploads/{names['taken']}", content=b"abc").status_code == 200
    assert here.http.delete(f"/sessions/{gone}", headers=mine).status_code == 204
    if mine:
        names |= tokens_of(here)
    return names


def tokens_of(here: Here) -> dict[str, str]:
    good = here.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    other = {"models": {"match": []}}
    detail = [{"type": "session", "resources": other}]
    bound = [{"type": "session", "resources": {"sessions": {"bind": ["x"]}}}]
    secret = here.live.tokens._secret
    return {
        "token": good,
        "other": here.token(KEYS[1]),
        "cut": good[:-3],
        "expired": jwt.encode({**claims, "exp": 1}, secret, "HS256"),
        "none": jwt.encode(claims, None, "none"),
        "forged": jwt.encode(claims, "x" * 64, "HS256"),
        "narrow": here.token(authorization_details=detail),
        "bound": here.token(authorization_details=bound),
    }


def fill(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)


def send(here: Here, row: Bad, names: dict[str, str]) -> httpx.Response:
    headers = {name: fill(value, names) for name, value in row.headers.items()}
    sent = {"content": row.body} if row.json is None else {"json": row.json}
    if row.body is None and row.json is None:
        sent = {}
    return here.http.request(row.method, fill(row.path, names), headers=headers, **sent)


@pytest.fixture(scope="module")
def keyless_names(keyless):
    return names_of(keyless)


@pytest.fixture(scope="module")
def keyed_names(keyed):
    return names_of(keyed)


def judge(here: Here, row: Bad, names: dict[str, str]) -> None:
    answer = send(here, row, names)
    assert answer.headers["content-type"] == "application/json", answer.text
    problem = answer.json()
    assert isinstance(problem.pop("detail"), str)
    due = {"code": row.code} | ({} if row.param is None else {"param": row.param})
    assert (answer.status_code, problem) == (row.status, due), answer.text
    assert HTTP_CODES[row.code].status == row.status
    assert ("www-authenticate" in answer.headers) is (row.status == 401)
    assert ("allow" in answer.headers) is (row.status == 405)
    headers = {"Authorization": f"Bearer {names['token']}"} if "token" in names else {}
    after = here.http.get(f"/sessions/{names['sid']}", headers=headers)
    assert after.json()["state"] == "ACTIVE"


@rule("L-HTTP-1")
@rule("L-HTTP-2")
@rule("L-HTTP-3")
@rule("L-HTTP-4")
@rule("L-HTTP-5")
@rule("L-HTTP-7")
@rule("L-HTTP-8")
@rule("L-HTTP-9")
@rule("L-HTTP-10")
@rule("L-HTTP-12")
@rule("L-HTTP-13")
@rule("L-HTTP-14")
@rule("L-HTTP-21")
@rule("L-HTTP-22")
@pytest.mark.parametrize("row", KEYLESS, ids=lambda row: row.name)
def test_a_wrong_request_is_refused_and_a_good_one_still_served(keyless, keyless_names, row):
    judge(keyless, row, keyless_names)


@rule("L-TOKEN-2")
@rule("L-TOKEN-4")
@rule("L-TOKEN-7")
@rule("L-TOKEN-8")
@rule("L-TOKEN-9")
@rule("L-TOKEN-11")
@rule("L-LOCAL-13")
@pytest.mark.parametrize("row", KEYED, ids=lambda row: row.name)
def test_with_keys_a_wrong_request_is_refused_too(keyed, keyed_names, row):
    judge(keyed, row, keyed_names)


def test_every_refusal_in_the_table_is_documented_at_its_endpoint():
    undocumented = []
    for row in [*KEYLESS, *KEYED]:
        path = row.path.partition("?")[0].format_map(
            dict.fromkeys(("sid", "gone", "free", "taken"), "x")
        )
        for one in ENDPOINTS:
            pattern = re.sub(r"\{\w+\}", "[^/]+", one.path)
            is_it = one.method == row.method and re.fullmatch(pattern, path)
            if is_it and row.code not in {code.code for code in one.codes}:
                undocumented.append((row.name, row.code))
    assert undocumented == []


def test_every_endpoint_that_takes_a_body_is_in_the_table():
    tried = {(row.method, row.path.replace("{sid}", "x")) for row in [*KEYLESS, *KEYED]}
    for one in ENDPOINTS:
        pattern = re.sub(r"\{\w+\}", "[^/]+", one.path)
        assert any(
            method == one.method and re.fullmatch(pattern, path) for method, path in tried
        ) or (one.body is None), one.name


def test_the_page_of_them_is_as_the_tables_are():
    assert bad_table.FILE.read_text(encoding="utf-8") == bad_table.page()
