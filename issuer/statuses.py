"""A certificate's standing after issue is three bits; they reach the site together, from one transaction, or not.

formats.md section 6. Revoked and superseded are final: a list that would take such a bit back is never signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from issuer.config import Workspace
from issuer.database import take_turns
from issuer.models import CertificateRecord, CosignatureRecord, Event, State, StatusRecord
from issuer.publishing import publish_status_list, read_status_list
from keys import names
from keys.encoding import parse
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.jws import parse_header, split_token
from keys.profile import parse_certificate
from keys.signer import Signer
from keys.status import (
    ISSUER_LIST_LIFE,
    MAX_LIST_BYTES,
    MIN_BITS,
    StatusListCredential,
    TrustListReference,
    build_status_list,
    decode_bits,
    open_status_list,
    set_bits,
    sign_status_list,
)
from keys.text import mixed_script_words, require_text
from keys.trust import Trust, Use
from verifier.folder import Folder

LIST_BITS = MIN_BITS
MAX_PER_LIST = LIST_BITS // 2
"""A new list is begun when one is half full, so that a free random index is found at once."""
RENEW_BEFORE = timedelta(days=28)
"""`issue` signs lists anew that have less than this left: verifiers accept a list for 35 days."""
FINAL = ("revocation", "refresh")
MAX_REASON = 500


class Change(Enum):
    """What a manager can do to an issued certificate."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"


class Bits(Struct, frozen=True):
    """The indices set in the lists of one number."""

    number: int
    indices: Mapping[str, frozenset[int]]  # by purpose


def find_certificate(session: Session, lookup_id: str) -> CertificateRecord:
    """The certificate of a typed id; HandsealError where there is none."""
    lookup = names.parse_lookup_id(lookup_id)
    record = session.scalar(select(CertificateRecord).where(CertificateRecord.lookup_id == lookup))
    if record is None:
        raise HandsealError(f"{grouped(lookup)}: there is no such certificate", hint="handseal list shows all")
    return record


def grouped(lookup_id: str) -> str:
    """A lookup id as a person reads it: `ABCD-EFGH-…`."""
    return "-".join(lookup_id[i : i + 4] for i in range(0, len(lookup_id), 4))


