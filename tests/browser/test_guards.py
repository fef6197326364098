"""The browser tests notice what they are there to notice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page

from tests.browser.conftest import Faults, Live
from verifier.report import Verdict


def test_a_certificate_opens_on_a_phone(live: Live, phone: Page) -> None:
    answer = phone.goto(live.certificate(Verdict.VALID))
    assert answer is not None
    assert answer.headers["handseal-verdict"] == "valid"
    assert phone.locator("h1").inner_text().endswith("Valid certificate")


def test_a_request_elsewhere_a_failing_script_and_a_missing_file_are_seen(
    live: Live, phone: Page, faults: Faults
) -> None:
    phone.goto(f"{live.url}/healthz")
    phone.route("**/page.html", lambda route: route.fulfill(body=BROKEN, content_type="text/html"))
    with phone.expect_event("pageerror"):  # the last of what happens there
        phone.goto(f"{live.url}/page.html")
    seen, faults.found = sorted(faults.found), []
    assert [fault.partition(":")[0] for fault in seen] == [
        f"404 for {live.url.partition(':')[0]}", "a request left the loopback", "a script failed", "console",
    ]  # fmt: skip


def test_nothing_outside_the_loopback_is_reached(phone: Page, faults: Faults) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        phone.goto("https://example.org/")
    assert faults.found == ["a request left the loopback: https://example.org/"]
    faults.found = []


BROKEN = """<!doctype html><title>x</title><link rel="icon" href="data:,"><script>
fetch("/missing").then(() => fetch("https://example.org/")).catch(() => null).finally(() => {
  console.error("complaint"); throw new Error("broken");
});
</script>"""
