"""Who is assessed again in time gets a new certificate; what was not asked for again counts as it did.

The rule is the newest syllabus' (`renewal`). The assessment belongs to an enrolment of its own, in a cohort for those
who renew. The old certificate stays valid until it expires or the new one is issued, whichever comes first: one person
never shows two that count.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from issuer.assessment import Standing, standing
from issuer.correcting import Drafted, draw, require_replaceable, store_draft
from issuer.drafting import build_core, plan_issue
from issuer.models import Attempt, CertificateRecord, Cohort, Enrolment, State
from issuer.proposing import Proposer
from issuer.records import find_cohort
from issuer.statuses import find_certificate, grouped
from issuer.syllabuses import open_syllabus, require_version
from keys.credential import Certificate
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.syllabus import Criterion, Renewal, Syllabus


class NotRenewed(Struct, frozen=True):
    """A certificate that cannot be renewed yet, and exactly why."""

    lookup_id: str
    learner_id: str
    missing: tuple[str, ...]


class Renewed(Struct, frozen=True):
    drafted: tuple[Drafted, ...]
    not_yet: tuple[NotRenewed, ...]


class _Window(Struct, frozen=True):
    """The days on which an assessment counts for a renewal; both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def renew(session: Session, lookup_id: str, *, reason: str, desk: Proposer) -> Drafted:
    """Drafts the next certificate of one that expires. HandsealError with exactly what is missing otherwise."""
    old = find_certificate(session, lookup_id)
    place = require_replaceable(old)
    outcome = _renew(session, old, reason, desk)
    if isinstance(outcome, NotRenewed):
        raise HandsealError(
            f"{place}: {'; '.join(outcome.missing)}",
            hint="enrol who renews in a cohort of its own, record the assessment there, and run the command again",
        )
    return outcome


def renew_cohort(session: Session, cohort: str, *, reason: str, desk: Proposer) -> Renewed:
    """Drafts a successor for every certificate of the cohort's learners that can be renewed, in the same programme.

    The cohort is that of the first assessment or that of the renewed one.
    """
    group = find_cohort(session, cohort)
    drafted: list[Drafted] = []
    not_yet: list[NotRenewed] = []
    for old in _counting(session, group):
        outcome = _renew(session, old, reason, desk)
        if isinstance(outcome, Drafted):
            drafted.append(outcome)
        else:
            not_yet.append(outcome)
    return Renewed(tuple(drafted), tuple(not_yet))


def _counting(session: Session, cohort: Cohort) -> Sequence[CertificateRecord]:
    """Issued certificates of the programme that count and have no successor, of everybody in the cohort."""
    learners = select(Enrolment.learner_id).where(Enrolment.cohort_id == cohort.id)
    query = (
        select(CertificateRecord)
        .join(CertificateRecord.enrolment)
        .join(Enrolment.cohort)
        .where(
            CertificateRecord.state == State.ISSUED,
            Enrolment.learner_id.in_(learners),
            Cohort.programme == cohort.programme,
        )
        .order_by(CertificateRecord.id)
    )
    records = session.scalars(query).all()
    return [
        record
        for record in records
        if not record.status.revoked and not record.status.suspended and record.superseded_by is None
    ]


def _renew(session: Session, old: CertificateRecord, reason: str, desk: Proposer) -> Drafted | NotRenewed:
    earlier = parse_certificate(old.core, f"certificate {grouped(old.lookup_id)}")
    version = require_version(session, old.enrolment.cohort.programme)
    syllabus = open_syllabus(version)
    at = _standing(session, old, earlier, syllabus, desk.today)
    if not at.passed:
        return NotRenewed(old.lookup_id, old.enrolment.learner.learner_id, at.missing)
    clinic = desk.workspace
    issue = plan_issue(clinic.site, clinic.organisation, syllabus, version.body, trust=desk.trust, now=desk.now)
    desk.printable(at.enrolment.learner.name, f"learner {at.enrolment.learner.learner_id}: name")
    drawn = draw(session, old, desk)
    core = build_core(issue, at, drawn, renews=earlier)
    return store_draft(session, old, core, drawn, at.enrolment, version, command="renew", reason=reason)


