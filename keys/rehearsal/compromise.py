"""A key was in other hands: which certificates hold all the same, which fall, and why.

Played over the last sixty days, twice: with a partner body's key and with the clinic's. What counts is asked of
`keys.quorum`, which the employer's verifier asks too (formats.md section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from keys.encoding import format_time
from keys.quorum import Candidate, Quorum, is_witnessed
from keys.rehearsal.company import CLINIC, HARBOUR, NORTH, PARTNERS, TTMA, Company, Issued, short_name
from keys.rehearsal.course import LEARNERS, Random
from keys.trust import Use
from keys.trust_changes import Changes, Compromise, NewKey

FOUNDED, STOLEN = timedelta(days=60), timedelta(days=10)
"""So long ago; the theft is noticed today."""
_DAY = timedelta(days=1)


class Case(Struct, frozen=True):
    """What happened to two certificates: days before today."""

    title: str
    proposed: int
    cosigned: Mapping[str, int]
    learners: tuple[str, ...]


CASES = (
    Case("both bodies signed long before", 40, {TTMA: 39, HARBOUR: 38}, LEARNERS[:2]),
    Case("the association before, the hospital after", 14, {TTMA: 13, HARBOUR: 5}, LEARNERS[2:4]),
    Case("as before, and the college signed too", 14, {TTMA: 13, HARBOUR: 5, NORTH: 4}, LEARNERS[4:5]),
    Case("both bodies signed after", 6, {TTMA: 5, HARBOUR: 4}, LEARNERS[5:7]),
)


class Fate(Struct, frozen=True):
    """One certificate after the declaration: whether it holds, and why, in sentences."""

    issued: Issued
    case: Case
    holds: bool
    why: tuple[str, ...]


class Compromised(Struct, frozen=True):
    """One declared key: the changes that the holders signed, and what became of every certificate."""

    owner: str
    use: Use
    since: datetime
    changes: str  # the TOML file of `trust propose`
    company: Company
    fates: tuple[Fate, ...]

    @property
    def to_inform(self) -> tuple[Fate, ...]:
        """Whose certificates fall."""
        return tuple(fate for fate in self.fates if not fate.holds)


def play(owner: str, now: datetime, random: Random) -> Compromised:
    """The key of `owner` (the clinic's for certificates, a body's for co-signatures) was in other hands since STOLEN.

    Today it is declared and replaced, and everybody publishes fresh status lists, as the runbook asks.
    """
    company, cases = Company(now - FOUNDED, random), {}
    for case in CASES:
        moments = {body: now - days * _DAY for body, days in case.cosigned.items()}
        for name in case.learners:
            cases[name] = case
            company.certify(name, now - case.proposed * _DAY, moments)
    use = Use.ISSUE if owner == CLINIC else Use.COSIGN
    kid, since = company.kid(owner, use), now - STOLEN
    slug, new = owner.rpartition("/")[2], company.replace_key(owner, use, now)
    company.change(Changes(key=(NewKey(slug, new),), compromised=(Compromise(kid, since),)), now)
    for organisation in (CLINIC, *PARTNERS):
        company.publish_lists(organisation, now)
    changes = f'[[key]]\norganisation = "{slug}"\nfile = "{new}"\n\n'
    changes += f'[[compromised]]\nkid = "{kid}"\nsince = {format_time(since)}\n'
    fates = tuple(_judge(one, cases[one.name], company, now) for one in company.issued)
    return Compromised(owner, use, since, changes, company, fates)


def _judge(issued: Issued, case: Case, company: Company, now: datetime) -> Fate:
    quorum, known = company.count(issued, now), company.trust.key(issued.kid)
    since = known.key.compromised_since if known else None
    if isinstance(since, datetime):
        return Fate(issued, case, is_witnessed(quorum.confirmed, since), _why_issued(quorum, since))
    return Fate(issued, case, len(quorum.confirmed) >= quorum.threshold, _why_cosigned(quorum))


def _why_issued(quorum: Quorum, since: datetime) -> tuple[str, ...]:
    first = min(quorum.confirmed, key=lambda candidate: candidate.cosignature.signed)
    said = f"{_name(first)} signed on {first.cosignature.signed.date()}"
    if is_witnessed(quorum.confirmed, since):
        return (f"{said}, before the theft: so the certificate is older than it",)
    return (f"{said}, and nobody before: the thief may have made the certificate",)


def _why_cosigned(quorum: Quorum) -> tuple[str, ...]:
    said = [_about(candidate, quorum) for candidate in quorum.candidates if candidate.compromised_since]
    return (*said, f"{len(quorum.confirmed)} of {quorum.threshold} co-signatures count")


def _about(candidate: Candidate, quorum: Quorum) -> str:
    since, name, signed = candidate.compromised_since, _name(candidate), candidate.cosignature.signed
    if since is None or candidate in quorum.confirmed:
        return f"{name} signed before the theft, and so did a body whose key is clean: that proves it"
    if signed >= since:
        return f"{name} signed on {signed.date()}, after the theft: that may have been the thief"
    return f"{name} dates it {signed.date()}, but nobody else signed before the theft: a thief can back-date"


def _name(candidate: Candidate) -> str:
    return short_name(candidate.cosignature.organisation)
