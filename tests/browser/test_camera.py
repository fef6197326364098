"""The first page's own camera view: a code of this verifier opens its certificate, any other is refused (Q06)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARGUMENTS, PHONE, Faults, Live, Visit
from tests.verifier.photographs import code
from tests.world import SITE
from verifier.files import static_files
from verifier.parts import SCANNER
from verifier.report import Verdict

SIZE = (640, 480)
LONG = 30_000  # milliseconds: shared machines are slow at times

Look = Callable[[str], Page]


def film(picture: Image.Image) -> bytes:
    """A film (YUV4MPEG2) that shows nothing else: what Chromium's fake camera plays."""
    width, height = picture.size
    grey = bytes([128]) * (width * height // 4)
    frame = b"FRAME\n" + picture.convert("L").tobytes() + grey + grey
    return f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 5


@pytest.fixture
def look(browser: Browser, live: Live, faults: Faults, tmp_path: Path) -> Iterator[Look]:
    """Opens the first page in a browser whose camera sees a code with this text, and asks for the camera."""
    if SCANNER not in static_files():
        pytest.skip("nothing here reads codes in a browser: `make scanner` fetches it with npm")
    with ExitStack() as opened:

        def see(text: str) -> Page:
            seen = Image.new("RGB", SIZE, "#b9b2a5")
            seen.paste(code(text, 300).rotate(4, expand=True, fillcolor="white"), (150, 70))
            tape = tmp_path / "camera.y4m"
            tape.write_bytes(film(seen))
            fake = (
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={tape}",
            )
            root = ["--no-sandbox"] if os.geteuid() == 0 else []
            chromium = browser.browser_type.launch(
                executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *fake, *root]
            )
            opened.callback(chromium.close)
            page = chromium.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
            faults.watch(page)
            page.goto(live.url)
            page.locator("#camera-start").click(timeout=LONG)
            return page

        yield see


def test_a_code_of_this_verifier_opens_its_certificate(look: Look, live: Live) -> None:
    lookup = live.lookups[Verdict.VALID]
    page = look(f"{SITE}/c/{lookup}".upper())
    page.wait_for_url(f"**/c/{lookup}", timeout=LONG)
    assert page.locator("h1").inner_text().endswith("Valid certificate")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://verify-river.example/c/0123456789ABCDEFGHJKMNPQRS", "verify-river.example"),
        (f"{SITE}@evil.example/c/0123456789ABCDEFGHJKMNPQRS", "evil.example"),
        ("javascript:alert(1)", "javascript:"),
    ],
)
def test_Q06_a_code_that_leads_elsewhere_is_refused_with_its_host(
    look: Look, live: Live, text: str, host: str, pictures: Path
) -> None:
    page = look(text)
    refusal = page.locator("[data-said=elsewhere]")
    expect(refusal).to_be_visible(timeout=LONG)
    assert f"leads to {host}, not to verify.river.example" in refusal.inner_text()
    page.screenshot(path=pictures / "camera-refused.png")
    page.locator("#camera-stop").click()
    expect(refusal).to_be_hidden()
    expect(page.locator("#camera-start")).to_be_visible()
    assert page.url == f"{live.url}/"


def test_without_a_camera_the_page_offers_a_photograph(live: Live, phone: Page, pictures: Path) -> None:
    phone.goto(live.url)
    expect(phone.locator("html[data-kept=yes]")).to_be_attached(timeout=LONG)
    expect(phone.locator("#camera-start")).to_be_hidden()
    expect(phone.locator("#photo")).to_be_visible()
    phone.screenshot(path=pictures / "camera-none.png", full_page=True)


def test_without_scripts_the_page_offers_a_photograph(live: Live, visit: Visit, tmp_path: Path) -> None:
    page = visit(java_script_enabled=False)
    page.goto(live.url)
    assert not page.locator("#camera-start").is_visible()
    photograph = tmp_path / "photo.png"
    code(f"{SITE}/c/{live.lookups[Verdict.VALID]}".upper()).save(photograph)
    page.locator("#photo").set_input_files(photograph)
    page.locator("[data-for=photo] button").click()
    assert page.locator("h1").inner_text().endswith("Valid certificate")
