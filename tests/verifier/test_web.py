"""The routes answer what was asked, in the form that was asked for."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from keys.names import syllabus_path
from tests.served import Page, Served
from tests.world import CLINIC, SITE, list_of
from verifier.pages import name_language
from verifier.report import CODES, Verdict

VERDICTS = tuple(Verdict)
# The first words of each answer, and a word of what to do.
WORDS = {
    Verdict.VALID: ("Valid certificate", "identity card"),
    Verdict.UNKNOWN: ("Could not check", "Do not decide"),
    Verdict.INCOMPLETE: ("Not enough co-signatures", "Do not accept"),
    Verdict.EXPIRED: ("Expired or not yet valid", "renewed"),
    Verdict.SUSPENDED: ("Suspended", "Do not accept it now"),
    Verdict.WITHDRAWN: ("Co-signatures withdrawn", "Do not accept"),
    Verdict.SUPERSEDED: ("Replaced by another certificate", "new certificate"),
    Verdict.REVOKED: ("Revoked", "Do not accept"),
    Verdict.INVALID: ("Not a valid certificate", "Do not accept"),
}


def page_of(client: FlaskClient, address: str) -> Page:
    return Page(client.get(address).text)


def post_file(client: FlaskClient, data: bytes, address: str = "/api/verify") -> Any:
    return client.post(address, data={"file": (io.BytesIO(data), "certificate.pdf")})


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_says_what_to_do(client: FlaskClient, lookups: dict[Verdict, str], verdict: Verdict) -> None:
    answer = client.get(f"/c/{lookups[verdict]}")
    title, action = WORDS[verdict]
    assert answer.status_code == 200
    assert title in answer.text
    assert action in Page(answer.text).text
    assert ("สมชาย ปิ่นทอง" in answer.text) is (verdict is not Verdict.INVALID)


def test_a_valid_page_answers_every_question(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    text = page_of(client, f"/c/{lookups[Verdict.VALID]}").text
    expected = (
        "Issued by River Clinic, co-signed by 2 of 2 required partner bodies",
        "Checked against lists of 22 November 2026, 08:00 UTC.",
        "Somchai Pinthong",
        "Deep Tissue Foundations",
        "awarded 19 November 2026",
        "valid until 19 November 2029",
        "6 weeks",
        "36 hours",
        "Apply four deep-tissue strokes at a pressure agreed with the client",
        "Harbour Hospital Rehabilitation ✓ co-signed Signature dated 21 November 2026",
        "North College – did not sign Not needed here",
        "Theory quiz 92% Quiz, pass mark 80%",
        "Assessed by Niran Chai, Licensed massage practitioner, on 13 November 2026",
        "+66 53 000 000",
        "The seal, as on the paper",
        "it cannot show that the person in front of you is that person",
        "The clinic has not revoked it.",
        "River Clinic: revocation list 22 November 2026, 08:00 UTC",
        SITE,
    )
    assert [words for words in expected if words not in text] == []


def test_the_name_stands_in_its_own_language(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    page = page_of(client, f"/c/{lookups[Verdict.VALID]}")
    number = next(n for n, (_, attributes) in enumerate(page.tags) if "name" in (attributes.get("class") or "").split())
    assert page.tags[number + 1] == ("bdi", {"lang": "th"})  # of its own direction too


@pytest.mark.parametrize(
    ("name", "language"),
    [("สมชาย", "th"), ("さくら 山田", "ja"), ("김민지", "ko"), ("歐陽明慧", ""), ("محمد", ""), ("Anna", "")],
)
def test_a_language_is_named_only_where_the_script_tells(name: str, language: str) -> None:
    assert name_language(name) == language


def test_a_replaced_certificate_does_not_name_its_successor(served: Served) -> None:
    old, new = served.issue(Verdict.SUPERSEDED), served.add(served.issue(Verdict.VALID, "Anna Meyer"))
    text = served.client().get(f"/c/{served.add(old)}").text
    assert new not in text
    assert "Anna Meyer" not in text


def test_json_is_the_report_and_the_token(served: Served, client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    lookup = lookups[Verdict.VALID]
    report = client.get(f"/c/{lookup}", headers={"Accept": "application/json"}).get_json()
    assert list(report) == ["source", "verdict", "asOf", "checks", "partners", "credential", "jwt"]
    assert report["source"] == f"{SITE}/c/{lookup}"
    assert (report["verdict"], report["asOf"]) == ("valid", "2026-11-22T08:00:00Z")
    assert tuple(check["code"] for check in report["checks"]) == CODES
    assert [partner["outcome"] for partner in report["partners"]] == ["signed", "not-signed", "signed"]
    assert report["credential"]["awardedDate"] == "2026-11-19T00:00:00Z"
    assert report["jwt"] == client.get(f"/c/{lookup}.jwt").text


def test_a_token_is_a_credential_or_text(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    address = f"/c/{lookups[Verdict.VALID]}.jwt"
    assert client.get(address).mimetype == "application/vc+jwt"
    assert client.get(address, headers={"Accept": "text/plain"}).mimetype == "text/plain"
    assert client.get("/c/00000000000000000000000000.jwt").status_code == 404


def test_the_api_takes_json_and_files(served: Served, client: FlaskClient) -> None:
    token = served.issue(Verdict.VALID)
    as_json = client.post("/api/verify", json={"credential": token.decode()})
    as_file = post_file(client, token)
    assert as_json.get_json()["verdict"] == as_file.get_json()["verdict"] == "valid"
    assert (as_json.get_json()["source"], as_file.get_json()["source"]) == ("credential", "file")
    assert "jwt" not in as_json.get_json()


def test_a_file_without_a_certificate_is_unknown(client: FlaskClient) -> None:
    answer = post_file(client, b"%PDF-1.7\nnothing in it\n%%EOF\n")
    assert answer.status_code == 200
    assert answer.get_json()["verdict"] == "unknown"
    assert "Could not check" in post_file(client, b"\x89PNG\r\n\x1a\n", "/").text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"credential": 7}', "application/json", 400),
        (b'{"credential": "a", "b": 1}', "application/json", 400),
        (b'{"credential": "\xff"}', "application/json", 400),
        (b'{"credential": "\\ud800"}', "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"", "", 415),
        (b"--x--", "multipart/form-data; boundary=x", 400),
        (b"nothing", "multipart/form-data", 400),
    ],
)
def test_the_api_refuses_other_bodies(client: FlaskClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/verify", data=body, content_type=kind)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert json.loads(answer.data)["status"] == status


def test_the_form_takes_a_number_a_link_a_token_and_a_file(
    served: Served, client: FlaskClient, lookups: dict[Verdict, str]
) -> None:
    lookup = lookups[Verdict.REVOKED]
    token = client.get(f"/c/{lookup}.jwt").text
    host = SITE.removeprefix("https://")
    texts = (lookup.lower(), f" {lookup[:13]} {lookup[13:]} ", f"{SITE}/c/{lookup}", f"{SITE.upper()}/C/{lookup}")
    for text in (*texts, f"{host}/c/{lookup}", f"{SITE}/c/{lookup}.jwt", token, f"{token}\n"):
        answer = client.post("/", data={"text": text})
        assert (answer.status_code, answer.headers["Handseal-Verdict"]) == (200, "revoked"), text
    assert post_file(client, token.encode(), "/").headers["Handseal-Verdict"] == "revoked"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type the number"),
        ("ABC", "This is not the number of a certificate."),
        ("https://evil.example/c/0123", "leads to evil.example"),
        (f"{SITE}/orgs/river-clinic", "not a link to a certificate"),
    ],
)
def test_the_form_says_what_is_wrong(client: FlaskClient, text: str, said: str) -> None:
    answer = client.post("/", data={"text": text})
    assert answer.status_code == 400
    assert said.lower() in Page(answer.text).text.lower()
    assert client.post("/", data={"text": "0" * 26}).status_code == 404


def test_the_syllabus_is_a_page_or_its_exact_bytes(served: Served, client: FlaskClient) -> None:
    address = "/programmes/deep-tissue-foundations/1"
    text = page_of(client, address).text
    expected = (
        "Syllabus, version 1",
        "At work, within 14 days: Uses it with the next new client",
        "pass mark 80%",
        "from “Competent” on",
        "Theory 10 hours Demonstration 8 hours Practice 18 hours",
        "At least 2 of these 3 partner bodies",
        "Thai Traditional Massage Association",
        "พื้นฐานการนวดเนื้อเยื่อส่วนลึก",
    )
    assert [words for words in expected if words not in text] == []
    for asked in (client.get(f"{address}.json"), client.get(address, headers={"Accept": "application/json"})):
        assert asked.data == served.world.syllabus_bytes
        assert asked.mimetype == "application/json"
    assert client.get("/programmes/deep-tissue-foundations/2").status_code == 404
    assert client.get("/programmes/deep-tissue-foundations/01").status_code == 404


def test_a_broken_syllabus_is_an_error_and_not_shown(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.published.write(syllabus_path("deep-tissue-foundations", 2), b'{"title":"<b>"}')
    answer = served.client().get("/programmes/deep-tissue-foundations/2")
    assert answer.status_code == 500
    assert "<b>" not in Page(answer.text).text


def test_published_files_come_with_and_without_their_ending(served: Served, client: FlaskClient) -> None:
    thumbprint = "A" * 43
    files = {
        "orgs/river-clinic": (".json", "application/json"),
        f"keys/{thumbprint}": (".json", "application/json"),
        "trust/targets": (".json", "application/json"),
        "trust/1.root": (".json", "application/json"),
        "trust/1.list": (".json", "application/json"),
        "status/river-clinic/revocation/1": (".jwt", "application/vc+jwt"),
        "ns": (".json", "application/json"),
    }
    for path, (ending, _) in files.items():
        if not (served.published.folder / f"{path}{ending}").exists():
            served.published.write(f"{path}{ending}", b"{}")
    for path, (ending, kind) in files.items():
        for address in (f"/{path}", f"/{path}{ending}"):
            answer = client.get(address)
            assert (answer.status_code, answer.mimetype) == (200, kind), address
            again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b"")
    assert client.get("/orgs/nobody").status_code == 404


def test_head_is_get_without_its_body(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    lookup = lookups[Verdict.REVOKED]
    for address in ("/", f"/c/{lookup}", f"/c/{lookup}.jwt", "/trust/targets.json", "/healthz", "/static/page.css"):
        head, get = client.head(address), client.get(address)
        assert head.data == b""
        assert dict(head.headers) | {"Date": ""} == dict(get.headers) | {"Date": ""}, address


def test_a_new_status_list_is_seen_at_once(tmp_path: Path) -> None:
    served = Served(tmp_path)
    core = served.world.core()
    lookup, client = served.add(served.world.issue(core=core)), served.client()
    assert client.get(f"/c/{lookup}").headers["Handseal-Verdict"] == "valid"
    served.world.revoke(list_of(CLINIC), core.credential_status.index)
    served.published.write_lists()
    assert client.get(f"/c/{lookup}").headers["Handseal-Verdict"] == "revoked"


def weight_of(client: FlaskClient, *names: str) -> int:
    return sum(len(client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"}).data) for name in names)


def test_the_first_page_is_small_enough_for_a_slow_network(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    fonts = (f"fonts/handseal-sans-{name}.woff2" for name in ("latin-400", "latin-700", "thai-400"))
    weight = weight_of(client, "page.css", "page.js", "camera.js", "icon.svg", *fonts)
    assert weight + len(client.get("/").data) < 42_000
    assert weight + len(client.get(f"/c/{lookups[Verdict.VALID]}").data) < 60_000
    assert weight_of(client, "verify.js", "words-en.json") < 40_000  # they come when the answer is there


@pytest.mark.parametrize("accepted", ["gzip, deflate, br", "gzip;q=0", "", "*"])
def test_the_parts_of_a_page_are_packed_for_whoever_can_unpack_them(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/static/verify.js", headers={"Accept-Encoding": accepted})
    packed = accepted in ("gzip, deflate, br", "*")
    assert (answer.headers.get("Content-Encoding") == "gzip", "Accept-Encoding" in answer.headers["Vary"]) == (
        packed,
        True,
    )
    script = gzip.decompress(answer.data) if packed else answer.data
    assert b"Handseal" in script
    again = {"If-None-Match": answer.headers["ETag"], "Accept-Encoding": accepted}
    assert client.get("/static/verify.js", headers=again).status_code == 304
    assert client.get("/static/fonts/handseal-sans-latin-400.woff2").headers.get("Content-Encoding") is None
