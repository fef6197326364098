"""`/bulk` answers a form of many files by a table, within bounds, and works without its script."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.served import Served
from tests.verifier.pdf import pdf_with
from tests.world import SITE
from verifier import bulk_views
from verifier.bulk import COLUMNS, headings
from verifier.bulk_views import MAX_CHECKED
from verifier.language import words_in
from verifier.rates import Rates
from verifier.report import Verdict
from verifier.web import Settings


@pytest.fixture(scope="module")
def valid(served: Served) -> bytes:
    return pdf_with(served.issue(Verdict.VALID))


def post(client: FlaskClient, files: dict[str, bytes], **fields: str) -> TestResponse:
    data = {"file": [(io.BytesIO(content), name) for name, content in files.items()], **fields}
    return client.post("/bulk", data=data)


def table(answer: TestResponse) -> list[dict[str, str]]:
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert tuple(lines[0]) == headings(words_in("en"))
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


def test_the_first_page_leads_here_and_the_form_needs_no_script(client: FlaskClient) -> None:
    assert 'href="/bulk"' in client.get("/").text
    page = client.get("/bulk")
    assert 'enctype="multipart/form-data"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_several_files_are_answered_by_a_table(client: FlaskClient, served: Served, valid: bytes) -> None:
    page = post(client, {"a.pdf": valid, "b.jwt": served.issue(Verdict.INVALID), "c.pdf": valid})
    assert page.status_code == 200
    rows = page.text.partition('id="bulk-rows"')[2]
    assert rows.count("<tr>") == 3
    assert rows.index("Valid certificate") < rows.index("สมชาย ปิ่นทอง") < rows.index("Not a valid certificate")
    assert "the same certificate as in row 1" in rows


def test_the_table_can_be_kept_as_csv(client: FlaskClient, valid: bytes) -> None:
    answer = post(client, {"=a.pdf": valid}, **{"as": "csv"})
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=certificates.csv"
    (row,) = table(answer)
    assert (row["source"], row["name"], row["answer"]) == ("'=a.pdf", "สมชาย ปิ่นทอง", "Valid certificate")


def test_an_archive_is_unpacked_within_bounds(client: FlaskClient, valid: bytes) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../a.pdf", valid)
        archive.writestr("bomb", bytes(4_000_000))
    first, bomb = table(post(client, {"many.zip": stream.getvalue()}, **{"as": "csv"}))
    assert (first["source"], first["answer"]) == ("many.zip/../a.pdf", "Valid certificate")
    assert bomb["found"].startswith("This archive (ZIP) holds more than")


@pytest.mark.parametrize("count", [MAX_CHECKED, MAX_CHECKED + 5])
def test_W05_no_more_is_checked_than_a_request_may_ask(client: FlaskClient, count: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}", b"x")
    rows = table(post(client, {"many.zip": stream.getvalue()}, **{"as": "csv"}))
    assert len(rows) == min(count, MAX_CHECKED + 1)
    assert rows[-1]["found"].startswith("This archive (ZIP) holds more") is (count > MAX_CHECKED)


def test_W05_a_form_takes_no_longer_than_it_may(
    client: FlaskClient, valid: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred small pictures full of code corners kept a thread for three minutes."""
    monkeypatch.setattr(bulk_views, "MAX_SECONDS", -1)
    (row,) = table(post(client, {"a.pdf": valid}, **{"as": "csv"}))
    assert (row["answer"], row["name"]) == ("Could not check", "")
    assert row["found"].startswith("There was no time left for this file.")


def test_W05_ten_thousand_files_are_refused(client: FlaskClient) -> None:
    answer = client.post("/bulk", data={"file": [(io.BytesIO(b"x"), f"{number}") for number in range(MAX_CHECKED + 3)]})
    assert answer.status_code == 413


def test_nothing_chosen_is_said(client: FlaskClient) -> None:
    answer = client.post("/bulk", data={"file": (io.BytesIO(b""), "")})
    assert answer.status_code == 400
    assert "Choose at least one file." in answer.text


def test_W01_a_name_is_text(client: FlaskClient) -> None:
    page = post(client, {"<img src=x onerror=alert(1)>.pdf": b"x"}).text
    assert "<img" not in page
    assert "&lt;img" in page


def test_W09_a_form_of_many_counts_as_many(served: Served) -> None:
    client = served.app(settings=Settings(SITE, rates=Rates(bulks=1))).test_client()
    assert [post(client, {"a": b"x"}).status_code for _ in range(2)] == [200, 429]
    assert client.get("/bulk").status_code == 200
