"""Who asks to be forgotten is in no row, no file and no free page of the database; the status lists stay as they were.

A certificate that the person holds keeps its place in the lists and still verifies (I16). What lies elsewhere, on
sticks, in backups, at partner bodies, only people can destroy: they are told what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from msgspec import Struct
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from issuer.config import Workspace
from issuer.database import forget, writing
from issuer.models import CertificateRecord, CosignatureRecord, Enrolment, Event, Learner, State
from issuer.printing import file_name
from issuer.publishing import withdraw_certificate
from issuer.statuses import grouped, require_reason
from keys import names
from keys.encoding import b64url_decode
from keys.errors import FormatError, HandsealError
from keys.profile import parse_certificate
from verifier.folder import Folder, settle

MAX_LOOKED_AT = 256 * 1024 * 1024
"""Larger files are named as not looked at."""
_TOKEN = re.compile(rb"[\w-]{20,}\.([\w-]{20,})\.[\w-]{20,}")
_ARCHIVES = (".xlsx", ".ods", ".zip")
_OURS = (".cache/", "keys/", "certificates/")


class Person(Struct, frozen=True):
    """By what a file would show that it holds somebody."""

    learner_id: str
    texts: tuple[str, ...]  # names, address, ids; the learner's id apart, because it may be short
    lookup_ids: tuple[str, ...]
    pdfs: tuple[str, ...]


class Erased(Struct, frozen=True):
    """What is gone, and by what the person is found elsewhere."""

    person: Person
    certificates: int
    proposed: int  # of them: still at partner bodies


def erase(engine: Engine, workspace: Workspace, identity: str, *, reason: str, now: datetime) -> Erased:
    """Removes a learner, by the clinic's own id or that of a certificate: rows, published files, PDFs.

    Kept are the places in the status lists, and that somebody was erased, with the reason. HandsealError where there is
    no such learner, or the reason names the person.
    """
    with writing(engine) as session:
        learner = _find(session, identity)
        records = _certificates(session, learner)
        person = _person(learner, records)
        reason = _require_nameless(require_reason(reason), person)
        site, pdfs = Folder(workspace.site_folder), Folder(workspace.certificates)
        for lookup_id in person.lookup_ids:
            withdraw_certificate(site, lookup_id)
        for name in person.pdfs:
            pdfs.remove(name)
        settle()
        proposed = sum(record.state is State.PROPOSED for record in records)
        _forget_certificates(session, records, reason, now)
        if not records:
            session.add(Event(moment=now, command="erase learner", subject="without a certificate", reason=reason))
        session.execute(update(Event).where(Event.subject == learner.learner_id).values(subject="erased", reason=None))
        session.delete(learner)
    forget(engine)
    return Erased(person, len(records), proposed)


def files_holding(folder: Folder, person: Person) -> Iterator[str]:
    """The files below `folder` that hold the person, besides the database; what cannot be read is named as well."""
    words = [text.encode() for text in person.texts]
    own = re.compile(rb"(?<![\w-])" + re.escape(person.learner_id.encode()) + rb"(?![\w-])")
    for name in folder.names():
        if name.startswith(_OURS):
            continue
        try:
            data = folder.read(name, MAX_LOOKED_AT) or b""
        except HandsealError:
            yield f"{name} (could not be read)"
            continue
        if any(own.search(part) or any(word in part for word in words) for part in _parts(name, data)):
            yield name


def _parts(name: str, data: bytes) -> Iterator[bytes]:
    """The bytes of a file, what signed tokens in it say, and what an archive holds."""
    yield data
    for token in _TOKEN.finditer(data):
        try:
            yield b64url_decode(token[1].decode("ascii"))
        except FormatError:
            continue
    if name.lower().endswith(_ARCHIVES):
        try:
            with ZipFile(BytesIO(data)) as archive:
                yield from (archive.read(part) for part in archive.infolist() if part.file_size <= MAX_LOOKED_AT)
        except (BadZipFile, NotImplementedError, RuntimeError, OSError):
            return


def _find(session: Session, identity: str) -> Learner:
    learner = session.scalar(select(Learner).where(Learner.learner_id == identity))
    if learner is not None:
        return learner
    try:
        lookup = names.parse_lookup_id(identity)
    except FormatError:
        lookup = ""
    record = session.scalar(select(CertificateRecord).where(CertificateRecord.lookup_id == lookup))
    if record is None:
        raise HandsealError(
            "there is no such learner", hint="the clinic's own id, or that of a certificate: handseal list shows both"
        )
    return record.enrolment.learner


def _certificates(session: Session, learner: Learner) -> Sequence[CertificateRecord]:
    query = (
        select(CertificateRecord)
        .join(CertificateRecord.enrolment)
        .where(Enrolment.learner_id == learner.id)
        .order_by(CertificateRecord.id.desc())
    )
    return session.scalars(query).all()


def _person(learner: Learner, records: Sequence[CertificateRecord]) -> Person:
    texts = {learner.name, learner.latin_name, learner.email, learner.wallet_did}
    pdfs: list[str] = []
    for record in records:
        core = parse_certificate(record.core, f"certificate {grouped(record.lookup_id)}")
        texts |= {core.printed_name, core.latin_name, core.id, record.lookup_id, grouped(record.lookup_id)}
        pdfs.append(file_name(core, learner.learner_id, record.lookup_id))
    found = tuple(sorted(text for text in texts if text))
    return Person(learner.learner_id, found, tuple(record.lookup_id for record in records), tuple(pdfs))


def _require_nameless(reason: str, person: Person) -> str:
    """The reason is what stays: it must not say who it was."""
    folded = reason.casefold()
    if any(text.casefold() in folded for text in (*person.texts, person.learner_id)):
        raise HandsealError("reason: names the person, and it is kept", hint='--reason "asked to be erased"')
    return reason


def _forget_certificates(session: Session, records: Sequence[CertificateRecord], reason: str, now: datetime) -> None:
    """Certificates, newest first, with their co-signatures; what was done with them stays without saying with whom."""
    for record in records:
        place = f"place {record.status.list_index} of list {record.status.list_number}"
        signed = delete(CosignatureRecord).where(CosignatureRecord.certificate_digest == record.digest)
        cosigned = session.scalar(
            select(CosignatureRecord.id).where(CosignatureRecord.certificate_digest == record.digest).limit(1)
        )
        if record.state is not State.ISSUED and (cosigned or record.token):
            record.status.revoked = True  # signatures on something that never left the house
        record.status.reason = None
        session.execute(signed)
        session.execute(update(Event).where(Event.subject == record.lookup_id).values(subject=place, reason=None))
        session.add(Event(moment=now, command="erase", subject=place, reason=reason))
        session.delete(record)
        session.flush()
