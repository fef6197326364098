"""Status lists: who is revoked, suspended or replaced, signed, dated, and never read one entry at a time.

formats.md section 6, W3C Bitstring Status List 1.0.
"""

from __future__ import annotations

import gzip
import zlib
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from msgspec import UNSET, Meta, Struct, UnsetType, field

from keys import names
from keys.credential import Seconds, VcContext, Wire
from keys.encoding import Sri, Time, b64url_decode, b64url_encode, canonical, parse, require_utc
from keys.errors import FormatError
from keys.jws import parse_header, sign_token, split_token
from keys.signer import Signer
from keys.trust import Key, Trust, Use

MIN_BITS = 2**17
MAX_BITS = 2**20
MAX_LIST_BYTES = 512 * 1024
ISSUER_LIST_LIFE = timedelta(days=35)
COSIGNER_LIST_LIFE = timedelta(days=400)


class ListSubject(Wire, frozen=True):
    id: str
    type: Literal["BitstringStatusList"]
    status_purpose: Literal["revocation", "suspension", "refresh"]
    encoded_list: Annotated[str, Meta(pattern=r"\Au[A-Za-z0-9_-]+\Z")]


class TrustListReference(Wire, frozen=True):
    """The trust list its signer knew: a floor for whoever reads the status list."""

    id: str
    digest_sri: Sri = field(name="digestSRI")
    media_type: Literal["application/json"] = "application/json"

    @classmethod
    def of(cls, trust: Trust, site: str) -> Self:
        """This trust list, as published on `site` (its base URL)."""
        return cls(id=f"{site}/trust/{trust.list.version}.list.json", digest_sri=trust.digest)


class StatusListCredential(Wire, frozen=True):
    context: tuple[VcContext] = field(name="@context")
    id: str
    type: tuple[Literal["VerifiableCredential"], Literal["BitstringStatusListCredential"]]
    issuer: str
    valid_from: Time
    valid_until: Time
    credential_subject: ListSubject
    related_resource: tuple[TrustListReference]
    iss: str
    sub: str
    jti: str
    nbf: Seconds
    exp: Seconds

    def __post_init__(self) -> None:
        require_utc(self.valid_from, self.valid_until)


