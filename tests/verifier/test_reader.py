"""A reader gets the language they chose, else the first that their browser asks for; the verifier remembers neither."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.served import Page, Served
from verifier.language import LANGUAGES, words_in
from verifier.messages import message
from verifier.report import Verdict


def bare(text: str) -> str:
    """Without the marks around what is written in another direction; every space plain."""
    return " ".join(re.sub("[\u2068\u2069\u200e\u200f]", "", text).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_said_in_every_language(
    client: FlaskClient, lookups: dict[Verdict, str], verdict: Verdict, language: str
) -> None:
    answer = client.get(f"/c/{lookups[verdict]}", headers={"Accept-Language": f"{language}, en;q=0.1"})
    words, page = words_in(language), Page(answer.text)
    said = message(verdict, words)
    assert said.title in page.text
    assert bare(said.action) in bare(page.text)
    (html,) = (attributes for tag, attributes in page.tags if tag == "html")
    assert html == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers


def test_the_choice_goes_before_what_the_browser_asks(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    address = f"/c/{lookups[Verdict.EXPIRED]}"
    asked = {"Accept-Language": "de"}
    assert message(Verdict.EXPIRED, words_in("th")).title in client.get(f"{address}?lang=th", headers=asked).text
    for nothing in ("xx", "TH", "<script>", "../en", ""):
        answer = client.get(address, query_string={"lang": nothing}, headers=asked)
        assert message(Verdict.EXPIRED, words_in("de")).title in answer.text
        assert answer.text == client.get(address, headers=asked).text


def test_the_switch_names_every_language_in_itself(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    page = Page(client.get(f"/c/{lookups[Verdict.VALID]}?lang=ja").text)
    choices = [attributes for tag, attributes in page.tags if tag == "a" and "hreflang" in attributes]
    assert [choice["href"] for choice in choices] == [f"?lang={language}" for language in LANGUAGES]
    assert [choice["lang"] for choice in choices if choice.get("aria-current")] == ["ja"]
    for language in LANGUAGES:
        assert words_in(language).texts["language.name"] in page.text


def test_links_carry_the_choice(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    for path in ("/", f"/c/{lookups[Verdict.VALID]}", "/programmes/deep-tissue-foundations/1", "/nothing"):
        page = Page(client.get(f"{path}?lang=ko").text)
        ours = {
            str(attributes.get("href") or attributes.get("action"))
            for tag, attributes in page.tags
            if tag in ("a", "form") and str(attributes.get("href") or attributes.get("action")).startswith("/")
        }
        without = {link for link in ours if not link.endswith((".json", "?lang=ko"))}
        assert ours, path
        assert without <= {
            "/programmes/deep-tissue-foundations/1?lang=en",
            "/programmes/deep-tissue-foundations/1?lang=th",
        }
        assert not [link for link in Page(client.get(path).text).tags if "lang=" in str(link[1].get("action"))]


def test_an_answer_without_an_address_can_be_asked_for_in_another_language(served: Served, client: FlaskClient) -> None:
    token = served.issue(Verdict.VALID).decode()
    page = Page(client.post("/", data={"text": token}).text)
    (again,) = {str(attributes["value"]) for _, attributes in page.tags if attributes.get("type") == "hidden"}
    actions = [
        attributes["formaction"] for tag, attributes in page.tags if tag == "button" and "formaction" in attributes
    ]
    assert actions == [f"/?lang={language}" for language in LANGUAGES]
    answer = client.post("/?lang=hi", data={"text": again})
    assert message(Verdict.VALID, words_in("hi")).title in answer.text


def test_the_person_stands_isolated_in_a_page_from_right_to_left(
    client: FlaskClient, lookups: dict[Verdict, str]
) -> None:
    text = client.get(f"/c/{lookups[Verdict.VALID]}?lang=ar").text
    assert '<bdi lang="th">สมชาย ปิ่นทอง</bdi>' in text
    assert "<bdi>River Clinic</bdi>" in text
    assert 'href="tel:+6653000000"><bdi dir="ltr">+66 53 000 000</bdi>' in text


@pytest.mark.parametrize("language", ["th", "ar", "zh-Hans"])
def test_json_is_said_in_the_language_asked_for(
    client: FlaskClient, lookups: dict[Verdict, str], language: str
) -> None:
    headers = {"Accept": "application/json", "Accept-Language": language}
    answer = client.get(f"/c/{lookups[Verdict.REVOKED]}", headers=headers)
    (check,) = (check for check in answer.get_json()["checks"] if check["code"] == "status.revocation")
    assert check["text"] == words_in(language).texts["check.status.revocation.fail"]
    assert answer.headers["Content-Language"] == language
    problem = client.get("/c/" + "0" * 26, headers=headers)
    assert problem.get_json()["title"] == words_in(language).texts["error.no-certificate.title"]
    wrong = client.post("/api/verify", json={}, headers=headers)
    assert wrong.get_json()["detail"] == words_in(language).texts["error.api.text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_page_is_said_too(client: FlaskClient, language: str) -> None:
    words = words_in(language)
    for path, key in (
        ("/", "home.scan"),
        ("/c/" + "0" * 26, "error.no-certificate.title"),
        ("/nothing", "error.404.text"),
    ):
        assert bare(words.texts[key]) in bare(Page(client.get(f"{path}?lang={language}").text).text)
    typed = client.post(f"/?lang={language}", data={"text": "https://evil.example/c/1"})
    said = words.say("asked.link-elsewhere", host="evil.example", ours="verify.river.example")
    assert bare(said) in bare(Page(typed.text).text)
    course = Page(client.get(f"/programmes/deep-tissue-foundations/1?lang={language}").text).text
    assert words.texts["syllabus.outcomes"] in course
