"""An attempt is numbered on from those recorded, says its number from the second on, and is never replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.assessment import most_attempts
from issuer.models import Assessor, Attempt, Enrolment, Learner
from issuer.records import learners_by_id
from issuer.syllabuses import open_syllabus, require_version
from issuer.tables import Row, Table, quoted
from keys.syllabus import Criterion, Syllabus

MAX_ATTEMPTS = 99


class Records(Struct, frozen=True):
    """What the rows of a table are held against."""

    learners: Mapping[str, Learner]
    assessors: Mapping[str, Assessor]
    syllabuses: Mapping[str, Syllabus]  # by programme
    cohort: str | None
    today: date


class Try(Struct, frozen=True):
    """One row of a table: who tried what, and when."""

    row: Row
    enrolment: Enrolment
    criterion: Criterion
    number: int | None  # as written; None where the column is empty
    values: Mapping[str, Any]  # columns of Attempt; among them the date


class Counted(Struct, frozen=True):
    """A try under its number; `recorded` is the attempt it is already, where it is one."""

    tried: Try
    number: int
    recorded: Attempt | None


def open_records(session: Session, table: Table, *, today: date, cohort: str | None) -> Records:
    """Everything about the learners of a table."""
    learners = learners_by_id(session, sorted({row["learner_id"] for row in table.rows}))
    programmes = {e.cohort.programme for learner in learners.values() for e in learner.enrolments}
    return Records(
        learners=learners,
        assessors={assessor.assessor_id: assessor for assessor in session.scalars(select(Assessor))},
        syllabuses={slug: open_syllabus(require_version(session, slug)) for slug in sorted(programmes)},
        cohort=cohort,
        today=today,
    )


def read_day(table: Table, row: Row, today: date) -> date | None:
    """When it was: not in the future."""
    day = table.need_date(row, "date")
    if day is not None and day > today:
        table.expect(row, "date", f"a day that is not after today, {today}")
        return None
    return day


def read_number(table: Table, row: Row) -> int | None:
    text = row["attempt"]
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MAX_ATTEMPTS and len(text) < 4):
        table.expect(row, "attempt", f"a number from 1 to {MAX_ATTEMPTS}")
        return None
    return int(text) if text else None


def find_enrolment(table: Table, row: Row, records: Records, day: date | None) -> Enrolment | None:
    """The one enrolment a row is about: its time holds the day, and `cohort` decides where there are several."""
    identity = table.need(row, "learner_id", "the clinic's own id")
    if identity is None:
        return None
    learner = records.learners.get(identity)
    ours = [e for e in learner.enrolments if records.cohort in (None, e.cohort.name)] if learner else []
    if not ours:
        where = f" in cohort {records.cohort}" if records.cohort and learner else ""
        table.refuse(row, "learner_id", f"{quoted(identity)} is not enrolled{where}", "handseal enrol COHORT.csv")
        return None
    if day is None:
        return None
    fitting = [e for e in ours if e.start <= day <= e.end]
    if not fitting:
        spans = " or ".join(f"{e.start} to {e.end}" for e in ours)
        table.expect(row, "date", f"a day within the enrolment, {spans}")
        return None
    if len(fitting) > 1:
        cohorts = ", ".join(e.cohort.name for e in fitting)
        table.refuse(
            row, "learner_id", f"{quoted(identity)} is in several cohorts on {day}: {cohorts}", "--cohort NAME"
        )
        return None
    return fitting[0]


class Numbering:
    """Numbers the tries of one table; what cannot be an attempt is a fault of its row."""

    def __init__(self, table: Table, syllabuses: Mapping[str, Syllabus]) -> None:
        self._table = table
        self._syllabuses = syllabuses
        self._days: dict[tuple[int, str], dict[int, date]] = {}  # of the attempts at one criterion, by number
        self._rows: dict[tuple[int, str, int], Row] = {}

    def place(self, tried: Try, same: Attempt | None) -> Counted | None:
        """The try under its number, or None with a fault; `same` is the recorded attempt that says the same."""
        number = same.attempt if same is not None else self._next(tried)
        if number is None:
            return None
        where = (tried.enrolment.id, tried.criterion.id)
        twin = self._rows.setdefault((*where, number), tried.row)
        if twin is not tried.row:
            self._refuse(tried, f"is the same as row {twin.number}", "number the attempts 1, 2, …")
            return None
        self._known(tried)[number] = tried.values["date"]
        return Counted(tried, number, same)

    def _known(self, tried: Try) -> dict[int, date]:
        where = (tried.enrolment.id, tried.criterion.id)
        if where not in self._days:
            self._days[where] = {a.attempt: a.date for a in attempts_at(tried)}
        return self._days[where]

    def _next(self, tried: Try) -> int | None:
        known = self._known(tried)
        expected = max(known, default=0) + 1
        if tried.number is None and known:
            hint = f"a retake says its number: {expected}"
            self._refuse(tried, f"is empty, and attempt {expected - 1} was on {known[expected - 1]}", hint)
            return None
        if tried.number not in (None, expected):
            self._refuse(tried, f"is {tried.number}, the next one is {expected}")
            return None
        most = most_attempts(self._syllabuses[tried.enrolment.cohort.programme])
        if most is not None and expected > most:
            self._refuse(tried, f"is {expected}, and the programme allows {most}")
            return None
        before = known.get(expected - 1)
        if before is not None and tried.values["date"] < before:
            self._table.expect(tried.row, "date", f"a day on or after attempt {expected - 1}, {before}")
            return None
        return expected

    def _refuse(self, tried: Try, text: str, hint: str = "") -> None:
        self._table.refuse(tried.row, "attempt", text, hint)


def attempts_at(tried: Try) -> list[Attempt]:
    """The attempts at the same criterion that are recorded."""
    return [attempt for attempt in tried.enrolment.attempts if attempt.criterion == tried.criterion.id]


def in_order(tries: Sequence[Try]) -> list[Try]:
    return sorted(tries, key=lambda tried: (tried.number or 0, tried.row.number))