class StatusList(Struct, frozen=True):
    """An accepted list: its bits and what is needed to say as of when."""

    id: str
    issuer: str
    kid: str
    use: Use  # of that key: an issuer's lists are by a `status` key, a partner's by its `cosign` key
    valid_from: datetime
    valid_until: datetime
    bits: bytes
    trust_list: TrustListReference
    token: bytes
    frozen: bool = False  # accepted whatever its age, because the trust list holds its digest

    @property
    def length(self) -> int:
        """In bits."""
        return len(self.bits) * 8

    def is_set(self, index: int) -> bool:
        """Bit `index`, the most significant bit of the first byte being 0. IndexError beyond the list."""
        return bool(self.bits[index // 8] >> (7 - index % 8) & 1)


def set_bits(bits: bytes, indices: set[int]) -> bytes:
    """`bits` with these indices set."""
    changed = bytearray(bits)
    for index in indices:
        changed[index // 8] |= 0x80 >> index % 8
    return bytes(changed)


def encode_bits(bits: bytes) -> str:
    """`u` and base64url of one gzip member; the same bits give the same text."""
    return "u" + b64url_encode(gzip.compress(bits, compresslevel=9, mtime=0))


def decode_bits(encoded: str, place: str) -> bytes:
    """The bits of an `encodedList`: bounded inflate, one gzip member, 2^17 to 2^20 bits."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        bits = inflater.decompress(b64url_decode(encoded[1:], place), MAX_BITS // 8 + 1)
    except zlib.error as fault:
        raise FormatError(f"{place}: encodedList: is not gzip") from fault
    if len(bits) > MAX_BITS // 8:
        raise FormatError(f"{place}: encodedList: is longer than {MAX_BITS} bits")
    if not inflater.eof or inflater.unused_data:
        raise FormatError(f"{place}: encodedList: is not one whole gzip member")
    if len(bits) < MIN_BITS // 8:
        raise FormatError(f"{place}: encodedList: is shorter than {MIN_BITS} bits")
    return bits


def build_status_list(
    list_id: str, bits: bytes, *, issuer: str, now: datetime, life: timedelta, trust_list: TrustListReference
) -> StatusListCredential:
    """A fresh list of `issuer`, valid from `now` (whole seconds) for `life`."""
    name = names.parse_status_list_id(list_id, "status list")
    until = now + life
    return StatusListCredential(
        context=("https://www.w3.org/ns/credentials/v2",),
        id=list_id,
        type=("VerifiableCredential", "BitstringStatusListCredential"),
        issuer=issuer,
        valid_from=now,
        valid_until=until,
        credential_subject=ListSubject(
            id=f"{list_id}#list",
            type="BitstringStatusList",
            status_purpose=name.purpose,  # type: ignore[arg-type]  # one of names.PURPOSES by its pattern
            encoded_list=encode_bits(bits),
        ),
        related_resource=(trust_list,),
        iss=issuer,
        sub=f"{list_id}#list",
        jti=list_id,
        nbf=int(now.timestamp()),
        exp=int(until.timestamp()),
    )


def sign_status_list(status_list: StatusListCredential, signer: Signer) -> str:
    return sign_token(canonical(status_list), signer)


def open_status_list(token: bytes, list_id: str, *, trust: Trust, now: datetime) -> StatusList:
    """The list that was asked for as `list_id`, if `token` is it and is to be believed at `now`.

    FormatError or SignatureError says why not: another path's list (S17), a key of another use or organisation (S03),
    too old (S04), a bomb (S06), a wrong length (S07).
    """
    place = f"status list {list_id}"
    parts = split_token(token, place, limit=MAX_LIST_BYTES)
    header = parse_header(parts, place)
    known = trust.key(header.kid)
    if known is None or header.alg != known.key.alg:
        raise FormatError(f"{place}: its key is not in the trust list")
    known.public.require_signature(parts.signed, parts.signature)
    credential = parse(parts.payload, StatusListCredential, place, limit=MAX_LIST_BYTES)
    _require_claims(credential, list_id, place)
    if credential.issuer != known.organisation.id:
        raise FormatError(f"{place}: is signed by a key of another organisation")
    frozen = trust.frozen_digest(list_id)
    opened = StatusList(
        id=list_id,
        issuer=credential.issuer,
        kid=header.kid,
        use=known.key.use,
        valid_from=credential.valid_from,
        valid_until=credential.valid_until,
        bits=decode_bits(credential.credential_subject.encoded_list, place),
        trust_list=credential.related_resource[0],
        token=token,
        frozen=frozen is not None,
    )
    _require_acceptable(opened, known.key, trust, now, place)
    return opened


def _require_claims(credential: StatusListCredential, list_id: str, place: str) -> None:
    name = names.parse_status_list_id(list_id, place)
    subject = credential.credential_subject
    if credential.id != list_id or subject.status_purpose != name.purpose:
        raise FormatError(f"{place}: is another list than the one asked for")
    if credential.issuer != names.organisation_id(name.base, name.slug):
        raise FormatError(f"{place}: issuer: is not the organisation it is named after")
    claims = (credential.iss, credential.sub, credential.jti, credential.nbf, credential.exp, subject.id)
    moments = int(credential.valid_from.timestamp()), int(credential.valid_until.timestamp())
    if claims != (credential.issuer, f"{list_id}#list", list_id, *moments, f"{list_id}#list"):
        raise FormatError(f"{place}: a claim differs from its twin in the credential")


def _require_acceptable(opened: StatusList, key: Key, trust: Trust, now: datetime, place: str) -> None:
    if key.use is Use.ISSUE:
        raise FormatError(f"{place}: is signed by a key whose use is {key.use.value!r}")
    if key.use is Use.COSIGN and names.parse_status_list_id(opened.id, place).purpose != "revocation":
        raise FormatError(f"{place}: a co-signer keeps a revocation list only")
    if trust.has_frozen(opened.issuer):
        trust.require_frozen(opened.id, opened.token, place)
        return
    until = key.valid_until
    if key.compromised_since is not UNSET:
        raise FormatError(f"{place}: is signed by a key that was declared compromised")
    if opened.valid_from < key.valid_from or (not isinstance(until, UnsetType) and opened.valid_from > until):
        raise FormatError(f"{place}: is dated outside its key's validity")
    life = ISSUER_LIST_LIFE if key.use is Use.STATUS else COSIGNER_LIST_LIFE
    if not timedelta(0) < opened.valid_until - opened.valid_from <= life:
        raise FormatError(f"{place}: may be valid for {life.days} days at most")
    if opened.valid_from > now:
        raise FormatError(f"{place}: is dated in the future")
    if opened.valid_until < now:
        raise FormatError(f"{place}: is out of date, last known as of {opened.valid_from:%Y-%m-%d}")
