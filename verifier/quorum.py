"""Which co-signatures count: organisations, not signatures, with withdrawals and compromised keys taken out.

formats.md sections 4 (fits), 5 (compromise, in two passes) and 10 (step 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct

from keys.cosignature import Cosignature, fits
from keys.credential import Certificate
from keys.status import StatusList
from keys.trust import Policy, Trust, Use
from verifier.report import Partner, PartnerOutcome


class Standing(Enum):
    """What the partner's own status list says of a co-signature."""

    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    UNCONFIRMED = "unconfirmed"


class Candidate(Struct, frozen=True):
    """A co-signature that fits and was asked for; whether it counts depends on the others too."""

    cosignature: Cosignature
    standing: Standing
    note: str

    @property
    def compromised_since(self) -> datetime | None:
        since = self.cosignature.known.key.compromised_since
        return since if isinstance(since, datetime) else None


class Quorum(Struct, frozen=True):
    """Three counts: sure, at best, and had nobody withdrawn."""

    threshold: int
    candidates: tuple[Candidate, ...]
    confirmed: tuple[Candidate, ...]
    possible: tuple[Candidate, ...]
    before_withdrawal: tuple[Candidate, ...]
    partners: tuple[Partner, ...]


def count(
    cosignatures: Iterable[Cosignature],
    certificate: Certificate,
    policy: Policy,
    *,
    trust: Trust,
    lists: Mapping[str, StatusList | str],
    at: datetime,
) -> Quorum:
    """Step 9 for the co-signatures whose form, signature and digest hold."""
    candidates: list[Candidate] = []
    refused: dict[str, tuple[Cosignature, str]] = {}
    for cosignature in cosignatures:
        reason = _why_not(cosignature, certificate, policy, at)
        if reason:
            refused[cosignature.organisation] = cosignature, reason
        else:
            candidates.append(_candidate(cosignature, lists))
    confirmed = _counted(candidates, lambda c: c.standing is Standing.CONFIRMED)
    possible = _counted(candidates, lambda c: c.standing is not Standing.WITHDRAWN)
    before = _counted(candidates, lambda c: True)
    partners = _partners(candidates, refused, confirmed, certificate, policy, trust)
    return Quorum(policy.threshold, tuple(candidates), confirmed, possible, before, partners)


def witness(candidates: Iterable[Candidate]) -> datetime | None:
    """W: the earliest date among co-signatures by keys that were never declared compromised."""
    dates = (c.cosignature.signed for c in candidates if c.compromised_since is None)
    return min(dates, default=None)


def latest(candidates: Iterable[Candidate], otherwise: datetime) -> datetime:
    """The date of the last co-signature; `otherwise` where there is none."""
    return max((candidate.cosignature.signed for candidate in candidates), default=otherwise)


def _why_not(cosignature: Cosignature, certificate: Certificate, policy: Policy, at: datetime) -> str:
    if cosignature.organisation == certificate.issuer.id:
        return "the issuing clinic cannot co-sign its own certificate"
    if cosignature.organisation not in policy.cosigners:
        return "is not asked to co-sign this programme"
    if not fits(cosignature, certificate, at):
        return "is dated outside the time in which it could co-sign"
    if isinstance(policy.until, datetime) and cosignature.signed > policy.until:
        return "is dated after the programme's co-signing ended"
    return ""


def _candidate(cosignature: Cosignature, lists: Mapping[str, StatusList | str]) -> Candidate:
    entry = cosignature.endorsement.credential_status
    status_list = lists.get(entry.status_list_credential, "its status list is missing")
    if isinstance(status_list, StatusList) and status_list.use is not Use.COSIGN:
        status_list = "its status list is not signed by a key for co-signing"
    if isinstance(status_list, str):
        return Candidate(cosignature, Standing.UNCONFIRMED, "could not be confirmed: " + status_list)
    if entry.index >= status_list.length:
        return Candidate(cosignature, Standing.UNCONFIRMED, "could not be confirmed: its status list is too short")
    if status_list.is_set(entry.index):
        return Candidate(cosignature, Standing.WITHDRAWN, "withdrawn by the partner body")
    return Candidate(cosignature, Standing.CONFIRMED, "")


def _counted(candidates: Iterable[Candidate], included: Callable[[Candidate], bool]) -> tuple[Candidate, ...]:
    """The second pass: a key compromised since T counts only before T, and only beside a clean witness before T."""
    chosen = tuple(candidate for candidate in candidates if included(candidate))
    seen = witness(chosen)
    return tuple(candidate for candidate in chosen if _stands(candidate, seen))


def _stands(candidate: Candidate, seen: datetime | None) -> bool:
    since = candidate.compromised_since
    return since is None or (candidate.cosignature.signed < since and seen is not None and seen < since)


def _partners(
    candidates: list[Candidate],
    refused: Mapping[str, tuple[Cosignature, str]],
    confirmed: tuple[Candidate, ...],
    certificate: Certificate,
    policy: Policy,
    trust: Trust,
) -> tuple[Partner, ...]:
    by_organisation = {candidate.cosignature.organisation: candidate for candidate in candidates}
    lines = []
    for organisation in (*policy.cosigners, *sorted(set(refused) - set(policy.cosigners))):
        signed: datetime | None = None
        if candidate := by_organisation.get(organisation):
            signed = candidate.cosignature.signed
            outcome, note = _line(candidate, candidate in confirmed)
        elif organisation in refused:
            signed, note = refused[organisation][0].signed, refused[organisation][1]
            outcome = PartnerOutcome.NOT_COUNTED
        else:
            outcome, note = PartnerOutcome.NOT_SIGNED, ""
        name = trust.name(organisation, signed or certificate.valid_from)
        lines.append(Partner(organisation, name, outcome, signed, note))
    return tuple(lines)


def _line(candidate: Candidate, counts: bool) -> tuple[PartnerOutcome, str]:
    if candidate.standing is Standing.WITHDRAWN:
        return PartnerOutcome.WITHDRAWN, ""
    if candidate.standing is Standing.UNCONFIRMED:
        return PartnerOutcome.UNKNOWN, candidate.note
    if not counts:
        return PartnerOutcome.NOT_COUNTED, "its key was compromised, and nothing proves that it signed before"
    if candidate.compromised_since:
        return (
            PartnerOutcome.SIGNED,
            "its key was compromised later; another body's co-signature proves the earlier date",
        )
    return PartnerOutcome.SIGNED, ""
