"""What partners send is opened before it is stored, and stored once however often it arrives.

A response belongs to a request of this clinic, each co-signature in it to a certificate that was proposed
(formats.md sections 4 and 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO

from msgspec import Struct
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from issuer.config import Workspace
from issuer.database import writing
from issuer.lots import lots
from issuer.models import CertificateRecord, CosignatureRecord, Event, RequestRecord, State
from issuer.publishing import is_published, publish_status_list, publish_trust, read_status_list, trust_reader
from keys.cosignature import Cosignature, fits, open_cosignature
from keys.credential import Endorsement, calendar_date
from keys.encoding import parse
from keys.errors import FormatError, HandsealError, SignatureError
from keys.jws import split_token
from keys.names import parse_status_list_id
from keys.profile import parse_certificate
from keys.response import ResponseReader
from keys.status import MAX_LIST_BYTES, StatusList, StatusListCredential, decode_bits, open_status_list
from keys.trust import Trust, Use
from keys.trust_chain import TARGETS, is_trust_file, list_name, load_trust, root_name
from verifier.folder import Folder, taking_turns


class Answer(Struct, frozen=True):
    """What one response brought."""

    organisation: str
    new: int
    known: int  # came before, or another one of the same body for the same content did (C27)
    late: int  # for certificates that are closed or recalled: stored, not added
    status_list: ListNews
    erased: int = 0  # for certificates of people who were erased meanwhile: not stored


class ListNews(Struct, frozen=True):
    """A partner's status list: `changed` where it took the place of an older one."""

    id: str
    organisation: str
    dated: datetime
    changed: bool


class TrustNews(Struct, frozen=True):
    trust: Trust
    changed: bool


def receive_response(
    engine: Engine, workspace: Workspace, stream: BinaryIO, *, trust: Trust, now: datetime, place: str
) -> Answer:
    """Verifies a whole response, stores its co-signatures in one transaction, publishes the partner's list.

    HandsealError or FormatError names the line; then nothing of the response was taken.
    """
    reader = ResponseReader(stream)
    signer = reader.header.signer
    counts = {"new": 0, "known": 0, "late": 0, "erased": 0}
    with writing(engine) as session:
        asked = session.scalar(select(RequestRecord.created).where(RequestRecord.digest == reader.header.request))
        if asked is None:
            raise HandsealError(
                f"{place}: answers a request that this clinic did not write",
                hint="the partner must answer the file that `handseal propose` wrote, unchanged",
            )
        if not any(trust.keys_of(signer, Use.COSIGN)):
            raise HandsealError(f"{place}: is signed by {signer}, which is no co-signer of the trust list")
        erased = session.scalar(select(Event.id).where(Event.command == "erase", Event.moment >= asked).limit(1))
        for lot in lots(enumerate(reader, start=2)):
            for outcome in _take_lot(session, lot, signer, trust, now, place, erased=erased is not None):
                counts[outcome] += 1
            session.flush()
            session.expunge_all()
        token = reader.status_list.encode("utf-8")
        opened = _open_list(token, trust, now, place)
        if opened.issuer != signer:
            raise HandsealError(f"{place}: holds the status list of another organisation")
        _require_kept(workspace, opened, place)
    return Answer(organisation=signer, status_list=_publish_list(workspace, opened), **counts)


def receive_status_list(workspace: Workspace, token: bytes, *, trust: Trust, now: datetime, place: str) -> ListNews:
    """Verifies a partner's status list and puts it on the site, if it is newer than the one there."""
    opened = _open_list(token, trust, now, place)
    _require_kept(workspace, opened, place)
    return _publish_list(workspace, opened)


def receive_trust(workspace: Workspace, files: Mapping[str, bytes]) -> TrustNews:
    """Verifies a newer trust list over the one on the site and publishes it; older ones are refused (R03).

    `files` by name, as `issuer.publishing.trust_files` gives them.
    """
    site = Folder(workspace.site_folder)
    with taking_turns(site):
        new = load_trust(trust_reader(site, files), root_digest=workspace.root_digest)
        if is_published(site, f"trust/{TARGETS}"):
            _require_newer(new, _on_site(site, workspace.root_digest))
        verified = {name: data for name, data in files.items() if name in _chain(new)}
        return TrustNews(new, publish_trust(site, verified))


def _on_site(site: Folder, root_digest: str) -> tuple[int, int, str]:
    """Version of list and root on the site, and the list's digest.

    Where writing them broke off, the set is not whole: then what is numbered says how far it had come, and bytes that
    differ are refused when they are written.
    """
    try:
        old = load_trust(trust_reader(site), root_digest=root_digest)
    except HandsealError:
        numbered = [name.removeprefix("trust/") for name in site.names("trust") if is_trust_file(name[6:])]
        lists, roots = (
            max((int(name.partition(".")[0]) for name in numbered if name.endswith(ending)), default=0)
            for ending in (".list.json", ".root.json")
        )
        return lists, roots, ""
    return old.list.version, old.root_version, old.digest


def _require_newer(new: Trust, old: tuple[int, int, str]) -> None:
    version, root_version, digest = old
    if (new.list.version, new.root_version) < (version, root_version):
        raise HandsealError(
            f"trust list: version {new.list.version} is older than version {version} on the site",
            hint="somebody may be offering an old list: ask the trust-list holders",
        )
    if new.list.version == version and digest and new.digest != digest:
        raise HandsealError(f"trust list: version {new.list.version} has other bytes than the one on the site")


