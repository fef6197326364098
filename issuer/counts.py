"""What the database counts for a report: it adds up in SQL, so that a hundred thousand learners fit in a page of rows.

An attempt counts here where it counts at the gate (`issuer.assessment`), said in SQL: reached, in the course's time,
with the evidence and in the way that the programme asks for, and live by an assessor who was qualified on that day.
Only that nobody assesses themselves is left to the gate and to where results are recorded: it is a matter of spelling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import groupby

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from issuer.assessment import assessor_fault, most_attempts
from issuer.models import Assessor, Attempt, CertificateRecord, Cohort, Enrolment, State, StatusRecord
from issuer.overview import standing_of
from keys.errors import HandsealError
from keys.syllabus import Attempts, Criterion, Percent, Syllabus

MOST_ATTEMPTS = 5
"""From here on attempts are not told apart: `5` is five or more."""
_LOT = 500


class Scope(Struct, frozen=True):
    """Which enrolments a report is about: those of a programme or of one cohort, begun from `since` to `until`."""

    programme: str  # slug
    cohort: str | None = None
    since: date | None = None  # both days included
    until: date | None = None

    def enrolments(self) -> Select[int]:
        """Their ids."""
        query = select(Enrolment.id).join(Enrolment.cohort).where(Cohort.programme == self.programme)
        if self.cohort is not None:
            query = query.where(Cohort.name == self.cohort)
        if self.since is not None:
            query = query.where(Enrolment.start >= self.since)
        if self.until is not None:
            query = query.where(Enrolment.start <= self.until)
        return query


class Course(Struct, frozen=True):
    """How one learner's course went, from what is known of each criterion tried, by its place in the syllabus."""

    passed: frozenset[int]
    tried: frozenset[int]
    ended: bool  # the course is over
    certified: bool  # holds a certificate, be it revoked


class Tries(Struct, frozen=True):
    """How a learner's attempts at one criterion went."""

    criterion: str
    attempts: int  # at most MOST_ATTEMPTS
    first: bool  # the first one passed
    passed: bool  # one that counts did


class Courses(Struct, frozen=True):
    """Learners by how their course went."""

    courses: Counter[Course]
    tries: Counter[Tries]
    days: Counter[int]  # from the start to the last criterion passed, of those who passed all


def count_courses(session: Session, scope: Scope, syllabus: Syllabus | None, *, today: date) -> Courses:
    """Everybody in the scope, read once, a lot at a time; SQL has put each learner's attempts together before."""
    courses: Counter[tuple[tuple[int, ...], tuple[int, ...], bool, bool]] = Counter()  # plain, as they are so many
    tries: Counter[tuple[str, int, bool, bool]] = Counter()
    days: Counter[int] = Counter()
    places = {one.id: place for place, one in enumerate(syllabus.criteria if syllabus else ())}
    results = groupby(_results(session, scope, syllabus) if syllabus else (), key=lambda row: row[0])
    owner, rows = next(results, (None, iter(())))
    for enrolment, start, end, certified in _enrolments(session, scope):
        own: list[_Result] = []
        if owner == enrolment:
            own = list(rows)
            owner, rows = next(results, (None, iter(())))
        passed = [places[criterion] for _, criterion, _, _, day in own if day is not None]
        tried = [places[criterion] for _, criterion, _, _, _ in own]
        courses[tuple(sorted(passed)), tuple(sorted(tried)), end < today, certified] += 1
        for _, criterion, attempts, first, day in own:
            tries[criterion, min(attempts, MOST_ATTEMPTS), first, day is not None] += 1
        if passed and len(passed) == len(places):
            days[(max(day for *_, day in own if day is not None) - start).days] += 1
    return Courses(
        Counter({Course(frozenset(key[0]), frozenset(key[1]), *key[2:]): count for key, count in courses.items()}),
        Counter({Tries(*key): count for key, count in tries.items()}),
        days,
    )


def _enrolments(session: Session, scope: Scope) -> Iterator[tuple[int, date, date, bool]]:
    """Id, start, end, and whether there is an issued certificate."""
    holders = select(CertificateRecord.enrolment_id).where(CertificateRecord.state == State.ISSUED)
    query = (
        select(Enrolment.id, Enrolment.start, Enrolment.end, Enrolment.id.in_(holders))
        .where(Enrolment.id.in_(scope.enrolments()))
        .order_by(Enrolment.id)
        .execution_options(yield_per=_LOT)
    )
    for enrolment, start, end, certified in session.execute(query):
        yield enrolment, start, end, bool(certified)


def count_standings(session: Session, scope: Scope) -> Counter[str]:
    """Certificates by the word that `handseal list` uses."""
    bits = (StatusRecord.revoked, StatusRecord.suspended, StatusRecord.superseded)
    columns = (CertificateRecord.state, *bits)
    query = select(*columns, func.count()).join(CertificateRecord.status).where(_in(scope)).group_by(*columns)
    words: Counter[str] = Counter()
    for state, revoked, suspended, superseded, certificates in session.execute(query):
        status = StatusRecord(revoked=revoked, suspended=suspended, superseded=superseded)
        words[standing_of(state, status)] += certificates
    return words


