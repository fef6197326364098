"""A partner body, as the trust list knows its key: its own status list, and what it withdraws."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from keys.encoding import Digest, format_time
from keys.errors import HandsealError
from keys.home import Home, Signed
from keys.names import parse_organisation_id, status_list_id
from keys.signer import Signer
from keys.status import (
    COSIGNER_LIST_LIFE,
    TrustListReference,
    build_status_list,
    open_status_list,
    sign_status_list,
)
from keys.trust import KnownKey, Trust, Use

LIST_NUMBER = 1  # a body has one list, which grows


class Body(Struct, frozen=True):
    """The body that signs: its key as the trust list shows it, and the trust list."""

    known: KnownKey
    trust: Trust

    @property
    def organisation(self) -> str:
        return self.known.organisation.id

    @property
    def kid(self) -> str:
        return self.known.key.kid

    @property
    def list_id(self) -> str:
        """The body's own status list."""
        name = parse_organisation_id(self.organisation, "organisation")
        return status_list_id(name.base, name.slug, "revocation", LIST_NUMBER)


class WithdrawalPlan(Struct, frozen=True):
    """Endorsements whose bits would be set: every one ever made of these contents."""

    body: Body
    endorsements: tuple[Signed, ...]


def require_body(trust: Trust, kid: str, now: datetime) -> Body:
    """The body whose `cosign` key this is; HandsealError where the trust list does not say so now (K08)."""
    known = trust.key(kid)
    if known is None:
        raise HandsealError(
            f"key {kid}: is not in trust list {trust.list.version}", hint="bring a newer one with --trust DIR"
        )
    key = known.key
    if key.use is not Use.COSIGN:
        raise HandsealError(f"key {kid}: its use is {key.use.value!r}, not 'cosign'")
    if isinstance(key.compromised_since, datetime):
        raise HandsealError(f"key {kid}: was declared compromised")
    if now < key.valid_from or (isinstance(key.valid_until, datetime) and now > key.valid_until):
        raise HandsealError(f"key {kid}: is not valid at {format_time(now)}")
    if trust.has_frozen(known.organisation.id):
        raise HandsealError(f"key {kid}: its organisation was closed in the trust list")
    return Body(known, trust)


def require_signer(body: Body, signer: Signer) -> None:
    """HandsealError unless `signer` holds the body's key (K08)."""
    if signer.kid != body.kid or signer.alg != body.known.key.alg:
        raise HandsealError(f"key {signer.kid}: is not the key {body.kid} that was planned with")


def plan_withdrawal(
    body: Body, home: Home, *, certificates: Iterable[str] = (), contents: Iterable[Digest] = ()
) -> WithdrawalPlan:
    """Every endorsement ever made of these certificates or contents; HandsealError for one never co-signed here."""
    named = tuple(certificates)
    found = home.signed_certificates(named)
    unknown = set(named) - {entry.certificate for entry in found}
    if unknown:
        raise HandsealError(f"{min(unknown)}: was never co-signed here", hint="`history` lists what was")
    digests = {entry.digest for entry in found} | set(contents)
    endorsements = home.signed_contents(sorted(digests))
    if not endorsements:
        raise HandsealError("nothing to withdraw: none of this was co-signed here")
    return WithdrawalPlan(body, tuple(endorsements))


def run_withdrawal(plan: WithdrawalPlan, *, signer: Signer, home: Home, now: datetime) -> str:
    """Marks the endorsements for good and returns a fresh status list (a JWT) that says so."""
    require_signer(plan.body, signer)
    home.withdraw({entry.digest for entry in plan.endorsements}, now)
    return fresh_list(plan.body, signer=signer, home=home, now=now)


def fresh_list(body: Body, *, signer: Signer, home: Home, now: datetime) -> str:
    """The body's status list (a JWT) as of `now`, valid for 400 days, verified as a stranger would."""
    require_signer(body, signer)
    reference = TrustListReference.of(body.trust, body.trust.list.site)
    bits = home.status_bits(body.list_id)
    unsigned = build_status_list(
        body.list_id, bits, issuer=body.organisation, now=now, life=COSIGNER_LIST_LIFE, trust_list=reference
    )
    token = sign_status_list(unsigned, signer)
    open_status_list(token.encode("ascii"), body.list_id, trust=body.trust, now=now)
    return token
