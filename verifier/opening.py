"""Steps 1 to 8 of formats.md section 10: after them the certificate is the issuer's, unaltered and of our form.

The first failure stops them: nothing is read from a token before its signature holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from keys.cosignature import Cosignature, open_cosignature
from keys.credential import Certificate, content_digest
from keys.encoding import Digest
from keys.errors import HandsealError
from keys.jws import Header, parse_header, split_token
from keys.profile import parse_certificate, require_claims
from keys.trust import KnownKey, Policy, Trust, Use
from verifier.findings import Findings
from verifier.report import Verdict

T = TypeVar("T")


class Opened(Struct, frozen=True):
    """What steps 1 to 8 established, and under which trust list."""

    trust: Trust
    known: KnownKey
    certificate: Certificate
    digest: Digest
    policy: Policy
    cosignatures: tuple[Cosignature, ...]
    strangers: int  # co-signatures by keys that the trust list does not know


class Stopped(Exception):
    """A step failed; the findings say which."""


class _Found(Exception):
    """A step failed for a reason that has a sentence of its own."""

    def __init__(self, case: str) -> None:
        super().__init__(case)
        self.case = case


def open_certificate(token: bytes, trust: Trust | None, trust_fault: str, findings: Findings) -> Opened:
    """Steps 1 to 8; raises Stopped after the first failure."""
    parts = _step(findings, "token.form", lambda: split_token(token))
    header = _step(findings, "token.header", lambda: parse_header(parts))
    if trust is None:
        findings.unknown("key.known", detail=trust_fault)
        raise Stopped
    known = _step(findings, "key.known", lambda: _known_key(header, trust))
    _step(findings, "signature.issuer", lambda: known.public.require_signature(parts.signed, parts.signature))
    certificate = _step(findings, "payload.form", lambda: parse_certificate(parts.payload))
    _step(findings, "payload.claims", lambda: _require_issuer(certificate, known))
    policy = _policy(certificate, trust, findings)
    digest = content_digest(certificate)
    cosignatures, strangers = _step(
        findings, "cosignature.form", lambda: _open_cosignatures(certificate, digest, trust)
    )
    return Opened(trust, known, certificate, digest, policy, cosignatures, strangers)


def _step(findings: Findings, code: str, act: Callable[[], T]) -> T:
    try:
        result = act()
    except _Found as found:
        findings.failed(code, Verdict.INVALID, found.case)
        raise Stopped from found
    except HandsealError as fault:
        findings.failed(code, Verdict.INVALID, detail=str(fault))
        raise Stopped from fault
    findings.passed(code)
    return result


def _known_key(header: Header, trust: Trust) -> KnownKey:
    known = trust.key(header.kid)
    if known is None:
        raise _Found("fail")
    if known.key.use is not Use.ISSUE:
        raise _Found("not-for-issuing")
    if known.key.alg != header.alg:
        raise _Found("other-kind")
    return known


def _require_issuer(certificate: Certificate, known: KnownKey) -> None:
    require_claims(certificate)
    if certificate.issuer.id != known.organisation.id:
        raise _Found("not-its-key")
    if certificate.issuer.name not in known.organisation.names_at(certificate.valid_from).values():
        raise _Found("other-name")


def _policy(certificate: Certificate, trust: Trust, findings: Findings) -> Policy:
    """Step 7: the policy in force when it was proposed."""
    policy = trust.policy(certificate.programme, certificate.valid_from)
    if policy is None or certificate.issuer.id not in policy.issuers:
        findings.failed("issuer.authorised", Verdict.INVALID)
        raise Stopped
    findings.passed("issuer.authorised")
    stated = certificate.terms_of_use[0]
    if (stated.threshold, stated.cosigner) != (policy.threshold, policy.cosigners):
        findings.failed("policy.match", Verdict.INVALID)
        raise Stopped
    findings.passed("policy.match", threshold=policy.threshold, partners=len(policy.cosigners))
    return policy


def _open_cosignatures(certificate: Certificate, digest: Digest, trust: Trust) -> tuple[tuple[Cosignature, ...], int]:
    """Step 8: those by known keys, strictly ascending by organisation, and how many are by others."""
    opened = [
        open_cosignature(token, certificate, digest, trust, f"co-signature {number}")
        for number, token in enumerate(certificate.endorsements, start=1)
    ]
    known = tuple(cosignature for cosignature in opened if cosignature is not None)
    organisations = [cosignature.organisation for cosignature in known]
    if organisations != sorted(set(organisations)):
        raise _Found("order")
    return known, len(opened) - len(known)