def _chain(trust: Trust) -> set[str]:
    """The files that were read: any other beside them is unverified, and would stand in the way of a later one."""
    roots = (root_name(version) for version in range(1, trust.root_version + 1))
    return {TARGETS, *roots, *(list_name(version) for version in range(1, trust.list.version + 1))}


def _take_lot(
    session: Session,
    lot: tuple[tuple[int, str], ...],
    signer: str,
    trust: Trust,
    now: datetime,
    place: str,
    *,
    erased: bool,
) -> list[str]:
    """What became of each co-signature; with `erased`, one for an unknown certificate is of somebody who is gone."""
    subjects = [_subject(token, f"{place}: response line {number}") for number, token in lot]
    query = select(CertificateRecord).where(CertificateRecord.certificate_id.in_(subjects))
    records = {record.certificate_id: record for record in session.scalars(query)}
    seen = _seen(session, signer, [record.digest for record in records.values()])
    outcomes: list[str] = []
    new: list[dict[str, object]] = []
    for (number, token), subject in zip(lot, subjects, strict=True):
        where = f"{place}: response line {number}"
        record = records.get(subject)
        if record is None and erased:
            outcomes.append("erased")
            continue
        if record is None:
            raise HandsealError(f"{where}: is for a certificate that this clinic did not propose")
        cosignature = _open(token, record, signer, trust, now, where)
        if record.digest in seen:
            outcomes.append("known")
            continue
        seen.add(record.digest)
        kept = {"certificate_digest": record.digest, "organisation": cosignature.organisation}
        new.append({**kept, "token": token.encode("ascii"), "received_at": now})
        if record.state is State.RECALLED:
            record.status.revoked = True  # a partner's signature on it is out there
        outcomes.append("new" if record.state is State.PROPOSED and record.token is None else "late")
    if new:
        session.execute(insert(CosignatureRecord), new)
    return outcomes


def _seen(session: Session, organisation: str, digests: list[bytes]) -> set[bytes]:
    """Contents that this organisation co-signed before: a second co-signature never takes the first's place (C27)."""
    query = select(CosignatureRecord.certificate_digest).where(
        CosignatureRecord.certificate_digest.in_(digests), CosignatureRecord.organisation == organisation
    )
    return set(session.scalars(query))


def _subject(token: str, place: str) -> str:
    """Which certificate a co-signature says it is for; not believed before `_open`."""
    return parse(split_token(token.encode("utf-8"), place).payload, Endorsement, place).sub


def _open(token: str, record: CertificateRecord, signer: str, trust: Trust, now: datetime, place: str) -> Cosignature:
    """The co-signature, if a verifier would count it."""
    core = parse_certificate(record.core, place)
    cosignature = open_cosignature(token, core, record.digest, trust, place)
    if cosignature is None:
        raise SignatureError(
            f"{place}: its key is not in the trust list", hint="if the key is new, receive the new trust list first"
        )
    if cosignature.organisation != signer:
        raise HandsealError(f"{place}: is by another organisation than the response")
    policy = trust.policy(core.programme, core.valid_from)
    if policy is None or signer not in policy.cosigners:
        raise HandsealError(f"{place}: {signer} is not asked to co-sign this programme")
    late = isinstance(policy.until, datetime) and cosignature.signed > policy.until
    if late or not fits(cosignature, core, now):
        raise HandsealError(
            f"{place}: is dated {calendar_date(cosignature.signed)}, when it could not be co-signed",
            hint=f"the certificate was proposed on {calendar_date(core.valid_from)}; the partner's clock may be wrong",
        )
    return cosignature


def _open_list(token: bytes, trust: Trust, now: datetime, place: str) -> StatusList:
    parts = split_token(token, place, limit=MAX_LIST_BYTES)
    named = parse(parts.payload, StatusListCredential, place, limit=MAX_LIST_BYTES).id
    opened = open_status_list(token, named, trust=trust, now=now)
    known = trust.key(opened.kid)
    if known is None or known.key.use is not Use.COSIGN:
        raise HandsealError(f"{place}: is not a partner's status list", hint="handseal publish writes the clinic's own")
    return opened


def _require_kept(workspace: Workspace, opened: StatusList, place: str) -> None:
    """Against a newer list in which a withdrawn co-signature comes back (formats.md section 6)."""
    earlier = _earlier(workspace, opened.id)
    if earlier is None or earlier.valid_from > opened.valid_from:
        return
    bits = decode_bits(earlier.credential_subject.encoded_list, place)
    if any(old & ~new for old, new in zip(bits, opened.bits.ljust(len(bits), b"\0"), strict=False)):
        raise HandsealError(
            f"{place}: a co-signature that {opened.issuer} withdrew is not withdrawn in this list",
            hint="ask the partner body: its state folder may be an old copy",
        )


def _publish_list(workspace: Workspace, opened: StatusList) -> ListNews:
    site = Folder(workspace.site_folder)
    with taking_turns(site):
        earlier = _earlier(workspace, opened.id)
        newer = earlier is None or earlier.valid_from < opened.valid_from
        if newer:
            publish_status_list(site, opened.id, opened.token)
    return ListNews(opened.id, opened.issuer, opened.valid_from, newer)


def _earlier(workspace: Workspace, list_id: str) -> StatusListCredential | None:
    """The list on the site, which was verified when it was put there; None where there is none to be read."""
    token = read_status_list(Folder(workspace.site_folder), list_id)
    if token is None:
        return None
    place = f"status list {parse_status_list_id(list_id, 'status list').slug}"
    try:
        parts = split_token(token, place, limit=MAX_LIST_BYTES)
        return parse(parts.payload, StatusListCredential, place, limit=MAX_LIST_BYTES)
    except FormatError:
        return None
