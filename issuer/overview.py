"""What exists, and for each cohort the one thing to do next, with the command to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from issuer.assessment import standing
from issuer.config import Workspace
from issuer.lots import LOT
from issuer.models import (
    CertificateRecord,
    Cohort,
    CosignatureRecord,
    Enrolment,
    Event,
    Learner,
    State,
    StatusRecord,
    SyllabusVersion,
)
from issuer.printing import file_name
from issuer.proposing import without_certificate
from issuer.records import find_cohort
from issuer.statuses import find_certificate, grouped
from issuer.syllabuses import latest_version, open_syllabus
from keys import names
from keys.credential import calendar_date
from keys.encoding import format_time
from keys.profile import parse_certificate
from keys.trust import Trust


class Step(Struct, frozen=True):
    """Where a cohort stands and what comes next; `command` is empty where there is nothing to do."""

    cohort: str
    programme: str
    learners: int
    ready: int  # passed, nothing proposed yet
    not_ready: int
    proposed: int
    signed: int  # proposed ones with enough co-signatures
    issued: int
    drafted: int  # corrected and renewed ones that were not proposed yet
    sentence: str
    command: str


class Line(Struct, frozen=True):
    """One certificate in a list."""

    lookup_id: str
    name: str
    learner_id: str
    cohort: str
    standing: str
    proposed: datetime
    issued: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "lookupId": self.lookup_id,
            "name": self.name,
            "learnerId": self.learner_id,
            "cohort": self.cohort,
            "standing": self.standing,
            "proposed": format_time(self.proposed),
            "issued": format_time(self.issued) if self.issued else None,
        }


def next_steps(
    session: Session, workspace: Workspace, trust: Trust | None, *, now: datetime, today: date
) -> Iterator[Step]:
    """One step per cohort, in the order of their names; `today` is the day at the clinic."""
    for name in session.scalars(select(Cohort.name).order_by(Cohort.name)).all():
        yield next_step(session, name, workspace, trust, now=now, today=today)


def beginning(session: Session) -> tuple[str, str]:
    """What a workspace without a cohort waits for, and the command."""
    if session.scalar(select(SyllabusVersion.id).limit(1)) is None:
        return "No programme is published yet.", "handseal programme publish programmes/SLUG.toml"
    return "No cohort is enrolled yet.", "handseal enrol cohorts/NAME.csv --programme SLUG"


def next_step(
    session: Session, cohort: str, workspace: Workspace, trust: Trust | None, *, now: datetime, today: date
) -> Step:
    group = find_cohort(session, cohort)
    identity, programme = group.id, group.programme
    states = _states(session, identity)
    ready, not_ready = _readiness(session, identity, programme, today)
    policy = trust.policy(names.programme_id(workspace.site, programme), now) if trust else None
    needed = policy.threshold if policy else None
    signatures = _signatures(session, identity)
    signed = sum(count >= needed for count in signatures.values()) if needed else 0
    plain = Step(
        cohort=cohort,
        programme=programme,
        learners=session.scalar(select(func.count(Enrolment.id)).where(Enrolment.cohort_id == identity)) or 0,
        ready=ready,
        not_ready=not_ready,
        proposed=states[State.PROPOSED],
        signed=signed,
        issued=states[State.ISSUED],
        drafted=states[State.DRAFT],
        sentence="",
        command="",
    )
    published = latest_version(session, programme) is not None
    sentence, command = _advice(plain, published=published, needed=needed)
    return replace(plain, sentence=sentence, command=command)


def certificates(
    session: Session, *, cohort: str | None = None, search: str | None = None, withdrawn: Container[str] = ()
) -> Iterator[Line]:
    """Certificates in the order they were proposed; `search` is part of a name, a learner's id or a lookup id.

    `withdrawn` are the lookup ids of those that their partners took back (`issuer.standings`).
    """
    if cohort is not None:
        find_cohort(session, cohort)
    query = (
        select(CertificateRecord, Learner.name, Learner.learner_id, Cohort.name)
        .join(CertificateRecord.enrolment)
        .join(Enrolment.learner)
        .join(Enrolment.cohort)
        .options(joinedload(CertificateRecord.status))
        .order_by(CertificateRecord.id)
        .execution_options(yield_per=LOT)
    )
    if cohort is not None:
        query = query.where(Cohort.name == cohort)
    if search:
        plain = search.replace("-", "").replace(" ", "").upper()
        hits = (column.icontains(search, autoescape=True) for column in (Learner.name, Learner.latin_name))
        exact = (Learner.learner_id == search, CertificateRecord.lookup_id.startswith(plain, autoescape=True))
        query = query.where(or_(*hits, *exact))
    for record, name, learner_id, group in session.execute(query):
        yield Line(
            lookup_id=record.lookup_id,
            name=name,
            learner_id=learner_id,
            cohort=group,
            standing=standing_of(record.state, record.status, withdrawn=record.lookup_id in withdrawn),
            proposed=record.proposed_at,
            issued=record.issued_at,
        )


class Missing(Struct, frozen=True):
    """How many of a cohort's proposed certificates one partner body co-signed."""

    cohort: str
    organisation: str
    signed: int
    proposed: int


