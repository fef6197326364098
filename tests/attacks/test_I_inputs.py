"""Files that people hand in: what a spreadsheet would run, what an eye cannot see, what would not fit in memory.

Each goes through the command as a clinic runs it; refused means exit code 1 with the place, and nothing taken in.
"""

import csv
import io
import resource
import shutil
import sys
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import func, select

from issuer.cli import main
from issuer.database import open_database, reading
from issuer.init_cli import make_workspace
from issuer.models import Enrolment, Event, Learner
from issuer.records_cli import evidence_in
from keys.errors import HandsealError
from keys.tables import table_csv
from keys.text import FORMULA_STARTS
from tests.issuer.entries import LEARNER, NOW, SLUG, csv_bytes, xlsx_bytes

Output = pytest.CaptureFixture[str]
HEADER = csv_bytes([LEARNER]).split(b"\n", 1)[0]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = "https://verify.river.example"
    folder = tmp_path_factory.mktemp("starter") / "clinic"
    make_workspace(folder, slug="river-clinic", name="River Clinic", site=site, passphrase=None, created=NOW)
    return folder


@pytest.fixture
def clinic(starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "clinic"
    shutil.copytree(starter, folder)
    monkeypatch.chdir(folder)
    return folder


def enrol(data: bytes, *options: str, name: str = "autumn.csv") -> int:
    path = Path("cohorts") / name
    path.write_bytes(data)
    return main(["enrol", str(path), "--programme", SLUG, *options])


def enrolled() -> int:
    with reading(open_database(f"sqlite:///{Path.cwd() / 'handseal.db'}")) as session:
        return session.scalar(select(func.count()).select_from(Enrolment)) or 0


def learner() -> Learner:
    with reading(open_database(f"sqlite:///{Path.cwd() / 'handseal.db'}")) as session:
        return session.scalars(select(Learner)).one()


def refused(capsys: Output, data: bytes, *fragments: str, name: str = "autumn.csv") -> str:
    assert enrol(data, name=name) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for fragment in fragments:
        assert fragment in said.err
    assert "Traceback" not in said.err
    assert enrolled() == 0
    return said.err


def with_name(name: str) -> bytes:
    return csv_bytes([dict(LEARNER) | {"name": name}])


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+66 53", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("https://x")', " =1+1", "＝1+1", "＋1", "＠x"],
)
def test_I01_cells_that_a_spreadsheet_runs_are_refused(clinic: Path, capsys: Output, name: str) -> None:
    quoted = f'"{name.replace(chr(34), chr(34) * 2)}"'
    data = HEADER + b"\nRC-1," + quoted.encode() + b",,2026-10-05,2026-11-15,,yes,no\n"
    refused(capsys, data, "autumn.csv: ")


def test_I01_formulas_of_a_workbook_are_refused_whatever_they_last_said(clinic: Path, capsys: Output) -> None:
    cells = [list(LEARNER), list(LEARNER.values())]
    refused(capsys, xlsx_bytes(cells, {"B2": "=1+1"}), "row 2, column 2: is a formula", name="autumn.xlsx")
    refused(capsys, xlsx_bytes([*cells, ["", "", "", "=1+1"]]), "is a formula", name="autumn.xlsx")
    text = [list(LEARNER), [*list(LEARNER.values())[:1], "@name", *list(LEARNER.values())[2:]]]
    refused(capsys, xlsx_bytes(text), "would take for a formula", name="autumn.xlsx")


