"""Programs get a report for each certificate, refusals that they can read, and a description that is true."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import werkzeug.exceptions
from flask.testing import FlaskClient

from tests.served import Served
from tests.world import SITE
from verifier import api
from verifier.api import MAX_LINES, NDJSON, PROBLEM
from verifier.report import Verdict


@pytest.fixture(scope="module")
def token(served: Served) -> bytes:
    return served.issue(Verdict.VALID)


@pytest.fixture(scope="module")
def lookup(served: Served, token: bytes) -> str:
    return served.add(token)


@pytest.fixture(scope="module")
def client(served: Served, lookup: str) -> FlaskClient:
    return served.client()


def bulk(client: FlaskClient, *lines: Any, kind: str = NDJSON) -> Any:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return client.post("/api/verify/bulk", data=data, content_type=kind)


def answers(response: Any) -> list[dict[str, Any]]:
    assert (response.status_code, response.mimetype) == (200, NDJSON)
    return [json.loads(line) for line in response.data.splitlines()]


@pytest.mark.parametrize("kind", ["application/vc+jwt", "text/plain", "text/plain; charset=utf-8", "application/jwt"])
def test_a_credential_may_come_as_it_is(client: FlaskClient, token: bytes, kind: str) -> None:
    answer = client.post("/api/verify", data=token, content_type=kind).get_json()
    assert answer == client.post("/api/verify", json={"credential": token.decode()}).get_json()
    assert answer["verdict"] == "valid"


@pytest.mark.parametrize("kind", ["application/vc+jwt", "text/plain"])
def test_a_certificate_comes_as_its_credential(client: FlaskClient, token: bytes, lookup: str, kind: str) -> None:
    answer = client.get(f"/c/{lookup}", headers={"Accept": kind})
    assert (answer.data, answer.mimetype, answer.headers["Handseal-Verdict"]) == (token, kind, "valid")
    assert client.get(f"/c/{lookup}", headers={"Accept": "text/html,*/*;q=0.8"}).mimetype == "text/html"
    missing = client.get(f"/c/{'0' * 26}", headers={"Accept": kind})
    assert (missing.status_code, token in missing.data) == (404, False)


def test_each_line_has_its_answer(client: FlaskClient, token: bytes, lookup: str) -> None:
    told = answers(
        bulk(
            client,
            {"credential": token.decode()},
            b"",
            {"id": lookup.lower()},
            {"credential": token.decode()[:-8] + "AAAAAAAA"},
            {"id": "0" * 26},
            {"id": "no number"},
            {"credential": ""},
        )
    )
    assert [answer["source"] for answer in told] == [f"line {number}" for number in range(1, 7)]
    assert [answer.get("verdict", answer.get("status")) for answer in told] == [
        "valid",
        "valid",
        "invalid",
        404,
        404,
        "unknown",
    ]
    single = client.post("/api/verify", json={"credential": token.decode()}).get_json()
    assert told[0] | {"source": ""} == single | {"source": ""}


@pytest.mark.parametrize(
    "wrong",
    [
        b"not JSON",
        b"[]",
        b'{"credential": 7}',
        b'{"credential": "a", "id": "b"}',
        b"{}",
        b'{"id": null}',
        b'{"id": "a", "more": 1}',
        b"\xff\xfe",
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_a_bad_line_is_a_problem_and_not_the_end(client: FlaskClient, token: bytes, wrong: bytes) -> None:
    problem, report = answers(bulk(client, wrong, {"credential": token.decode()}))
    assert (problem["status"], problem["source"]) == (400, "line 1")
    assert report["verdict"] == "valid"


def test_a_bulk_has_limits(client: FlaskClient, served: Served) -> None:
    assert len(answers(bulk(client, *[{"credential": "a"}] * MAX_LINES))) == MAX_LINES
    for refused, status in (
        (bulk(client, *[{"credential": "a"}] * (MAX_LINES + 1)), 413),
        (bulk(client, b"", b" "), 400),
        (bulk(client, {"id": "a"}, kind="application/json"), 415),
        (bulk(client, b"a" * 10_000_001), 413),
    ):
        assert (refused.status_code, refused.mimetype, refused.get_json()["status"]) == (status, PROBLEM, status)


def test_a_body_without_its_type_is_told_which(client: FlaskClient) -> None:
    """As a script sends one that does not say: the JSON in it was as it should be."""
    one = client.post("/api/verify", data='{"credential": "a"}').get_json()
    assert "Content-Type is application/json," in one["detail"]
    many = client.post(api.BULK, data='{"id": "a"}').get_json()
    assert many["detail"].endswith("The Content-Type of them all is application/x-ndjson.")
    assert "Content-Type" not in client.post("/api/verify", json={}).get_json()["detail"]


def test_a_bulk_ends_in_time(served: Served, token: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_SECONDS", -1)
    last = answers(bulk(served.client(), {"credential": token.decode()}, {"credential": "a"}))
    assert [(line["status"], line["source"]) for line in last] == [(503, "line 1")]


def test_W07_a_crash_within_a_bulk_tells_nothing(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = served.failing_client("Secret")
    told = answers(bulk(client, {"credential": "a"}, {"credential": "b"}))
    assert [(line["status"], line["source"]) for line in told] == [(500, "line 1"), (500, "line 2")]
    assert "a request failed: RuntimeError at served.py" in caplog.text
    assert "Secret" not in caplog.text + str(told)


def test_every_refusal_below_api_is_problem_details(client: FlaskClient) -> None:
    for answer in (
        client.get("/api/verify"),
        client.get("/api/nothing"),
        client.delete("/api/verify/bulk"),
        client.post("/api/verify", data=b"{}", content_type="application/json", headers={"Accept": "text/html"}),
        client.post("/api/verify", data=b"<a/>", content_type="text/xml"),
    ):
        assert answer.mimetype == PROBLEM
        assert answer.get_json() == answer.get_json() | {"type": "about:blank", "status": answer.status_code}


def test_W08_signed_files_are_asked_for_again_cheaply(client: FlaskClient) -> None:
    for address in (
        "/status/river-clinic/revocation/1",
        "/trust/targets.json",
        "/trust/1.root",
        "/programmes/deep-tissue-foundations/1.json",
        "/openapi.json",
    ):
        first = client.get(address)
        assert first.headers["Cache-Control"] == "public, max-age=300"
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert client.get(address, headers={"If-None-Match": '"another"'}).data == first.data


def described(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").get_json()
    return document


def example_of(parameter: dict[str, Any], document: dict[str, Any]) -> tuple[str, str]:
    if "$ref" in parameter:
        parameter = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return parameter["name"], parameter["example"]


def test_the_description_names_every_route_and_no_other(served: Served, client: FlaskClient) -> None:
    """Whoever adds a route describes it in templates/api/openapi.json."""
    document = described(client)
    assert document["servers"] == [{"url": SITE}]
    adapter = served.app().url_map.bind("localhost")
    reached = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            examples = dict(example_of(parameter, document) for parameter in operation.get("parameters", ()))
            try:
                rule, _ = adapter.match(path.format(**examples), method.upper(), return_rule=True)
            except werkzeug.exceptions.HTTPException as fault:
                pytest.fail(f"{method} {path} is described and not there: {fault}")
            reached.add((rule.rule, method.upper()))
    routes = {
        (rule.rule, method)
        for rule in adapter.map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(("/C/", "/programmes/<path:"))  # other spellings of described ones
    }
    assert routes - reached == set()
