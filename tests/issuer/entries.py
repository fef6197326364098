"""Tables as people write them, and a database with the starter programme published."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from issuer import assessors, records, results
from issuer.assessment import Recorded
from issuer.cli import main
from issuer.database import open_database, writing
from issuer.programme import Programme
from issuer.records import Enrolled
from issuer.rules import require_programme
from issuer.syllabuses import publish_version
from issuer.tables import Table, TableError, read_table
from keys.encoding import Digest, sha256
from keys.trust import Trust
from tests.world import CLINIC, World

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "templates" / "clinic"
SLUG = "deep-tissue-foundations"
PROGRAMME_FILE = STARTER / "programmes" / f"{SLUG}.toml"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)

Cells = Mapping[str, str]
Output = pytest.CaptureFixture[str]
LEARNER: Cells = {
    "learner_id": "RC-1",
    "name": "สมชาย ปิ่นทอง",
    "latin_name": "Somchai Pinthong",
    "start": "2026-10-05",
    "end": "2026-11-15",
    "email": "somchai@example.com",
    "consent_page": "yes",
    "consent_share": "no",
}
ASSESSOR: Cells = {
    "assessor_id": "A-1",
    "name": "Mali Srisuk",
    "qualification": "Licensed massage practitioner",
    "issued_by": "Department of Health Service Support",
    "valid_from": "2024-01-01",
    "valid_until": "2027-12-31",
}
PASSED: tuple[Cells, ...] = (
    {"criterion": "quiz", "result": "92", "date": "2026-10-30"},
    {"criterion": "video", "result": "competent", "date": "2026-11-06"},
    {"criterion": "live", "result": "proficient", "date": "2026-11-14", "assessor_id": "A-1"},
)


def csv_bytes(rows: Iterable[Cells], columns: Iterable[str] | None = None) -> bytes:
    """Rows as a CSV file; the header has every column that any row has."""
    rows = list(rows)
    header = list(columns) if columns is not None else list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def xlsx_bytes(rows: Iterable[Iterable[Any]], formulas: Mapping[str, str] | None = None) -> bytes:
    """Rows, the header first, as the first sheet of a workbook; dates as dates, `formulas` by cell."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet, days = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, days)
                else:
                    sheet.write(number, column, value)
        for cell, formula in (formulas or {}).items():
            sheet.write_formula(cell, formula)
    return stream.getvalue()


def cohort_table(*rows: Cells, name: str = "autumn.csv") -> Table:
    return read_table(csv_bytes(rows), name, required=records.COLUMNS, optional=records.OPTIONAL)


def enrol(session: Session, *rows: Cells, **options: Any) -> Enrolled:
    wanted = {"cohort": "autumn", "programme": SLUG, "today": TODAY} | options
    return records.enrol(session, cohort_table(*rows), **wanted)


def no_file(name: str) -> Digest:
    return sha256(name.encode())


def record(session: Session, *rows: Cells, learner: str = "RC-1", **options: Any) -> Recorded:
    written = csv_bytes([{"learner_id": learner} | dict(row) for row in rows])
    table = read_table(written, "results.csv", required=results.COLUMNS, optional=results.OPTIONAL)
    wanted = {"today": TODAY, "evidence": no_file} | options
    return results.record_results(session, table, **wanted)


def import_assessors(session: Session, *rows: Cells, update: bool = False) -> Recorded:
    table = read_table(csv_bytes(rows), "assessors.csv", required=assessors.COLUMNS, optional=assessors.OPTIONAL)
    return assessors.import_assessors(session, table, update=update)


@cache
def policy() -> Trust:
    """A trust list whose policy is that of the starter programme."""
    return World().trust()


def starter() -> Programme:
    return require_programme(PROGRAMME_FILE, clinic="river-clinic")


def publish(session: Session, programme: Programme | None = None, today: date = date(2026, 9, 1)) -> Any:
    described = programme or starter()
    return publish_version(session, described, organisation=CLINIC, trust=policy(), moment=NOW, today=today)


def new_database(folder: Path) -> Engine:
    """With the starter programme published and one assessor."""
    engine = open_database(f"sqlite:///{folder / 'handseal.db'}", create=True)
    with writing(engine) as session:
        publish(session)
        import_assessors(session, ASSESSOR)
    return engine


@contextmanager
def refused(*fragments: str) -> Iterator[list[str]]:
    """The block raises a TableError whose faults hold these fragments, each in its turn; gives all of them."""
    texts: list[str] = []
    try:
        yield texts
    except TableError as error:
        texts += [f"{fault.text} ({fault.hint})" if fault.hint else fault.text for fault in error.faults]
    assert len(texts) >= max(1, len(fragments)), texts
    for fragment, text in zip(fragments, texts, strict=False):
        assert fragment in text


def said(capsys: Output, *arguments: str, code: int = 0) -> str:
    """What `handseal` with these arguments prints: its results, or its complaints where the code is another."""
    capsys.readouterr()
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out if code == 0 else captured.err