def _standing(
    session: Session, old: CertificateRecord, earlier: Certificate, syllabus: Syllabus, today: date
) -> Standing:
    """The gate of a renewal. Its enrolment is that of the last assessment."""
    rule = syllabus.renewal
    if not isinstance(rule, Renewal):
        return Standing(old.enrolment, {}, (f"version {syllabus.version} of the programme has no rule for renewal",))
    window = _window(earlier, rule)
    if window is None:
        return Standing(old.enrolment, {}, ("it does not expire",))
    results: dict[str, Attempt] = {}
    missing: list[str] = []
    first = _standings(_course(old), syllabus)
    again = _standings(_enrolments(session, old), syllabus)
    for criterion in syllabus.criteria:
        renewed = criterion.id in rule.criteria
        found = _assessed_again(criterion, again, window) if renewed else _assessed_before(criterion, first)
        if found is not None:
            results[criterion.id] = found
        elif renewed:
            missing.append(_lacking(criterion, syllabus, again, window))
        else:
            missing += _faults(criterion, syllabus, first) or [f"{syllabus.text(criterion.name)}: not yet assessed"]
    if missing:
        return Standing(old.enrolment, results, tuple(missing))
    last = max((results[each] for each in rule.criteria), key=lambda attempt: attempt.date)
    if last.enrolment.end > today:
        missing.append(f"its renewal ends on {last.enrolment.end}")
    return Standing(last.enrolment, results, tuple(missing))


def _window(earlier: Certificate, rule: Renewal) -> _Window | None:
    """After the old award, so many months before the end of its validity; None where it has no end."""
    if not isinstance(earlier.valid_until, datetime):
        return None
    last = earlier.valid_until.date()
    opens = _months_before(last, rule.within_months)
    return _Window(max(opens, earlier.awarded_date.date() + timedelta(days=1)), last)


def _months_before(day: date, months: int) -> date:
    """The same day of the month, so many months earlier (the last day of a shorter month)."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def _course(old: CertificateRecord) -> Iterator[Enrolment]:
    """The enrolment that the certificate was earned in, then those of the ones that it replaced."""
    record: CertificateRecord | None = old
    while record is not None:
        yield record.enrolment
        record = record.supersedes


def _enrolments(session: Session, old: CertificateRecord) -> Sequence[Enrolment]:
    """All of the learner in this programme, the latest first."""
    query = (
        select(Enrolment)
        .join(Enrolment.cohort)
        .where(Enrolment.learner_id == old.enrolment.learner_id, Cohort.programme == old.enrolment.cohort.programme)
        .options(selectinload(Enrolment.attempts).selectinload(Attempt.assessor))
        .order_by(Enrolment.end.desc(), Enrolment.id.desc())
    )
    return session.scalars(query).all()


def _standings(enrolments: Iterator[Enrolment] | Sequence[Enrolment], syllabus: Syllabus) -> list[Standing]:
    return [standing(enrolment, syllabus) for enrolment in enrolments]


def _assessed_again(criterion: Criterion, standings: Sequence[Standing], window: _Window) -> Attempt | None:
    """The attempt that counts within the window, of the latest enrolment that has one."""
    found = (at.results.get(criterion.id) for at in standings)
    return next((attempt for attempt in found if attempt is not None and window.holds(attempt.date)), None)


def _assessed_before(criterion: Criterion, standings: Sequence[Standing]) -> Attempt | None:
    found = (at.results.get(criterion.id) for at in standings)
    return next((attempt for attempt in found if attempt is not None), None)


def _lacking(criterion: Criterion, syllabus: Syllabus, standings: Sequence[Standing], window: _Window) -> str:
    """`Live skill check: not passed again from 2029-08-20 to 2029-11-20 (Developing, needs Competent)`."""
    within = [at for at in standings if window.holds(at.enrolment.end) or window.holds(at.enrolment.start)]
    name = syllabus.text(criterion.name)
    faults = [fault.removeprefix(f"{name}: ") for fault in _faults(criterion, syllabus, within)]
    text = f"{name}: not passed again from {window.first} to {window.last}"
    return f"{text} ({faults[0]})" if faults else text


def _faults(criterion: Criterion, syllabus: Syllabus, standings: Sequence[Standing]) -> list[str]:
    """What the gate said of one criterion, of the latest enrolment."""
    prefix = f"{syllabus.text(criterion.name)}: "
    return [fault for at in standings for fault in at.missing if fault.startswith(prefix)][:1]