def missing_cosignatures(session: Session, workspace: Workspace, trust: Trust, now: datetime) -> Iterator[Missing]:
    """For each cohort with something proposed, every partner body of the policy."""
    proposed = (
        select(Cohort.id, Cohort.name, Cohort.programme, func.count(CertificateRecord.id))
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .join(CertificateRecord, CertificateRecord.enrolment_id == Enrolment.id)
        .where(CertificateRecord.state == State.PROPOSED)
        .group_by(Cohort.id, Cohort.name, Cohort.programme)
        .order_by(Cohort.name)
    )
    for identity, cohort, programme, count in session.execute(proposed).all():
        signed = (
            select(CosignatureRecord.organisation, func.count(CertificateRecord.id))
            .join(CertificateRecord, CosignatureRecord.certificate_digest == CertificateRecord.digest)
            .join(CertificateRecord.enrolment)
            .where(Enrolment.cohort_id == identity, CertificateRecord.state == State.PROPOSED)
            .group_by(CosignatureRecord.organisation)
        )
        counts = {row[0]: row[1] for row in session.execute(signed)}
        policy = trust.policy(names.programme_id(workspace.site, programme), now)
        for organisation in policy.cosigners if policy else ():
            yield Missing(cohort, organisation, counts.get(organisation, 0), count)


def standing_of(state: State, status: StatusRecord, *, withdrawn: bool = False) -> str:
    """One word: the state, or what the lists say of an issued one, the worst first (formats.md section 12)."""
    if state is not State.ISSUED:
        return str(state.value)
    if status.superseded:
        return "superseded"
    if status.revoked:
        return "revoked"
    if withdrawn:
        return "withdrawn"
    return "suspended" if status.suspended else "issued"


