"""Attacks W09 and Q03 on the rate limits: who asks is told by trusted proxies alone, and asking on is refused."""

from __future__ import annotations

import io
import json
import logging
import secrets
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from keys.names import lookup_id
from tests.served import Served
from tests.world import SITE
from verifier.rates import PLACES, Rates
from verifier.report import Verdict
from verifier.web import Settings

RATES = Rates(questions=40, uploads=10, bulks=4, unknown=6)


@pytest.fixture(scope="module")
def lookup(served: Served) -> str:
    return served.add(served.issue(Verdict.VALID))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The machine's clock, standing still until it is moved: windows of a minute end when a test says so."""
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False) as traveller:
        yield traveller


def behind(served: Served, proxies: int = 0) -> FlaskClient:
    return served.app(settings=Settings(SITE, proxies=proxies, rates=RATES)).test_client()


def strange() -> str:
    return lookup_id(secrets.token_bytes(17))


def statuses(client: FlaskClient, count: int, **more: Any) -> list[int]:
    return [client.get("/", **more).status_code for _ in range(count)]


def test_Q03_numbers_cannot_be_tried_on_and_on(served: Served, lookup: str, clock: time_machine.Traveller) -> None:
    client = behind(served)
    assert [client.get(f"/c/{strange()}").status_code for _ in range(8)] == [404] * 6 + [429] * 2
    assert client.get(f"/c/{lookup}").status_code == 429  # else a refusal would tell which number is right
    assert client.post("/", data={"text": lookup}).status_code == 429
    assert client.get("/").status_code == client.get("/trust/targets.json").status_code == 200
    clock.shift(61)
    assert client.get(f"/c/{lookup}").status_code == 200


def test_Q03_known_numbers_cost_nothing(served: Served, lookup: str, clock: time_machine.Traveller) -> None:
    client = behind(served)
    assert [client.get(f"/c/{lookup}").status_code for _ in range(20)] == [200] * 20


def test_Q03_many_numbers_in_one_request_are_no_way_around(
    served: Served, lookup: str, clock: time_machine.Traveller
) -> None:
    client = behind(served)
    lines = b"".join(json.dumps({"id": number}).encode() + b"\n" for number in (*(strange() for _ in range(8)), lookup))
    answer = client.post("/api/verify/bulk", data=lines, content_type="application/x-ndjson")
    assert [json.loads(line)["status"] for line in answer.data.splitlines()] == [404] * 6 + [429] * 3


