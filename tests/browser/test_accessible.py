"""What the scripts put into a page is as accessible as the page: axe-core has nothing to say of it (WCAG 2.2 AA)."""

from __future__ import annotations

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.verifier.pdf import pdf_with
from tests.world import NOW
from verifier.report import Verdict

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": TAGS})
    return [f"{fault['id']}: {node['html']}" for fault in found["violations"] for node in fault["nodes"]]


@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.word)
def test_an_answer_of_the_browsers_own(live: Live, phone: Page, verdict: Verdict) -> None:
    phone.clock.set_fixed_time(NOW)
    phone.goto(live.url)
    expect(phone.locator("#here")).to_be_visible(timeout=15_000)
    lookup = live.lookups[verdict]
    token = (live.served.published.folder / f"c/{lookup[:2]}/{lookup}.jwt").read_bytes()
    pdf = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf_with(token)}
    phone.locator("#here-file").set_input_files(pdf)
    expect(phone.locator("#here-answer")).to_have_attribute("data-verdict", verdict.word, timeout=15_000)
    if (facts := phone.locator("#here-answer .facts")).count():  # only what is valid is said to be valid until a day
        assert ("stated to be valid until" in facts.inner_text()) == (verdict is not Verdict.VALID)
    phone.locator("#here-answer summary").click()
    assert complaints(phone) == []
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_line_below_the_servers_answer(live: Live, phone: Page) -> None:
    phone.clock.set_fixed_time(NOW)
    phone.goto(live.certificate(Verdict.VALID))
    expect(phone.locator("#too")).to_be_visible(timeout=15_000)
    assert complaints(phone) == []
