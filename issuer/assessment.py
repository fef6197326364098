"""The gate: who reached every pass criterion, assessed by whom, and what exactly the others still lack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol, TypeVar

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.models import Assessor, Attempt, Cohort, Enrolment, Learner
from issuer.persons import same_person
from keys.syllabus import Attempts, Criterion, Percent, Syllabus

_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?")
_LOT = 1000  # learners that are judged at a time


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


class Candidate(Struct, frozen=True):
    """A learner at the gate, without what the records hold beyond that."""

    learner_id: str
    name: str
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.missing


class Participation(Protocol):
    """Who took part, and from when to when: an Enrolment, or some columns of it."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...


class Tried(Protocol):
    """An Attempt, or those of its columns that the gate looks at."""

    @property
    def criterion(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def result(self) -> str: ...
    @property
    def date(self) -> date: ...
    @property
    def evidence_url(self) -> str | None: ...
    @property
    def evidence_digest(self) -> bytes | None: ...
    @property
    def moderator(self) -> str | None: ...
    @property
    def assessor(self) -> Assessor | None: ...


Try = TypeVar("Try", bound=Tried)


class _Trial(Struct, frozen=True):
    """Columns of an attempt."""

    criterion: str
    attempt: int
    result: str
    date: date
    evidence_url: str | None
    evidence_digest: bytes | None
    moderator: str | None
    assessor: Assessor | None


class _Entrant(Struct, frozen=True):
    """Columns of an enrolment and its learner."""

    id: int
    start: date
    end: date
    learner_id: str
    name: str
    latin_name: str | None


# -- the gate ----------------------------------------------------------------------------------------------------------


def eligible(session: Session, cohort: Cohort, syllabus: Syllabus, *, today: date | None = None) -> Iterator[Candidate]:
    """Everybody in a cohort, in the order they were enrolled, a lot at a time: a large cohort is not held.

    With `today`, a course that has not ended yet is missing too: its certificate would be dated in the future.
    """
    assessors = {assessor.id: assessor for assessor in session.scalars(select(Assessor))}
    last = 0
    while entrants := _entrants(session, cohort.id, last):
        last = entrants[-1].id
        trials = _trials(session, cohort.id, entrants, assessors)
        for one in entrants:
            names = (one.name, one.latin_name)
            _, missing = _judge(one, names, trials.get(one.id, ()), syllabus, today)
            yield Candidate(one.learner_id, one.name, missing)


def standing(enrolment: Enrolment, syllabus: Syllabus, *, today: date | None = None) -> Standing:
    """The gate for one learner: of each criterion the attempt that counts."""
    learner = enrolment.learner
    names = (learner.name, learner.latin_name)
    results, missing = _judge(enrolment, names, enrolment.attempts, syllabus, today)
    return Standing(enrolment, results, missing)


def _entrants(session: Session, cohort_id: int, last: int) -> list[_Entrant]:
    query = (
        select(Enrolment.id, Enrolment.start, Enrolment.end, Learner.learner_id, Learner.name, Learner.latin_name)
        .join(Enrolment.learner)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.id > last)
        .order_by(Enrolment.id)
        .limit(_LOT)
    )
    return [_Entrant(*row) for row in session.execute(query)]


def _trials(
    session: Session, cohort_id: int, entrants: Sequence[_Entrant], assessors: Mapping[int, Assessor]
) -> dict[int, list[_Trial]]:
    """By enrolment."""
    query = (
        select(
            *(Attempt.enrolment_id, Attempt.criterion, Attempt.attempt, Attempt.result, Attempt.date),
            *(Attempt.evidence_url, Attempt.evidence_digest, Attempt.moderator, Attempt.assessor_id),
        )
        .join(Attempt.enrolment)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.id.between(entrants[0].id, entrants[-1].id))
        .order_by(Attempt.enrolment_id)
    )
    rows = groupby(session.execute(query), key=lambda row: row[0])
    return {owner: [_Trial(*row[1:-1], assessors.get(row[-1] or 0)) for row in group] for owner, group in rows}


