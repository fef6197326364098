"""Who is twice in a cohort, is nobody, or cannot be printed is said with file, row and column, all in one run."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from issuer.config import Workspace
from issuer.database import open_database, reading, writing
from issuer.entrants import Leave
from issuer.models import Event, Learner
from keys.errors import HandsealError
from tests.issuer.entries import LEARNER, SLUG, Output, csv_bytes, enrol, refused, said

BARE = LEARNER | {"email": "", "latin_name": ""}


@pytest.fixture
def session(starter_database: Engine) -> Iterator[Session]:
    with writing(starter_database) as session:
        yield session


def test_every_fault_of_every_row_is_said_at_once(session: Session) -> None:
    rows = [
        BARE | {"learner_id": "1", "name": "undefined"},
        BARE | {"learner_id": "2", "name": "Ada\u202e Lee"},
        BARE | {"learner_id": "3", "name": "Ada Lee", "latin_name": "สมชาย"},
        BARE | {"learner_id": "4", "name": "Аda Lee"},  # a Cyrillic А
        BARE | {"learner_id": "5", "name": "Eve Lee", "end": "2026-10-01"},
        BARE | {"learner_id": "5", "name": "Eva Lee"},
    ]
    with refused() as faults:
        enrol(session, *rows)
    text = "\n".join(faults)
    for place in ("row 2, column name", "row 3, column name", "row 4, column latin_name", "row 5, column name",
                  "row 6, column end", "row 7, column learner_id"):  # fmt: skip
        assert f"autumn.csv: {place}" in text


def test_a_repeated_learner_is_said_also_of_rows_with_other_faults(session: Session) -> None:
    rows = [BARE | {"learner_id": "7", "end": "31/02/2026"}, BARE | {"learner_id": "7", "name": ""}]
    with refused("row 2, column end", "row 3, column name", 'row 3, column learner_id: "7" is also in row 2') as faults:
        enrol(session, *rows)
    assert len(faults) == 3


@pytest.mark.parametrize("name", ["=cmd()", "Ada\u202e Lee", "Ada\u0007 Lee"])
def test_a_cell_that_cannot_be_read_has_one_fault(session: Session, name: str) -> None:
    with refused("column name") as faults:
        enrol(session, BARE | {"name": name})
    assert len(faults) == 1


def test_what_looks_like_nobody_may_be_somebody(session: Session) -> None:
    with refused('"Null" is what a form or a test leaves behind') as faults:
        enrol(session, BARE | {"name": "Null"})
    assert '--allow-unusual-name "REASON"' in faults[0]
    assert enrol(session, BARE | {"name": "Null"}, leave=Leave(unusual_name="seen the passport")).new == 1


@pytest.mark.parametrize("twin", ["rc-1", "ＲＣ-1"])
def test_a_learner_id_in_other_capitals_or_width_is_the_same(session: Session, twin: str) -> None:
    with refused('is "RC-1" in row 2'):
        enrol(session, BARE, BARE | {"learner_id": twin, "name": "Ada Lee"})
    enrol(session, BARE)
    with refused('expected "RC-1", as it is recorded'):
        enrol(session, BARE | {"learner_id": twin, "name": "Ada Lee"})


@pytest.mark.parametrize("twin", ["Jose\u0301 A\u0301lvarez", "JOSE ALVAREZ", "Álvarez José"])
def test_another_spelling_with_the_same_email_is_the_same_person(session: Session, twin: str) -> None:
    first = LEARNER | {"name": "José Álvarez", "latin_name": ""}
    second = first | {"learner_id": "RC-2", "name": twin}
    with refused("row 3, column name: name, dates and email are those of row 2"):
        enrol(session, first, second)
    enrol(session, first)
    with refused('name, dates and email are those of learner "RC-1"'):
        enrol(session, second)


def test_namesakes_are_warned_of_also_across_files(session: Session) -> None:
    done = enrol(session, BARE | {"name": "José Álvarez"}, BARE | {"learner_id": "RC-2", "name": "Jose Alvarez"})
    assert done.warnings == ('rows 2, 3: "José Álvarez", "Jose Alvarez" may be one person',)
    done = enrol(session, BARE | {"learner_id": "RC-3", "name": "Alvarez, José"})
    assert len(done.warnings) == 1
    assert 'row 2: "Alvarez, José" is called like learner "RC-' in done.warnings[0]


def test_a_course_far_in_the_future_is_warned_of(session: Session) -> None:
    far = BARE | {"start": "2062-10-05", "end": "2062-11-15"}
    assert enrol(session, far).warnings == ("row 2: starts on 2062-10-05, more than a year from now",)
    near = BARE | {"learner_id": "RC-2", "name": "Ada Lee", "start": "2027-11-23", "end": "2027-12-01"}
    assert enrol(session, near, today=date(2026, 11, 22)).warnings == ()


def test_a_name_that_cannot_be_printed_is_a_fault_of_its_row(session: Session) -> None:
    def printable(text: str, place: str) -> None:
        if "𓀀" in text:
            raise HandsealError(f"{place} {text}: no font has it", hint="another font")

    with refused("row 2, column name: 𓀀: no font has it (another font)"):
        enrol(session, BARE | {"name": "𓀀"}, leave=Leave(printable=printable))


def test_the_command_asks_its_fonts_and_keeps_the_reason(starter_clinic: Workspace, capsys: Output) -> None:
    file = starter_clinic.folder / "cohorts" / "odd.csv"
    file.write_bytes(csv_bytes([BARE | {"name": "𓀀𓀁"}]))
    assert "no font has the character U+13000" in said(capsys, "enrol", str(file), "--programme", SLUG, code=1)
    file.write_bytes(csv_bytes([BARE | {"name": "Test User"}]))
    said(capsys, "enrol", str(file), "--programme", SLUG, "--allow-unusual-name", " ", code=2)
    said(capsys, "enrol", str(file), "--programme", SLUG, "--allow-unusual-name", "a rehearsal")
    with reading(open_database(starter_clinic.database_url)) as session:
        assert session.scalars(select(Learner.name)).all() == ["Test User"]
        assert session.scalars(select(Event.reason).where(Event.command == "enrol")).all() == ["a rehearsal"]
