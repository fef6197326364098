"""WCAG 2.2 AA on every page and state: by axe, by keyboard, narrow and enlarged, without scripts, styles or colour.

W15: a verdict is words first; colour and sign only repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, Live, Visit
from verifier.language import LANGUAGES, words_in
from verifier.messages import message
from verifier.report import Verdict

AXE = Path(axe_core_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = (320, 256)  # what 1280 x 1024 is at 400 %, WCAG 1.4.10
OTHER_PAGES = ("/", "/nothing", f"/c/{'0' * 26}", "/programmes/deep-tissue-foundations/1")
WIDE = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
"""How many pixels stand out to a side."""


def pages(live: Live) -> Iterator[str]:
    yield from (live.certificate(verdict) for verdict in Verdict)
    yield from (f"{live.url}{path}" for path in OTHER_PAGES)


def violations(page: Page) -> list[str]:
    """What axe finds, put in by the browser's own hand: the pages' rules allow no script but theirs."""
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]]


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("language", ["en", "ar", "th"])
def test_axe_finds_nothing_on_any_page(live: Live, phone: Page, language: str) -> None:
    for address in pages(live):
        phone.goto(f"{address}?lang={language}")
        assert violations(phone) == [], address
        open_everything(phone)
        assert violations(phone) == [], f"{address}, opened"


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_language(live: Live, desktop: Page, language: str) -> None:
    for address in (f"{live.url}/", live.certificate(Verdict.VALID), live.certificate(Verdict.REVOKED)):
        desktop.goto(f"{address}?lang={language}")
        assert violations(desktop) == [], address


def test_axe_finds_nothing_in_an_answer_to_a_form(live: Live, phone: Page) -> None:
    for text, status in (("ABC", 400), (live.served.issue(Verdict.VALID).decode(), 200)):
        phone.goto(live.url)
        phone.locator("#text").fill(text)
        with phone.expect_response(lambda response: response.request.method == "POST") as answered:
            phone.locator("form:has(#text) button[type=submit]").click()
        assert answered.value.status == status
        assert violations(phone) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_out_of_a_narrow_window(live: Live, visit: Visit, language: str) -> None:
    page = visit(NARROW)
    for address in pages(live):
        page.goto(f"{address}?lang={language}")
        assert page.evaluate(WIDE) <= 0, address
        open_everything(page)
        assert page.evaluate(WIDE) <= 0, f"{address}, opened"


def test_everything_may_be_twice_as_large(live: Live, desktop: Page) -> None:
    for address in pages(live):
        desktop.goto(address)
        desktop.evaluate("document.documentElement.style.zoom = 2")
        assert desktop.evaluate(WIDE) <= 0, address
        open_everything(desktop)
        assert desktop.evaluate(WIDE) <= 0, f"{address}, opened"


def focused(page: Page) -> str:
    return str(page.evaluate("(document.activeElement.textContent || document.activeElement.name || '').trim()"))


def test_the_keyboard_is_enough(live: Live, phone: Page) -> None:
    """The first stop leads past the head, each stop can be seen, and the switch opens and chooses."""
    phone.goto(live.certificate(Verdict.SUSPENDED))
    phone.keyboard.press("Tab")
    assert focused(phone) == words_in("en").texts["page.skip"]
    skip = phone.locator(".skip").bounding_box()
    assert skip is not None
    assert skip["width"] > 50
    phone.keyboard.press("Enter")
    assert phone.evaluate("document.activeElement.id") == "main"
    phone.keyboard.press("Tab")
    assert focused(phone) == "+66 53 000 000"
    phone.goto(live.certificate(Verdict.SUSPENDED))
    phone.locator(".languages summary").focus()
    phone.keyboard.press("Enter")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Tab")
    assert focused(phone) == "العربية"
    phone.keyboard.press("Enter")
    phone.wait_for_url("**?lang=ar")
    assert message(Verdict.SUSPENDED, words_in("ar")).title in phone.locator("h1").inner_text()


def test_each_stop_of_the_keyboard_is_seen(live: Live, phone: Page) -> None:
    phone.goto(live.url)
    seen = set()
    for _ in range(25):
        phone.keyboard.press("Tab")
        outline = phone.evaluate(
            "(style => [style.outlineStyle, parseFloat(style.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        tag = phone.evaluate("document.activeElement.tagName")
        if tag in ("A", "BUTTON", "INPUT", "SUMMARY", "TEXTAREA"):
            seen.add(tag)
            assert outline[0] != "none", tag
            assert outline[1] >= 1, tag
    assert {"A", "BUTTON", "INPUT", "SUMMARY"} <= seen


def test_W15_without_scripts_styles_and_colour_the_words_are_there(live: Live, visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.route("**/*.css*", lambda route: route.abort())
    for verdict in Verdict:
        page.goto(live.certificate(verdict))
        said = message(verdict, words_in("en"))
        text = page.locator("main").inner_text()
        assert text.index(said.title) < text.index(said.action)
        assert page.locator("h1").count() == 1
        marks = page.locator("main .mark, main .result > span[aria-hidden]")
        assert marks.evaluate_all("all => all.every(each => each.getAttribute('aria-hidden') === 'true')")


def test_the_landmarks_and_headings_are_in_order(live: Live, phone: Page) -> None:
    for address in pages(live):
        phone.goto(address)
        for landmark in ("header", "main", "footer"):
            assert phone.locator(f"body > {landmark}").count() == 1, address
        levels = phone.locator("h1, h2, h3").evaluate_all("all => all.map(each => Number(each.tagName[1]))")
        assert levels[0] == 1, address
        assert all(after - before <= 1 for before, after in pairwise(levels)), address


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_W15_on_paper_it_is_one_page_with_the_verdict_in_black(
    live: Live, visit: Visit, verdict: Verdict, language: str
) -> None:
    page = visit(DESKTOP)
    page.goto(f"{live.certificate(verdict)}?lang={language}")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.emulate_media(media="print")
    heading = page.locator("h1")
    assert heading.is_visible()
    assert heading.evaluate("each => getComputedStyle(each).color") == "rgb(0, 0, 0)"
    grey = Image.open(BytesIO(heading.screenshot())).convert("L")
    assert grey.getextrema()[0] < 60  # black enough
    assert not page.locator(".languages, form").first.is_visible()


def test_a_reader_without_motion_and_one_with_own_colours_see_everything(live: Live, visit: Visit) -> None:
    still = visit(reduced_motion="reduce")
    still.goto(live.url)
    moving = "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"
    assert still.evaluate(f"{moving}.length") == 0
    own = visit(forced_colors="active")
    for verdict in Verdict:
        own.goto(live.certificate(verdict))
        mark = own.locator(".verdict .mark").evaluate(
            "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        )
        assert mark[0] != mark[1]
        assert violations(own) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_is_light(live: Live, phone: Page, language: str) -> None:
    """Below 60 KB with its fonts, without the scanner and the scripts that come when the page stands."""
    sizes: dict[str, int] = {}
    client = phone.context.new_cdp_session(phone)
    client.send("Network.enable")
    names: dict[str, str] = {}
    client.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    client.on(
        "Network.loadingFinished",
        lambda event: sizes.update({names.get(event["requestId"], ""): int(event["encodedDataLength"])}),
    )
    phone.goto(f"{live.url}/?lang={language}")
    phone.evaluate("document.fonts.ready.then(() => true)")
    later = ("/static/verify.js", "/words-", "/static/camera.js")  # the last is the scanner's
    first = {url: size for url, size in sizes.items() if not any(name in url for name in later)}
    assert len(first) >= 3
    assert sum(first.values()) < 60 * 1024, first