def _judge(
    part: Participation,
    names: tuple[str | None, ...],
    attempts: Iterable[Try],
    syllabus: Syllabus,
    today: date | None,
) -> tuple[dict[str, Try], tuple[str, ...]]:
    """The attempts that count, and in words what is missing."""
    results: dict[str, Try] = {}
    missing: list[str] = []
    tried: dict[str, list[Try]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.criterion, []).append(attempt)
    for criterion in syllabus.criteria:
        faults = ["not yet assessed"]
        for attempt in reversed(_that_may_count(syllabus, criterion, tried.get(criterion.id, []))):
            fault = _shortfall(syllabus, criterion, attempt, part, names)
            if not fault:
                results[criterion.id] = attempt
                break
            faults.append(fault)
        else:
            missing.append(f"{syllabus.text(criterion.name)}: {faults[:2][-1]}")
    if today is not None and today < part.end:
        missing.append(f"the course ends on {part.end}")
    return results, tuple(missing)


def _that_may_count(syllabus: Syllabus, criterion: Criterion, attempts: list[Try]) -> list[Try]:
    """The last attempt where the programme says so, else all, the best one last (of equal ones the first)."""
    if isinstance(syllabus.attempts, Attempts) and syllabus.attempts.counts == "last":
        return sorted(attempts, key=lambda attempt: attempt.attempt)[-1:]
    return sorted(attempts, key=lambda attempt: (rank(criterion, attempt.result) or 0, -attempt.attempt))


def _shortfall(
    syllabus: Syllabus, criterion: Criterion, attempt: Tried, part: Participation, names: tuple[str | None, ...]
) -> str:
    """Why an attempt does not count, in words; empty where it does."""
    reached = rank(criterion, attempt.result)
    needed = rank(criterion, str(criterion.scale.passing))
    if reached is None or needed is None or reached < needed:
        found = _level_name(syllabus, criterion, attempt.result)
        return f"{found}, needs {_level_name(syllabus, criterion, str(criterion.scale.passing))}"
    if not part.start <= attempt.date <= part.end:
        return f"assessed on {attempt.date}, outside {part.start} to {part.end}"
    most = most_attempts(syllabus)
    if most is not None and attempt.attempt > most:
        return f"attempt {attempt.attempt}, and the programme allows {most}"
    if criterion.evidence is True and not (attempt.evidence_url or attempt.evidence_digest):
        return "assessed without evidence, needs a link or a file"
    if attempt.moderator and criterion.remote is not True:
        return f"moderated remotely by {attempt.moderator}, which the programme does not allow"
    return _assessor_shortfall(syllabus, criterion, attempt, names)


def _assessor_shortfall(syllabus: Syllabus, criterion: Criterion, attempt: Tried, names: tuple[str | None, ...]) -> str:
    assessor = attempt.assessor
    if assessor is None:
        return "no assessor is recorded" if criterion.kind == "live" else ""
    fault = assessor_fault(assessor, syllabus, attempt.date) if criterion.kind == "live" else ""
    if fault:
        return f"assessed by {assessor.name}, {fault}"
    if same_person(names, (assessor.name, assessor.latin_name)):
        return f"assessed by {assessor.name}, who is the learner"
    return ""


def most_attempts(syllabus: Syllabus) -> int | None:
    """How many attempts at a criterion there may be; None where any number."""
    attempts = syllabus.attempts
    return attempts.most if isinstance(attempts, Attempts) and isinstance(attempts.most, int) else None


def rank(criterion: Criterion, result: str) -> float | None:
    """A result as a number that grows with it; None where it is none of this criterion's."""
    if isinstance(criterion.scale, Percent):
        value = float(result) if _PERCENT.fullmatch(result) else -1.0
        return value if 0 <= value <= 100 else None
    levels = [level.id for level in criterion.scale.levels]
    return float(levels.index(result)) if result in levels else None


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