def require_reason(reason: str) -> str:
    """What is written beside a change: short, readable, not empty."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise HandsealError(f"reason: has 1 to {MAX_REASON} characters")
    return require_text(reason, "reason")


def change_status(session: Session, lookup_id: str, change: Change, *, reason: str, now: datetime) -> bool:
    """Changes one issued certificate's bits; False where they are so already. The lists are published afterwards.

    HandsealError for a certificate that is not issued, and for taking a revocation back (S13).
    """
    record = find_certificate(session, lookup_id)
    place, status = grouped(record.lookup_id), record.status
    if record.state is not State.ISSUED:
        raise HandsealError(f"{place}: is {record.state.value}, not issued", hint="handseal recall takes back a draft")
    if change is not Change.REVOKE and status.revoked:
        raise HandsealError(f"{place}: is revoked, and that is final")
    if change is Change.REINSTATE and not status.suspended:
        raise HandsealError(f"{place}: is not suspended", hint="handseal publish brings the site up to date")
    if (change is Change.REVOKE and status.revoked) or (change is Change.SUSPEND and status.suspended):
        return False
    if change is Change.REVOKE:
        status.revoked = True
    else:
        status.suspended = change is Change.SUSPEND
    _note(session, record, change.value, reason, now)
    return True


def recall(session: Session, lookup_id: str, *, reason: str, now: datetime) -> bool:
    """Takes back a certificate before issue; its index is never used again. False where it was done already.

    If partners or the clinic had signed it, its revocation bit is set: their signatures stay somewhere.
    """
    record = find_certificate(session, lookup_id)
    place = grouped(record.lookup_id)
    if record.state is State.RECALLED:
        return False
    if record.state is State.ISSUED:
        raise HandsealError(f"{place}: is issued already", hint="handseal revoke takes back an issued certificate")
    record.state = State.RECALLED
    cosigned = select(CosignatureRecord.id).where(CosignatureRecord.certificate_digest == record.digest)
    if record.token is not None or session.scalar(cosigned):
        record.status.revoked = True
    _note(session, record, "recall", reason, now)
    return True


def supersede(session: Session, successors: Iterable[CertificateRecord], now: datetime) -> None:
    """Ends what these certificates replace, and gives the learners the names that were corrected.

    Replaced is refresh and revocation together, and final. The lists are published before a successor is.
    """
    for new in successors:
        old = new.supersedes
        if old is None or old.status.superseded:
            continue
        require_replacing(new)
        old.status.revoked = old.status.superseded = True
        _rename(new, old)
        _note(session, old, "supersede", new.status.reason or "replaced", now)


def require_replacing(new: CertificateRecord) -> None:
    """HandsealError where what it replaces was taken back meanwhile: a successor is no way around that."""
    old = new.supersedes
    if old is None or old.status.superseded or not (old.status.revoked or old.status.suspended):
        return
    word = "revoked" if old.status.revoked else "suspended"
    raise HandsealError(
        f"replaces {grouped(old.lookup_id)}, which was {word}",
        hint=f"handseal recall {grouped(new.lookup_id)} takes the successor back",
    )


def _rename(new: CertificateRecord, old: CertificateRecord) -> None:
    """What the successor changed, and nothing else: the record may have been put right meanwhile."""
    learner = new.enrolment.learner
    now, before = (parse_certificate(each.core, f"certificate {grouped(each.lookup_id)}") for each in (new, old))
    if now.printed_name != before.printed_name:
        learner.name = now.printed_name
    if now.latin_name != before.latin_name:
        learner.latin_name = now.latin_name
    if mixed_script_words(learner.name) or mixed_script_words(learner.latin_name or ""):
        learner.mixed_script_reason = learner.mixed_script_reason or new.status.reason


def _note(session: Session, record: CertificateRecord, command: str, reason: str, now: datetime) -> None:
    record.status.reason = require_reason(reason)
    record.status.changed_at = now
    session.add(Event(moment=now, command=command, subject=record.lookup_id, reason=record.status.reason))


# -- the lists ---------------------------------------------------------------------------------------------------------


def list_id(workspace: Workspace, purpose: str, number: int) -> str:
    return names.status_list_id(workspace.site, workspace.config.clinic.slug, purpose, number)


def read_bits(session: Session) -> tuple[Bits, ...]:
    """Every list's bits at one moment of the database; list 1 exists from the start."""
    newest = session.scalar(select(func.max(StatusRecord.list_number))) or 1
    columns = {
        "revocation": StatusRecord.revoked,
        "suspension": StatusRecord.suspended,
        "refresh": StatusRecord.superseded,
    }
    found = []
    for number in range(1, newest + 1):
        indices = {}
        for purpose, column in columns.items():
            rows = session.scalars(select(StatusRecord.list_index).where(StatusRecord.list_number == number, column))
            indices[purpose] = frozenset(rows)
        found.append(Bits(number, indices))
    return tuple(found)