def describe(
    session: Session, workspace: Workspace, lookup_id: str, is_withdrawn: Callable[[CertificateRecord], bool]
) -> dict[str, Any]:
    """One certificate with all that the clinic knows of it, as plain values; its successor is for the clinic alone."""
    record = find_certificate(session, lookup_id)
    successor = record.superseded_by
    core = parse_certificate(record.core, f"certificate {grouped(record.lookup_id)}")
    learner, subject = record.enrolment.learner, core.credential_subject
    query = select(CosignatureRecord).where(CosignatureRecord.certificate_digest == record.digest)
    signed = sorted(session.scalars(query), key=lambda row: row.organisation)
    events = session.scalars(select(Event).where(Event.subject == record.lookup_id).order_by(Event.id))
    issued = record.state is State.ISSUED
    public = issued and learner.consent_page
    return {
        "lookupId": record.lookup_id,
        "certificate": core.id,  # what a partner body's tool names it by
        "standing": standing_of(record.state, record.status, withdrawn=is_withdrawn(record)),
        "supersedes": record.supersedes.lookup_id if record.supersedes else None,
        "successor": successor.lookup_id if successor else None,
        "successorStanding": standing_of(successor.state, successor.status) if successor else None,
        "reason": record.status.reason,
        "name": core.printed_name,
        "latinName": core.latin_name,
        "learnerId": learner.learner_id,
        "cohort": record.enrolment.cohort.name,
        "programme": core.name,
        "version": record.syllabus.version,
        "activity": [calendar_date(subject.activity_start_date), calendar_date(subject.activity_end_date)],
        "awarded": calendar_date(core.awarded_date),
        "validUntil": calendar_date(core.valid_until) if isinstance(core.valid_until, datetime) else None,
        "proposed": format_time(record.proposed_at),
        "issued": format_time(record.issued_at) if record.issued_at else None,
        "needed": core.terms_of_use[0].threshold,
        "cosignatures": [{"organisation": r.organisation, "received": format_time(r.received_at)} for r in signed],
        "page": f"{workspace.site}/c/{record.lookup_id}" if public else None,
        "pdf": f"certificates/{file_name(core, learner.learner_id, record.lookup_id)}" if issued else None,
        "events": [{"moment": format_time(e.moment), "command": e.command, "reason": e.reason} for e in events],
    }


def _states(session: Session, cohort_id: int) -> Counter[State]:
    query = (
        select(CertificateRecord.state, func.count())
        .join(CertificateRecord.enrolment)
        .where(Enrolment.cohort_id == cohort_id)
        .group_by(CertificateRecord.state)
    )
    return Counter({row[0]: row[1] for row in session.execute(query)})


def _readiness(session: Session, cohort_id: int, programme: str, today: date) -> tuple[int, int]:
    """How many without a certificate passed, and how many did not (or cannot, the programme being unpublished)."""
    version = latest_version(session, programme)
    syllabus = open_syllabus(version) if version else None
    ready = not_ready = 0
    for lot in without_certificate(session, cohort_id):
        passed = sum(standing(enrolment, syllabus, today=today).passed for enrolment in lot) if syllabus else 0
        ready, not_ready = ready + passed, not_ready + len(lot) - passed
        session.expunge_all()
    return ready, not_ready


def _signatures(session: Session, cohort_id: int) -> Counter[str]:
    """Co-signatures stored for each certificate that is proposed, by lookup id."""
    query = (
        select(CertificateRecord.lookup_id, func.count())
        .join(CosignatureRecord, CosignatureRecord.certificate_digest == CertificateRecord.digest)
        .join(CertificateRecord.enrolment)
        .where(Enrolment.cohort_id == cohort_id, CertificateRecord.state == State.PROPOSED)
        .group_by(CertificateRecord.lookup_id)
    )
    return Counter({row[0]: row[1] for row in session.execute(query)})


def _advice(step: Step, *, published: bool, needed: int | None) -> tuple[str, str]:
    """The first thing that somebody waits for."""
    cohort, slug = step.cohort, step.programme
    if not published:
        return "the programme is not published yet", f"handseal programme publish programmes/{slug}.toml"
    if needed is None:
        return "the trust list has no policy for the programme yet", "handseal receive TRUST-FOLDER"
    if step.signed:
        return f"{step.signed} have their co-signatures and can be issued", f"handseal issue {cohort}"
    if step.ready:
        command = f"handseal propose {cohort} --out {cohort}-request.jsonl"
        return f"{step.ready} passed and can be proposed to the partner bodies", command
    if step.drafted:
        command = f"handseal propose {cohort} --out {cohort}-successors.jsonl"
        return f"{step.drafted} corrected or renewed can be proposed to the partner bodies", command
    if step.proposed:
        text = f"{step.proposed} wait for co-signatures ({needed} partner bodies must sign)"
        return text, "handseal receive RESPONSE.jsonl"
    if step.not_ready:
        return f"{step.not_ready} still lack a passing result", f"handseal eligible {cohort}"
    return ("all are issued", "") if step.learners else ("nobody is enrolled", f"handseal enrol cohorts/{cohort}.csv")
