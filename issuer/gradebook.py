"""What a key marked stays as it was marked; another key marks it anew only when asked to, and both marks are kept.

The answers of a learner are known again by their digest: answers that were changed afterwards are none that were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload

from issuer.attempts import (
    Counted,
    Numbering,
    Records,
    Try,
    attempts_at,
    find_enrolment,
    in_order,
    open_records,
    read_day,
    read_number,
)
from issuer.grading import Mark
from issuer.lots import lots
from issuer.models import Attempt, CertificateRecord, Enrolment, Grading, State
from issuer.results import columns_of
from issuer.tables import Table
from keys.encoding import Digest
from keys.syllabus import Criterion

_LOT = 500


class Sitting(Struct, frozen=True):
    """What all sheets of one answer file share."""

    criterion: Criterion
    programme: str  # slug
    answers: Digest  # of the answer file
    key: Digest  # of the key file
    now: datetime
    today: date
    cohort: str | None = None
    reason: str | None = None  # why it is graded again; None: it is not


class Changed(Struct, frozen=True):
    """A result that another key changed; `certificates` were drafted or issued on the old one and stay as they are."""

    learner_id: str
    attempt: int
    old: str
    new: str
    certificates: tuple[tuple[str, State], ...]  # lookup id and state


class Graded(Struct, frozen=True):
    """What an answer file changed."""

    new: int
    unchanged: int
    regraded: int  # marked by another key than before, with whatever result
    changed: tuple[Changed, ...]


class _Marked(Struct, frozen=True):
    """A try with its mark."""

    counted: Counted
    mark: Mark


class _Before(Struct, frozen=True):
    """How an attempt was graded so far."""

    sheets: frozenset[bytes]
    key: bytes  # of the newest grading


_Gradings = Mapping[int, _Before]  # by attempt


def record_marks(session: Session, table: Table, marks: Sequence[Mark], sitting: Sitting) -> Graded:
    """Records the marks of a table, all rows or none; TableError with every fault otherwise."""
    records = open_records(session, table, today=sitting.today, cohort=sitting.cohort)
    tries = {mark.row.number: tried for mark in marks if (tried := _read(table, mark, records, sitting)) is not None}
    before = _gradings(session, [e.id for tried in tries.values() for e in _enrolments(tried)], sitting.criterion)
    numbering = Numbering(table, records.syllabuses)
    by_row = {mark.row.number: mark for mark in marks}
    marked = [
        _Marked(counted, by_row[tried.row.number])
        for tried in in_order(list(tries.values()))
        if (counted := _count(table, tried, by_row[tried.row.number], before, numbering, sitting)) is not None
    ]
    table.finish()
    return _store(session, marked, before, sitting)


def _read(table: Table, mark: Mark, records: Records, sitting: Sitting) -> Try | None:
    row = mark.row
    day, number = read_day(table, row, records.today), read_number(table, row)
    enrolment = find_enrolment(table, row, records, day)
    if enrolment is None or day is None:
        return None
    if enrolment.cohort.programme != sitting.programme:
        where = f"cohort {enrolment.cohort.name}, of programme {enrolment.cohort.programme}"
        table.refuse(row, "learner_id", f"is in {where}; the key is of {sitting.programme}", "--programme SLUG")
        return None
    values = {"result": mark.percent, "date": day, "evidence_digest": sitting.answers}
    return Try(row, enrolment, sitting.criterion, number, values)


def _gradings(session: Session, enrolments: Sequence[int], criterion: Criterion) -> _Gradings:
    query = (
        select(Grading.attempt_id, Grading.sheet_digest, Grading.key_digest)
        .join(Grading.attempt)
        .where(Attempt.criterion == criterion.id)
        .order_by(Grading.id)
    )
    found: dict[int, _Before] = {}
    for lot in lots(enrolments, _LOT):
        for attempt, sheet, key in session.execute(query.where(Attempt.enrolment_id.in_(lot))):
            earlier = found[attempt].sheets if attempt in found else frozenset()
            found[attempt] = _Before(earlier | {sheet}, key)
    return found


def _count(
    table: Table, tried: Try, mark: Mark, before: _Gradings, numbering: Numbering, sitting: Sitting
) -> Counted | None:
    recorded = attempts_at(tried)
    same = next((a for a in recorded if tried.number in (None, a.attempt) and _is_sheet(a, tried, mark, before)), None)
    if same is not None and before[same.id].key != sitting.key and sitting.reason is None:
        table.refuse(
            tried.row,
            "learner_id",
            f"attempt {same.attempt} was graded by another key, sha256 {before[same.id].key.hex()[:12]}…",
            'to grade it again by this one: --regrade --reason "…"',
        )
        return None
    if same is None and (sitting.reason is not None or any(a.attempt == tried.number for a in recorded)):
        table.refuse(
            tried.row,
            "learner_id",
            "date or answers are not those that were graded",
            "answers are not changed afterwards; a retake has the next number in column attempt, and its own day",
        )
        return None
    everywhere = (attempt for enrolment in _enrolments(tried) for attempt in enrolment.attempts)
    if same is None and any(a.date == tried.values["date"] and a.id in before for a in everywhere):
        table.refuse(tried.row, "date", "is the day of an attempt that was graded", "a retake is on another day")
        return None
    return numbering.place(tried, same)


def _enrolments(tried: Try) -> list[Enrolment]:
    """All of the learner's in the same programme: a second enrolment is no way to sit the same day's test again."""
    programme = tried.enrolment.cohort.programme
    return [e for e in tried.enrolment.learner.enrolments if e.cohort.programme == programme]


def _is_sheet(attempt: Attempt, tried: Try, mark: Mark, before: _Gradings) -> bool:
    earlier = before.get(attempt.id)
    return earlier is not None and attempt.date == tried.values["date"] and mark.sheet in earlier.sheets


def _store(session: Session, marked: Sequence[_Marked], before: _Gradings, sitting: Sitting) -> Graded:
    new = [one for one in marked if one.counted.recorded is None]
    ids: Sequence[int] = ()
    if new:
        adding = insert(Attempt).returning(Attempt.id, sort_by_parameter_order=True)
        ids = session.scalars(adding, [columns_of(one.counted) for one in new]).all()
    rows = [_grading(one.mark, owner, sitting) for one, owner in zip(new, ids, strict=True)]
    again: list[tuple[_Marked, Attempt]] = []
    for one in marked:
        attempt = one.counted.recorded
        if attempt is not None and before[attempt.id].key != sitting.key:
            again.append((one, attempt))
            rows.append(_grading(one.mark, attempt.id, sitting))
    if rows:
        session.execute(insert(Grading), rows)
    changed = tuple(_change(session, one, attempt) for one, attempt in again if attempt.result != one.mark.percent)
    for one in new:
        session.expire(one.counted.tried.enrolment, ["attempts"])
    return Graded(len(new), len(marked) - len(new) - len(again), len(again), changed)


def _grading(mark: Mark, attempt: int, sitting: Sitting) -> dict[str, Any]:
    return {
        "attempt_id": attempt,
        "result": mark.percent,
        "items": mark.items,
        "sheet_digest": mark.sheet,
        "answers_digest": sitting.answers,
        "key_digest": sitting.key,
        "graded_at": sitting.now,
        "reason": sitting.reason,
    }


def _change(session: Session, one: _Marked, attempt: Attempt) -> Changed:
    """Takes over the new result."""
    old, attempt.result = attempt.result, one.mark.percent
    query = select(CertificateRecord.lookup_id, CertificateRecord.state).where(
        CertificateRecord.enrolment_id == attempt.enrolment_id, CertificateRecord.state != State.RECALLED
    )
    certificates = tuple((row[0], row[1]) for row in session.execute(query.order_by(CertificateRecord.id)))
    learner = one.counted.tried.enrolment.learner
    return Changed(learner.learner_id, attempt.attempt, old, one.mark.percent, certificates)


def altered(session: Session) -> Iterator[tuple[str, int, str, str]]:
    """Graded attempts whose result is not what the key gave: learner, attempt, result, and that of the newest grading.

    No command makes such a row; who wrote into the database did.
    """
    newest = select(Grading.id).where(Grading.attempt_id == Attempt.id).order_by(Grading.id.desc()).limit(1)
    query = (
        select(Attempt, Grading.result)
        .join(Grading, Grading.id == newest.correlate(Attempt).scalar_subquery())
        .where(Attempt.result != Grading.result)
        .order_by(Attempt.id)
        .options(selectinload(Attempt.enrolment).selectinload(Enrolment.learner))
    )
    for attempt, result in session.execute(query):
        yield attempt.enrolment.learner.learner_id, attempt.attempt, attempt.result, result
