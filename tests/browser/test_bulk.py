"""The page for many files, with its script: one after the other, with a progress, a table, and CSV to keep."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.live import listening
from tests.served import Served
from tests.verifier.pdf import pdf_with
from verifier.report import Verdict

LONG = 30_000


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def test_files_fill_the_table_one_by_one(tmp_path: Path, phone: Page, pictures: Path) -> None:
    served = Served(tmp_path)
    files = [payload(f"{verdict.word}.pdf", pdf_with(served.issue(verdict))) for verdict in Verdict]
    files.append(payload("=1+1.pdf", pdf_with(served.issue(Verdict.VALID))))
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
        rows = list(csv.reader(io.StringIO(Path(kept.value.path()).read_text("utf-8-sig"), newline="")))
        phone.screenshot(path=pictures / "bulk.png", full_page=True)
    assert answers[0] == "Valid certificate"
    assert len(set(answers)) == len(Verdict)
    assert [row[2] for row in rows[1:]] == answers
    assert rows[list(Verdict).index(Verdict.SUPERSEDED) + 1][6] == "It has been replaced."
    assert rows[1][3] == "สมชาย ปิ่นทอง"
    assert rows[-2][1] == "'=1+1.pdf"
    assert rows[-1][7] == "the same certificate as in row 1"
    assert [row[7] for row in rows[1:-1]] == [""] * (len(rows) - 2)


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
