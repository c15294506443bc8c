"""Requests that are wrong in one way each, and what they earn: the status, the code, the place."""

from dataclasses import dataclass, field
from typing import Any

FINGERPRINT = ":".join(["AB"] * 32)
_SECTION = f"""\
c=IN IP4 0.0.0.0
a=mid:{{mid}}
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
"""
_VIDEO = f"""\
m=video 9 UDP/TLS/RTP/SAVPF 97
{_SECTION.format(mid=0)}a=recvonly
a=rtcp-mux
a=rtpmap:97 VP8/90000
"""
_DATA = f"""\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
{_SECTION.format(mid=1)}a=sctp-port:5000
a=max-message-size:262144
"""
_HEAD = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE 0 1\n"
SDP = (_HEAD + _VIDEO + _DATA).replace("\n", "\r\n")
"""An offer that could be answered."""

CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.2 45923 typ host"


@dataclass(frozen=True)
class Bad:
    """One wrong request.

    In its path, `{sid}` is a session, `{gone}` one that has ended, `{free}` a place for three
    bytes and `{taken}` one that has them; in its headers, `{token}` is a good token.
    """

    name: str
    method: str
    path: str
    status: int
    code: str
    param: str | None = None
    body: bytes | None = None
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)


WEBRTC = "/sessions/{sid}/transport/webrtc"
CONNECTION = f"{WEBRTC}/connections/2000"
UPLOADS = "/sessions/{sid}/uploads"
MODEL = {"model": {"name": "toy"}}
FILE = {"name": "a", "size": 1, "mime_type": "x/y"}


def bodies() -> list[Bad]:
    """Bodies that are no JSON objects, at every endpoint that reads one."""
    readers = [
        ("POST", "/sessions", True),
        ("DELETE", "/sessions/{sid}", False),
        ("POST", f"{CONNECTION}/sdp_params", True),
        ("PUT", f"{CONNECTION}/sdp_params", True),
        ("POST", f"{CONNECTION}/ice_candidates", True),
        ("POST", f"{WEBRTC}/sdp_params", True),
        ("PUT", f"{WEBRTC}/sdp_params", True),
        ("POST", f"{WEBRTC}/ice_candidates", True),
        ("POST", UPLOADS, True),
        ("POST", "/start_session", False),
        ("POST", "/stop_session", False),
    ]
    wrong = {
        "no-json": b"not json",
        "cut": b'{"a":',
        "array": b"[1]",
        "string": b'"x"',
        "number": b"1",
        "false": b"false",
        "nan": b'{"model":{"name":"toy"},"x":NaN}',
        "infinity": b'{"x":-Infinity}',
        "key-twice": b'{"model":1,"model":{"name":"toy"}}',
        "deep": b'{"x":' + b"[" * 70 + b"]" * 70 + b"}",
        "no-utf8": b'{"x":"\xff"}',
        "half-a-pair": b'{"x":"\\ud800"}',
        "byte-order-mark": b"\xef\xbb\xbf{}",
        "form": b"model=toy",
    }
    rows: list[Bad] = []
    for method, path, is_due in readers:
        due = {"empty": b"", "blank": b" \r\n", "null": b"null"} if is_due else {}
        for name, body in {**wrong, **due}.items():
            label = f"{name}: {method} {path}"
            rows.append(Bad(label, method, path, 422, "invalid_body", None, body))
        large = b'{"x":"' + b"y" * (1 << 18) + b'"}'
        rows.append(Bad(f"large: {method} {path}", method, path, 413, "too_large", None, large))
    register = f"{WEBRTC}/connections"
    rows.append(Bad("large: register", "POST", register, 413, "too_large", None, b"x" * (1 << 19)))
    return rows


def wrong_members(
    method: str, path: str, good: dict[str, Any], wrong: list[tuple[str, Any]]
) -> list[Bad]:
    """Bodies with one member that is wrong, by its pointer; `...` leaves the member out."""
    rows: list[Bad] = []
    for pointer, value in wrong:
        body: Any = _copy(good)
        *way, last = [int(p) if p.isdigit() else p for p in pointer.strip("/").split("/")]
        place = body
        for step in way:
            place = place[step]
        if value is ...:
            place.pop(last)
        else:
            place[last] = value
        name = f"{pointer} {value!r:.30}: {method} {path}"
        rows.append(Bad(name, method, path, 422, "invalid_body", pointer, None, body))
    return rows


