"""OpenAPI 3.1 of a profile's HTTP endpoints, made from their table and the classes of the bodies.

A body's schema is what its *sender* must write, as in the JSON Schemas of frames.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from .frame import Part
from .jsonschema import DIALECT, definitions
from .live.bodies import Problem
from .live.codes import HTTP_CODES, HttpCode
from .live.endpoint import (
    ACCEPT_HEADER,
    ANY_BYTES,
    API_HEADER,
    EVENT_STREAM,
    JSON,
    KEY_HEADER,
    WEBRTC_HEADER,
    Auth,
    Endpoint,
    Good,
    Group,
)
from .live.limits import API_VERSION
from .live.scalars import ConnectionId, Name, SessionId
from .profile import Profile
from .scalars import NonNegativeInt
from .version import PROTOCOL_VERSION

Tree = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_NULL: Final[Tree] = {"type": "null"}
_INFO: Final = """Every endpoint bears the three version headers, and absent ones. Members that are
not described are ignored. A server without keys asks for neither key nor token; one with keys
answers 404 on the local routes."""

VERSIONS: Final[dict[str, tuple[str, str, Tree]]] = {
    "apiVersion": (
        API_HEADER,
        "The version of the session routes that the client speaks; absent, any.",
        {"type": "integer", "enum": [API_VERSION]},
    ),
    "acceptVersion": (
        ACCEPT_HEADER,
        "The newest version of answers that the client reads; absent, any.",
        {"type": "integer", "minimum": API_VERSION},
    ),
    "webrtcVersion": (
        WEBRTC_HEADER,
        "The version of signaling that the client speaks; absent, any.",
        {"type": "string", "pattern": r"^1\.(0|[1-9][0-9]{0,3})$"},
    ),
}
"""The version headers by the key of their component: each endpoint takes all of them."""

_PATH: Final[dict[str, tuple[Any, str]]] = {
    "session_id": (SessionId, "The id of the session."),
    "connection_id": (ConnectionId, "The id of the connection within its session."),
    "upload_id": (Name, "The id of the upload."),
}
_HEADERS: Final[dict[int, tuple[str, str, Tree]]] = {
    401: ("WWW-Authenticate", "What is asked for.", {"type": "string"}),
    405: ("Allow", "The methods that the path takes.", {"type": "string"}),
    429: ("Retry-After", "After how many seconds to try again.", {"type": "integer", "minimum": 0}),
    503: ("Retry-After", "After how many seconds to try again.", {"type": "integer", "minimum": 0}),
}
_TAGS: Final[dict[Group, str]] = {
    Group.TOKENS: "From a key to a short-lived token.",
    Group.SESSIONS: "Sessions: created, polled, restarted, ended.",
    Group.SIGNALING: "Offers, answers and candidates, by connection.",
    Group.FLAT: "The same for the connection 1001, as older clients do it.",
    Group.UPLOADS: "Files for commands.",
    Group.LOCAL: "One session of this machine, on a server without keys.",
    Group.DISCOVERY: "What a server is, and how it is.",
}


def documents(profile: Profile) -> dict[str, Tree]:
    """The document of a profile under its name; none where it has no endpoints."""
    return {profile.name: document(profile)} if profile.endpoints else {}


def document(profile: Profile) -> Tree:
    """The OpenAPI document of a profile's endpoints."""
    paths: dict[str, Tree] = {}
    for endpoint in profile.endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    used = dict.fromkeys(endpoint.group for endpoint in profile.endpoints)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": f"RISP, {profile.title}",
            "version": PROTOCOL_VERSION,
            "description": " ".join(_INFO.split()),
        },
        "tags": [{"name": str(group), "description": _TAGS[group]} for group in used],
        "paths": paths,
        "components": {
            "schemas": definitions(bodies(profile), _REF),
            "responses": {
                _key(status, codes): _refusal(status, codes)
                for endpoint in profile.endpoints
                for status, codes in refusals(endpoint).items()
            },
            "parameters": {key: _header(*row) for key, row in VERSIONS.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
            },
        },
    }


