"""Rows, signed bytes, site and files are held against each other; what differs is said, nothing is repaired.

The signed bytes are the truth: a row that says something else was changed behind their back (D06, D07, D12).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum

from msgspec import Struct, field
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from issuer import gradebook
from issuer.config import Workspace
from issuer.lots import LOT
from issuer.models import CertificateRecord, CosignatureRecord, Enrolment, Event, State, StatusRecord, SyllabusVersion
from issuer.printing import file_name
from issuer.publishing import mode_of, published_certificates, read_status_list
from issuer.standings import endings, withdrawn
from issuer.statuses import LIST_BITS, grouped, list_id, read_bits
from keys import names
from keys.credential import Certificate, content_digest, core_of
from keys.deadlines import DAY, WARN_DAYS, Deadline, Level, list_deadline, trust_deadlines
from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.jws import parse_header, split_token
from keys.profile import parse_certificate
from keys.status import StatusList, open_status_list, set_bits
from keys.trust import Trust, Use
from verifier.folder import Folder
from verifier.materials import Materials

_MAX_PDF = 16 * 1024 * 1024
_NEW_LIST = "the holders sign a new one: handseal-ceremony trust propose"
_HINTS = {
    "root": f"{_NEW_LIST}, with [root] in the changes",
    "trust-list": _NEW_LIST,
    "key": "its owner makes another: handseal-ceremony keygen; then handseal-ceremony trust propose",
}


class Weight(Enum):
    FAULT = "fault"  # something does not hold together
    WARNING = "warning"  # something will be due


class Symptom(Struct, frozen=True):
    """What was found, where, and what helps."""

    weight: Weight
    place: str
    text: str
    hint: str = ""


class _Found(Struct):
    """What the certificates in the database account for."""

    known: set[str] = field(default_factory=set)  # lookup ids
    public: set[str] = field(default_factory=set)  # of those that may be on the site
    pdfs: set[str] = field(default_factory=set)
    ends: list[tuple[str, datetime]] = field(default_factory=list)  # cohort and end of each that counts


def examine(
    session: Session, workspace: Workspace, trust: Trust, now: datetime, materials: Materials
) -> Iterator[Symptom]:
    """Everything that is wrong or will be due; nothing where all is well. `materials`: of the clinic's site."""
    yield from _trust(trust, workspace, now)
    yield from _keys(workspace)
    yield from _lists(session, workspace, trust, now)
    yield from _syllabuses(session, workspace)
    found = _Found()
    try:
        for record in _records(session):
            found.known.add(record.lookup_id)
            yield from _certificate(record, workspace, trust, found)
    except (LookupError, ValueError):
        yield _fault("database", "a row holds a value that Handseal never writes", "restore it from a backup")
        return
    yield from _strays(workspace, found)
    yield from _deleted(session)
    for learner_id, number, now_there, marked in gradebook.altered(session):
        place = f"learner {learner_id}: graded attempt {number}"
        yield _fault(place, f"is {now_there} in the database, the key gave {marked}", "grade the answers again")
    yield from _withdrawn(session, materials, now)
    yield from _ending(found.ends, now)


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
                joinedload(CertificateRecord.enrolment).joinedload(Enrolment.cohort),
                selectinload(CertificateRecord.successors),
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


def _certificate(record: CertificateRecord, workspace: Workspace, trust: Trust, found: _Found) -> Iterator[Symptom]:
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
            yield from _files(record, record.token, core, workspace, found, place)
        if not record.status.revoked and record.superseded_by is None and isinstance(core.valid_until, datetime):
            found.ends.append((record.enrolment.cohort.name, core.valid_until))


def _row(record: CertificateRecord, core: Certificate, workspace: Workspace, place: str) -> Iterator[Symptom]:
    learner, status = record.enrolment.learner, record.status
    named = (learner.name, learner.latin_name) == (core.printed_name, core.latin_name)
    if not named and not status.superseded and not _is_pending(record):
        yield _misnamed(record, core, place)
    entry = core.credential_status
    number = names.parse_status_list_id(entry.status_list_credential, place).number
    if (number, entry.index) != (status.list_number, status.list_index):
        yield _fault(place, "its place in the status list is not the one in the certificate")
    if record.proposed_at != core.valid_from:
        yield _fault(place, "the date of its proposal is not the one in the certificate")
    if core.issuer.id != workspace.organisation:
        yield _fault(place, f"was proposed by {core.issuer.id}, which is not this clinic")


def _is_pending(record: CertificateRecord) -> bool:
    """Whether it corrects a name that the learner's record gets when it is issued."""
    return record.supersedes_id is not None and record.state is not State.ISSUED


def _misnamed(record: CertificateRecord, core: Certificate, place: str) -> Symptom:
    """A name that was corrected on another certificate is due here as well; any other difference is a fault."""
    for enrolment in record.enrolment.learner.enrolments:
        for other in enrolment.certificates:
            if other.status.superseded and _names_in(other) == (core.printed_name, core.latin_name):
                text = "still bears the name that was corrected on another certificate"
                hint = f"handseal correct {grouped(record.lookup_id)} makes a successor"
                return Symptom(Weight.WARNING, place, text, hint)
    hint = "the certificate says what was signed; put the row right, or make a successor with handseal correct"
    return _fault(place, "the learner's name in the database is not the one in the certificate", hint)


