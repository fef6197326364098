"""Results are kept as they were given: taking a table twice changes nothing, and a result is never changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from issuer.assessment import Recorded, assessor_fault, rank
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
from issuer.models import Assessor, Attempt, Cohort, Enrolment
from issuer.persons import same_person
from issuer.records import lots
from issuer.tables import Row, Table, quoted
from keys.encoding import Digest
from keys.errors import HandsealError
from keys.syllabus import Criterion, Percent

COLUMNS = ("learner_id", "criterion", "result", "date")
OPTIONAL = (
    *("assessor_id", "place", "evidence_url", "evidence_file", "remark", "attempt"),
    *("moderator", "channel"),
)

EvidenceDigest = Callable[[str], Digest]
"""SHA-256 of a file named in a results table; HandsealError where it cannot be read."""

_URL = re.compile(r"https://[!-~]{1,490}")
_KEPT = (
    *("result", "assessor_id", "date", "place", "evidence_url", "evidence_digest", "remark"),
    *("moderator", "channel"),
)
_GRADED = frozenset[tuple[int, str, str]]  # learner, programme and criterion


def record_results(
    session: Session, table: Table, *, today: date, evidence: EvidenceDigest, cohort: str | None = None
) -> Recorded:
    """Takes a table with COLUMNS and OPTIONAL, all rows or none; TableError with every fault otherwise.

    A row counts for the enrolment whose time holds its date; `cohort` decides where there are several.
    """
    records = open_records(session, table, today=today, cohort=cohort)
    tries = [tried for row in table.rows if (tried := _read(table, row, records, evidence)) is not None]
    graded = _graded(session, [learner.id for learner in records.learners.values()])
    numbering = Numbering(table, records.syllabuses)
    counted = [one for tried in in_order(tries) if (one := _count(table, tried, numbering, graded)) is not None]
    table.finish()
    new = [one for one in counted if one.recorded is None]
    _store(session, new)
    return Recorded(len(new), len(counted) - len(new), 0, ())


def _store(session: Session, new: Sequence[Counted]) -> None:
    """All at once, which takes a fraction of the time that one object a row takes."""
    if new:
        session.execute(insert(Attempt), [columns_of(one) for one in new])
    for one in new:
        session.expire(one.tried.enrolment, ["attempts"])


def columns_of(one: Counted) -> dict[str, Any]:
    """An attempt's row."""
    tried = one.tried
    place = {"enrolment_id": tried.enrolment.id, "criterion": tried.criterion.id, "attempt": one.number}
    return place | dict.fromkeys(_KEPT) | dict(tried.values)


def _graded(session: Session, learners: Sequence[int]) -> _GRADED:
    """What a key has marked: a result by hand would be a way around it."""
    query = (
        select(Enrolment.learner_id, Cohort.programme, Attempt.criterion)
        .join(Attempt.enrolment)
        .join(Enrolment.cohort)
        .where(Attempt.gradings.any())
        .distinct()
    )
    found = (session.execute(query.where(Enrolment.learner_id.in_(lot))) for lot in lots(learners))
    return frozenset((row[0], row[1], row[2]) for rows in found for row in rows)


def _count(table: Table, tried: Try, numbering: Numbering, graded: _GRADED) -> Counted | None:
    recorded = attempts_at(tried)
    same = next((a for a in recorded if tried.number in (None, a.attempt) and _says(a, tried)), None)
    enrolment = tried.enrolment
    if same is None and (enrolment.learner_id, enrolment.cohort.programme, tried.criterion.id) in graded:
        table.refuse(tried.row, "criterion", "is graded by the key, not by hand", "handseal grade ANSWERS.csv")
        return None
    other = next((a for a in recorded if tried.number == a.attempt), None)
    if same is None and other is not None:
        _refuse_change(table, tried, other)
        return None
    return numbering.place(tried, same)


def _says(attempt: Attempt, tried: Try) -> bool:
    return all(getattr(attempt, column) == tried.values[column] for column in _KEPT)