def _copy(value: Any) -> Any:
    match value:
        case dict():
            return {name: _copy(one) for name, one in value.items()}
        case list():
            return [_copy(one) for one in value]
        case _:
            return value


def members() -> list[Bad]:
    """Members that are missing, null, of a wrong type or out of bounds."""
    texts = (..., None, 1, True, [], {}, "")
    session = {**MODEL, "supported_transports": [{"protocol": "webrtc", "version": "1.0"}]}
    rows = wrong_members(
        "POST",
        "/sessions",
        session,
        [
            *(("/model", value) for value in (..., None, "toy", [], 1)),
            *(("/model/name", value) for value in (*texts, "x" * 256)),
            ("/model/version", 1),
            ("/client_info", "js"),
            ("/supported_transports", "webrtc"),
            ("/supported_transports", []),
            ("/supported_transports/0", None),
            ("/supported_transports/0/version", 1.0),
            ("/supported_transports/0/version", ...),
        ],
    )
    for way in (CONNECTION, WEBRTC):
        rows += _offers(f"{way}/sdp_params") + _candidates(f"{way}/ice_candidates")
    sizes = (..., None, 0, -1, 1.5, "1", True, [], 2**53, 1e300)
    rows += wrong_members(
        "POST",
        UPLOADS,
        FILE,
        [
            *((f"/{name}", value) for name in ("name", "mime_type") for value in texts),
            *(("/size", value) for value in sizes),
            ("/name", "x" * 256),
            *(("/upload_id", value) for value in (1, "", "x" * 256)),
        ],
    )
    reasons = [("/reason", value) for value in (1, [], "x" * 201)]
    rows += wrong_members("DELETE", "/sessions/{sid}", {"reason": "r"}, reasons)
    return rows + wrong_members("POST", "/stop_session", {"reason": "r"}, reasons)


