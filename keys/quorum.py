"""Which co-signatures count: organisations, not signatures, with withdrawals and compromised keys taken out.

formats.md sections 4 (fits), 5 (compromise, in two passes) and 10 (step 9). Verifier, clinic and rehearsal count here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum, StrEnum

from msgspec import Struct

from keys.cosignature import Cosignature, fits
from keys.credential import Certificate
from keys.status import StatusList
from keys.trust import Policy, Use


class Standing(Enum):
    """What the partner's own status list says of a co-signature."""

    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    UNCONFIRMED = "unconfirmed"


class Refusal(StrEnum):
    """Why a co-signature does not count, whatever its partner's list says; a sentence that lacks its subject."""

    OWN_CERTIFICATE = "the issuing clinic cannot co-sign its own certificate"
    NOT_ASKED = "is not asked to co-sign this programme"
    OUTSIDE_ITS_TIME = "is dated outside the time in which it could co-sign"
    AFTER_THE_END = "is dated after the programme's co-signing ended"


class Candidate(Struct, frozen=True):
    """A co-signature that fits and was asked for; whether it counts depends on the others too."""

    cosignature: Cosignature
    standing: Standing
    note: str  # why it is not confirmed; else empty

    @property
    def compromised_since(self) -> datetime | None:
        since = self.cosignature.known.key.compromised_since
        return since if isinstance(since, datetime) else None


class Quorum(Struct, frozen=True):
    """Three counts: sure, at best, and had nobody withdrawn; and by organisation what was refused, and why."""

    certificate: Certificate
    policy: Policy
    candidates: tuple[Candidate, ...]
    refused: Mapping[str, tuple[Cosignature, Refusal]]
    confirmed: tuple[Candidate, ...]
    possible: tuple[Candidate, ...]
    before_withdrawal: tuple[Candidate, ...]

    @property
    def threshold(self) -> int:
        return self.policy.threshold


def count(
    cosignatures: Iterable[Cosignature],
    certificate: Certificate,
    policy: Policy,
    *,
    lists: Mapping[str, StatusList | str],
    at: datetime,
) -> Quorum:
    """Step 9 for the co-signatures whose form, signature and digest hold."""
    candidates: list[Candidate] = []
    refused: dict[str, tuple[Cosignature, Refusal]] = {}
    for cosignature in cosignatures:
        reason = _why_not(cosignature, certificate, policy, at)
        if reason:
            refused[cosignature.organisation] = cosignature, reason
        else:
            candidates.append(_candidate(cosignature, lists))
    confirmed = _counted(candidates, lambda c: c.standing is Standing.CONFIRMED)
    possible = _counted(candidates, lambda c: c.standing is not Standing.WITHDRAWN)
    before = _counted(candidates, lambda c: True)
    return Quorum(certificate, policy, tuple(candidates), refused, confirmed, possible, before)


def witness(candidates: Iterable[Candidate]) -> datetime | None:
    """W: the earliest date among co-signatures by keys that were never declared compromised."""
    dates = (c.cosignature.signed for c in candidates if c.compromised_since is None)
    return min(dates, default=None)


def is_witnessed(candidates: Iterable[Candidate], since: datetime) -> bool:
    """Whether a clean co-signature proves that the certificate was there before `since`, when a key was compromised."""
    seen = witness(candidates)
    return seen is not None and seen < since


def latest(candidates: Iterable[Candidate], otherwise: datetime) -> datetime:
    """The date of the last co-signature; `otherwise` where there is none."""
    return max((candidate.cosignature.signed for candidate in candidates), default=otherwise)


def _why_not(cosignature: Cosignature, certificate: Certificate, policy: Policy, at: datetime) -> Refusal | None:
    if cosignature.organisation == certificate.issuer.id:
        return Refusal.OWN_CERTIFICATE
    if cosignature.organisation not in policy.cosigners:
        return Refusal.NOT_ASKED
    if not fits(cosignature, certificate, at):
        return Refusal.OUTSIDE_ITS_TIME
    if isinstance(policy.until, datetime) and cosignature.signed > policy.until:
        return Refusal.AFTER_THE_END
    return None


def _candidate(cosignature: Cosignature, lists: Mapping[str, StatusList | str]) -> Candidate:
    entry = cosignature.endorsement.credential_status
    status_list = lists.get(entry.status_list_credential, "its status list is missing")
    if isinstance(status_list, StatusList) and status_list.use is not Use.COSIGN:
        status_list = "its status list is not signed by a key for co-signing"
    if isinstance(status_list, str):
        return Candidate(cosignature, Standing.UNCONFIRMED, status_list)
    if entry.index >= status_list.length:
        return Candidate(cosignature, Standing.UNCONFIRMED, "its status list is too short")
    if status_list.is_set(entry.index):
        return Candidate(cosignature, Standing.WITHDRAWN, "")
    return Candidate(cosignature, Standing.CONFIRMED, "")


def _counted(candidates: Iterable[Candidate], included: Callable[[Candidate], bool]) -> tuple[Candidate, ...]:
    """The second pass: a key compromised since T counts only before T, and only beside a clean witness before T."""
    chosen = tuple(candidate for candidate in candidates if included(candidate))
    return tuple(candidate for candidate in chosen if _stands(candidate, chosen))


def _stands(candidate: Candidate, beside: Iterable[Candidate]) -> bool:
    since = candidate.compromised_since
    return since is None or (candidate.cosignature.signed < since and is_witnessed(beside, since))
