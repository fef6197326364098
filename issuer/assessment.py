"""The gate: who reached every pass criterion, assessed by whom, and what exactly the others still lack."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from issuer.models import Assessor, Attempt, Cohort, Enrolment, Learner
from issuer.persons import same_person
from keys.syllabus import Attempts, Criterion, Percent, Syllabus

_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?")
_LOT = 1000  # rows that are held at a time
_RESULTS = 16_384  # different results of one criterion that are remembered
_OF_ENTRANT = 6  # columns

Names = tuple[str | None, str | None]
"""In the original script, and in Latin letters where it is known."""


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
    gate = _Gate(syllabus, today)
    assessors = {assessor.id: assessor for assessor in session.scalars(select(Assessor))}
    rows = session.execute(_everybody(cohort), execution_options={"yield_per": _LOT})
    for _, group in groupby(rows, key=itemgetter(0)):
        lines = list(group)
        one = _Entrant(*lines[0][:_OF_ENTRANT])
        trials = [_trial(line[_OF_ENTRANT:], assessors) for line in lines if line[_OF_ENTRANT] is not None]
        _, missing = gate.judge(one, (one.name, one.latin_name), trials)
        yield Candidate(one.learner_id, one.name, missing)


def standing(enrolment: Enrolment, syllabus: Syllabus, *, today: date | None = None) -> Standing:
    """The gate for one learner: of each criterion the attempt that counts."""
    learner = enrolment.learner
    names = (learner.name, learner.latin_name)
    results, missing = _Gate(syllabus, today).judge(enrolment, names, enrolment.attempts)
    return Standing(enrolment, results, missing)


def _everybody(cohort: Cohort) -> Select[*tuple[Any, ...]]:
    """A row an attempt, and one for who has none: first the columns of _Entrant, then those of _Trial."""
    return (
        select(
            *(Enrolment.id, Enrolment.start, Enrolment.end, Learner.learner_id, Learner.name, Learner.latin_name),
            *(Attempt.criterion, Attempt.attempt, Attempt.result, Attempt.date),
            *(Attempt.evidence_url, Attempt.evidence_digest, Attempt.moderator, Attempt.assessor_id),
        )
        .join(Enrolment.learner)
        .outerjoin(Enrolment.attempts)
        .where(Enrolment.cohort_id == cohort.id)
        .order_by(Enrolment.id)
    )


def _trial(columns: Sequence[Any], assessors: Mapping[int, Assessor]) -> _Trial:
    criterion, attempt, result, day, url, digest, moderator, assessor = columns
    return _Trial(criterion, attempt, result, day, url, digest, moderator, assessors.get(assessor))


class _Bar(Struct, frozen=True):
    """What one criterion asks for; `rank` remembers, for the same results come again and again."""

    criterion: Criterion
    name: str
    needed: float
    rank: Callable[[str], float | None]


class _Gate:
    """The rules of one syllabus, for as many learners as come."""

    def __init__(self, syllabus: Syllabus, today: date | None) -> None:
        self._syllabus = syllabus
        self._today = today
        self._most = most_attempts(syllabus)
        self._last = isinstance(syllabus.attempts, Attempts) and syllabus.attempts.counts == "last"
        self._bars = [_bar(syllabus, criterion) for criterion in syllabus.criteria]

    def judge(
        self, part: Participation, names: Names, attempts: Iterable[Try]
    ) -> tuple[dict[str, Try], tuple[str, ...]]:
        """The attempts that count, and in words what is missing."""
        results: dict[str, Try] = {}
        missing: list[str] = []
        tried: dict[str, list[Try]] = {}
        for attempt in attempts:
            tried.setdefault(attempt.criterion, []).append(attempt)
        for bar in self._bars:
            faults = ["not yet assessed"]
            for attempt in self._that_may_count(bar, tried.get(bar.criterion.id, [])):
                fault = self._shortfall(bar, attempt, part, names)
                if not fault:
                    results[bar.criterion.id] = attempt
                    break
                faults.append(fault)
            else:
                missing.append(f"{bar.name}: {faults[:2][-1]}")
        if self._today is not None and self._today < part.end:
            missing.append(f"the course ends on {part.end}")
        return results, tuple(missing)

    def _that_may_count(self, bar: _Bar, attempts: list[Try]) -> list[Try]:
        """The last attempt where the programme says so, else all, the best one first (of equal ones the first)."""
        if len(attempts) < 2:  # one needs no order
            return attempts
        if self._last:
            return [max(attempts, key=lambda attempt: attempt.attempt)]
        return sorted(attempts, key=lambda attempt: (-(bar.rank(attempt.result) or 0), attempt.attempt))

    def _shortfall(self, bar: _Bar, attempt: Tried, part: Participation, names: Names) -> str:
        """Why an attempt does not count, in words; empty where it does."""
        reached, criterion = bar.rank(attempt.result), bar.criterion
        if reached is None or reached < bar.needed:
            found = _level_name(self._syllabus, criterion, attempt.result)
            return f"{found}, needs {_level_name(self._syllabus, criterion, str(criterion.scale.passing))}"
        if not part.start <= attempt.date <= part.end:
            return f"assessed on {attempt.date}, outside {part.start} to {part.end}"
        if self._most is not None and attempt.attempt > self._most:
            return f"attempt {attempt.attempt}, and the programme allows {self._most}"
        if criterion.evidence is True and not (attempt.evidence_url or attempt.evidence_digest):
            return "assessed without evidence, needs a link or a file"
        if attempt.moderator and criterion.remote is not True:
            return f"moderated remotely by {attempt.moderator}, which the programme does not allow"
        return self._assessor_shortfall(criterion, attempt, names)

    def _assessor_shortfall(self, criterion: Criterion, attempt: Tried, names: Names) -> str:
        assessor = attempt.assessor
        if assessor is None:
            return "no assessor is recorded" if criterion.kind == "live" else ""
        fault = assessor_fault(assessor, self._syllabus, attempt.date) if criterion.kind == "live" else ""
        if fault:
            return f"assessed by {assessor.name}, {fault}"
        if _is_same(names, (assessor.name, assessor.latin_name)):
            return f"assessed by {assessor.name}, who is the learner"
        return ""


def _bar(syllabus: Syllabus, criterion: Criterion) -> _Bar:
    needed = rank(criterion, str(criterion.scale.passing))
    remembering = lru_cache(maxsize=_RESULTS)(partial(rank, criterion))
    return _Bar(criterion, syllabus.text(criterion.name), math.inf if needed is None else needed, remembering)


@lru_cache(maxsize=16)  # one assessor sees a learner more than once
def _is_same(learner: Names, assessor: Names) -> bool:
    return same_person(learner, assessor)


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
