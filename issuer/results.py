"""Results are kept as they were given: taking a table twice changes nothing, and a result is never changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from issuer.assessment import Recorded, assessor_fault, rank
from issuer.models import Assessor, Attempt, Enrolment, Learner
from issuer.records import learners_by_id
from issuer.syllabuses import open_syllabus, require_version
from issuer.tables import Row, Table, quoted
from keys.encoding import Digest
from keys.errors import HandsealError
from keys.syllabus import Criterion, Percent, Syllabus

COLUMNS = ("learner_id", "criterion", "result", "date")
OPTIONAL = ("assessor_id", "place", "evidence_url", "evidence_file", "remark", "attempt")
MAX_ATTEMPTS = 99

EvidenceDigest = Callable[[str], Digest]
"""SHA-256 of a file named in a results table; HandsealError where it cannot be read."""

_URL = re.compile(r"https://[!-~]{1,490}")
_KEPT = ("result", "assessor_id", "date", "place", "evidence_url", "evidence_digest", "remark")


class _Result(Struct, frozen=True):
    """One row of a results table, with whose it is."""

    row: Row
    enrolment: Enrolment
    criterion: Criterion
    attempt: int | None  # as written; None where the column is empty
    values: Mapping[str, Any]  # of _KEPT


class _Records(Struct, frozen=True):
    """What the rows of a results table are held against."""

    learners: Mapping[str, Learner]
    assessors: Mapping[str, Assessor]
    syllabuses: Mapping[str, Syllabus]  # by programme
    cohort: str | None
    today: date
    evidence: EvidenceDigest


def record_results(
    session: Session, table: Table, *, today: date, evidence: EvidenceDigest, cohort: str | None = None
) -> Recorded:
    """Takes a table with COLUMNS and OPTIONAL, all rows or none; TableError with every fault otherwise.

    A row counts for the enrolment whose time holds its date; `cohort` decides where there are several.
    """
    learners = learners_by_id(session, sorted({row["learner_id"] for row in table.rows}))
    programmes = {e.cohort.programme for learner in learners.values() for e in learner.enrolments}
    records = _Records(
        learners=learners,
        assessors={assessor.assessor_id: assessor for assessor in session.scalars(select(Assessor))},
        syllabuses={slug: open_syllabus(require_version(session, slug)) for slug in sorted(programmes)},
        cohort=cohort,
        today=today,
        evidence=evidence,
    )
    results = [result for row in table.rows if (result := _read_result(table, row, records)) is not None]
    new, unchanged = _number(table, results)
    table.finish()
    _store(session, new)
    return Recorded(len(new), unchanged, 0, tuple(_warnings(results, records)))


def _store(session: Session, new: Sequence[tuple[_Result, int]]) -> None:
    """All at once, which takes a fraction of the time that one object a row takes."""
    attempts = [
        {"enrolment_id": result.enrolment.id, "criterion": result.criterion.id, "attempt": number, **result.values}
        for result, number in new
    ]
    if attempts:
        session.execute(insert(Attempt), attempts)
    for result, _ in new:
        session.expire(result.enrolment, ["attempts"])


def _read_result(table: Table, row: Row, records: _Records) -> _Result | None:
    day = table.need_date(row, "date")
    if day is not None and day > records.today:
        table.expect(row, "date", f"a day that is not after today, {records.today}")
    assessor = _assessor(table, row, records)
    url, digest = row["evidence_url"] or None, _evidence(table, row, records)
    if url is not None and not _URL.fullmatch(url):
        table.expect(row, "evidence_url", "a link as https://…, without spaces")
    number = _attempt_number(table, row)
    enrolment = _enrolment(table, row, records, day)
    if enrolment is None:
        return None
    criterion = _criterion(table, row, records.syllabuses[enrolment.cohort.programme])
    result = None if criterion is None else _grade(table, row, criterion)
    if criterion is None or result is None:
        return None
    if criterion.kind == "live" and not row["assessor_id"]:
        table.refuse(row, "assessor_id", "is empty; a live check has an assessor")
    values = {
        "result": result,
        "assessor_id": assessor.id if assessor else None,
        "date": day,
        "place": row["place"] or None,
        "evidence_url": url,
        "evidence_digest": digest,
        "remark": row["remark"] or None,
    }
    return _Result(row, enrolment, criterion, number, values)


def _enrolment(table: Table, row: Row, records: _Records, day: date | None) -> Enrolment | None:
    """The one enrolment a row is about."""
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


def _criterion(table: Table, row: Row, syllabus: Syllabus) -> Criterion | None:
    known = {criterion.id: criterion for criterion in syllabus.criteria}
    found = known.get(row["criterion"].lower())
    if found is None:
        table.expect(row, "criterion", f"one of {', '.join(known)}")
    return found


def _grade(table: Table, row: Row, criterion: Criterion) -> str | None:
    """The result as it is kept: a percentage or a level's id."""
    if not isinstance(criterion.scale, Percent):
        level = row["result"].lower().replace(" ", "-")
        if rank(criterion, level) is None:
            table.expect(row, "result", f"one of {', '.join(level.id for level in criterion.scale.levels)}")
            return None
        return level
    mark = row["result"].removesuffix("%").strip()
    value = rank(criterion, mark)
    if value is None or (0 < value < 1) or (table.has_numbers and mark == "1"):
        hint = "a cell formatted as a percentage holds a fraction: write 92, not 0.92" if value else ""
        table.expect(row, "result", "a percentage from 0 to 100", hint)
        return None
    return mark