def _offers(path: str) -> list[Bad]:
    mapping = [{"mid": "0", "name": "main_video", "kind": "video", "direction": "recvonly"}]
    good = {"sdp_offer": SDP, "track_mapping": mapping}
    wrong: list[tuple[str, Any]] = [
        *(("/sdp_offer", value) for value in (..., None, 1, [], "")),
        ("/client_info", []),
        ("/track_mapping", {}),
        ("/track_mapping", "0"),
        ("/track_mapping/0", "0"),
        *(("/track_mapping/0/kind", value) for value in (..., None, "smell", "audio")),
        *(("/track_mapping/0/direction", value) for value in (..., "sideways", "in", "sendonly")),
        *(("/track_mapping/0/name", value) for value in (..., "", "other", 1)),
        *(("/track_mapping/0/mid", value) for value in (..., "9", 0, None)),
    ]
    rows = [row for method in ("POST", "PUT") for row in wrong_members(method, path, good, wrong)]
    sdps = {
        "garbage": "garbage",
        "head": "v=0",
        "no media": _HEAD,
        "no codec": SDP.replace("VP8", "XYZ"),
        "other kind": SDP.replace("m=video", "m=smell"),
        "no ufrag": SDP.replace("a=ice-ufrag:abcd\r\n", ""),
        "no fingerprint": SDP.replace(f"a=fingerprint:sha-256 {FINGERPRINT}\r\n", ""),
        "mid twice": SDP.replace("a=mid:1", "a=mid:0"),
        "bad line": SDP.replace("a=rtpmap:97 VP8/90000", "a=rtpmap:x"),
        "nul": "\x00" * 100,
        "half": SDP[: len(SDP) // 3],
    }
    for name, sdp in sdps.items():
        for method in ("POST", "PUT"):
            label = f"sdp {name}: {method} {path}"
            body = {"sdp_offer": sdp}
            rows.append(Bad(label, method, path, 422, "invalid_offer", "/sdp_offer", None, body))
    return rows


def _candidates(path: str) -> list[Bad]:
    good = {"candidates": [{"candidate": CANDIDATE, "sdp_mid": "0", "sdp_mline_index": 0}]}
    wrong: list[tuple[str, Any]] = [
        *(("/candidates", value) for value in (..., None, "x", {})),
        ("/candidates", [{"candidate": "", "sdp_mid": "0"}] * 65),
        ("/candidates/0", "x"),
        *(("/candidates/0/candidate", value) for value in (..., None, 1)),
        ("/candidates/0/sdp_mid", 0),
        *(("/candidates/0/sdp_mline_index", value) for value in (-1, "0", 0.5)),
        ("/is_final", "yes"),
        ("/is_final", 1),
    ]
    rows = wrong_members("POST", path, good, wrong)
    for text in ("x", "candidate:", "candidate:1 1 udp", CANDIDATE.replace("45923", "99999999")):
        if text == "candidate:":
            continue  # a section that has no more
        one = {"candidates": [{"candidate": text, "sdp_mid": "0"}]}
        place = "/candidates/0/candidate"
        label = f"candidate {text!r}: {path}"
        rows.append(Bad(label, "POST", path, 422, "invalid_candidate", place, None, one))
    return rows


def paths() -> list[Bad]:
    """Paths that lead nowhere, or to what there is not."""
    rows = [
        Bad(f"connection {cid!r}", method, f"{WEBRTC}/connections/{cid}/{what}", *reply)
        for cid in (
            "abc",
            "0",
            "1000",
            "10000",
            "1.5",
            "-2000",
            "+2000",
            "99999999999",
            "%D9%A2000",
        )
        for method, what in (
            ("GET", "sdp_params"),
            ("POST", "ice_candidates"),
            ("PUT", "sdp_params"),
        )
        for reply in [(422, "invalid_path", "connection_id")]
    ]
    nothing = [
        ("GET", f"{WEBRTC}/connections//sdp_params"),
        ("GET", "/sessions/"),
        ("GET", "/sessions/{sid}/"),
        ("POST", "/tokens"),
        ("GET", "/clips"),
        ("DELETE", f"{CONNECTION}"),
        ("GET", "/uploads/"),
        ("GET", "/../etc/passwd"),
        ("GET", "/page/../site.py"),
        ("GET", "/page.py"),
        ("GET", "/index.html"),
    ]
    return rows + [Bad(f"nowhere {m} {path}", m, path, 404, "not_found") for m, path in nothing]


def sessions() -> list[Bad]:
    """Sessions that there never were, and one that has ended."""
    strangers = [
        ("GET", "/sessions/nope", None),
        ("GET", "/sessions/nope/info", None),
        ("PUT", "/sessions/nope", None),
        ("DELETE", "/sessions/nope", None),
        ("GET", "/sessions/00000000-0000-0000-0000-000000000000", None),
        ("GET", "/sessions/nope/transport/webrtc/ice_servers", None),
        ("POST", "/sessions/nope/transport/webrtc/connections", None),
        ("POST", "/sessions/nope/transport/webrtc/connections/2000/sdp_params", {"sdp_offer": SDP}),
        ("GET", "/sessions/nope/transport/webrtc/connections/abc/sdp_params", None),
        ("GET", "/sessions/nope/transport/webrtc/sdp_params", None),
        ("POST", "/sessions/nope/uploads", FILE),
        ("POST", "/sessions/nope/uploads", {}),
    ]
    rows = [
        Bad(f"stranger {m} {path}", m, path, 404, "unknown_session", None, None, body)
        for m, path, body in strangers
    ]
    ended = [
        ("GET", "/transport/webrtc/ice_servers", None),
        ("POST", "/transport/webrtc/connections", None),
        ("POST", "/transport/webrtc/connections/2000/sdp_params", {"sdp_offer": SDP}),
        ("GET", "/transport/webrtc/connections/2000/sdp_params", None),
        ("POST", "/transport/webrtc/connections/2000/ice_candidates", {"candidates": []}),
        ("PUT", "/transport/webrtc/sdp_params", {"sdp_offer": SDP}),
        ("POST", "/uploads", FILE),
        ("PUT", "", None),
    ]
    return rows + [
        Bad(
            f"ended {m} {rest}",
            m,
            "/sessions/{gone}" + rest,
            409,
            "session_closed",
            None,
            None,
            body,
        )
        for m, rest, body in ended
    ]


def headers() -> list[Bad]:
    """Versions, hosts and origins."""
    rows: list[Bad] = []
    old, new = (426, "client_too_old"), (501, "server_too_old")
    wrong = (422, "invalid_header")
    table = {
        "Reactor-API-Version": {"0": old, "2": new, "9" * 30: new}
        | dict.fromkeys(("x", "1.1", "-1", "", "1, 1"), wrong),
        "Reactor-API-Accept-Version": {"0": old} | dict.fromkeys(("x", "1.0", "", "1 1"), wrong),
        "Reactor-WebRTC-Version": {"0": old, "0.9": old, "2": new, "2.0": new, "9": new}
        | dict.fromkeys(("x", "1.", ".1", "1.0.0", "v1.0", ""), wrong),
    }
    for name, values in table.items():
        for value, (status, code) in values.items():
            for method, path in (("GET", "/sessions/{sid}"), ("POST", "/start_session")):
                label = f"{name}: {value} {method}"
                head = {name: value}
                rows.append(Bad(label, method, path, status, code, name, None, None, head))
    hosts = ("evil.example", "evil.example:8080", "localhost.evil.example", "user@127.0.0.1", "a b")
    rows += [
        Bad(f"host {host}", "GET", "/session", 403, "foreign_host", "Host", headers={"Host": host})
        for host in hosts
    ]
    origins = ("https://evil.example", "null", "file://", "http://localhost.evil.example", "x")
    for method, path in (("GET", "/health"), ("POST", "/start_session"), ("OPTIONS", "/sessions")):
        rows += [
            Bad(
                f"{method} of {one}",
                method,
                path,
                403,
                "foreign_origin",
                "Origin",
                headers={"Origin": one},
            )
            for one in origins
        ]
    last = {"Last-Event-ID": "x"}
    return [
        *rows,
        Bad("since", "GET", "/events?since=x", 422, "invalid_query", "since"),
        Bad("since -1", "GET", "/events?since=-1", 422, "invalid_query", "since"),
        Bad("last", "GET", "/events", 422, "invalid_header", "Last-Event-ID", headers=last),
    ]


def others() -> list[Bad]:
    """Methods, models, local sessions, files."""
    methods = [
        ("GET", "/sessions"),
        ("PATCH", "/sessions/{sid}"),
        ("POST", "/sessions/{sid}/info"),
        ("GET", f"{WEBRTC}/connections"),
        ("DELETE", f"{CONNECTION}/sdp_params"),
        ("GET", f"{CONNECTION}/ice_candidates"),
        ("GET", UPLOADS),
        ("GET", "/uploads/{free}"),
        ("GET", "/start_session"),
        ("POST", "/session"),
        ("POST", "/health"),
        ("POST", "/"),
        ("FOO", "/schema"),
        ("TRACE", "/.well-known/risp"),
    ]
    rows = [Bad(f"{m} {path}", m, path, 405, "method_not_allowed") for m, path in methods]
    other = {"model": {"name": "other"}}
    rows.append(Bad("model", "POST", "/sessions", 404, "unknown_model", "/model/name", None, other))
    foreign = {**MODEL, "supported_transports": [{"protocol": "pigeon", "version": "1.0"}]}
    place = "/supported_transports"
    rows.append(Bad("pigeon", "POST", "/sessions", 422, "invalid_body", place, None, foreign))
    huge = {**FILE, "size": 1 << 50}
    return [
        *rows,
        Bad("no session", "POST", "/stop_session", 409, "no_session"),
        Bad("huge", "POST", UPLOADS, 413, "too_large", "/size", None, huge),
        Bad("too few", "PUT", "/uploads/{free}", 400, "wrong_length", None, b"ab"),
        Bad("too many", "PUT", "/uploads/{free}", 400, "wrong_length", None, b"abcd"),
        Bad("none", "PUT", "/uploads/{free}", 400, "wrong_length", None, b""),
        Bad("twice", "PUT", "/uploads/{taken}", 409, "already_uploaded", None, b"abc"),
        Bad("unknown", "PUT", "/uploads/nope", 404, "unknown_upload", None, b"abc"),
    ]


KEYLESS = [*bodies(), *members(), *paths(), *sessions(), *headers(), *others()]