def _names_in(record: CertificateRecord) -> tuple[str, str | None] | None:
    """What its draft calls the person; None where it cannot be read, which is said of it elsewhere."""
    try:
        core = parse_certificate(record.core, "draft")
    except HandsealError:
        return None
    return core.printed_name, core.latin_name


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
    found: _Found,
    place: str,
) -> Iterator[Symptom]:
    learner = record.enrolment.learner
    site, hint = Folder(workspace.site_folder), "handseal publish puts it right"
    published = site.read(names.certificate_path(record.lookup_id))
    if learner.consent_page:
        found.public.add(record.lookup_id)
        if published is None:
            yield _fault(place, "is not on the site", hint)
        elif published != token:
            yield _fault(place, "the file on the site is not the signed certificate", hint)
    elif published is not None:
        found.public.add(record.lookup_id)
        yield _fault(place, "is on the site, and the learner does not agree to a page", hint)
    name = file_name(core, learner.learner_id, record.lookup_id)
    found.pdfs.add(name)
    pdf = Folder(workspace.certificates).read(name, _MAX_PDF)
    if pdf is None and not record.status.revoked:
        yield _fault(f"certificates/{name}", "is missing", "handseal render makes it again")
    elif pdf is not None and sha256(pdf) != record.pdf_digest:
        yield _fault(f"certificates/{name}", "is not the file that was printed", "handseal render makes it again")


# -- what belongs to nothing -------------------------------------------------------------------------------------------


def _strays(workspace: Workspace, found: _Found) -> Iterator[Symptom]:
    for lookup_id in published_certificates(Folder(workspace.site_folder)):
        if lookup_id not in found.known:
            hint = "if it was erased on purpose, remove the file; else restore the database from a backup"
            yield _fault(f"site: c/{lookup_id[:2]}/{lookup_id}.jwt", "is of no certificate in the database", hint)
        elif lookup_id not in found.public:
            yield _fault(f"site: c/{lookup_id[:2]}/{lookup_id}.jwt", "is of a certificate that is not issued")
    for name in Folder(workspace.certificates).names():
        if name.endswith(".pdf") and name not in found.pdfs:
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


# -- what ends ---------------------------------------------------------------------------------------------------------


def _withdrawn(session: Session, materials: Materials, now: datetime) -> Iterator[Symptom]:
    for lookup_id in sorted(withdrawn(session, materials, now)):
        text = "is not valid any more: its partners withdrew so many co-signatures that fewer than required remain"
        hint = "ask them why; handseal revoke ends it for good"
        yield Symptom(Weight.WARNING, f"certificate {grouped(lookup_id)}", text, hint)


def _ending(ends: list[tuple[str, datetime]], now: datetime) -> Iterator[Symptom]:
    for ending in endings(ends, now, now + WARN_DAYS[-1] * DAY):
        count = "1 certificate expires" if ending.count == 1 else f"{ending.count} certificates expire"
        days = f"on {ending.first:%Y-%m-%d}"
        if ending.first != ending.last:
            days = f"from {ending.first:%Y-%m-%d} to {ending.last:%Y-%m-%d}"
        hint = f"handseal renew --cohort {ending.cohort} makes successors for who was assessed again"
        yield Symptom(Weight.WARNING, f"cohort {ending.cohort}", f"{count} {days}", hint)


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
            yield from _due(list_deadline(opened, place, now), hint)
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
        if opened and not opened.frozen:
            yield from _due(list_deadline(opened, place, now), "ask the partner body: handseal-ceremony status")


def _trust(trust: Trust, workspace: Workspace, now: datetime) -> Iterator[Symptom]:
    for deadline in trust_deadlines(trust, now):
        yield from _due(deadline, _HINTS[deadline.kind])
    for use in (Use.ISSUE, Use.STATUS):
        if not any(trust.keys_of(workspace.organisation, use)):
            yield _fault("trust list", f"has no key of this clinic for {use.value!r}")


def _due(deadline: Deadline, hint: str) -> Iterator[Symptom]:
    """A fault once it is too late, a warning at 60, 30 and 7 days."""
    if deadline.level > Level.FINE:
        weight = Weight.FAULT if deadline.level is Level.ENDED else Weight.WARNING
        yield Symptom(weight, deadline.name, deadline.text.removeprefix(f"{deadline.name} "), hint)


def _keys(workspace: Workspace) -> Iterator[Symptom]:
    for path in (workspace.issue_key, workspace.status_key):
        mode = mode_of(path)
        if mode is None:
            yield Symptom(Weight.WARNING, str(path), "is not here", "keep it where clinic.toml says, or on its stick")
        elif mode & 0o077:
            yield _fault(str(path), f"may be read by others (mode {mode:04o})", f"chmod 600 {path}")
