"""`handseal-verify bulk`: a row for each input, the worst one's exit code, and a report that is whole or not there."""

from __future__ import annotations

import csv
import errno
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import load_workbook

from keys.encoding import sha256
from keys.files import new_file
from keys.names import lookup_id
from tests.verifier.pdf import pdf_with
from tests.verifier.test_cli import Desk
from tests.world import CLINIC, SITE, list_of
from verifier import bulk_files
from verifier.bulk import COLUMNS, headings
from verifier.cli import main
from verifier.folder import MAX_DEPTH
from verifier.language import LANGUAGES, words_in

NAMES = ("สมชาย ปิ่นทอง", "محمد عبد الرحمن", "阮文安", "นิดา", "Đỗ Thị Hằng", "김민지", "देवी", "María Núñez", "Иван")


class BulkDesk(Desk):
    """An employer with a folder of applicants."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.out = folder / "report.csv"
        self.inbox = folder / "inbox"
        self.inbox.mkdir()

    def put(self, name: str, data: bytes) -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def archive(self, files: dict[str, bytes], name: str = "inbox.zip") -> str:
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, data in files.items():
                archive.writestr(inner, data)
        return str(path)

    def run(self, *inputs: str, out: Path | None = None) -> int:
        return main(["bulk", *inputs, *self.options, "--out", str(out or self.out)])

    def rows(self) -> list[dict[str, str]]:
        lines = list(csv.reader(io.StringIO(self.out.read_text("utf-8-sig"), newline="")))
        assert tuple(lines[0]) == headings(words_in("en"))
        return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BulkDesk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return BulkDesk(tmp_path)


def test_a_folder_of_names_in_every_script(desk: BulkDesk, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(NAMES):
        desk.put(f"sub/{number}.pdf", pdf_with(desk.world.issue(name=name)))
    assert desk.run(str(desk.inbox)) == 0
    rows = desk.rows()
    assert [row["name"] for row in rows] == list(NAMES)
    first = rows[0]
    assert first["answer"] == "Valid certificate"
    assert first["programme"] == "Deep Tissue Foundations"
    assert (first["awarded"], first["until"], first["clinic"]) == ("2026-11-19", "2029-11-19", "River Clinic")
    assert first["codes"] == first["same-as"] == ""
    assert first["found"] == "Issued by River Clinic, co-signed by 2 of 2 required partner bodies."
    captured = capsys.readouterr()
    assert captured.out == f"Valid certificate: {len(NAMES)}\n"
    assert captured.err == f"handseal-verify: {desk.out}: {len(NAMES)} rows\n"


@pytest.mark.parametrize(
    ("kinds", "code"), [(["valid"], 0), (["unknown"], 3), (["invalid", "unknown"], 1), (["invalid", "missing"], 2)]
)
def test_exit_codes(desk: BulkDesk, kinds: list[str], code: int) -> None:
    assert desk.run(*(getattr(desk, kind) for kind in kinds)) == code
    assert desk.out.exists() is (code != 2)  # a path that is not there: nothing is checked at all


def test_reasons_and_what_to_do(desk: BulkDesk) -> None:
    desk.world.revoke(list_of(CLINIC), desk.core.credential_status.index)
    desk.published.write_lists()
    assert desk.run(desk.valid, desk.invalid, desk.unknown) == 1
    revoked, invalid, unknown = desk.rows()
    assert (revoked["answer"], revoked["codes"]) == ("Revoked", "status.revocation")
    assert revoked["found"] == "The clinic has revoked it."
    assert (invalid["answer"], invalid["codes"], invalid["name"]) == ("Not a valid certificate", "signature.issuer", "")
    assert (unknown["codes"], unknown["name"]) == ("token.form", "")
    assert all(row["action"] for row in desk.rows())


def test_an_archive_a_folder_a_file_a_link_and_the_same_certificate_again(desk: BulkDesk) -> None:
    lookup = lookup_id(sha256(b"1"))
    desk.published.write_certificate(desk.token, lookup)
    desk.put("one.jwt", desk.token)
    archive = desk.archive({"two.pdf": pdf_with(desk.token), "notes/three.pdf": pdf_with(desk.world.issue())})
    assert desk.run(str(desk.inbox), archive, f"{SITE}/c/{lookup}") == 0
    rows = desk.rows()
    assert [row["source"].rpartition("/")[2] for row in rows] == ["one.jwt", "two.pdf", "three.pdf", lookup]
    assert [row["same-as"] for row in rows] == [
        "", "the same certificate as in row 1", "", "the same certificate as in row 1",
    ]  # fmt: skip


def test_a_table_of_numbers_and_links(desk: BulkDesk) -> None:
    lookups = [lookup_id(sha256(bytes([number]))) for number in range(3)]
    for lookup in lookups[:2]:
        desk.published.write_certificate(desk.world.issue(), lookup)
    text = f"applicant,certificate\nกานต์,{lookups[0].lower()}\n\nNok,{SITE}/C/{lookups[1]}\nX,{lookups[2]}\nY,?\n"
    table = desk.file("applicants.csv", text.encode("utf-8-sig"))
    assert desk.run(table) == 3
    assert [(row["source"], row["answer"]) for row in desk.rows()] == [
        (f"{table}:2", "Valid certificate"),
        (f"{table}:4", "Valid certificate"),
        (f"{table}:5", "Could not check"),
        (f"{table}:6", "Could not check"),
    ]


@pytest.mark.parametrize("head", ["applicant;certificate", "Nok;0123456789ABCDEFGHJKMNPQRS"])
def test_a_table_may_be_parted_by_semicolons(desk: BulkDesk, head: str) -> None:
    desk.published.write_certificate(desk.token)
    table = desk.file("applicants.csv", f"{head}\nSuda, N.;{SITE}/c/0123456789ABCDEFGHJKMNPQRS\n".encode())
    assert desk.run(table) == 0


def test_a_workbook_of_numbers(desk: BulkDesk) -> None:
    desk.published.write_certificate(desk.token)
    path = desk.folder / "applicants.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "number"])
        sheet.write_row(1, 0, ["Nok", "0123456789ABCDEFGHJKMNPQRS"])
    assert desk.run(str(path)) == 0
    assert len(desk.rows()) == 1


def test_I05_a_table_that_cannot_be_read_is_refused_before_anything_is_checked(
    desk: BulkDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run(desk.valid, desk.file("a.csv", "a\nก\n".encode("cp874"))) == 3
    assert "is not UTF-8" in capsys.readouterr().err
    assert not desk.out.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_I01_a_workbook_with_a_summary_runs_nothing(desk: BulkDesk, language: str) -> None:
    out = desk.folder / "report.xlsx"
    desk.put('=HYPERLINK("x").pdf', pdf_with(desk.token))
    desk.put("@cmd.jwt", desk.token[:-5] + b"AAAAA")
    path = str(desk.inbox.relative_to(desk.folder.parent))
    assert main(["bulk", str(desk.inbox), *desk.options, "--out", str(out), "--language", language]) == 1
    with zipfile.ZipFile(out) as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name) and "sheet" in name]
        assert "xl/charts/chart1.xml" in archive.namelist()
    words = words_in(language)
    with load_workbook(io.BytesIO(out.read_bytes())) as book:
        assert book.sheet_names == [words.say("bulk.sheet.rows"), words.say("bulk.sheet.summary")]
        rows, summary = (book.get_sheet_by_index(number).to_python() for number in (0, 1))
    assert rows[0][2] == words.say("bulk.column.answer")
    assert str(rows[1][1]).endswith('=HYPERLINK("x").pdf')
    assert path in str(rows[1][1])
    assert [words.say("verdict.valid.title"), 1.0] in [row[:2] for row in summary]


def test_I01_a_table_disarms_what_a_spreadsheet_would_run(desk: BulkDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put("=1+1.pdf", pdf_with(desk.token))
    monkeypatch.chdir(desk.inbox)
    assert desk.run("=1+1.pdf") == 0
    assert desk.rows()[0]["source"] == "'=1+1.pdf"


def test_receipts_are_named_by_their_row(desk: BulkDesk) -> None:
    receipts = desk.folder / "receipts"
    assert (
        main(["bulk", desk.valid, desk.unknown, *desk.options, "--out", str(desk.out), "--receipts", str(receipts)])
        == 3
    )
    assert sorted(path.name for path in receipts.iterdir()) == ["00001-valid.pdf", "00002-unknown.pdf"]


def test_I10_nothing_is_overwritten(desk: BulkDesk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.out.write_text("mine", "utf-8")
    assert desk.run(desk.valid) == 3, "1 would say that a certificate is not valid"
    assert desk.out.read_text("utf-8") == "mine"
    assert desk.run(desk.valid, out=desk.folder / "report.txt") == 2
    assert desk.run(desk.valid, out=desk.folder / "none" / "report.csv") == 2
    assert "exists already" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_report_and_no_receipts(desk: BulkDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    receipts = desk.folder / "receipts"

    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        with new_file(path, mode) as stream:
            stream.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("verifier.bulk_cli.write_new", full)
    code = main(["bulk", desk.valid, *desk.options, "--out", str(desk.out), "--receipts", str(receipts)])
    assert code == 3
    assert [path.name for path in desk.folder.iterdir() if "report" in path.name or "receipts" in path.name] == []


def test_a_folder_and_a_table_of_nothing_are_no_valid_certificates(
    desk: BulkDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run(str(desk.inbox), desk.file("empty.csv", b"applicant,certificate\n")) == 2
    assert "holds nothing to check" in capsys.readouterr().err
    assert not desk.out.exists()


def test_the_same_file_without_a_certificate_is_no_certificate_twice(desk: BulkDesk) -> None:
    desk.put("a.txt", b"hello")
    desk.put("b.txt", b"hello")
    assert desk.run(str(desk.inbox)) == 3
    assert [row["same-as"] for row in desk.rows()] == ["", ""]


def test_links_of_a_folder_are_not_followed(desk: BulkDesk) -> None:
    (desk.inbox / "away.pdf").symlink_to(desk.valid)
    (desk.inbox / "loop").symlink_to(desk.inbox)
    (desk.inbox / ".hidden").write_bytes(b"x")
    assert desk.run(str(desk.inbox)) == 3
    assert [row["found"] for row in desk.rows()] == ["This file could not be opened."] * 2


def test_W05_folders_within_each_other_end(desk: BulkDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever packs an archive that an employer unpacks says how deep it is: a thousand folders ended the program."""
    inner = desk.inbox.joinpath(*["a"] * MAX_DEPTH)
    inner.mkdir(parents=True)
    (inner / "one.jwt").write_bytes(desk.token)
    assert desk.run(str(desk.inbox)) == 0
    (inner / "a").mkdir()
    assert main(["bulk", str(desk.inbox), *desk.options, "--out", str(desk.folder / "deeper.csv")]) == 3
    assert f"lies deeper than {MAX_DEPTH} folders" in capsys.readouterr().err
    assert not (desk.folder / "deeper.csv").exists()


def test_too_many_inputs_are_refused(
    desk: BulkDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bulk_files, "MAX_INPUTS", 1)
    assert desk.run(desk.valid, desk.unknown) == 3
    assert "more than 1 inputs" in capsys.readouterr().err


def test_I11_a_name_that_colours_a_terminal_or_turns_a_line_is_shown_as_code(desk: BulkDesk) -> None:
    assert desk.run(desk.archive({"a\x1b[31m\u202e.pdf": pdf_with(desk.token)})) == 0
    assert desk.rows()[0]["source"].endswith("a\\u{1b}[31m\\u{202e}.pdf")
