"""Whom a page is about, and whoever doubts it, are told what to do and whom to tell."""

import pytest

from tests.served import Page, Served
from verifier.report import Verdict

SHOWN = [verdict for verdict in Verdict if verdict is not Verdict.INVALID]


def page(served: Served, verdict: Verdict) -> Page:
    return Page(served.client().get(f"/c/{served.add(served.issue(verdict))}").text)


@pytest.mark.parametrize("verdict", SHOWN, ids=lambda verdict: verdict.word)
def test_every_named_person_is_told_how_to_check_and_to_object(served: Served, verdict: Verdict) -> None:
    shown = page(served, verdict)
    assert "Is this you? This must say what your paper says." in shown.text
    assert "Does something not fit?" in shown.text
    assert shown.text.index("Is this you?") > shown.text.index("How it was assessed")
    assert "takes the page away or erases your records" in shown.text
    telephones = [link for tag, link in shown.tags if tag == "a" and str(link.get("href")).startswith("tel:")]
    assert len(telephones) == 3  # the questions above, and one in each part


def test_a_page_that_believes_nothing_names_nobody_to_ask(served: Served) -> None:
    assert "Is this you?" not in page(served, Verdict.INVALID).text


def test_an_upload_has_no_page_to_take_away(served: Served) -> None:
    answer = served.client().post("/", data={"text": served.issue(Verdict.VALID).decode()})
    text = Page(answer.text).text
    assert "Is this you?" in text
    assert "takes the page away" not in text
