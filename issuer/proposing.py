"""Drafts and their request come into being together: killed and run again, it is the same request or a whole new one.

formats.md sections 3 and 7. A draft is fixed the moment it is proposed; only `recall` takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import BinaryIO, NoReturn

from msgspec import Struct
from sqlalchemy import ColumnElement, Engine, exists, func, select, update
from sqlalchemy.orm import Session, selectinload

from issuer.assessment import Standing, standing
from issuer.config import Workspace
from issuer.database import writing
from issuer.drafting import Issue, Random, build_core, date_core, draw_identifiers, draw_index, plan_issue
from issuer.lots import LOT, lots
from issuer.models import (
    Attempt,
    CertificateRecord,
    Enrolment,
    Event,
    RequestRecord,
    State,
    StatusRecord,
    SyllabusVersion,
)
from issuer.records import find_cohort
from issuer.statuses import LIST_BITS, free_list, grouped
from issuer.syllabuses import open_syllabus, require_version
from keys.encoding import Digest, canonical, sha256
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.request import write_request
from keys.syllabus import Syllabus
from keys.trust import Trust

Conditions = tuple[ColumnElement[bool], ...]
Printable = Callable[[str, str], object]
"""Raises HandsealError for a text at a place that no font can print: better now than after partners signed."""


class NotYet(Struct, frozen=True):
    """A learner who cannot be certified yet."""

    learner_id: str
    name: str
    missing: tuple[str, ...]


class Proposal(Struct, frozen=True):
    """The request that was written."""

    digest: Digest
    count: int
    new: int  # 0: it is one that was written before, or what is still open of several
    not_yet: tuple[NotYet, ...]
    left: int = 0  # drafts of another version of the syllabus: a request has one, so they go into the next


class Proposer(Struct, frozen=True):
    """All that `propose` works with; the clock stands still for one command."""

    workspace: Workspace
    trust: Trust
    now: datetime
    today: date  # the same moment as a day at the clinic
    random: Random
    printable: Printable


def propose(engine: Engine, cohort: str, stream: BinaryIO, proposer: Proposer) -> Proposal:
    """Drafts a certificate for each who passed and has none, and writes the request with them to `stream`.

    Corrected and renewed certificates that were drafted go with it, dated now. Where nobody is new, the request holds
    what is proposed and not closed yet: the same bytes as before, if it is the same. The drafts are stored when the
    whole request was written. HandsealError where there is nothing to propose.
    """
    with writing(engine) as session:
        group = find_cohort(session, cohort)
        version = require_version(session, group.programme)
        not_yet = _draft_all(session, group.id, version, proposer)
        version = _newest(session, _unsent(group.id)) or version
        chosen = (*_unsent(group.id), CertificateRecord.syllabus_id == version.id)
        _propose_drafts(session, chosen, version, proposer)
        new = _count(session, chosen)
        created = proposer.now
        if not new:
            version = _newest(session, _open(group.id)) or _nobody(not_yet)
            chosen = (*_open(group.id), CertificateRecord.syllabus_id == version.id)
            created = _created(session, chosen) or created
        count = _count(session, chosen)
        digest = write_request(
            stream,
            issuer=proposer.workspace.organisation,
            created=created,
            syllabus=version.body,
            cores=_cores(session, chosen),
        )
        _remember(session, chosen, RequestRecord(digest=digest, cohort_id=group.id, created=created))
        session.add(Event(moment=proposer.now, command="propose", subject=cohort, reason=None))
        left = _count(session, _unsent(group.id))
    return Proposal(digest, count, new, tuple(not_yet), left)


def _draft_all(session: Session, cohort_id: int, version: SyllabusVersion, proposer: Proposer) -> list[NotYet]:
    """Stores a draft for everybody who passed and has no certificate; returns who did not pass."""
    syllabus, version_id, body = open_syllabus(version), version.id, version.body
    issue: Issue | None = None
    number, taken = free_list(session)
    not_yet: list[NotYet] = []
    for lot in without_certificate(session, cohort_id):
        for enrolment in lot:
            at = standing(enrolment, syllabus, today=proposer.today)
            learner = enrolment.learner
            if not at.passed:
                not_yet.append(NotYet(learner.learner_id, learner.name, at.missing))
                continue
            issue = issue or _plan(proposer, syllabus, body)
            proposer.printable(learner.name, f"learner {learner.learner_id}: name")
            _store(session, at, version_id, issue, number, taken, proposer.random)
        session.flush()
        session.expunge_all()  # a large cohort is not held
    return not_yet


def _plan(proposer: Proposer, syllabus: Syllabus, body: bytes) -> Issue:
    clinic = proposer.workspace
    return plan_issue(clinic.site, clinic.organisation, syllabus, body, trust=proposer.trust, now=proposer.now)


def _propose_drafts(session: Session, chosen: Conditions, version: SyllabusVersion, proposer: Proposer) -> None:
    """Dates the successors that `correct` and `renew` drafted, and lets them go out."""
    query = select(CertificateRecord).where(*chosen, CertificateRecord.state == State.DRAFT)
    issue: Issue | None = None
    for record in session.scalars(query).all():
        issue = issue or _plan(proposer, open_syllabus(version), version.body)
        core = canonical(date_core(issue, parse_certificate(record.core, f"draft {grouped(record.lookup_id)}")))
        record.core, record.digest = core, sha256(core)
        record.proposed_at, record.state = issue.moment, State.PROPOSED
    session.flush()


def without_certificate(session: Session, cohort_id: int) -> Iterator[tuple[Enrolment, ...]]:
    """The enrolments that have no certificate but recalled ones, lot by lot."""
    live = exists().where(CertificateRecord.enrolment_id == Enrolment.id, CertificateRecord.state != State.RECALLED)
    query = select(Enrolment.id).where(Enrolment.cohort_id == cohort_id, ~live).order_by(Enrolment.id)
    for ids in lots(session.scalars(query).all()):
        whole = select(Enrolment).where(Enrolment.id.in_(ids)).order_by(Enrolment.id)
        options = (selectinload(Enrolment.learner), selectinload(Enrolment.attempts).selectinload(Attempt.assessor))
        yield tuple(session.scalars(whole.options(*options)))


def _store(
    session: Session, at: Standing, version_id: int, issue: Issue, number: int, taken: set[int], random: Random
) -> None:
    index = draw_index(taken, LIST_BITS, random)
    drawn = draw_identifiers(at.enrolment.learner.wallet_did, number, index, random)
    core = canonical(build_core(issue, at, drawn))
    session.add(
        CertificateRecord(
            enrolment_id=at.enrolment.id,
            syllabus_id=version_id,
            status=StatusRecord(list_number=number, list_index=index),
            state=State.PROPOSED,
            certificate_id=drawn.certificate,
            lookup_id=drawn.lookup,
            core=core,
            digest=sha256(core),
            proposed_at=issue.moment,
        )
    )


# -- the request -------------------------------------------------------------------------------------------------------


def _unsent(cohort_id: int) -> Conditions:
    """What never was in a request: the drafts of this transaction, and successors that were drafted before."""
    return (
        CertificateRecord.state.in_((State.DRAFT, State.PROPOSED)),
        CertificateRecord.request_digest.is_(None),
        CertificateRecord.enrolment.has(Enrolment.cohort_id == cohort_id),
    )


def _open(cohort_id: int) -> Conditions:
    """Certificates that are proposed and not closed yet."""
    return (
        CertificateRecord.state == State.PROPOSED,
        CertificateRecord.token.is_(None),
        CertificateRecord.enrolment.has(Enrolment.cohort_id == cohort_id),
    )


def _count(session: Session, chosen: Conditions) -> int:
    return session.scalar(select(func.count()).select_from(CertificateRecord).where(*chosen)) or 0


def _newest(session: Session, chosen: Conditions) -> SyllabusVersion | None:
    """The newest syllabus of these certificates: a request has one."""
    newest = (
        select(SyllabusVersion)
        .join(CertificateRecord, CertificateRecord.syllabus_id == SyllabusVersion.id)
        .where(*chosen)
        .order_by(SyllabusVersion.version.desc())
        .limit(1)
    )
    return session.scalars(newest).one_or_none()


def _nobody(not_yet: list[NotYet]) -> NoReturn:
    lacking = f"; {len(not_yet)} are not ready yet" if not_yet else ""
    raise HandsealError(
        f"nobody is waiting for a certificate{lacking}", hint="handseal eligible COHORT says what is missing"
    )


def _created(session: Session, chosen: Conditions) -> datetime | None:
    """When the request of exactly these certificates was made; None where there was no such request."""
    digests = session.scalars(select(CertificateRecord.request_digest).where(*chosen).distinct()).all()
    if len(digests) != 1:
        return None
    whole = _count(session, (CertificateRecord.request_digest == digests[0],))
    if whole != _count(session, chosen):
        return None
    return session.scalar(select(RequestRecord.created).where(RequestRecord.digest == digests[0]))


def _cores(session: Session, chosen: Conditions) -> Iterator[bytes]:
    yield from session.scalars(select(CertificateRecord.core).where(*chosen).execution_options(yield_per=LOT))


def _remember(session: Session, chosen: Conditions, request: RequestRecord) -> None:
    """The request, so that answers to it are known, and which certificates are in it."""
    ids = session.scalars(select(CertificateRecord.id).where(*chosen)).all()
    for lot in lots(ids):
        change = update(CertificateRecord).where(CertificateRecord.id.in_(lot)).values(request_digest=request.digest)
        session.execute(change.execution_options(synchronize_session=False))
    if session.scalar(select(RequestRecord.id).where(RequestRecord.digest == request.digest)) is None:
        session.add(request)