def publish_lists(
    session: Session, workspace: Workspace, *, trust: Trust, signer: Signer, now: datetime
) -> tuple[str, ...]:
    """Signs and publishes every list as the database stands; returns their ids. `session` is a writing one.

    Two commands at once take turns here (S14), so that the newest list on the site holds the bits of both. All lists
    are signed and opened as a verifier does before the first is written.
    """
    take_turns(session)
    require_key(trust, signer, workspace.organisation, Use.STATUS, "status key")
    reference = TrustListReference.of(trust, workspace.site)
    site = Folder(workspace.site_folder)
    signed: dict[str, bytes] = {}
    for bits in read_bits(session):
        for purpose, indices in bits.indices.items():
            identity = list_id(workspace, purpose, bits.number)
            _require_progress(read_status_list(site, identity), identity, indices, trust, now)
            credential = build_status_list(
                identity,
                set_bits(bytes(LIST_BITS // 8), set(indices)),
                issuer=workspace.organisation,
                now=now,
                life=ISSUER_LIST_LIFE,
                trust_list=reference,
            )
            token = sign_status_list(credential, signer).encode("ascii")
            open_status_list(token, identity, trust=trust, now=now)
            signed[identity] = token
    for identity, token in signed.items():
        publish_status_list(site, identity, token)
    return tuple(signed)


def lists_need_signing(session: Session, workspace: Workspace, *, trust: Trust, now: datetime) -> bool:
    """Whether a list is missing, soon out of date, not as the database says, or made under an older trust list."""
    site = Folder(workspace.site_folder)
    for bits in read_bits(session):
        for purpose, indices in bits.indices.items():
            identity = list_id(workspace, purpose, bits.number)
            token = read_status_list(site, identity)
            try:
                opened = open_status_list(token or b"", identity, trust=trust, now=now)
            except HandsealError:
                return True
            if opened.valid_until - now < RENEW_BEFORE or opened.trust_list.digest_sri != trust.digest:
                return True
            if opened.bits != set_bits(bytes(LIST_BITS // 8), set(indices)):
                return True
    return False


def require_key(trust: Trust, signer: Signer, organisation: str, use: Use, place: str) -> None:
    """ConfigurationError unless the trust list knows this key as that organisation's for that use (K08)."""
    known = trust.key(signer.kid)
    if known is None or known.organisation.id != organisation or known.key.use is not use:
        raise ConfigurationError(
            f"{place}: the trust list has no such key of {organisation} for {use.value!r}",
            hint="name the right key file in clinic.toml, or have the key added to the trust list",
        )


def _require_progress(
    earlier: bytes | None, identity: str, indices: Iterable[int], trust: Trust, now: datetime
) -> None:
    """Against a database put back to an older day, and a clock that was."""
    if earlier is None:
        return
    try:
        credential = _own_list(earlier, identity, trust)
        bits = decode_bits(credential.credential_subject.encoded_list, identity)
    except HandsealError:
        return  # whatever lies there is no list that a verifier ever accepted
    if credential.valid_from > now:
        raise HandsealError(
            f"clock: a status list on the site is dated {credential.valid_from:%Y-%m-%d %H:%M}Z, after now",
            hint="set the clock of this computer",
        )
    missing = bytearray(a & ~b for a, b in zip(bits, set_bits(bytes(len(bits)), set(indices)), strict=True))
    if identity.split("/")[-2] in FINAL and any(missing):
        raise HandsealError(
            f"{identity}: a certificate that was revoked is not in the database as revoked",
            hint="the database was changed or is an older copy: handseal doctor says which; nothing was published",
        )


def _own_list(token: bytes, identity: str, trust: Trust) -> StatusListCredential:
    """A list that this clinic signed once, however old; FormatError or SignatureError otherwise."""
    parts = split_token(token, identity, limit=MAX_LIST_BYTES)
    known = trust.key(parse_header(parts, identity).kid)
    if known is None or known.key.use is not Use.STATUS:
        raise FormatError(f"{identity}: is not signed by a status key")
    known.public.require_signature(parts.signed, parts.signature)
    credential = parse(parts.payload, StatusListCredential, identity, limit=MAX_LIST_BYTES)
    if credential.id != identity:
        raise FormatError(f"{identity}: is another list")
    return credential


# -- free places -------------------------------------------------------------------------------------------------------


def free_list(session: Session) -> tuple[int, set[int]]:
    """The number of the list that new certificates go into, and the indices taken in it."""
    newest = session.scalar(select(func.max(StatusRecord.list_number))) or 1
    taken = set(session.scalars(select(StatusRecord.list_index).where(StatusRecord.list_number == newest)))
    return (newest, taken) if len(taken) < MAX_PER_LIST else (newest + 1, set())
