"""A co-signature is opened before it is counted: form, signature and digest first (formats.md section 4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from keys.credential import Certificate, Endorsement
from keys.encoding import parse, sri
from keys.errors import FormatError
from keys.jws import parse_header, split_token
from keys.names import parse_organisation_id, require_urn_uuid
from keys.profile import require_status_entry
from keys.trust import KnownKey, Trust, Use

MAX_EARLY = timedelta(hours=24)
"""So much a co-signature may be dated before the proposal: `cosign` refuses to sign, verifiers to count beyond it."""
MAX_LATE = timedelta(days=180)
"""And so much after it."""
CLOCK_GRACE = timedelta(minutes=10)
"""By so much two honest clocks may differ; the one such limit of keys, verifier and issuer."""


class Cosignature(Struct, frozen=True):
    """An endorsement whose form, signature, subject and digest hold; whether it counts is decided elsewhere."""

    endorsement: Endorsement
    known: KnownKey
    token: str

    @property
    def organisation(self) -> str:
        return self.endorsement.issuer.id

    @property
    def signed(self) -> datetime:
        return self.endorsement.valid_from


def open_cosignature(
    token: str, certificate: Certificate, digest: bytes, trust: Trust, place: str
) -> Cosignature | None:
    """The co-signature in `token`, None for a key the trust list does not know.

    FormatError or SignatureError for anything bad under a known key: then the certificate is invalid, not one fewer.
    """
    parts = split_token(token.encode("utf-8"), place)
    header = parse_header(parts, place)
    known = trust.key(header.kid)
    if known is None:
        return None
    if header.alg != known.key.alg:
        raise FormatError(f"{place}: its algorithm is not the trust list's")
    known.public.require_signature(parts.signed, parts.signature)
    endorsement = parse(parts.payload, Endorsement, place)
    if endorsement.issuer.id != known.organisation.id:
        raise FormatError(f"{place}: issuer: does not own the key")
    _require_form(endorsement, place)
    _require_subject(endorsement, certificate, digest, place)
    return Cosignature(endorsement, known, token)


def fits(cosignature: Cosignature, certificate: Certificate, at: datetime) -> bool:
    """Whether it was made by a `cosign` key, and its date fits the certificate, `at` and that key's validity."""
    signed, key = cosignature.signed, cosignature.known.key
    if key.use is not Use.COSIGN:
        return False
    # Differences, because a date of the year 9999 plus a duration is no date.
    if not -MAX_EARLY <= signed - certificate.valid_from <= MAX_LATE or signed - at > CLOCK_GRACE:
        return False
    if isinstance(key.valid_until, datetime) and signed > key.valid_until:
        return False
    return signed >= key.valid_from


def _require_form(endorsement: Endorsement, place: str) -> None:
    require_urn_uuid(endorsement.id, f"{place}: id")
    owner = parse_organisation_id(endorsement.issuer.id, f"{place}: issuer")
    require_status_entry(endorsement.credential_status, owner, place)
    claims = (endorsement.iss, endorsement.sub, endorsement.jti, endorsement.nbf)
    subject = endorsement.credential_subject.id
    if claims != (endorsement.issuer.id, subject, endorsement.id, int(endorsement.valid_from.timestamp())):
        raise FormatError(f"{place}: a claim differs from its twin in the credential")


def _require_subject(endorsement: Endorsement, certificate: Certificate, digest: bytes, place: str) -> None:
    resource = endorsement.related_resource[0]
    if endorsement.credential_subject.id != certificate.id or resource.id != f"{certificate.id}#core":
        raise FormatError(f"{place}: belongs to another certificate")
    if (resource.digest_sri, resource.media_type) != (sri(digest), "application/json"):
        raise FormatError(f"{place}: was made for other content")
