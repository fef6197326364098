"""Rows, signed bytes, site and files are held against each other; what differs is said, nothing is repaired.

The signed bytes are the truth: a row that says something else was changed behind their back (D06, D07, D12).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from issuer.config import Workspace
from issuer.lots import LOT
from issuer.models import CertificateRecord, CosignatureRecord, Enrolment, Event, State, StatusRecord, SyllabusVersion
from issuer.printing import file_name
from issuer.publishing import Folder, mode_of, published_certificates, read_status_list
from issuer.statuses import LIST_BITS, grouped, list_id, read_bits
from keys import names
from keys.credential import Certificate, content_digest, core_of
from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.jws import parse_header, split_token
from keys.profile import parse_certificate
from keys.status import StatusList, open_status_list, set_bits
from keys.trust import Trust, Use

SOON = (timedelta(days=7), timedelta(days=30), timedelta(days=60))
LISTS_SOON = timedelta(days=10)
_MAX_PDF = 16 * 1024 * 1024


class Weight(Enum):
    FAULT = "fault"  # something does not hold together
    WARNING = "warning"  # something will be due


class Symptom(Struct, frozen=True):
    """What was found, where, and what helps."""

    weight: Weight
    place: str
    text: str
    hint: str = ""


def examine(session: Session, workspace: Workspace, trust: Trust, now: datetime) -> Iterator[Symptom]:
    """Everything that is wrong or will be due; nothing where all is well."""
    yield from _trust(trust, workspace, now)
    yield from _keys(workspace)
    yield from _lists(session, workspace, trust, now)
    yield from _syllabuses(session, workspace)
    known: set[str] = set()
    public: set[str] = set()
    pdfs: set[str] = set()
    try:
        for record in _records(session):
            known.add(record.lookup_id)
            yield from _certificate(record, workspace, trust, public, pdfs)
    except (LookupError, ValueError):
        yield _fault("database", "a row holds a value that Handseal never writes", "restore it from a backup")
        return
    yield from _strays(workspace, known, public, pdfs)
    yield from _deleted(session)


def _fault(place: str, text: str, hint: str = "") -> Symptom:
    return Symptom(Weight.FAULT, place, text, hint)


def _records(session: Session) -> Iterator[CertificateRecord]:
    last = 0
    while True:
        records = session.scalars(
            select(CertificateRecord)
            .where(CertificateRecord.id > last)
            .options(
                joinedload(CertificateRecord.status),
                joinedload(CertificateRecord.enrolment).joinedload(Enrolment.learner),
            )
            .order_by(CertificateRecord.id)
            .limit(LOT)
        ).all()
        if not records:
            return
        yield from records
        last = records[-1].id
        session.expunge_all()


# -- one certificate ---------------------------------------------------------------------------------------------------


def _certificate(
    record: CertificateRecord, workspace: Workspace, trust: Trust, public: set[str], pdfs: set[str]
) -> Iterator[Symptom]:
    place = f"certificate {grouped(record.lookup_id)}"
    try:
        core = parse_certificate(record.core, place)
    except HandsealError as fault:
        yield _fault(place, f"its draft cannot be read: {fault}")
        return
    if sha256(record.core) != record.digest or core.id != record.certificate_id:
        yield _fault(place, "its draft is not the one that was proposed")
    yield from _row(record, core, workspace, place)
    if record.token is not None:
        yield from _token(record, trust, place)
    if record.state is State.ISSUED:
        if record.token is None:
            yield _fault(place, "is marked as issued and has no signed certificate")
        else:
            yield from _files(record, record.token, core, workspace, public, pdfs, place)


def _row(record: CertificateRecord, core: Certificate, workspace: Workspace, place: str) -> Iterator[Symptom]:
    learner, status = record.enrolment.learner, record.status
    hint = "the certificate says what was signed; put the row right, or make a successor with handseal correct"
    if learner.name != core.printed_name or learner.latin_name != core.latin_name:
        yield _fault(place, "the learner's name in the database is not the one in the certificate", hint)
    entry = core.credential_status
    number = names.parse_status_list_id(entry.status_list_credential, place).number
    if (number, entry.index) != (status.list_number, status.list_index):
        yield _fault(place, "its place in the status list is not the one in the certificate")
    if record.proposed_at != core.valid_from:
        yield _fault(place, "the date of its proposal is not the one in the certificate")
    if core.issuer.id != workspace.organisation:
        yield _fault(place, f"was proposed by {core.issuer.id}, which is not this clinic")


def _token(record: CertificateRecord, trust: Trust, place: str) -> Iterator[Symptom]:
    try:
        parts = split_token(record.token or b"", place)
        known = trust.key(parse_header(parts, place).kid)
        if known is None or known.key.use is not Use.ISSUE:
            yield _fault(place, "is signed by a key that is not in the trust list")
            return
        known.public.require_signature(parts.signed, parts.signature)
        certificate = parse_certificate(parts.payload, place)
    except HandsealError as fault:
        yield _fault(place, f"the signed certificate is damaged: {fault}", "restore it from a backup or the site")
        return
    if content_digest(certificate) != record.digest or canonical(core_of(certificate)) != record.core:
        yield _fault(place, "the signed certificate is not the one that was proposed")


def _files(
    record: CertificateRecord,
    token: bytes,
    core: Certificate,
    workspace: Workspace,
    public: set[str],
    pdfs: set[str],
    place: str,
) -> Iterator[Symptom]:
    learner = record.enrolment.learner
    site, hint = Folder(workspace.site_folder), "handseal publish puts it right"
    published = site.read(names.certificate_path(record.lookup_id))
    if learner.consent_page:
        public.add(record.lookup_id)
        if published is None:
            yield _fault(place, "is not on the site", hint)
        elif published != token:
            yield _fault(place, "the file on the site is not the signed certificate", hint)
    elif published is not None:
        public.add(record.lookup_id)
        yield _fault(place, "is on the site, and the learner does not agree to a page", hint)
    name = file_name(core, learner.learner_id, record.lookup_id)
    pdfs.add(name)
    pdf = Folder(workspace.certificates).read(name, _MAX_PDF)
    if pdf is None and not record.status.revoked:
        yield _fault(f"certificates/{name}", "is missing", "handseal render makes it again")
    elif pdf is not None and sha256(pdf) != record.pdf_digest:
        yield _fault(f"certificates/{name}", "is not the file that was printed", "handseal render makes it again")


# -- what belongs to nothing -------------------------------------------------------------------------------------------


def _strays(workspace: Workspace, known: set[str], public: set[str], pdfs: set[str]) -> Iterator[Symptom]:
    for lookup_id in published_certificates(Folder(workspace.site_folder)):
        if lookup_id not in known:
            hint = "if it was erased on purpose, remove the file; else restore the database from a backup"
            yield _fault(f"site: c/{lookup_id[:2]}/{lookup_id}.jwt", "is of no certificate in the database", hint)
        elif lookup_id not in public:
            yield _fault(f"site: c/{lookup_id[:2]}/{lookup_id}.jwt", "is of a certificate that is not issued")
    for name in Folder(workspace.certificates).names():
        if name.endswith(".pdf") and name not in pdfs:
            yield _fault(f"certificates/{name}", "belongs to no issued certificate in the database")


def _deleted(session: Session) -> Iterator[Symptom]:
    """Places in the status lists outlive their certificates only when somebody was erased."""
    used = exists().where(CertificateRecord.status_id == StatusRecord.id)
    orphans = session.scalar(select(func.count(StatusRecord.id)).where(~used)) or 0
    erased = session.scalar(select(func.count(Event.id)).where(Event.command == "erase")) or 0
    if orphans > erased:
        text = f"{orphans - erased} certificates are gone without having been erased"
        yield _fault("database", text, "restore it from a backup")
    signed = exists().where(CertificateRecord.digest == CosignatureRecord.certificate_digest)
    lost = session.scalar(select(func.count(CosignatureRecord.id)).where(~signed)) or 0
    if lost and orphans > erased:
        yield _fault("database", f"{lost} co-signatures are for certificates that are gone")


# -- everything else ---------------------------------------------------------------------------------------------------


def _syllabuses(session: Session, workspace: Workspace) -> Iterator[Symptom]:
    site = Folder(workspace.site_folder)
    for version in session.scalars(select(SyllabusVersion).order_by(SyllabusVersion.id)):
        programme, number = names.parse_version_id(version.syllabus_id, "syllabus")
        name = names.syllabus_path(names.parse_programme_id(programme, "syllabus")[1], number)
        if sha256(version.body) != version.digest:
            yield _fault(version.syllabus_id, "the syllabus in the database is not the one that was published")
        elif site.read(name) != version.body:
            yield _fault(f"site: {name}", "is not the syllabus that was published", "handseal publish puts it right")


def _lists(session: Session, workspace: Workspace, trust: Trust, now: datetime) -> Iterator[Symptom]:
    site, hint = Folder(workspace.site_folder), "handseal publish signs new lists"
    for bits in read_bits(session):
        for purpose, indices in bits.indices.items():
            identity = list_id(workspace, purpose, bits.number)
            place = f"status list {purpose}/{bits.number}"
            try:
                opened = open_status_list(read_status_list(site, identity) or b"", identity, trust=trust, now=now)
            except HandsealError as fault:
                yield _fault(place, f"cannot be used: {fault}", hint)
                continue
            if opened.bits != set_bits(bytes(LIST_BITS // 8), set(indices)):
                text = "the published list and the database disagree about who is revoked, suspended or superseded"
                yield _fault(place, text, "if the database is right: handseal publish")
            if opened.valid_until - now < LISTS_SOON:
                yield Symptom(Weight.WARNING, place, f"is good until {opened.valid_until:%Y-%m-%d} only", hint)
    yield from _partner_lists(site, trust, now)


def _partner_lists(site: Folder, trust: Trust, now: datetime) -> Iterator[Symptom]:
    for organisation in trust.list.organisations:
        if not any(trust.keys_of(organisation.id, Use.COSIGN)):
            continue
        owner = names.parse_organisation_id(organisation.id, "trust list")
        identity = names.status_list_id(owner.base, owner.slug, "revocation", 1)
        token, place = read_status_list(site, identity), f"status list of {organisation.name_at(now)}"
        if token is None:
            yield Symptom(Weight.WARNING, place, "was not received yet", "it comes with the partner's first response")
            continue
        opened: StatusList | None = None
        try:
            opened = open_status_list(token, identity, trust=trust, now=now)
        except HandsealError as fault:
            yield _fault(place, str(fault), "ask the partner body: handseal-ceremony status")
        if opened and not opened.frozen and opened.valid_until - now < SOON[-1]:
            hint = "ask the partner body: handseal-ceremony status"
            yield Symptom(Weight.WARNING, place, f"is good until {opened.valid_until:%Y-%m-%d} only", hint)


def _trust(trust: Trust, workspace: Workspace, now: datetime) -> Iterator[Symptom]:
    hint = "the holders sign a new one: handseal-ceremony trust propose"
    left = trust.expires - now
    if left <= timedelta(0):
        yield _fault("trust list", f"expired on {trust.expires:%Y-%m-%d}", hint)
    else:
        due = next((span for span in SOON if left <= span), None)
        if due is not None:
            text = f"expires on {trust.expires:%Y-%m-%d}, within {due.days} days"
            yield Symptom(Weight.WARNING, "trust list", text, hint)
    for use in (Use.ISSUE, Use.STATUS):
        if not any(trust.keys_of(workspace.organisation, use)):
            yield _fault("trust list", f"has no key of this clinic for {use.value!r}")


def _keys(workspace: Workspace) -> Iterator[Symptom]:
    for path in (workspace.issue_key, workspace.status_key):
        mode = mode_of(path)
        if mode is None:
            yield Symptom(Weight.WARNING, str(path), "is not here", "keep it where clinic.toml says, or on its stick")
        elif mode & 0o077:
            yield _fault(str(path), f"may be read by others (mode {mode:04o})", f"chmod 600 {path}")