@pytest.mark.parametrize("name", ["Ana;=1+1", 'Ana;"=1+1"', "Ana;\t@SUM(A1)", "Ana\n=1+1", "Ana\r\n-1", "=1;+1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_I01_a_table_runs_nothing_whatever_the_spreadsheet_parts_cells_by(name: str, separator: str) -> None:
    table = table_csv(("day", "name", "note"), [("2026-11-20", name, "none"), (name, "2026-11-20", "none")])
    text = io.StringIO(table.decode("utf-8-sig"), newline="")
    cells = [cell for row in csv.reader(text, delimiter=separator) for cell in row]
    assert len(cells) > 1
    assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == []


UNREADABLE = {
    "bidi override": "Ana\u202eSilva",
    "bidi isolate": "Ana\u2066Silva",
    "mark": "Ana\u200fSilva",
    "zero-width space": "Ana\u200bSilva",
    "joiner": "Ana\u200dSilva",
    "byte order mark": "Ana\ufeffSilva",
    "soft hyphen": "Ana\u00adSilva",
    "filler": "Ana\u3164Silva",
    "escape": "Ana\x1b[31mSilva",
    "bell": "Ana\x07Silva",
    "next line": "Ana\u0085Silva",
    "line separator": "Ana\u2028Silva",
    "private use": "Ana\ue000Silva",
    "unassigned": "Ana\U0003fffdSilva",
    "assigned after 14": "Ana\U0001fae8Silva",
    "tag": "Ana\U000e0041Silva",
    "delete": "Ana\x7fSilva",
}


@pytest.mark.parametrize("name", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("workbook", [False, True], ids=["csv", "xlsx"])
def test_I03_what_cannot_be_seen_is_refused(clinic: Path, capsys: Output, name: str, workbook: bool) -> None:
    if not workbook:
        said = refused(capsys, with_name(name), "autumn.csv: row 2, column name: character 4 is U+")
        assert all(c.isprintable() or c == "\n" for c in said)
        return
    values = [*list(LEARNER.values())[:1], name, *list(LEARNER.values())[2:]]
    refused(capsys, xlsx_bytes([list(LEARNER), values]), "row 2, column name", name="autumn.xlsx")


@pytest.mark.parametrize("column", ["learner_id", "name", "latin_name", "email"])
def test_I03_in_every_column(clinic: Path, capsys: Output, column: str) -> None:
    refused(
        capsys, csv_bytes([dict(LEARNER) | {column: "a\u202eb@c"}]), f"row 2, column {column}: character 2 is U+202E"
    )


def test_I03_what_can_be_seen_is_taken(clinic: Path) -> None:
    names = [
        "ศรีสุดา น้ำเงิน",
        "Nguyễn Thị Ánh",
        "क्षत्रिय ज्ञान",
        "علی\u200cرضا",
        "王小明",
        "김하늘",
        "O’Brien-Łukasz",
        "Jose\u0301",
    ]
    rows = [dict(LEARNER) | {"learner_id": f"L{n}", "name": name, "email": ""} for n, name in enumerate(names)]
    assert enrol(csv_bytes(rows)) == 0
    assert enrolled() == len(names)


def test_I04_a_look_alike_letter_needs_a_reason_that_is_kept(clinic: Path, capsys: Output) -> None:
    mixed = with_name("Sоmchai")  # the о is Cyrillic
    refused(capsys, mixed, "mixes look-alike scripts in one word", "--allow-mixed-script")
    assert enrol(mixed, "--allow-mixed-script", " ") == 2
    assert enrol(mixed, "--allow-mixed-script", "her passport says so") == 0
    assert learner().mixed_script_reason == "her passport says so"
    with reading(open_database(f"sqlite:///{clinic / 'handseal.db'}")) as session:
        assert session.scalars(select(Event.reason)).one() == "her passport says so"


def test_I04_scripts_side_by_side_are_fine_and_ask_for_no_reason(clinic: Path) -> None:
    assert enrol(with_name("สมาคม TTMA Иван"), "--allow-mixed-script", "others need it") == 0
    assert learner().mixed_script_reason is None


NAMED = with_name("สมชาย")


def test_I05_a_byte_order_mark_and_windows_line_ends_are_taken(clinic: Path) -> None:
    assert enrol(b"\xef\xbb\xbf" + NAMED.replace(b"\n", b"\r\n")) == 0
    assert learner().name == "สมชาย"


@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        (NAMED.decode().encode("tis-620"), "row 2: is not UTF-8, perhaps TIS-620"),
        (NAMED.decode().encode("cp874"), "row 2: is not UTF-8"),
        (NAMED.decode().encode("utf-16"), "is UTF-16"),
        (NAMED.decode().encode("utf-16-be"), "holds NUL bytes"),
        (NAMED.decode().encode("utf-32-le"), "holds NUL bytes"),
        (NAMED.replace("สม".encode(), b"\0"), "holds NUL bytes"),
        (NAMED.replace(b"\n", b"\r\n", 1), "mixes different line ends"),
        (NAMED.replace(b"\n", b"\r"), "mixes different line ends"),
        (NAMED.replace(b"\n", b"\r\n").replace(b"yes", b"ye\rs"), "mixes different line ends"),
        (NAMED.replace("สม".encode(), b"\xed\xa0\x80"), "is not UTF-8"),
        (NAMED.replace("สม".encode(), b"\xc0\xaf"), "is not UTF-8"),
    ],
)
def test_I05_other_encodings_are_refused_with_what_helps(
    clinic: Path, capsys: Output, data: bytes, fragment: str
) -> None:
    refused(capsys, data, fragment, "CSV UTF-8")


ROW = b"RC-1,Ana,,2026-10-05,2026-11-15,,yes,no\n"
BIG = {
    "a cell of 10 MB": HEADER + b"\n" + b"x" * 10_000_000 + ROW,
    "a quoted cell of 10 MB": HEADER + b'\n"' + b"x" * 10_000_000 + b'"' + ROW,
    "a million rows": HEADER + b"\n" + ROW * 300_000,
    "a million short rows": HEADER + b"\n" + b"a,\n" * 1_000_000,
    "5000 columns": b",".join([HEADER, *(b"c%d" % n for n in range(5000))]) + b"\n" + ROW,
    "a row of 5000 cells": HEADER + b"\n" + b"," * 5000 + ROW,
    "a quotation mark that is not closed": HEADER + b'\nRC-0,"Ana,,2026-10-05\n' + ROW * 100_000,
    "commas alone": b"," * 15_000_000,
    "newlines alone": HEADER + b"\n" * 15_000_000,
    "too large": HEADER + b"\n" + ROW * 500_000,
}


@pytest.mark.parametrize("data", BIG.values(), ids=BIG)
def test_I06_what_would_not_fit_is_refused_in_bounded_memory(clinic: Path, capsys: Output, data: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(capsys, data, "autumn.csv: ")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 300 * 1024 * 1024


@pytest.mark.parametrize(
    ("header", "fragment"),
    [
        (HEADER.replace(b",end", b""), 'column "end" is missing'),
        (HEADER.replace(b"email", b"end"), 'column "end" is there twice'),
        (HEADER.replace(b"email", b"e-mail"), 'column "e-mail" is unknown'),
        (HEADER.replace(b"email", b""), "column 6 has no name"),
        (HEADER.replace(b"email", b"passport"), 'column "passport" is unknown'),
        (HEADER.replace(b",", b"\t"), 'column "name" is missing'),
        (ROW.strip(), 'column "learner_id" is missing'),
        (HEADER.replace(b"email", "ema\u0456l".encode()), "is unknown"),
    ],
)
def test_I07_a_wrong_header_is_refused_naming_the_column(
    clinic: Path, capsys: Output, header: bytes, fragment: str
) -> None:
    refused(capsys, header + b"\n" + ROW, fragment)


def test_I07_a_near_miss_is_helped(clinic: Path, capsys: Output) -> None:
    refused(capsys, HEADER.replace(b"consent_page", b"consent page") + b"\n" + ROW, "did you mean 'consent_page'?")


def test_I07_columns_in_another_order_are_the_same_table(clinic: Path) -> None:
    assert enrol(csv_bytes([LEARNER], reversed(list(LEARNER)))) == 0
    assert learner().name == LEARNER["name"]


def test_I09_the_same_file_again_is_nothing_new_and_one_row_more_is_one(clinic: Path, capsys: Output) -> None:
    more = dict(LEARNER) | {"learner_id": "RC-2", "name": "Ana", "email": ""}
    said = []
    for rows in ([LEARNER], [LEARNER], [LEARNER, more], [more, LEARNER]):
        assert enrol(csv_bytes(rows)) == 0
        said.append(capsys.readouterr().out.strip())
    assert said == [
        "autumn: 1 new, 0 unchanged, 0 updated",
        "autumn: 0 new, 1 unchanged, 0 updated",
        "autumn: 1 new, 1 unchanged, 0 updated",
        "autumn: 0 new, 2 unchanged, 0 updated",
    ]


def test_I09_the_same_cohort_as_csv_and_as_workbook_is_one(clinic: Path, capsys: Output) -> None:
    assert enrol(csv_bytes([LEARNER])) == 0
    decomposed = [unicodedata.normalize("NFD", value) for value in LEARNER.values()]
    assert enrol(xlsx_bytes([list(LEARNER), decomposed]), name="autumn.xlsx") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "autumn: 0 new, 1 unchanged, 0 updated"


def test_I11_what_a_table_holds_does_not_move_the_cursor(clinic: Path, capsys: Output) -> None:
    escape = b"\x1b]8;;https://x\x07here\x1b]8;;\x07"
    data = HEADER + b"," + escape + b"\n" + ROW.replace(b"2026-10-05", escape)
    said = refused(capsys, data)
    assert "\x1b" not in said
    assert "\x07" not in said


@pytest.mark.parametrize("path", ["/etc/hostname", "../secret.txt", "sub/../../secret.txt", "missing.mp4", ".", "link"])
def test_evidence_outside_the_tables_folder_is_not_looked_at(clinic: Path, capsys: Output, path: str) -> None:
    """Nor is a folder, or a way out through a symbolic link, taken for a file of evidence."""
    (clinic / "secret.txt").write_text("secret")
    folder = clinic / "results"
    (folder / "link").symlink_to(clinic / "secret.txt")
    with pytest.raises(HandsealError):
        evidence_in(folder)(path)
