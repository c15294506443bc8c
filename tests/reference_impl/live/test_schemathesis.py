"""A stranger reads the OpenAPI document, asks for all that is in it, and believes nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from starlette.responses import Response

from risp.protocol.live.http import END_SESSION, ENDPOINTS, GET_EVENTS
from risp.protocol.live.profile import LIVE
from risp.protocol.live.signaling import Candidates, Offer
from risp.protocol.openapi import document
from risp.reference_impl.live.web.handlers import Handlers
from tests.need import need
from tests.reference_impl.live.here import KEYS, Here, served

need("schemathesis", "reads the document as a stranger")
import schemathesis  # noqa: E402  # only where it is there

EXAMPLES = 20
ASKED = [row.name for row in ENDPOINTS if row is not GET_EVENTS]
"""All but the one whose answer has no end; `test_http` asks for that."""


@cache
def operations() -> dict[str, Any]:
    """The operations of the document, by name."""
    # 426 and 501 are refusals too, of versions.
    refused = {"negative_data_rejection": {"expected-statuses": ["4xx", "501", "503"]}}
    config = schemathesis.Config.from_dict({"checks": refused})
    schema = schemathesis.openapi.from_dict(document(LIVE), config=config)
    found = [result.ok() for result in schema.get_all_operations()]
    return {one.definition.raw["operationId"]: one for one in found}


UNTOLD = {"reserve_upload", "put_upload"} | {
    row.name for row in ENDPOINTS if row.body in (Offer, Candidates)
}
"""Those that also ask for what no schema says: SDP, candidates, a size that has room."""


def checks(name: str) -> list[Any]:
    """What is compared with the document."""
    from schemathesis.specs.openapi import checks as known

    return [
        known.status_code_conformance,
        known.content_type_conformance,
        known.response_headers_conformance,
        known.response_schema_conformance,
        known.allow_header_conformance,
        known.negative_data_rejection,
        *([] if name in UNTOLD else [known.positive_data_acceptance]),
    ]


class Asker:
    """Asks one server for one operation, with what the document allows or forbids."""

    def __init__(self, here: Here, name: str) -> None:
        self.here = here
        self.name = name
        self.operation = operations()[name]
        self.mine = here.bearer() if here.live.settings.keys else {}
        self.session = self.upload = ""
        self.statuses: set[int] = set()

    def prepare(self, again: bool) -> None:
        """There is a session, and a place for a file."""
        if not self.session or again:
            self.session = self.here.create(**self.mine)
            self.upload = self.here.reserve(self.session, **self.mine).rpartition("/")[2]

    def point(self, case: Any) -> None:
        """Let a sound case ask for what there is."""
        self.prepare(again=self.name == END_SESSION.name)
        there = {"session_id": self.session, "upload_id": self.upload}
        for name, value in there.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        case.headers.update(self.mine)
        if self.mine and self.operation.path == "/tokens":
            case.headers["Reactor-API-Key"] = KEYS[0]

    def run(self, mode: Any) -> None:
        """Ask, and compare each answer with the document."""
        is_sound = mode is schemathesis.GenerationMode.POSITIVE
        with requests.Session() as session:
            session.trust_env = False

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(self.operation.as_strategy(mode))
            def ask(case: Any) -> None:
                if is_sound:
                    self.point(case)
                answer = case.call(
                    base_url=str(self.here.http.base_url), session=session, timeout=10
                )
                self.statuses.add(answer.status_code)
                assert answer.status_code != 500, "a request made the server fail (L-HTTP-8)"
                case.validate_response(answer, checks=checks(self.name))

            ask()

    def clean(self) -> None:
        """End what was begun."""
        for sid in list(self.here.live._sessions):
            self.here.http.delete(f"/sessions/{sid}", headers=self.mine)


@contextmanager
def asking(here: Here, name: str) -> Iterator[Asker]:
    asker = Asker(here, name)
    try:
        yield asker
    finally:
        asker.clean()


def modes() -> list[Any]:
    return [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.mark.parametrize("name", ASKED)
def test_a_keyless_server_answers_as_is_documented(keyless, name):
    with asking(keyless, name) as asker:
        for mode in modes():
            asker.run(mode)


@pytest.mark.parametrize("name", ASKED)
def test_a_server_with_keys_answers_as_is_documented(keyed, name):
    with asking(keyed, name) as asker:
        for mode in modes():
            asker.run(mode)


class Failing(Handlers):
    def reserve_upload(self, asked):
        raise RuntimeError("planted")


class Undocumented(Handlers):
    def get_session_info(self, asked):
        return Response("{}", 418, media_type="application/json")


class Shapeless(Handlers):
    def get_health(self, asked):
        return Response('{"status":7}', 200, media_type="application/json")


@pytest.mark.parametrize(
    ("handlers", "name", "finding"),
    [
        (Failing, "reserve_upload", "made the server fail"),
        (Undocumented, "get_session_info", "Undocumented status code"),
        (Shapeless, "get_health", "schema"),
    ],
)
def test_what_is_planted_is_found(handlers, name, finding):
    with served(handlers_class=handlers) as here:
        asker = Asker(here, name)
        if handlers is Failing:
            asker.upload, asker.session = "x", here.create()
        else:
            asker.prepare(False)
        with pytest.raises(BaseException, match=finding) as caught:
            asker.run(schemathesis.GenerationMode.POSITIVE)
        assert not isinstance(caught.value, KeyboardInterrupt)


def test_sound_requests_are_really_sound(keyless):
    with asking(keyless, "get_session") as asker:
        asker.run(schemathesis.GenerationMode.POSITIVE)
        assert asker.statuses == {200}