def in_file(number: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(number.encode()), "a.txt"


@pytest.mark.parametrize("route", ["/api/verify", "/", "/receipt.pdf"])
def test_Q03_a_number_in_a_file_is_no_way_around(
    served: Served, lookup: str, clock: time_machine.Traveller, route: str
) -> None:
    """Else 300 uploads a minute ask for 300 numbers."""
    client = behind(served)
    asked = [*(strange() for _ in range(RATES.unknown)), lookup]
    answers = [client.post(route, data={"file": in_file(number)}).status_code for number in asked]
    assert answers == [200] * RATES.unknown + [429]
    assert client.get("/").status_code == 200


def test_Q03_many_files_and_credentials_at_once_are_no_way_around(
    served: Served, lookup: str, clock: time_machine.Traveller
) -> None:
    client = behind(served)
    assert client.post("/bulk", data={"file": [in_file(strange()) for _ in range(RATES.unknown)]}).status_code == 200
    assert client.post("/bulk", data={"file": [in_file(lookup)]}).status_code == 429
    lines = b"".join(json.dumps({"credential": one}).encode() + b"\n" for one in (lookup, "x", f"{SITE}/c/{lookup}"))
    answer = client.post("/api/verify/bulk", data=lines, content_type="application/x-ndjson")
    assert [json.loads(line).get("status") for line in answer.data.splitlines()] == [429, None, 429]


def test_W09_a_client_waits_and_is_told_how_long(served: Served, clock: time_machine.Traveller) -> None:
    client = behind(served)
    assert statuses(client, 42) == [200] * 40 + [429] * 2
    clock.shift(15)
    refused = client.get("/", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.get_json()["status"] == 429
    assert {name: refused.headers[name] for name in ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining")} == {
        "Retry-After": refused.headers["RateLimit-Reset"],
        "RateLimit-Limit": "40",
        "RateLimit-Remaining": "0",
    }
    assert 44 <= int(refused.headers["Retry-After"]) <= 47
    assert "Too many questions" in client.get("/").text
    assert client.get("/static/page.css").status_code == 200  # parts of pages are not counted
    clock.shift(int(refused.headers["Retry-After"]))
    assert client.get("/").status_code == 200


def test_W09_uploads_have_a_limit_of_their_own(served: Served, clock: time_machine.Traveller) -> None:
    client = behind(served)
    answers = [client.post("/api/verify", json={"credential": "a.b.c"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:3]] == ["9", "8", "7"]
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("workers", [1, 2, 3, 64])
def test_W09_several_processes_let_no_more_pass_than_one(workers: int) -> None:
    whole = Rates.of(6000)
    shared = whole.among(workers)
    for name in whole.__struct_fields__:
        assert getattr(shared, name) * workers <= getattr(whole, name) < (getattr(shared, name) + 1) * workers
    assert Rates.of(20).among(64) == Rates(1, 1, 1, 1)  # nobody is shut out altogether


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"])
def test_W09_without_a_proxy_nobody_is_believed(served: Served, clock: time_machine.Traveller, header: str) -> None:
    client = behind(served)
    answers = [client.get("/", headers={header: f"203.0.113.{number}"}).status_code for number in range(42)]
    assert answers == [200] * 40 + [429] * 2


@pytest.mark.parametrize("proxies", [1, 2])
def test_W09_only_what_the_trusted_proxies_added_counts(
    served: Served, clock: time_machine.Traveller, proxies: int
) -> None:
    client = behind(served, proxies)
    added = ", ".join(["198.51.100.7", "10.0.0.1"][:proxies])

    def asked(forged: str, added: str) -> int:
        return client.get("/", headers={"X-Forwarded-For": f"{forged}, {added}"}).status_code

    assert [asked(f"203.0.113.{number}", added) for number in range(42)] == [200] * 40 + [429] * 2
    assert asked("198.51.100.7", added.replace("198.51.100.7", "198.51.100.8")) == 200  # another client


def test_W09_a_household_is_one_client(served: Served, clock: time_machine.Traveller) -> None:
    client = behind(served)
    one = [statuses(client, 1, environ_overrides={"REMOTE_ADDR": f"2001:db8::{n:x}"})[0] for n in range(42)]
    assert one == [200] * 40 + [429] * 2
    assert statuses(client, 1, environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"}) == [200]
    four = ["192.0.2.1", "::ffff:192.0.2.1"] * 21
    assert [statuses(client, 1, environ_overrides={"REMOTE_ADDR": one})[0] for one in four] == [200] * 40 + [429] * 2


def test_Q03_counting_takes_the_same_memory_however_many_ask(served: Served) -> None:
    app = served.app(settings=Settings(SITE, rates=Rates()))
    client = app.test_client()

    def ask(start: int, count: int) -> None:
        for number in range(start, start + count):
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            client.get("/nothing.json", environ_overrides={"REMOTE_ADDR": address})

    ask(0, 300)
    tracemalloc.start()
    try:
        ask(300, 700)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 700 * 1500  # two counters of a few hundred bytes each, and no address
    assert PLACES * 4 * 600 < 20_000_000  # and there are never more of them than this


def test_W09_no_address_is_logged(
    served: Served, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    statuses(behind(served), 45, environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    output = capfd.readouterr()
    assert "203.0.113" not in "\n".join((caplog.text, output.out, output.err))
