"""Requests that a server with keys refuses, as in `bad_input`."""

from typing import Any

from tests.reference_impl.live.bad_input import (
    CONNECTION,
    MODEL,
    UPLOADS,
    WEBRTC,
    Bad,
    wrong_members,
)


def keyed() -> list[Bad]:
    """What a server with keys refuses."""
    asking = [
        ("POST", "/sessions"),
        ("GET", "/sessions/{sid}"),
        ("GET", "/sessions/{sid}/info"),
        ("PUT", "/sessions/{sid}"),
        ("DELETE", "/sessions/{sid}"),
        ("GET", f"{WEBRTC}/ice_servers"),
        ("POST", f"{WEBRTC}/connections"),
        ("POST", f"{CONNECTION}/sdp_params"),
        ("PUT", f"{CONNECTION}/sdp_params"),
        ("GET", f"{CONNECTION}/sdp_params"),
        ("POST", f"{CONNECTION}/ice_candidates"),
        ("POST", f"{WEBRTC}/sdp_params"),
        ("GET", f"{WEBRTC}/sdp_params"),
        ("POST", UPLOADS),
        ("GET", "/sessions/nope"),
    ]
    rows = [Bad(f"no token {m} {path}", m, path, 401, "unauthorized") for m, path in asking]
    tokens = {
        "garbage": "Bearer garbage",
        "a key": "Bearer rk_first",
        "local": "Bearer local",
        "another scheme": "Basic {token}",
        "bare": "{token}",
        "empty": "Bearer",
        "cut": "Bearer {cut}",
        "expired": "Bearer {expired}",
        "alg none": "Bearer {none}",
        "another secret": "Bearer {forged}",
    }
    for name, value in tokens.items():
        head = {"Authorization": value}
        path = "/sessions/{sid}"
        rows.append(Bad(f"token {name}", "GET", path, 401, "unauthorized", headers=head))
    for key in ("", "wrong", "RK_FIRST", "rk_first "[:-2]):
        head = {"Reactor-API-Key": key}
        for body in (b"", b"not json"):
            row = Bad(f"key {key} {body!r}", "POST", "/tokens", 401, "unauthorized", None, body)
            rows.append(Bad(**{**vars(row), "headers": head}))
    rows.append(Bad("no key", "POST", "/tokens", 401, "unauthorized"))
    local = ("/session", "/start_session", "/stop_session", "/events", "/schema")
    rows += [
        Bad(f"{m} {path}", m, path, 404, "not_found") for m in ("GET", "POST") for path in local
    ]
    other = {"Authorization": "Bearer {other}"}
    for method, path in asking[1:]:
        row = Bad(f"other key {method} {path}", method, path, 404, "unknown_session", headers=other)
        rows.append(row)
    return rows + _of_keys()


def _of_keys() -> list[Bad]:
    """Token requests under a good key, and sessions that a token does not allow."""
    detail = {"type": "session", "resources": {"models": {"match": ["toy"]}}}
    good = {"authorization_details": [detail], "expires_after": 60}
    at = "/authorization_details"
    wrong: list[tuple[str, Any]] = [
        (at, {}),
        (at, "session"),
        (f"{at}/0", "session"),
        (f"{at}/0/type", ...),
        (f"{at}/0/type", "robot"),
        (f"{at}/0/resources", []),
        (f"{at}/0/resources/models", ["toy"]),
        (f"{at}/0/resources/models/match", "toy"),
        (f"{at}/0/resources/models/match/0", ""),
        (f"{at}/0/resources/models/all", "yes"),
        (f"{at}/0/resources/sessions", "s"),
        (f"{at}/0/constraints", 5),
        *(("/expires_after", value) for value in (0, -1, "60", 1.5, True)),
    ]
    rows = wrong_members("POST", "/tokens", good, wrong)
    unknown = {"authorization_details": [{**detail, "resources": {"models": {"match": ["x"]}}}]}
    place = f"{at}/0/resources/models/match/0"
    rows.append(Bad("unknown", "POST", "/tokens", 404, "unknown_model", place, None, unknown))
    rows += [
        Bad(f"body {body!r:.20}", "POST", "/tokens", 422, "invalid_body", None, body)
        for body in (b"x", b"[]", b'{"a":1,"a":2}')
    ]
    key = {"Reactor-API-Key": "rk_first"}
    rows = [Bad(**{**vars(row), "headers": key}) for row in rows]
    narrow = {"Authorization": "Bearer {narrow}"}
    bound = {"Authorization": "Bearer {bound}"}
    return [
        *rows,
        Bad("narrow", "POST", "/sessions", 403, "model_not_allowed", None, None, MODEL, narrow),
        Bad("bound", "POST", "/sessions", 403, "model_not_allowed", None, None, MODEL, bound),
        Bad("bound", "GET", "/sessions/{sid}", 404, "unknown_session", headers=bound),
    ]


KEYED = keyed()