def bodies(profile: Profile) -> list[type[Part]]:
    """Every JSON body that an endpoint takes or answers with, in the order of the table."""
    found: dict[type[Part], None] = {}
    for endpoint in profile.endpoints:
        for body in (endpoint.body, *(good.body for good in endpoint.good)):
            if body is not None:
                found[body] = None
    return [*found, Problem]


def refusals(endpoint: Endpoint) -> dict[int, list[HttpCode]]:
    """What an endpoint may be refused with, by status; 405 is for the other methods of its path."""
    found: dict[int, list[HttpCode]] = {}
    for code in (*endpoint.codes, HTTP_CODES["method_not_allowed"]):
        found.setdefault(code.status, []).append(code)
    return dict(sorted(found.items()))


def _operation(endpoint: Endpoint) -> Tree:
    made: Tree = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [str(endpoint.group)],
        "x-risp-requirement": endpoint.why.id,
        "security": _security(endpoint.auth),
        "parameters": _parameters(endpoint),
    }
    body = _request(endpoint)
    if body:
        made["requestBody"] = body
    made["responses"] = {
        **{str(good.status): _good(good) for good in endpoint.good},
        **{
            str(status): {"$ref": f"#/components/responses/{_key(status, codes)}"}
            for status, codes in refusals(endpoint).items()
        },
    }
    return made


def _security(auth: Auth) -> list[Tree]:
    """One of these will do; the empty one is that of a server without keys."""
    return [] if auth is Auth.NOTHING else [{auth.value: []}, {}]


def _parameters(endpoint: Endpoint) -> list[Tree]:
    made = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH[name][1],
            "schema": _scalar(_PATH[name][0]),
        }
        for name in endpoint.parameters
    ]
    made += [
        {"name": name, "in": "query", "description": meaning, "schema": _scalar(NonNegativeInt)}
        for name, meaning in endpoint.query.items()
    ]
    if any(good.media == EVENT_STREAM for good in endpoint.good):
        what = "The id of the last event that is known, as a browser repeats it."
        made.append(_header("Last-Event-ID", what, _scalar(NonNegativeInt)))
    return [*made, *({"$ref": f"#/components/parameters/{key}"} for key in VERSIONS)]


def _header(name: str, meaning: str, schema: Tree) -> Tree:
    return {"name": name, "in": "header", "description": meaning, "schema": schema}


def _scalar(kind: Any) -> Tree:
    return dict(TypeAdapter(kind).json_schema())


def _request(endpoint: Endpoint) -> Tree | None:
    if endpoint.raw:
        what = "Bytes of any media type."
        return {
            "description": what,
            "required": endpoint.body_due,
            "content": {ANY_BYTES: {}},
        }
    if endpoint.body is None:
        return None
    schema = _ref(endpoint.body)
    if not endpoint.body_due:
        schema = {"anyOf": [schema, _NULL]}
    return {"required": endpoint.body_due, "content": {JSON: {"schema": schema}}}


def _good(good: Good) -> Tree:
    made: Tree = {"description": good.meaning}
    if good.body is not None:
        made["content"] = {good.media: {"schema": _ref(good.body)}}
    elif not good.nothing:
        made["content"] = {good.media: {"schema": {"type": "object"}} if good.media == JSON else {}}
    return made


def _key(status: int, codes: list[HttpCode]) -> str:
    """Refusals of one status with the same codes are described once."""
    return ".".join([str(status), *(code.code for code in codes)])


def _refusal(status: int, codes: list[HttpCode]) -> Tree:
    names = [code.code for code in codes]
    made: Tree = {"description": "\n".join(f"`{code.code}`: {code.meaning}" for code in codes)}
    if status in _HEADERS:
        name, meaning, schema = _HEADERS[status]
        made["headers"] = {name: {"description": meaning, "required": True, "schema": schema}}
    only = {"type": "object", "properties": {"code": {"enum": names}}}
    made["content"] = {JSON: {"schema": {"allOf": [_ref(Problem), only]}}}
    return made


def _ref(part: type[Part]) -> Tree:
    return {"$ref": _REF.format(model=part.__name__)}