def _refuse_change(table: Table, tried: Try, recorded: Attempt) -> None:
    following = max(attempt.attempt for attempt in attempts_at(tried)) + 1
    for column in _KEPT:
        if getattr(recorded, column) != tried.values[column]:
            shown = {"evidence_digest": "evidence_file"}.get(column, column)
            table.refuse(
                tried.row,
                shown,
                f"differs from attempt {recorded.attempt} as it was recorded",
                f"a result is not changed: record attempt {following}",
            )


def _read(table: Table, row: Row, records: Records, evidence: EvidenceDigest) -> Try | None:
    day = read_day(table, row, records.today)
    assessor = _assessor(table, row, records)
    url, digest = row["evidence_url"] or None, _evidence(table, row, evidence)
    if url is not None and not _URL.fullmatch(url):
        table.expect(row, "evidence_url", "a link as https://…, without spaces")
    number = read_number(table, row)
    enrolment = find_enrolment(table, row, records, day)
    if enrolment is None or day is None:
        return None
    criterion = _criterion(table, row, records, enrolment)
    result = None if criterion is None else _grade(table, row, criterion)
    if criterion is None or result is None:
        return None
    _check_moderation(table, row, criterion)
    _check_assessor(table, row, enrolment, criterion, assessor, day, records)
    values = {
        "result": result,
        "assessor_id": assessor.id if assessor else None,
        "date": day,
        "place": row["place"] or None,
        "evidence_url": url,
        "evidence_digest": digest,
        "remark": row["remark"] or None,
        "moderator": row["moderator"] or None,
        "channel": row["channel"] or None,
    }
    return Try(row, enrolment, criterion, number, values)


def _check_moderation(table: Table, row: Row, criterion: Criterion) -> None:
    """Who and how, together, and only where the programme allows it."""
    given = [column for column in ("moderator", "channel") if row[column]]
    if given and criterion.remote is not True:
        table.refuse(row, given[0], f"is filled, and {criterion.id} may not be moderated remotely")
    elif len(given) == 1:
        missing, what = ("channel", "how") if given == ["moderator"] else ("moderator", "who moderated")
        table.refuse(row, missing, f"is empty, expected {what}")


def _check_assessor(
    table: Table,
    row: Row,
    enrolment: Enrolment,
    criterion: Criterion,
    assessor: Assessor | None,
    day: date,
    records: Records,
) -> None:
    learner = enrolment.learner
    names = (learner.name, learner.latin_name)
    if row["moderator"] and same_person(names, (row["moderator"],)):
        table.refuse(row, "moderator", "is the learner: nobody moderates their own check")
    if assessor is None:
        if criterion.kind == "live" and not row["assessor_id"]:
            table.refuse(row, "assessor_id", "is empty; a live check has an assessor")
        return
    if same_person(names, (assessor.name, assessor.latin_name)):
        table.refuse(
            row,
            "assessor_id",
            f"{quoted(assessor.name)} is the learner: nobody assesses themselves",
            "if they are two people of one name: another assessor",
        )
    elif criterion.kind == "live":
        fault = assessor_fault(assessor, records.syllabuses[enrolment.cohort.programme], day)
        if fault:
            table.refuse(row, "assessor_id", f"is {assessor.name}, {fault}", "handseal assessors import FILE --update")


def _criterion(table: Table, row: Row, records: Records, enrolment: Enrolment) -> Criterion | None:
    known = {criterion.id: criterion for criterion in records.syllabuses[enrolment.cohort.programme].criteria}
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


def _assessor(table: Table, row: Row, records: Records) -> Assessor | None:
    if not row["assessor_id"]:
        return None
    assessor = records.assessors.get(row["assessor_id"])
    if assessor is None:
        table.refuse(
            row, "assessor_id", f"{quoted(row['assessor_id'])} is no assessor", "handseal assessors import FILE"
        )
    return assessor


def _evidence(table: Table, row: Row, evidence: EvidenceDigest) -> Digest | None:
    if not row["evidence_file"]:
        return None
    try:
        return evidence(row["evidence_file"])
    except HandsealError as fault:
        table.refuse(row, "evidence_file", str(fault), fault.hint)
        return None
