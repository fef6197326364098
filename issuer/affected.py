"""What is lost where a key was in other hands: the certificates that no longer hold, and the learners to tell.

Each certificate goes through the employer's verifier twice: under the trust list that declares the key compromised,
and under one that does not. What only the first one refuses, falls with the key (formats.md section 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import Enum

from msgspec import UNSET, Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.lots import LOT
from issuer.models import CertificateRecord, Cohort, Enrolment, Learner, State, StatusRecord
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.trust import KnownKey, Trust, TrustList
from keys.trust_changes import change_key
from keys.trust_rules import require_successor, require_trust_list
from verifier.materials import Materials
from verifier.report import Check, Outcome
from verifier.verify import verify

CHECKS = ("key.validity", "cosignature.quorum")
"""What a compromised key can change; whether a certificate is suspended or has expired does not matter here."""
HEADINGS = ("learner_id", "name", "latin_name", "email", "certificate", "cohort", "awarded", "outcome", "why")


class Fate(Enum):
    LOST = "no longer holds"
    OPEN = "cannot be decided yet"  # a partner body's list is missing or out of date


class Affected(Struct, frozen=True):
    """One certificate that does not come through, and whose it is."""

    lookup_id: str
    learner_id: str
    name: str
    latin_name: str | None
    email: str | None
    cohort: str
    awarded: date
    fate: Fate
    why: str

    def cells(self) -> tuple[str, ...]:
        """Under `HEADINGS`."""
        person = (self.learner_id, self.name, self.latin_name or "", self.email or "")
        return (*person, self.lookup_id, self.cohort, self.awarded.isoformat(), self.fate.value, self.why)


class Damage(Struct, frozen=True):
    """All issued certificates that have not ended: how many the key does not touch, and each that it does."""

    untouched: int
    affected: tuple[Affected, ...]


class Supposition(Struct, frozen=True):
    """A key, and the trust list with and without the declaration that it was compromised at `since`."""

    known: KnownKey
    since: datetime
    declared: Trust
    clean: Trust


def suppose(trust: Trust, kid: str, since: datetime | None, *, now: datetime) -> Supposition:
    """What the holders would declare, held against their rules; `since` is needed where nothing is declared yet.

    FormatError for a moment that no trust list takes: in the future, before the key, or later than declared (K12).
    """
    known = trust.key(kid)
    if known is None:
        raise HandsealError(f"{kid}: is not a key of the trust list", hint="handseal-ceremony trust show lists them")
    moment = since or known.key.compromised_since
    if not isinstance(moment, datetime):
        raise HandsealError(
            f"{kid}: is not declared compromised", hint="--since 2026-11-01T00:00:00Z supposes that it was"
        )
    old = trust.list
    previous = sri(sha256(canonical(old)))
    new = replace(old, version=old.version + 1, issued=max(now, old.issued), previous=previous)
    new = change_key(new, kid, compromised_since=moment)
    require_trust_list(new, "declaration")
    require_successor(old, new)
    clean = change_key(old, kid, compromised_since=UNSET)
    return Supposition(known, moment, _under(trust, new), _under(trust, clean))


def assess_damage(session: Session, supposition: Supposition, materials: Materials, *, now: datetime) -> Damage:
    """Every issued certificate, except revoked and replaced ones, in the order they were proposed."""
    untouched = 0
    affected: list[Affected] = []
    for record, learner, cohort in _standing(session):
        fate, why = _judge(record, supposition, materials, now)
        if fate is None:
            untouched += 1
            continue
        awarded = parse_certificate(record.core, record.lookup_id).awarded_date.date()
        person = (learner.learner_id, learner.name, learner.latin_name, learner.email)
        affected.append(Affected(record.lookup_id, *person, cohort, awarded, fate, why))
    return Damage(untouched, tuple(affected))


def _under(trust: Trust, trust_list: TrustList) -> Trust:
    """The same trust with another list."""
    digest = sri(sha256(canonical(trust_list)))
    return Trust(
        trust_list,
        digest=digest,
        root_version=trust.root_version,
        root_digest=trust.root_digest,
        root_signed=trust.root_signed,
        root_expires=trust.root_expires,
        list_expires=trust.list_expires,
    )


def _standing(session: Session) -> Iterator[tuple[CertificateRecord, Learner, str]]:
    query = (
        select(CertificateRecord, Learner, Cohort.name)
        .join(CertificateRecord.status)
        .join(CertificateRecord.enrolment)
        .join(Enrolment.learner)
        .join(Enrolment.cohort)
        .where(CertificateRecord.state == State.ISSUED, ~StatusRecord.revoked)  # replaced ones are revoked too
        .order_by(CertificateRecord.id)
        .execution_options(yield_per=LOT)
    )
    return ((row[0], row[1], row[2]) for row in session.execute(query))


def _judge(
    record: CertificateRecord, supposition: Supposition, materials: Materials, now: datetime
) -> tuple[Fate | None, str]:
    failing = _failing(record, replace(materials, trust=supposition.declared), now)
    if not failing:
        return None, ""
    before = {check.code: check.outcome for check in _failing(record, replace(materials, trust=supposition.clean), now)}
    for check in failing:
        if before.get(check.code) is not check.outcome:
            return (Fate.LOST if check.outcome is Outcome.FAIL else Fate.OPEN), check.text
    return None, ""


def _failing(record: CertificateRecord, materials: Materials, now: datetime) -> Sequence[Check]:
    """Those of `CHECKS` that do not pass, failures first."""
    if record.token is None:
        return ()
    report = verify(record.token, materials, at=now, now=now)
    checks = [check for check in report.checks if check.code in CHECKS and check.outcome is not Outcome.PASS]
    return sorted(checks, key=lambda check: check.outcome is not Outcome.FAIL)
