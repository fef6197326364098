"""An empty table is one that can be filled in: each column is known, and what is typed is checked."""

import io
import zipfile
from pathlib import Path

import pytest

from issuer import assessors, entrants, grading, results
from issuer.config import Workspace
from issuer.table_templates import KINDS, columns, csv_template, xlsx_template
from issuer.tables import TableError, read_table
from tests.issuer.entries import LEARNER, SLUG, Output, said, xlsx_bytes

FORMS = {
    "cohort": (entrants.COLUMNS, entrants.OPTIONAL),
    "results": (results.COLUMNS, results.OPTIONAL),
    "answers": (grading.COLUMNS, grading.OPTIONAL),
    "assessors": (assessors.COLUMNS, assessors.OPTIONAL),
}


@pytest.mark.parametrize("write", [csv_template, xlsx_template])
@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_an_empty_table_with_every_column(kind: str, write: object) -> None:
    required, optional = FORMS[kind]
    assert {column.name for column in columns(kind)} == {*required, *optional}
    assert {column.name for column in columns(kind) if column.required} == set(required)
    assert callable(write)
    table = read_table(write(columns(kind)), "t", required=required, optional=optional)
    with pytest.raises(TableError, match="has a header and no rows"):
        table.finish()


def test_a_filled_in_template_is_read_and_counts_its_lines() -> None:
    empty = csv_template(columns("cohort")).decode("utf-8-sig")
    names = empty.splitlines()[-1].split(",")
    filled = empty + ",".join(LEARNER.get(name, "") for name in names) + "\n# RC-2" + "," * (len(names) - 1) + "\n"
    table = read_table(filled.encode(), "t.csv", required=entrants.COLUMNS, optional=entrants.OPTIONAL)
    assert [row["learner_id"] for row in table.rows] == ["RC-1", "# RC-2"], "below the header nothing is a comment"
    assert table.rows[0].number == len(empty.splitlines()) + 1


def test_a_workbook_offers_what_a_programme_allows(starter_clinic: Workspace, capsys: Output) -> None:
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    said(capsys, "template", "results", "--programme", SLUG, "--out", "results/new.xlsx")
    with zipfile.ZipFile(io.BytesIO((starter_clinic.folder / "results" / "new.xlsx").read_bytes())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "quiz,video,live" in sheet
        assert "developing,competent,proficient" in sheet
        assert "beside this table" in book.read("xl/comments1.xml").decode()


def test_answers_have_a_column_for_each_item(starter_clinic: Workspace, capsys: Output) -> None:
    header = said(capsys, "template", "answers", "--programme", SLUG).splitlines()[-1]
    assert header == "learner_id,date,attempt,q1,q2,q3,q4,q5"
    assert "--programme" in said(capsys, "template", "answers", code=2)


def test_nothing_is_overwritten_and_another_ending_is_refused(starter_clinic: Workspace, capsys: Output) -> None:
    path = starter_clinic.folder / "cohorts" / "new.csv"
    said(capsys, "template", "cohort", "--out", str(path))
    before = path.read_bytes()
    assert "exists already" in said(capsys, "template", "cohort", "--out", str(path), code=1)
    assert path.read_bytes() == before
    said(capsys, "template", "cohort", "--out", "new.ods", code=2)
    said(capsys, "template", "learners", code=2)
    assert not Path("new.ods").exists()


def test_every_table_may_be_a_workbook(starter_clinic: Workspace, capsys: Output) -> None:
    tables = {
        "people.xlsx": [list(LEARNER), list(LEARNER.values())],
        "assessors.xlsx": [list(FORMS["assessors"][0]), ["A-9", "N. Chai", "Q", "Board", "2024-01-01", "2027-01-01"]],
        "seen.xlsx": [["learner_id", "criterion", "result", "date"], ["RC-1", "video", "competent", "2026-11-06"]],
        "quiz.xlsx": [
            ["learner_id", "date", *(f"q{n}" for n in range(1, 6))],
            ["RC-1", "2026-10-30", "B", "", 45, "", ""],
        ],
        "wrong.xlsx": [["learner_id", "criterion", "result", "date"], ["RC-1", "video", "good", "2026-12-31"]],
    }
    for name, rows in tables.items():
        (starter_clinic.folder / name).write_bytes(xlsx_bytes(rows))
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    assert "1 new" in said(capsys, "enrol", "people.xlsx", "--programme", SLUG)
    assert "1 new" in said(capsys, "assessors", "import", "assessors.xlsx")
    assert "1 new" in said(capsys, "assess", "seen.xlsx")
    assert said(capsys, "grade", "quiz.xlsx").startswith("RC-1: 37.5 (wrong: q2, q4, q5)")
    assert "wrong.xlsx: row 2, column date" in said(capsys, "assess", "wrong.xlsx", code=1)
