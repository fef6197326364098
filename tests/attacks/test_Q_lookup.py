"""Attacks Q on the lookup of a certificate by its number (attacks.md, QR and lookup)."""

from __future__ import annotations

import io
import secrets
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from keys.errors import ConfigurationError
from keys.names import lookup_id
from tests.served import Page, Served
from tests.verifier.photographs import code, saved
from tests.world import SITE
from verifier.report import Verdict
from verifier.web import Settings

TURNS = 60
ATTEMPTS = 3
HANDICAP = 1.4  # an answer without the work takes less than a quarter of the time of one with it


@pytest.fixture(scope="module")
def lookup(served: Served) -> str:
    return served.add(served.issue(Verdict.VALID))


@pytest.fixture(scope="module")
def client(served: Served, lookup: str) -> FlaskClient:
    return served.client()


def measured(client: FlaskClient, numbers: Sequence[str]) -> dict[str, list[float]]:
    """Seconds of this thread on the processor for each answer, in turns: what else the machine does is not in them."""
    times: dict[str, list[float]] = {number: [] for number in numbers}
    for turn in range(TURNS + 3):
        for number, taken in times.items():
            begun = time.thread_time()
            client.get(f"/c/{number}")
            if turn >= 3:  # the first ones fill caches
                taken.append(time.thread_time() - begun)
    return times


def alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether neither would usually win with a handicap: a rank test, which a few slow answers do not move."""
    return all(
        sum(faster * HANDICAP > slower for faster in a for slower in b) > len(a) * len(b) / 2
        for a, b in ((one, other), (other, one))
    )


def test_Q03_numbers_that_are_not_there_are_all_404(client: FlaskClient, lookup: str) -> None:
    near = [lookup[:-1] + letter for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if letter != lookup[-1]]
    numbers = [*near, *(lookup_id(secrets.token_bytes(17)) for _ in range(100)), "0" * 26, "Z" * 26]
    for accept in ("text/html", "application/json"):
        bodies = {client.get(f"/c/{number}", headers={"Accept": accept}).data for number in numbers}
        assert len(bodies) == 1  # nothing in the answer depends on the number
        assert lookup.encode() not in bodies.pop()
    for number in numbers:
        assert client.get(f"/c/{number}").status_code == client.get(f"/c/{number}.jwt").status_code == 404
    assert "Handseal-Verdict" not in client.get(f"/c/{near[0]}").headers


def test_Q03_a_404_takes_as_long_as_an_answer(client: FlaskClient, lookup: str) -> None:
    near, far = lookup[:-1] + ("0" if lookup[-1] != "0" else "1"), lookup_id(secrets.token_bytes(17))
    no_number = "nothing"  # refused by its form, without the work: what the measure must be able to tell
    for _ in range(ATTEMPTS):
        times = measured(client, (lookup, near, far, no_number))
        assert not alike(times[lookup], times[no_number])
        if all(alike(times[one], times[other]) for one, other in ((lookup, near), (lookup, far), (near, far))):
            return
    medians = {number: statistics.median(taken) for number, taken in times.items()}
    pytest.fail(f"seconds by number: {medians}")


def test_Q04_what_a_hand_makes_of_a_number_is_understood(served: Served) -> None:
    number = "01" * 13
    served.published.write_certificate(served.issue(Verdict.VALID), number)
    client = served.client()
    spellings = (number, number.lower(), number.replace("0", "O"), number.replace("1", "I"), number.replace("1", "l"))
    grouped = (f"{number[:6]}-{number[6:12]}-{number[12:]}", f"{number[:6]}%20{number[6:]}", f"%20{number.lower()}-")
    for spelling in (*spellings, *(spelling.replace("0", "o") for spelling in spellings), *grouped):
        for address in (f"/c/{spelling}", f"/C/{spelling}"):
            answer = client.get(address)
            assert (answer.status_code, answer.headers.get("Handseal-Verdict")) == (200, "valid"), address
        assert client.get(f"/C/{spelling}.JWT").status_code == 200
    assert client.get(f"/c/{number}", headers={"Accept": "application/json"}).get_json()["source"].endswith(number)
    for wrong in (number[:-1], f"{number}0", number.replace("0", "U"), f"{number}/0", "٠" * 26):
        assert client.get(f"/c/{wrong}").status_code == 404


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://a/c/1"])
def test_Q06_other_kinds_of_link_are_refused(client: FlaskClient, text: str) -> None:
    answer = client.post("/", data={"text": text})
    assert answer.status_code == 400
    said = "This link leads to a, not to" if text.startswith("ftp") else "This is not a link that can be read."
    assert said in Page(answer.text).text


def test_Q06_a_link_to_another_host_is_refused_with_that_host(client: FlaskClient, lookup: str) -> None:
    for link, host in (
        (f"https://verify-river.example/c/{lookup}", "verify-river.example"),
        (f"http://verify.river.example/c/{lookup}", "verify.river.example"),
        (f"https://verify.river.example@evil.example/c/{lookup}", "evil.example"),
        (f"https://verify.river.example:8443/c/{lookup}", "verify.river.example:8443"),
        (f"https://vеrify.river.example/c/{lookup}", "xn--vrify-zwe.river.example"),  # a Cyrillic letter
        (f"https://verify.river.example.evil.example/c/{lookup}", "verify.river.example.evil.example"),
        (f"https://verify.river.example.{'a' * 60}.evil.example/c/{lookup}", f"…{'a' * 47}.evil.example"),
    ):
        answer = client.post("/", data={"text": link})
        assert answer.status_code == 400
        assert f"leads to {host}, not to verify.river.example" in Page(answer.text).text


@pytest.mark.parametrize(
    "host",
    [
        "Valid\u2800certificate\u2800of\u2800Anna",  # a letter that looks like a space and is none
        "evil\u202e.example",
        "river.example\u2066",
        "a\x00b.example",
        "✓-“valid”.example",
        "<b>valid</b>",
        "valid!,certificate",
        "a" * 64 + ".example",
    ],
)
def test_Q06_words_in_place_of_a_host_are_not_said_on_our_page(client: FlaskClient, host: str) -> None:
    link = f"https://{host}/c/1"
    said = [Page(client.post("/", data={"text": link}).text).text]
    for data in (link.encode(), saved(code(link))):
        report = client.post("/api/verify", data={"file": (io.BytesIO(data), "a")}).get_json()
        said.append(report["checks"][0]["text"])
        assert client.post("/receipt.pdf", data={"file": (io.BytesIO(data), "a")}).status_code == 200
    for text in said:
        assert host not in text
        assert any(words in text for words in ("not a link that can be read", "does not lead to", "xn--"))


def test_Q07_there_is_no_redirect(client: FlaskClient, lookup: str) -> None:
    paths = (
        "/?next=https://evil.example",
        f"/c/{lookup}?next=//evil.example&url=https://evil.example&return=/\\evil.example",
        f"/c/{lookup}/",
        f"//c/{lookup}",
        f"/c//{lookup}",
        "//evil.example",
        "///evil.example/..",
        "/\\evil.example",
        "/%5c%5cevil.example",
        "/http://evil.example",
        "/programmes",
        "/programmes/",
        "/programmes/deep-tissue-foundations/1/",
        "/orgs",
        "/orgs/",
        "/healthz/",
        "/static",
    )
    for path in paths:
        for method in ("GET", "HEAD", "POST"):
            answer = client.open(path, method=method)
            assert answer.status_code in (200, 400, 404, 405), path
            assert "Location" not in answer.headers
    assert "Location" not in client.post("/", data={"text": lookup, "next": "https://evil.example"}).headers


@pytest.mark.parametrize(
    "url",
    [
        f"{SITE}/",
        f"{SITE}/path",
        f'{SITE}"',
        f"{SITE}\n",
        f"{SITE}\r\nSet-Cookie: a=b",
        "https://<script>alert(1)</script>",
        "https://a.example?x",
        "https://a.example#x",
        "https://user@a.example",
        "https://VERIFY.example",
        "https://vеrify.example",
        "http://verify.example",
        "javascript:alert(1)",
        "//verify.example",
        "verify.example",
        f"https://{'a' * 31}.example",
        "",
    ],
)
def test_Q10_a_base_url_with_anything_else_in_it_is_refused_at_start(tmp_path: Path, url: str) -> None:
    served = Served(tmp_path)
    with pytest.raises(ConfigurationError, match="base URL"):
        served.app(settings=Settings(url))


def test_Q10_the_same_without_it_starts(tmp_path: Path) -> None:
    served = Served(tmp_path)
    for url in (SITE, "http://127.0.0.1:8000", "http://localhost", "https://verify.example:8443"):
        assert url in Page(served.app(settings=Settings(url)).test_client().get("/").text).text
