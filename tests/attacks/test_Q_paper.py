"""Q01, Q02: a code on paper is worth what its address and the person beside it are worth, and the page teaches both."""

from __future__ import annotations

from pathlib import Path

import zxingcpp
from flask.testing import FlaskClient

from issuer.certificate import PublishedAddress, render
from tests.issuer.printing import LOOKUP_ID, classic, picture_of, text_of, verified
from tests.served import Page, Served
from tests.world import SITE
from verifier.report import Verdict
from verifier.web import Settings

HOST = "verify.river.example"


def test_Q01_paper_and_code_name_the_same_host(tmp_path: Path) -> None:
    pdf = render(verified(), PublishedAddress(SITE, LOOKUP_ID), classic())
    (code,) = zxingcpp.read_barcodes(picture_of(pdf, tmp_path, 150))
    assert code.text == f"HTTPS://{HOST.upper()}/C/{LOOKUP_ID}"
    assert HOST in "".join(text_of(pdf, tmp_path).split())


def test_Q01_the_page_says_which_address_is_the_right_one(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    for path in ("/", f"/c/{lookups[Verdict.VALID]}"):
        told = Page(client.get(path).text).text
        assert f"The address of this check is {SITE}" in told
        assert "must be the one that is printed beside the code" in told


def test_Q01_a_copy_under_another_address_says_which_one_the_paper_bears(served: Served) -> None:
    """Else an employer at a partner's verifier takes the clinic's own paper for a forgery."""
    copy = served.app(settings=Settings("https://check.hospital.example")).test_client()
    for path in ("/", "/nowhere"):
        told = Page(copy.get(path).text).text
        assert "The address of this check is https://check.hospital.example" in told
        assert f"It answers from a copy of {SITE} , the address that is printed beside the code" in told
        assert "must be the one" not in told


def test_Q02_the_answer_leads_with_what_tells_namesakes_apart(
    served: Served, client: FlaskClient, lookups: dict[Verdict, str]
) -> None:
    lookup = lookups[Verdict.VALID]
    told = Page(client.get(f"/c/{lookup}").text).text
    marks = ("Valid certificate", "สมชาย ปิ่นทอง", f"Number ending in {lookup[-4:]}", "identity card", "awarded")
    places = [told.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "River Clinic" in told[: places[1]]
    assert lookup not in told  # whoever photographs the screen does not carry the number away