def _assessor(table: Table, row: Row, records: _Records) -> Assessor | None:
    if not row["assessor_id"]:
        return None
    assessor = records.assessors.get(row["assessor_id"])
    if assessor is None:
        table.refuse(
            row, "assessor_id", f"{quoted(row['assessor_id'])} is no assessor", "handseal assessors import FILE"
        )
    return assessor


def _evidence(table: Table, row: Row, records: _Records) -> Digest | None:
    if not row["evidence_file"]:
        return None
    try:
        return records.evidence(row["evidence_file"])
    except HandsealError as fault:
        table.refuse(row, "evidence_file", str(fault), fault.hint)
        return None


def _attempt_number(table: Table, row: Row) -> int | None:
    text = row["attempt"]
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MAX_ATTEMPTS and len(text) < 4):
        table.expect(row, "attempt", f"a number from 1 to {MAX_ATTEMPTS}")
        return None
    return int(text) if text else None


def _number(table: Table, results: Sequence[_Result]) -> tuple[list[tuple[_Result, int]], int]:
    """The results that are new, numbered on from those recorded, and how many are recorded already."""
    new: list[tuple[_Result, int]] = []
    unchanged = 0
    recorded: dict[tuple[int, str], dict[int, Mapping[str, Any]]] = {}
    written: dict[tuple[int, str, int], Row] = {}
    for result in sorted(results, key=lambda result: (result.attempt or 0, result.row.number)):
        place = (result.enrolment.id, result.criterion.id)
        if place not in recorded:
            recorded[place] = {
                attempt.attempt: {column: getattr(attempt, column) for column in _KEPT}
                for attempt in result.enrolment.attempts
                if attempt.criterion == result.criterion.id
            }
        attempts = recorded[place]
        same = next((n for n, v in attempts.items() if v == result.values and result.attempt in (None, n)), None)
        number = same or result.attempt or max(attempts, default=0) + 1
        twin = written.setdefault((*place, number), result.row)
        if twin is not result.row:
            table.refuse(result.row, "attempt", f"is the same as row {twin.number}", "number the attempts 1, 2, …")
        elif same is not None:
            unchanged += 1
        elif number in attempts:
            _refuse_change(table, result, number, attempts[number])
        else:
            attempts[number] = result.values
            new.append((result, number))
    return new, unchanged


def _refuse_change(table: Table, result: _Result, number: int, recorded: Mapping[str, Any]) -> None:
    for column in _KEPT:
        if recorded[column] != result.values[column]:
            shown = {"evidence_digest": "evidence_file"}.get(column, column)
            table.refuse(
                result.row,
                shown,
                f"differs from attempt {number} as it was recorded",
                f"a result is not changed: record attempt {number + 1}",
            )


def _warnings(results: Sequence[_Result], records: _Records) -> Iterator[str]:
    by_row = {assessor.id: assessor for assessor in records.assessors.values()}
    for result in results:
        assessor = by_row.get(result.values["assessor_id"])
        syllabus = records.syllabuses[result.enrolment.cohort.programme]
        if result.criterion.kind == "live" and assessor is not None:
            fault = assessor_fault(assessor, syllabus, result.values["date"])
            if fault:
                yield f"row {result.row.number}: will not count: assessed by {assessor.name}, {fault}"
