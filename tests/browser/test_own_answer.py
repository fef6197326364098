"""A page checks by itself what the server answered, and a file that never leaves the device."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Live
from tests.verifier.pdf import pdf_with
from tests.world import NOW
from verifier.report import Verdict

TITLES = {
    Verdict.VALID: "Valid certificate",
    Verdict.UNKNOWN: "Could not check",
    Verdict.INCOMPLETE: "Not enough co-signatures",
    Verdict.EXPIRED: "Expired or not yet valid",
    Verdict.SUSPENDED: "Suspended",
    Verdict.WITHDRAWN: "Co-signatures withdrawn",
    Verdict.SUPERSEDED: "Replaced by another certificate",
    Verdict.REVOKED: "Revoked",
    Verdict.INVALID: "Not a valid certificate",
}
NAME = "สมชาย ปิ่นทอง"


@pytest.fixture
def reader(phone: Page) -> Page:
    """A telephone at the time of the certificates."""
    phone.clock.set_fixed_time(NOW)
    return phone


def token_of(live: Live, verdict: Verdict) -> bytes:
    lookup = live.lookups[verdict]
    return (live.served.published.folder / f"c/{lookup[:2]}/{lookup}.jwt").read_bytes()


def choose(page: Page, name: str, data: bytes) -> None:
    page.locator("#here-file").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})


@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.word)
def test_the_browser_comes_to_the_servers_answer(live: Live, reader: Page, verdict: Verdict) -> None:
    reader.goto(live.certificate(verdict))
    line = reader.locator("#too")
    expect(line).to_have_text("Checked by this browser too: same answer.", timeout=15_000)
    assert line.get_attribute("data-own") == verdict.word


def test_it_comes_to_the_answer_about_an_upload_too(live: Live, reader: Page) -> None:
    reader.goto(live.url)
    pdf = {
        "name": "certificate.pdf",
        "mimeType": "application/pdf",
        "buffer": pdf_with(token_of(live, Verdict.SUSPENDED)),
    }
    reader.locator("#file").set_input_files(pdf)
    reader.get_by_role("button", name="Check the file").click()
    expect(reader.locator("h1")).to_contain_text("Suspended")
    expect(reader.locator("#too")).to_have_text("Checked by this browser too: same answer.", timeout=15_000)


def test_another_answer_is_said_as_such(live: Live, reader: Page) -> None:
    other = token_of(live, Verdict.REVOKED)
    reader.route(
        "**/*.jwt", lambda route: route.fulfill(body=other) if "/c/" in route.request.url else route.continue_()
    )
    reader.goto(live.certificate(Verdict.VALID))
    expect(reader.locator("#too")).to_contain_text("This browser comes to another answer: Revoked.", timeout=15_000)


@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.word)
def test_a_chosen_pdf_is_checked_without_being_sent(live: Live, reader: Page, verdict: Verdict) -> None:
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    sent: list[Request] = []
    reader.on("request", lambda request: sent.append(request))  # a list's own method cannot be wrapped
    choose(reader, "certificate.pdf", pdf_with(token_of(live, verdict)))
    answer = reader.locator("#here-answer")
    expect(answer.locator("h2")).to_contain_text(TITLES[verdict], timeout=15_000)
    assert answer.get_attribute("data-verdict") == verdict.word
    assert {request.method for request in sent} <= {"GET"}
    assert (NAME in answer.inner_text()) is (verdict is not Verdict.INVALID)
    if verdict is not Verdict.INVALID:
        expect(answer).to_contain_text("Checked against lists of 22 November 2026")


CARRIED: dict[str, Callable[[bytes], bytes]] = {
    "credential.jwt": lambda token: token,
    "wrapped.txt": lambda token: b"\n".join(token[start : start + 76] for start in range(0, len(token), 76)),
    "badge.svg": lambda token: (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">'
        b'<openbadges:credential verify="' + token + b'"></openbadges:credential></svg>'
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_other_carriers(live: Live, reader: Page, name: str) -> None:
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    choose(reader, name, CARRIED[name](token_of(live, Verdict.VALID)))
    # A token with line breaks in it is not the one that was issued: P13.
    expected = Verdict.INVALID if name == "wrapped.txt" else Verdict.VALID
    expect(reader.locator("#here-answer")).to_have_attribute("data-verdict", expected.word, timeout=15_000)


def test_a_pasted_credential_and_a_file_without_one(live: Live, reader: Page) -> None:
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    answer = reader.locator("#here-answer")
    reader.locator("#here-text").fill(token_of(live, Verdict.VALID).decode())
    expect(answer).to_have_attribute("data-verdict", "valid", timeout=15_000)
    choose(reader, "holiday.jpg", b"\xff\xd8\xff" + bytes(5000))
    expect(answer).to_have_attribute("data-verdict", "unknown", timeout=15_000)
    assert NAME not in answer.inner_text()


# A file that takes long to be read, from a stick or a network drive, and one that went away since it was chosen.
READING = """const plain = Blob.prototype.arrayBuffer;
    Blob.prototype.arrayBuffer = async function () {
      if (this.name === "slow.pdf") await new Promise((done) => { globalThis.arrive = done; });
      if (this.name === "gone.pdf") throw new DOMException("It is not there.", "NotFoundError");
      return plain.call(this);
    };"""


def test_P03_the_answer_on_the_screen_is_that_of_the_last_file(live: Live, reader: Page) -> None:
    """A forger's file was dropped after a slow genuine one, and the genuine one's answer came to stand for it."""
    reader.add_init_script(READING)
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    answer = reader.locator("#here-answer")
    valid = pdf_with(token_of(live, Verdict.VALID))
    choose(reader, "quick.pdf", valid)
    expect(answer).to_have_attribute("data-verdict", "valid", timeout=15_000)
    choose(reader, "slow.pdf", valid)
    expect(answer).to_have_text("")  # nothing stands there for the file that is being read
    choose(reader, "forged.pdf", pdf_with(token_of(live, Verdict.INVALID)))
    expect(answer).to_have_attribute("data-verdict", "invalid", timeout=15_000)
    reader.evaluate("""() => {
      globalThis.shown = [];
      const note = () => shown.push(document.getElementById("here-answer").dataset.verdict);
      new MutationObserver(note).observe(document.getElementById("here-answer"), { attributes: true });
      arrive();
    }""")
    choose(reader, "last.jwt", token_of(live, Verdict.REVOKED))
    expect(answer).to_have_attribute("data-verdict", "revoked", timeout=15_000)
    choose(reader, "gone.pdf", valid)
    expect(answer).to_have_attribute("data-verdict", "unknown", timeout=15_000)
    expect(answer).to_contain_text("This file could not be opened.")
    assert NAME not in answer.inner_text()
    assert "valid" not in reader.evaluate("() => shown")


def test_P03_an_answer_goes_with_the_text_it_was_about(live: Live, reader: Page) -> None:
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    answer = reader.locator("#here-answer")
    reader.locator("#here-text").fill(token_of(live, Verdict.VALID).decode())
    expect(answer).to_have_attribute("data-verdict", "valid", timeout=15_000)
    reader.locator("#here-text").fill("another one")
    expect(answer).to_have_text("")


def test_markup_in_a_certificate_is_shown_as_text(live: Live, reader: Page) -> None:
    token = live.served.issue(Verdict.VALID, name="<img src=x onerror=alert(1)>")
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    choose(reader, "markup.jwt", token)
    expect(reader.locator("#here-answer .name")).to_have_text("<img src=x onerror=alert(1)>", timeout=15_000)
    assert reader.locator("#here-answer img").count() == 0


# What an older browser, or a page that did not come over a safe connection, lacks.
LACKS = {
    "Ed25519": """const plain = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (form, key, algorithm, ...rest) => {
          if (algorithm.name === "Ed25519") throw new DOMException("Unrecognized name.", "NotSupportedError");
          return plain(form, key, algorithm, ...rest);
        };""",
    "ECDSA": """const plain = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (form, key, algorithm, ...rest) => {
          if (algorithm.name === "ECDSA") throw new DOMException("Unrecognized name.", "NotSupportedError");
          return plain(form, key, algorithm, ...rest);
        };""",
    "any cryptography": "Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });",
}


@pytest.mark.parametrize("lack", LACKS)
def test_a_browser_that_cannot_check_says_so_and_never_valid(live: Live, reader: Page, lack: str) -> None:
    reader.add_init_script(LACKS[lack])
    reader.goto(live.certificate(Verdict.VALID))
    expect(reader.locator("#too")).to_contain_text("This browser cannot check by itself", timeout=15_000)
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    choose(reader, "certificate.pdf", pdf_with(token_of(live, Verdict.VALID)))
    answer = reader.locator("#here-answer")
    expect(answer).to_have_attribute("data-verdict", "unknown", timeout=15_000)
    expect(answer).to_contain_text("This browser cannot check by itself")
    assert NAME not in answer.inner_text()


def test_without_scripts_the_pages_are_whole(live: Live, visit: Callable[..., Page]) -> None:
    page = visit(java_script_enabled=False)
    page.goto(live.url)
    expect(page.locator("#here")).to_be_hidden()
    page.goto(live.certificate(Verdict.VALID))
    expect(page.locator("#too")).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("Valid certificate")


def test_pictures_of_the_card(live: Live, reader: Page, pictures: Path) -> None:
    reader.goto(live.url)
    expect(reader.locator("#here")).to_be_visible(timeout=15_000)
    reader.screenshot(path=pictures / "here-empty.png", full_page=True)
    for verdict in (Verdict.VALID, Verdict.SUSPENDED, Verdict.INVALID):
        choose(reader, "certificate.pdf", pdf_with(token_of(live, verdict)))
        expect(reader.locator("#here-answer")).to_have_attribute("data-verdict", verdict.word, timeout=15_000)
        reader.screenshot(path=pictures / f"here-{verdict.word}.png", full_page=True)
    assert re.search("What was checked", reader.locator("#here-answer").inner_text())
