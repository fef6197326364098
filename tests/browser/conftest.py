"""One Chromium for all tests of this folder; a page that complains or leaves the loopback fails its test.

Without Chromium (Debian's package `chromium`) the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.browser.live import listening
from tests.served import Served
from verifier.folder import Folder, publish_index
from verifier.report import Verdict

PHONE = (390, 844)
DESKTOP = (1100, 900)
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
OWN_SCHEMES = frozenset({"about", "blob", "data", "file"})  # what a page makes itself or has beside it


class Live(NamedTuple):
    """A verifier at `url` with one certificate of each verdict; `served` may publish more."""

    url: str
    served: Served
    lookups: dict[Verdict, str]

    def certificate(self, verdict: Verdict) -> str:
        return f"{self.url}/c/{self.lookups[verdict]}"


class Visit(Protocol):
    """Opens a page in a context of its own; `options` are Playwright's for a context."""

    def __call__(self, size: tuple[int, int] = PHONE, **options: Any) -> Page: ...


class Faults:
    """What went wrong in a browser's pages; an answer of 4xx to the visited address itself is the test's business."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"a script failed: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.found.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in OWN_SCHEMES and address.hostname != "127.0.0.1":
            self.found.append(f"a request left the loopback: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.found.append(f"{response.status} for {response.url}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no browser here: install Debian's package chromium")
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    served = Served(tmp_path_factory.mktemp("site"))
    lookups = {verdict: served.add(served.issue(verdict)) for verdict in Verdict}
    publish_index(Folder(served.published.folder))  # as publishing does: a browser asks for nothing that is not there
    with listening(served.app()) as url:
        yield Live(url, served, lookups)


@pytest.fixture
def faults() -> Iterator[Faults]:
    """What pages of this test complained about; a test that expects a complaint takes it out of `found`."""
    watched = Faults()
    yield watched
    assert watched.found == []


@pytest.fixture
def visit(browser: Browser, faults: Faults) -> Iterator[Visit]:
    contexts = []

    def open_page(size: tuple[int, int] = PHONE, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.on("page", faults.watch)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def phone(visit: Visit) -> Page:
    return visit(PHONE)


@pytest.fixture
def desktop(visit: Visit) -> Page:
    return visit(DESKTOP)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a test leaves screenshots: the folder that HANDSEAL_PICTURES names, for whoever wants to look at them."""
    named = os.environ.get("HANDSEAL_PICTURES")
    return Path(named) if named else tmp_path_factory.mktemp("pictures")
