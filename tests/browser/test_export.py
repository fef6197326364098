"""An export answers from a folder, as on a USB stick, and from any web host: no server of ours, no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.wrappers import Response

from keys.encoding import digest_words
from tests.browser.live import listening
from tests.served import Served
from tests.verifier.pdf import pdf_with
from tests.world import NOW
from verifier.cli import main
from verifier.export import is_carried
from verifier.report import Verdict

LONG = 30_000  # milliseconds: shared machines are slow at times


class Exported:
    def __init__(self, folder: Path) -> None:
        self.served = Served(folder / "site")
        self.tokens = {verdict: self.served.issue(verdict) for verdict in Verdict}
        self.lookup = self.served.add(self.tokens[Verdict.VALID])
        self.site, self.root = self.served.published.folder, self.served.published.root
        self.folder = folder / "stick"
        assert self.export() == 0

    def export(self, folder: Path | None = None) -> int:
        return main(["export", str(folder or self.folder), "--site", str(self.site), "--root", self.root])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("export"))


@pytest.fixture(params=["a folder", "a web host"])
def opened(exported: Exported, request: pytest.FixtureRequest, phone: Page) -> Iterator[Page]:
    phone.clock.set_fixed_time(NOW)
    if request.param == "a folder":
        phone.goto((exported.folder / "index.html").as_uri())
        yield phone
    else:
        host = SharedDataMiddleware(Response(status=404), {"/": str(exported.folder)})
        with listening(host) as url:
            phone.goto(f"{url}/index.html")
            yield phone


def check(page: Page, data: bytes) -> str | None:
    expect(page.locator("#here")).to_be_visible(timeout=LONG)
    page.evaluate("() => delete document.getElementById('here-answer').dataset.verdict")
    pdf = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": data}
    page.locator("#here-file").set_input_files(pdf)
    expect(page.locator("#here-answer[data-verdict]")).to_be_attached(timeout=LONG)
    return page.locator("#here-answer").get_attribute("data-verdict")


def test_it_comes_to_every_verdict_by_itself(exported: Exported, opened: Page, pictures: Path) -> None:
    for verdict, token in exported.tokens.items():
        assert check(opened, pdf_with(token)) == verdict.word
    assert check(opened, pdf_with(exported.tokens[Verdict.VALID])) == "valid"
    expect(opened.locator("#here-answer")).to_contain_text("Checked against lists of 22 November 2026, 08:00 UTC")
    opened.screenshot(path=pictures / "export-valid.png", full_page=True)


def test_a_photograph_is_told_what_to_choose_instead(opened: Page) -> None:
    """No code is read here and no number typed: to take another picture would lead nowhere."""
    assert check(opened, b"\xff\xd8\xff\xe0 a photograph") == "unknown"
    expect(opened.locator("#here-answer")).to_contain_text("Use the PDF or the file that the clinic sent.")


def test_languages_wait_behind_their_name(opened: Page) -> None:
    """Eleven lines of them would push the question off a phone's screen."""
    heading = opened.locator("h1").bounding_box()
    assert heading is not None
    assert heading["y"] < 120
    opened.locator(".languages summary").click()
    menu = opened.locator(".languages ul").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0
    opened.get_by_role("link", name="ไทย").click()
    expect(opened.locator("html")).to_have_attribute("lang", "th")


def test_it_shows_the_root_to_compare(exported: Exported, opened: Page) -> None:
    text = opened.locator("footer").inner_text()
    assert exported.root in text
    assert " ".join(digest_words(bytes.fromhex(exported.root))) in text


def test_another_root_makes_nothing_valid(exported: Exported, phone: Page, tmp_path: Path) -> None:
    """As if somebody had made the stick from a site of their own: the root that was told is not theirs."""
    phone.clock.set_fixed_time(NOW)
    other = Exported(tmp_path)
    carried = (exported.folder / "carried.js").read_text("utf-8")
    (other.folder / "carried.js").write_text(carried.replace(exported.root, other.root), "utf-8")
    phone.goto((other.folder / "index.html").as_uri())
    assert check(phone, pdf_with(exported.tokens[Verdict.VALID])) == "unknown"


def test_nothing_of_a_person_is_carried(exported: Exported) -> None:
    carried = (exported.folder / "carried.js").read_text("utf-8")
    files = json.loads(carried.partition("carried = ")[2].rpartition(";")[0])["files"]
    assert {path.partition("/")[0] for path in files} == {"trust", "status", "programmes"}
    everything = b"".join(path.read_bytes() for path in exported.folder.rglob("*") if path.is_file())
    assert exported.lookup.encode() not in everything
    assert exported.tokens[Verdict.VALID] not in everything


def test_it_is_brought_up_to_date_and_replaces_nothing_else(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exported.export() == 0
    assert "0 files written" in capsys.readouterr().out
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    assert exported.export(tmp_path) == 1
    assert "not an export" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("change", ["another root", "no site"])
def test_what_cannot_be_believed_is_not_exported(
    exported: Exported, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path if change == "no site" else exported.site
    root = "0" * 64 if change == "another root" else exported.root
    assert main(["export", str(tmp_path / "stick"), "--site", str(site), "--root", root]) == 1
    assert "handseal-verify: " in capsys.readouterr().err
    assert not (tmp_path / "stick").exists()


@pytest.mark.parametrize(
    ("path", "carried"),
    [
        ("trust/1.root.json", True),
        ("trust/targets.json", True),
        ("status/river-clinic/revocation/1.jwt", True),
        ("programmes/deep-tissue-foundations/1.json", True),
        ("programmes/deep-tissue-foundations/0.json", False),
        ("programmes/deep/tissue/1.json", False),
        ("programmes/Deep/1.json", False),
        (f"programmes/{'a' * 40}/1.json", True),
        (f"programmes/{'a' * 41}/1.json", False),
        ("programmes/deep-tissue-foundations/1/card-16x9.png", False),
        ("c/01/0123456789ABCDEFGHJKMNPQRS.jwt", False),
        ("orgs/river-clinic.json", False),
        ("trust/../c/01/x.jwt", False),
        ("trust/1.root.json.part", False),
        ("index.json", False),
    ],
)
def test_which_files_are_carried(path: str, carried: bool) -> None:
    assert is_carried(path) is carried


def test_without_scripts_it_says_why_it_cannot_check(exported: Exported, visit: Callable[..., Page]) -> None:
    page = visit(java_script_enabled=False)
    page.goto((exported.folder / "index.html").as_uri())
    assert "This page needs JavaScript" in page.locator("noscript").inner_text()
