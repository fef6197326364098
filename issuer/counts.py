"""What the database counts for a report: it adds up in SQL, so that a hundred thousand learners fit in a page of rows.

An attempt counts here where it counts at the gate (`issuer.assessment`), said in SQL: reached, in the course's time,
with the evidence and in the way that the programme asks for, and live by an assessor who was qualified on that day.
Only that nobody assesses themselves is left to the gate and to where results are recorded: it is a matter of spelling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    select,
    true,
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


class Progress(Struct, frozen=True):
    """How many learners have passed, and tried, exactly these criteria (by their place in the syllabus)."""

    passed: frozenset[int]
    tried: frozenset[int]
    ended: bool  # the course is over
    certified: bool  # holds a certificate, be it revoked
    learners: int


class Tries(Struct, frozen=True):
    """How many learners made so many attempts at a criterion, and how that went."""

    criterion: str
    attempts: int  # at most MOST_ATTEMPTS
    first: bool  # the first one passed
    passed: bool  # one that counts did
    learners: int


def count_progress(session: Session, scope: Scope, syllabus: Syllabus | None, *, today: date) -> Iterator[Progress]:
    """Everybody in the scope, put together where they came equally far."""
    ended = case((Enrolment.end < today, 1), else_=0).label("ended")
    holders = select(CertificateRecord.enrolment_id).where(CertificateRecord.state == State.ISSUED).distinct()
    certified = case((Enrolment.id.in_(holders), 1), else_=0).label("certified")
    chosen = select(Enrolment.id, ended, certified).where(Enrolment.id.in_(scope.enrolments())).subquery()
    if syllabus is None:
        plain = select(chosen.c.ended, chosen.c.certified, func.count()).group_by(chosen.c.ended, chosen.c.certified)
        for over, holds, learners in session.execute(plain):
            yield Progress(frozenset(), frozenset(), bool(over), bool(holds), learners)
        return
    results = _results(session, scope, syllabus)
    order = {criterion.id: 1 << place for place, criterion in enumerate(syllabus.criteria)}
    bit = case(order, value=results.c.criterion, else_=0)
    one = (
        select(
            results.c.enrolment_id,
            func.sum(case((results.c.passed == 1, bit), else_=0)).label("passed"),
            func.sum(bit).label("tried"),
        )
        .group_by(results.c.enrolment_id)
        .subquery()
    )
    columns = (
        func.coalesce(one.c.passed, 0),
        func.coalesce(one.c.tried, 0),
        chosen.c.ended,
        chosen.c.certified,
    )
    joined = select(*columns, func.count()).outerjoin_from(chosen, one, one.c.enrolment_id == chosen.c.id)
    for passed, tried, over, holds, learners in session.execute(joined.group_by(*columns)):
        yield Progress(_places(int(passed)), _places(int(tried)), bool(over), bool(holds), learners)


def count_tries(session: Session, scope: Scope, syllabus: Syllabus) -> Iterator[Tries]:
    """Who tried what how often, for each criterion."""
    results = _results(session, scope, syllabus)
    often = case((results.c.attempts > MOST_ATTEMPTS, MOST_ATTEMPTS), else_=results.c.attempts)
    columns = (results.c.criterion, often, results.c.first, results.c.passed)
    for criterion, attempts, first, passed, learners in session.execute(
        select(*columns, func.count()).group_by(*columns)
    ):
        yield Tries(criterion, attempts, bool(first), bool(passed), learners)


def count_days_to_complete(session: Session, scope: Scope, syllabus: Syllabus) -> Counter[int]:
    """Learners by the days from the course's start to the last criterion passed, of those who passed all."""
    results = _results(session, scope, syllabus)
    last = (
        select(results.c.enrolment_id, func.max(results.c.passed_on).label("day"))
        .where(results.c.passed == 1)
        .group_by(results.c.enrolment_id)
        .having(func.count() == len(syllabus.criteria))
        .subquery()
    )
    columns = (Enrolment.start, last.c.day)
    query = select(*columns, func.count()).join_from(Enrolment, last, last.c.enrolment_id == Enrolment.id)
    days: Counter[int] = Counter()
    for start, day, learners in session.execute(query.group_by(*columns)):
        days[(day - start).days] += learners
    return days


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


def _places(bits: int) -> frozenset[int]:
    return frozenset(place for place in range(bits.bit_length()) if bits >> place & 1)


# -- which attempts count ----------------------------------------------------------------------------------------------


def _results(session: Session, scope: Scope, syllabus: Syllabus) -> Subquery:
    """One row for each learner and criterion tried: attempts, first, passed (0 or 1), passed_on."""
    last_counts = isinstance(syllabus.attempts, Attempts) and syllabus.attempts.counts == "last"
    within = (Attempt.enrolment_id, Attempt.criterion)
    newest = func.row_number().over(partition_by=within, order_by=Attempt.attempt.desc())
    rows = (
        select(
            *within,
            Attempt.attempt,
            Attempt.date,
            case((_passes(session, syllabus), 1), else_=0).label("passes"),
            (newest if last_counts else literal(1)).label("counts"),
        )
        .join(Attempt.enrolment)
        .outerjoin(Attempt.assessor)
        .where(
            Enrolment.id.in_(scope.enrolments()),
            Attempt.criterion.in_([criterion.id for criterion in syllabus.criteria]),
        )
    )
    each = rows.subquery()
    good = and_(each.c.passes == 1, each.c.counts == 1)
    return (
        select(
            each.c.enrolment_id,
            each.c.criterion,
            func.count().label("attempts"),
            func.max(case((each.c.attempt == 1, each.c.passes), else_=0)).label("first"),
            func.max(case((good, 1), else_=0)).label("passed"),
            func.min(case((good, each.c.date))).label("passed_on"),
        )
        .group_by(each.c.enrolment_id, each.c.criterion)
        .subquery()
    )


def _passes(session: Session, syllabus: Syllabus) -> ColumnElement[bool]:
    most = most_attempts(syllabus)
    return and_(
        case(*((Attempt.criterion == one.id, _reached(one)) for one in syllabus.criteria), else_=false()),
        Attempt.date >= Enrolment.start,
        Attempt.date <= Enrolment.end,
        Attempt.attempt <= most if most is not None else true(),
        _unless(_of(syllabus, lambda one: one.evidence is True), _has_evidence()),
        _unless(_of(syllabus, lambda one: one.remote is not True), func.coalesce(Attempt.moderator, "") == ""),
        _unless(_of(syllabus, lambda one: one.kind == "live"), func.coalesce(_qualified(session, syllabus), false())),
    )


def _of(syllabus: Syllabus, asked: Callable[[Criterion], bool]) -> list[str]:
    return [criterion.id for criterion in syllabus.criteria if asked(criterion)]


def _unless(criteria: list[str], test: ColumnElement[bool]) -> ColumnElement[bool]:
    """The test holds, or the attempt is at none of these criteria."""
    return case((Attempt.criterion.in_(criteria), test), else_=true())


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