class Issued(Struct, frozen=True):
    """Issued certificates by days."""

    to_issue: Counter[int]  # from award to issue; corrections and renewals are left out
    to_expiry: Counter[int]  # from today; of those in force


class _Dates(Struct, frozen=True, rename="camel"):
    """Of a core as it was signed, nothing but the dates that no column has."""

    awarded_date: datetime
    valid_until: datetime | UnsetType = UNSET


def count_issued(session: Session, scope: Scope, *, today: date, day_of: Callable[[datetime], date]) -> Issued:
    """Reads the dates in each issued certificate, a lot at a time; `day_of` gives the clinic's day of a moment."""
    stopped = StatusRecord.revoked | StatusRecord.superseded | StatusRecord.suspended
    query = (
        select(
            CertificateRecord.lookup_id,
            CertificateRecord.core,
            CertificateRecord.issued_at,
            CertificateRecord.supersedes_id,
            stopped,
        )
        .join(CertificateRecord.status)
        .where(_in(scope), CertificateRecord.state == State.ISSUED)
        .execution_options(yield_per=_LOT)
    )
    decoder = msgspec.json.Decoder(_Dates)
    found = Issued(Counter(), Counter())
    for lookup_id, core, issued_at, supersedes, not_in_force in session.execute(query):
        try:
            dates = decoder.decode(core)
        except msgspec.DecodeError as fault:
            raise HandsealError(f"database: certificate {lookup_id}: cannot be read", hint="handseal doctor") from fault
        if issued_at is not None and supersedes is None:
            found.to_issue[(day_of(issued_at) - dates.awarded_date.date()).days] += 1
        if dates.valid_until is not UNSET and not not_in_force:
            found.to_expiry[(dates.valid_until.date() - today).days] += 1
    return found


def _in(scope: Scope) -> ColumnElement[bool]:
    return CertificateRecord.enrolment_id.in_(scope.enrolments())


# -- which attempts count ----------------------------------------------------------------------------------------------


_Result = tuple[int, str, int, bool, date | None]
"""Enrolment, criterion, attempts, whether the first passed, and the day of the one that counts, where it passed."""


def _results(session: Session, scope: Scope, syllabus: Syllabus) -> Iterator[_Result]:
    """In the order of the enrolments. Where the last attempt counts, the last that passed must be it."""
    last_counts = isinstance(syllabus.attempts, Attempts) and syllabus.attempts.counts == "last"
    passes = _passes(session, syllabus)
    passing, day = case((passes, Attempt.attempt)), case((passes, Attempt.date))
    query = (
        select(
            Attempt.enrolment_id,
            Attempt.criterion,
            func.count(),
            func.min(passing),
            func.max(day) if last_counts else func.min(day),
            func.max(passing) == func.max(Attempt.attempt) if last_counts else literal(1),
        )
        .join(Attempt.enrolment)
        .outerjoin(Attempt.assessor)
        .where(
            Attempt.enrolment_id.in_(scope.enrolments()), Attempt.criterion.in_([one.id for one in syllabus.criteria])
        )
        .group_by(Attempt.enrolment_id, Attempt.criterion)
        .order_by(Attempt.enrolment_id)
        .execution_options(yield_per=_LOT)
    )
    for enrolment, criterion, attempts, first, passed_on, counts in session.execute(query):
        yield enrolment, criterion, attempts, first == 1, passed_on if counts else None


def _passes(session: Session, syllabus: Syllabus) -> ColumnElement[bool]:
    """Each criterion's own tests, and those of all."""
    most = most_attempts(syllabus)
    qualified = func.coalesce(_qualified(session, syllabus), false())
    own = ((Attempt.criterion == one.id, and_(*_tests(one, qualified))) for one in syllabus.criteria)
    within = (Attempt.date >= Enrolment.start, Attempt.date <= Enrolment.end)
    return and_(case(*own, else_=false()), *within, *(() if most is None else (Attempt.attempt <= most,)))


def _tests(criterion: Criterion, qualified: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    yield _reached(criterion)
    if criterion.evidence is True:
        yield _has_evidence()
    if criterion.remote is not True:
        yield func.coalesce(Attempt.moderator, "") == ""
    if criterion.kind == "live":
        yield qualified


def _has_evidence() -> ColumnElement[bool]:
    return (func.coalesce(Attempt.evidence_url, "") != "") | Attempt.evidence_digest.is_not(None)


def _qualified(session: Session, syllabus: Syllabus) -> ColumnElement[bool]:
    """The assessor has the qualification, and had it on that day; null where there is none."""
    able = [
        assessor.id
        for assessor in session.scalars(select(Assessor))
        if not assessor_fault(assessor, syllabus, assessor.valid_from)
    ]
    return and_(Assessor.id.in_(able), Attempt.date >= Assessor.valid_from, Attempt.date <= Assessor.valid_until)


def _reached(criterion: Criterion) -> ColumnElement[bool]:
    scale = criterion.scale
    if isinstance(scale, Percent):
        return cast(Attempt.result, Float) >= scale.passing
    levels = [level.id for level in scale.levels]
    return Attempt.result.in_(levels[levels.index(scale.passing) :])
