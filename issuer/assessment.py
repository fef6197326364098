"""The gate: who reached every pass criterion, assessed by whom, and what exactly the others still lack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from issuer.models import Assessor, Attempt, Cohort, Enrolment
from issuer.tables import Row, Table, quoted
from keys.syllabus import Criterion, Percent, Syllabus

ASSESSOR_COLUMNS = ("assessor_id", "name", "qualification", "issued_by", "valid_from", "valid_until")

_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?")


class Recorded(Struct, frozen=True):
    """What a table changed."""

    new: int
    unchanged: int
    updated: int
    warnings: tuple[str, ...]


class Standing(Struct, frozen=True):
    """Where a learner stands; `missing` says in words what is not reached yet."""

    enrolment: Enrolment
    results: Mapping[str, Attempt]  # from a criterion's id to the attempt that counts, where one does
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.missing


# -- the gate ----------------------------------------------------------------------------------------------------------


def eligible(session: Session, cohort: Cohort, syllabus: Syllabus, *, today: date | None = None) -> list[Standing]:
    """The standing of everybody in a cohort, in the order they were enrolled.

    With `today`, a course that has not ended yet is missing too: its certificate would be dated in the future.
    """
    wanted = (
        select(Enrolment)
        .where(Enrolment.cohort_id == cohort.id)
        .order_by(Enrolment.id)
        .options(selectinload(Enrolment.learner), selectinload(Enrolment.attempts).selectinload(Attempt.assessor))
    )
    return [standing(enrolment, syllabus, today=today) for enrolment in session.scalars(wanted)]


def standing(enrolment: Enrolment, syllabus: Syllabus, *, today: date | None = None) -> Standing:
    """The gate for one learner: the best attempt at each criterion that may count."""
    results: dict[str, Attempt] = {}
    missing: list[str] = []
    for criterion in syllabus.criteria:
        attempts = [attempt for attempt in enrolment.attempts if attempt.criterion == criterion.id]
        attempts.sort(key=lambda attempt: (-(rank(criterion, attempt.result) or 0), attempt.attempt))
        fault = next((_shortfall(syllabus, criterion, attempt) for attempt in attempts), "not yet assessed")
        passing = next((attempt for attempt in attempts if not _shortfall(syllabus, criterion, attempt)), None)
        if passing is not None:
            results[criterion.id] = passing
        else:
            missing.append(f"{syllabus.text(criterion.name)}: {fault}")
    if today is not None and today < enrolment.end:
        missing.append(f"the course ends on {enrolment.end}")
    return Standing(enrolment, results, tuple(missing))


def rank(criterion: Criterion, result: str) -> float | None:
    """A result as a number that grows with it; None where it is none of this criterion's."""
    if isinstance(criterion.scale, Percent):
        value = float(result) if _PERCENT.fullmatch(result) else -1.0
        return value if 0 <= value <= 100 else None
    levels = [level.id for level in criterion.scale.levels]
    return float(levels.index(result)) if result in levels else None


def _shortfall(syllabus: Syllabus, criterion: Criterion, attempt: Attempt) -> str:
    """Why an attempt does not count, in words; empty where it does."""
    reached = rank(criterion, attempt.result)
    needed = rank(criterion, str(criterion.scale.passing))
    if reached is None or needed is None or reached < needed:
        found = _level_name(syllabus, criterion, attempt.result)
        return f"{found}, needs {_level_name(syllabus, criterion, str(criterion.scale.passing))}"
    if not attempt.enrolment.start <= attempt.date <= attempt.enrolment.end:
        return f"assessed on {attempt.date}, outside {attempt.enrolment.start} to {attempt.enrolment.end}"
    if criterion.kind != "live":
        return ""
    if attempt.assessor is None:
        return "no assessor is recorded"
    fault = assessor_fault(attempt.assessor, syllabus, attempt.date)
    return f"assessed by {attempt.assessor.name}, {fault}" if fault else ""


def assessor_fault(assessor: Assessor, syllabus: Syllabus, day: date) -> str:
    """Why an assessor may not assess a live criterion on `day`; empty where they may."""
    if day < assessor.valid_from:
        return f"whose qualification begins on {assessor.valid_from}, after {day}"
    if day > assessor.valid_until:
        return f"whose qualification ended on {assessor.valid_until}, before {day}"
    wanted = syllabus.assessor.qualification.values()
    if not any(text.casefold() in assessor.qualification.casefold() for text in wanted):
        return f"who is “{assessor.qualification}”, needs “{syllabus.text(syllabus.assessor.qualification)}”"
    return ""


def _level_name(syllabus: Syllabus, criterion: Criterion, result: str) -> str:
    if isinstance(criterion.scale, Percent):
        return result
    names_ = {level.id: syllabus.text(level.name) for level in criterion.scale.levels}
    return names_.get(result, result)


# -- assessors ---------------------------------------------------------------------------------------------------------


def import_assessors(session: Session, table: Table, *, update: bool = False) -> Recorded:
    """Takes a table with ASSESSOR_COLUMNS; what differs from the records needs `update` (a renewed licence)."""
    known = {assessor.assessor_id: assessor for assessor in session.scalars(select(Assessor))}
    seen: set[str] = set()
    entries = [entry for row in table.rows if (entry := _read_assessor(table, row, seen)) is not None]
    new = 0
    for row, values in entries:
        assessor = known.get(str(values["assessor_id"]))
        if assessor is None:
            new += 1
            continue
        changed = [column for column, value in values.items() if getattr(assessor, column) != value]
        for column in () if update else changed:
            recorded = quoted(str(getattr(assessor, column)))
            table.expect(row, column, f"{recorded}, as recorded", "if the new value is right: --update")
    table.finish()
    unchanged = 0
    for _, values in entries:
        found = known.get(str(values["assessor_id"]))
        assessor = found or Assessor()
        unchanged += found is not None and all(getattr(found, column) == value for column, value in values.items())
        for column, value in values.items():
            setattr(assessor, column, value)
        session.add(assessor)
    session.flush()
    return Recorded(new, unchanged, len(entries) - new - unchanged, ())


def _read_assessor(table: Table, row: Row, seen: set[str]) -> tuple[Row, dict[str, object]] | None:
    texts = {column: table.need(row, column, "a text") for column in ASSESSOR_COLUMNS[:4]}
    dates = {column: table.need_date(row, column) for column in ASSESSOR_COLUMNS[4:]}
    identity = texts["assessor_id"]
    if identity is not None and identity in seen:
        table.refuse(row, "assessor_id", f"{quoted(identity)} is there twice")
    seen.add(identity or "")
    begins, ends = dates["valid_from"], dates["valid_until"]
    if begins and ends and ends < begins:
        table.expect(row, "valid_until", f"a day on or after {begins}")
    values: dict[str, object] = {**texts, **dates}
    return None if None in values.values() else (row, values)
