"""A browser that visited once checks a certificate's file when the site is gone, and says as of when."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Response, request
from playwright.sync_api import Page, expect

from tests.browser.conftest import Faults
from tests.browser.live import listening
from tests.served import Served
from tests.verifier.pdf import pdf_with
from tests.world import CLINIC, NOW, list_of
from verifier.folder import Folder, publish_index
from verifier.report import Verdict

KEPT = "html[data-kept=yes]"
LONG = 30_000  # milliseconds: shared machines are slow at times


class Stoppable:
    """A verifier that a test stops, as a clinic does that closes."""

    def __init__(self, folder: Path) -> None:
        self.served = Served(folder)
        self.tokens = {verdict: self.served.issue(verdict) for verdict in Verdict}
        self.lookup = self.served.add(self.tokens[Verdict.VALID])
        self._running = ExitStack()
        self.publish()
        self.url = self._running.enter_context(listening(self.served.app()))

    def publish(self) -> None:
        self.served.published.write_lists()
        publish_index(Folder(self.served.published.folder))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Stoppable]:
    site = Stoppable(tmp_path)
    yield site
    site.stop()


@pytest.fixture
def visited(site: Stoppable, phone: Page) -> Page:
    """A telephone that opened the first page and a certificate once."""
    phone.clock.set_fixed_time(NOW)
    phone.goto(site.url)
    expect(phone.locator(KEPT)).to_be_attached(timeout=LONG)
    phone.goto(f"{site.url}/c/{site.lookup}")
    expect(phone.locator("#too")).to_be_visible(timeout=LONG)
    return phone


def kept_in(page: Page) -> list[str]:
    """The paths of everything that the browser keeps."""
    addresses: list[str] = page.evaluate(
        """async () => {
          const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
          return (await Promise.all(caches_.map((cache) => cache.keys()))).flat().map((request) => request.url);
        }"""
    )
    return [urlsplit(address).path for address in addresses]


def check(page: Page, token: bytes) -> str | None:
    """The verdict on a PDF chosen on the first page."""
    expect(page.locator("#here")).to_be_visible(timeout=LONG)
    page.evaluate("() => delete document.getElementById('here-answer').dataset.verdict")
    pdf = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf_with(token)}
    page.locator("#here-file").set_input_files(pdf)
    expect(page.locator("#here-answer[data-verdict]")).to_be_attached(timeout=LONG)
    return page.locator("#here-answer").get_attribute("data-verdict")


def test_it_still_checks_when_the_server_is_stopped(site: Stoppable, visited: Page, pictures: Path) -> None:
    site.stop()
    visited.goto(f"{site.url}/")
    expect(visited.locator("#here-offline")).to_be_visible(timeout=LONG)
    for verdict, token in site.tokens.items():
        assert check(visited, token) == verdict.word
    assert check(visited, site.tokens[Verdict.VALID]) == "valid"
    expect(visited.locator("#here-answer")).to_contain_text("Checked against lists of 22 November 2026, 08:00 UTC")
    visited.screenshot(path=pictures / "offline-valid.png", full_page=True)


def test_a_certificates_page_is_not_kept_and_leads_to_the_first_one(site: Stoppable, visited: Page) -> None:
    site.stop()
    visited.goto(f"{site.url}/c/{site.lookup}")
    expect(visited.locator("#here-offline")).to_be_visible(timeout=LONG)
    assert urlsplit(visited.url).path == "/"
    assert "สมชาย" not in visited.content()


def test_nothing_about_a_person_is_kept(site: Stoppable, visited: Page) -> None:
    kept = kept_in(visited)
    assert {"/", "/index.json", "/trust/1.root.json", "/trust/targets.json", "/trust/1.list.json"} <= {*kept}
    assert {f"/status/{name}/revocation/1.jwt" for name in ("river-clinic", "ttma")} <= {*kept}
    assert "/programmes/deep-tissue-foundations/1.json" in kept
    assert [path for path in kept if path.lower().startswith(("/c/", "/api/"))] == []
    memory = visited.evaluate("() => JSON.stringify(localStorage)")
    assert "handseal:" in memory
    assert site.lookup not in memory
    assert "urn:uuid" not in memory


def test_a_newer_list_is_taken_while_there_is_a_connection(site: Stoppable, visited: Page) -> None:
    core = site.served.world.core()
    token = site.served.world.issue(core=core)
    visited.goto(site.url)
    assert check(visited, token) == "valid"
    site.served.world.revoke(list_of(CLINIC), core.credential_status.index)
    site.publish()
    assert check(visited, token) == "revoked"
    site.stop()
    assert check(visited, token) == "revoked"


def test_a_revocation_that_was_seen_stays_when_the_site_takes_it_back(site: Stoppable, visited: Page) -> None:
    core = site.served.world.core()
    index = core.credential_status.index
    token = site.served.world.issue(core=core)
    site.served.world.revoke(list_of(CLINIC), index)
    site.publish()
    visited.goto(site.url)
    assert check(visited, token) == "revoked"
    site.served.world.revoked[list_of(CLINIC)].remove(index)
    site.publish()
    assert check(visited, token) == "revoked"


def test_a_site_that_goes_back_in_time_is_noticed(site: Stoppable, visited: Page) -> None:
    token, published = site.tokens[Verdict.VALID], site.served.published
    older = dict(published.trust_files)
    published.write_trust(published.next_trust_list(NOW - timedelta(hours=2)))
    site.publish()
    visited.goto(site.url)
    assert check(visited, token) == "valid"
    published.write_trust(older)
    site.publish()
    assert check(visited, token) == "unknown"
    expect(visited.locator("#here-answer")).to_contain_text("list 2 was seen before")


def test_an_upload_takes_the_time_it_takes(site: Stoppable, phone: Page) -> None:
    """A photograph over a slow connection, or a hundred files, ended after ten seconds as if the site were gone."""
    app = site.served.app()

    @app.after_request
    def without_patience(response: Response) -> Response:
        if request.path == "/worker.js":
            plain = gzip.decompress(response.get_data())
            response.set_data(gzip.compress(plain.replace(b"PATIENCE = 10_000", b"PATIENCE = 0")))
        return response

    with listening(app) as url:
        phone.goto(url)
        expect(phone.locator(KEPT)).to_be_attached(timeout=LONG)
        pdf = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": pdf_with(site.tokens[Verdict.VALID])}
        phone.locator("#file").set_input_files(pdf)
        phone.get_by_role("button", name="Check the file").click()
        expect(phone.locator("h1")).to_contain_text("Valid certificate", timeout=LONG)
        phone.goto(f"{url}/c/{site.lookup}")
        expect(phone.locator("#here-offline")).to_be_visible(timeout=LONG)


def test_lists_that_are_too_old_decide_nothing(site: Stoppable, visited: Page) -> None:
    site.stop()
    visited.clock.set_fixed_time(NOW + timedelta(days=36))
    visited.goto(f"{site.url}/")
    assert check(visited, site.tokens[Verdict.VALID]) == "unknown"
    expect(visited.locator("#here-answer")).to_contain_text("last known as of 2026-11-22")


def test_a_first_visit_without_a_connection_is_the_browsers_own_affair(
    site: Stoppable, visit: Callable[..., Page], faults: Faults
) -> None:
    site.stop()
    page = visit()
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        page.goto(site.url)
