"""How a certificate stands beyond the clinic's own bits: withdrawn by its partners, or at its end.

Whether it is withdrawn says the employer's verifier, asked only about those that a partner's list touches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.lots import LOT, lots
from issuer.models import CertificateRecord, CosignatureRecord, State
from keys.credential import Endorsement, StatusEntry
from keys.encoding import parse
from keys.errors import HandsealError
from keys.jws import split_token
from keys.status import StatusList
from keys.trust import Use
from verifier.materials import Materials
from verifier.report import Verdict
from verifier.verify import verify


class Ending(Struct, frozen=True):
    """Certificates of one cohort that will expire and have no successor."""

    cohort: str
    count: int
    first: datetime
    last: datetime


def withdrawn(session: Session, materials: Materials, now: datetime) -> frozenset[str]:
    """Lookup ids of issued certificates that no longer have enough co-signatures, by the partners' lists."""
    lists = {
        identity: opened
        for identity, opened in materials.lists.items()
        if isinstance(opened, StatusList) and opened.use is Use.COSIGN and any(opened.bits)
    }
    found: set[str] = set()
    for digests in lots(sorted(_touched(session, lists)) if lists else ()):
        query = select(CertificateRecord).where(
            CertificateRecord.digest.in_(digests), CertificateRecord.state == State.ISSUED
        )
        found |= {r.lookup_id for r in session.scalars(query) if is_withdrawn(r, materials, now)}
    return frozenset(found)


def is_withdrawn(record: CertificateRecord, materials: Materials, now: datetime) -> bool:
    """Whether partners took back so many co-signatures that fewer than required remain."""
    if record.token is None or record.state is not State.ISSUED:
        return False
    return verify(record.token, materials, at=now, now=now).verdict is Verdict.WITHDRAWN


def _touched(session: Session, lists: dict[str, StatusList]) -> Iterator[bytes]:
    """Content digests of which a co-signature's place is set in its list."""
    query = select(CosignatureRecord.certificate_digest, CosignatureRecord.token).execution_options(yield_per=LOT)
    for digest, token in session.execute(query):
        entry = _entry(token)
        opened = lists.get(entry.status_list_credential) if entry else None
        if entry and opened and entry.index < opened.length and opened.is_set(entry.index):
            yield digest


def _entry(token: bytes) -> StatusEntry | None:
    """The place of a stored co-signature in its list; None for a damaged one, which `doctor` finds."""
    try:
        return parse(split_token(token, "co-signature").payload, Endorsement, "co-signature").credential_status
    except HandsealError:
        return None


def endings(ends: Sequence[tuple[str, datetime]], now: datetime, before: datetime) -> Iterator[Ending]:
    """By cohort, what ends from now until a moment; `ends` are cohorts with the end of one certificate each."""
    cohorts: dict[str, list[datetime]] = {}
    for cohort, end in ends:
        if now <= end < before:
            cohorts.setdefault(cohort, []).append(end)
    for cohort in sorted(cohorts):
        days = cohorts[cohort]
        yield Ending(cohort, len(days), min(days), max(days))
