"""The page for many files, with its script: one after the other, with a progress, a table, and CSV to keep."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.live import listening
from tests.served import Served
from tests.verifier.pdf import pdf_with
from tests.world import CLINIC, list_of
from verifier.report import Verdict

LONG = 30_000


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def table(path: Path) -> list[list[str]]:
    """The rows of a table that was kept, without its headings."""
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))[1:]


def test_files_fill_the_table_one_by_one(tmp_path: Path, phone: Page, pictures: Path) -> None:
    served = Served(tmp_path)
    files = [payload(f"{verdict.word}.pdf", pdf_with(served.issue(verdict))) for verdict in Verdict]
    files.append(payload("=1+1;@a.pdf", pdf_with(served.issue(Verdict.VALID))))
    files.append(payload("again.pdf", files[0]["buffer"]))
    served.published.write_lists()
    with listening(served.app()) as url:
        phone.goto(f"{url}/bulk")
        phone.set_input_files("#files", files)
        phone.get_by_role("button", name="Check them").click()
        expect(phone.locator("#bulk-done")).to_have_text(f"{len(files)} of {len(files)} checked", timeout=LONG)
        answers = phone.locator("#bulk-rows tr td:nth-child(3)").all_text_contents()
        with phone.expect_download() as kept:
            phone.get_by_role("button", name="Save the answers").click()
        rows = table(Path(kept.value.path()))
        phone.screenshot(path=pictures / "bulk.png", full_page=True)
    assert answers[0] == "Valid certificate"
    assert len(set(answers)) == len(Verdict)
    assert [row[2] for row in rows] == answers
    assert rows[list(Verdict).index(Verdict.SUPERSEDED)][6] == "It has been replaced."
    assert rows[0][3] == "สมชาย ปิ่นทอง"
    assert rows[-2][1] == "'=1+1;'@a.pdf"
    assert rows[-1][7] == "the same certificate as in row 1"
    assert [row[7] for row in rows[:-1]] == [""] * (len(rows) - 1)


def test_an_archive_goes_by_the_form(tmp_path: Path, phone: Page) -> None:
    served = Served(tmp_path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("one.pdf", pdf_with(served.issue(Verdict.VALID)))
    with listening(served.app()) as url:
        phone.goto(f"{url}/bulk")
        phone.set_input_files("#files", [payload("many.zip", stream.getvalue())])
        phone.get_by_role("button", name="Check them").click()
        expect(phone.locator("#bulk-rows")).to_contain_text("many.zip/one.pdf", timeout=LONG)


def test_P03_a_table_is_of_the_files_that_are_chosen_now(tmp_path: Path, phone: Page) -> None:
    """Rows of files chosen before came into the table of others, under the same numbers, and into what was kept."""
    served = Served(tmp_path)
    before = [payload(f"before-{number}.jwt", served.issue(Verdict.VALID)) for number in (1, 2)]
    after = payload("after.jwt", served.issue(Verdict.INVALID))
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    rows = phone.locator("#bulk-rows tr")
    with listening(served.app()) as url:
        phone.goto(f"{url}/bulk")
        phone.route("**/api/verify*", hold_the_first)
        phone.set_input_files("#files", before)
        with phone.expect_request("**/api/verify*"):
            phone.get_by_role("button", name="Check them").click()
        phone.set_input_files("#files", [after])
        phone.get_by_role("button", name="Check them").click()
        expect(rows).to_have_count(1, timeout=LONG)
        with phone.expect_response("**/api/verify*"):
            held[0].continue_()
        with phone.expect_download() as kept:
            phone.get_by_role("button", name="Save the answers").click()
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("after.jwt")
        phone.set_input_files("#files", before)
        expect(phone.locator("#bulk-answers")).to_be_hidden()
        assert [line[1] for line in table(Path(kept.value.path()))] == ["after.jwt"]


def test_asked_again_it_checks_again(tmp_path: Path, phone: Page) -> None:
    """A page that stays open for days would go on showing what was found when it was opened."""
    served = Served(tmp_path)
    core = served.world.core()
    rows = phone.locator("#bulk-rows tr")
    with listening(served.app()) as url:
        phone.goto(f"{url}/bulk")
        phone.set_input_files("#files", [payload("one.jwt", served.world.issue(core=core))])
        phone.get_by_role("button", name="Check them").click()
        expect(rows).to_contain_text("Valid certificate", timeout=LONG)
        served.world.revoke(list_of(CLINIC), core.credential_status.index)
        served.published.write_lists()
        phone.get_by_role("button", name="Check them").click()
        expect(rows).to_contain_text("Revoked", timeout=LONG)
