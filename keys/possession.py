"""A public key file is signed by the key it shows: whoever hands it over holds the private half (attack K11).

The file is JCS: a statement and, as `proof`, the compact JWS over that statement.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from keys.algorithms import public_key, thumbprint
from keys.credential import Wire
from keys.encoding import Digest, Time, b64url_decode, canonical, parse, require_utc, sha256
from keys.errors import FormatError, SignatureError
from keys.jws import Header, compact_jws, parse_header, split_token
from keys.names import key_id, parse_organisation_id
from keys.private_key import AnyJwk, AnyPrivateKey, JoseName, OkpJwk, any_jwk_of, jose_name, sign_with


class KeyUse(Enum):
    """What a key is made for; `trust` keys sign the trust list and nothing else."""

    ISSUE = "issue"
    STATUS = "status"
    COSIGN = "cosign"
    TRUST = "trust"


class PublicKeyFile(Wire, frozen=True):
    """`KEY.pub.json`; one that `parse_public_key` returned has a proof that holds."""

    type: Literal["handseal-key"]
    version: Literal[1]
    organisation: str
    kid: str
    jwk: AnyJwk
    alg: JoseName
    use: KeyUse
    created: Time
    custodians: Literal[2] | UnsetType = UNSET  # how many passphrases open the private half; absent: one
    proof: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        require_utc(self.created)

    @property
    def custodian_count(self) -> int:
        """How many people open the private half, each with a passphrase of their own."""
        return 1 if isinstance(self.custodians, UnsetType) else self.custodians

    @property
    def digest(self) -> Digest:
        """The RFC 7638 thumbprint, raw: what is read aloud as words."""
        return sha256(canonical(self.jwk))

    @property
    def ed25519(self) -> ed25519.Ed25519PublicKey:
        """The key of a trust-list key's file; FormatError for another kind."""
        if not isinstance(self.jwk, OkpJwk):
            raise FormatError(f"{self.kid}: is no key for trust lists")
        try:
            return ed25519.Ed25519PublicKey.from_public_bytes(b64url_decode(self.jwk.x, "jwk"))
        except ValueError as fault:
            raise FormatError(f"{self.kid}: is not an Ed25519 key") from fault


def prove_possession(
    key: AnyPrivateKey, *, organisation: str, use: KeyUse, created: datetime, custodians: int = 1
) -> PublicKeyFile:
    """The public file of `key`, with its proof. `created` is UTC in whole seconds."""
    return state_possession(
        any_jwk_of(key),
        partial(sign_with, key),
        organisation=organisation,
        use=use,
        created=created,
        custodians=custodians,
    )


def state_possession(
    jwk: AnyJwk,
    sign: Callable[[bytes], bytes],
    *,
    organisation: str,
    use: KeyUse,
    created: datetime,
    custodians: int = 1,
) -> PublicKeyFile:
    """The public file of a key that only shows signatures, wherever it lives; otherwise as `prove_possession`."""
    if isinstance(jwk, OkpJwk) != (use is KeyUse.TRUST):
        raise FormatError(f"use {use.value!r}: takes another kind of key")
    statement = PublicKeyFile(
        type="handseal-key",
        version=1,
        organisation=organisation,
        kid=key_id(parse_organisation_id(organisation, "organisation").base, thumbprint(jwk)),
        jwk=jwk,
        alg=jose_name(jwk),
        use=use,
        created=created,
        custodians=2 if custodians == 2 else UNSET,
    )
    return replace(
        statement, proof=compact_jws(Header(alg=statement.alg, kid=statement.kid), canonical(statement), sign)
    )


def parse_public_key(data: bytes, place: str) -> PublicKeyFile:
    """A public key file whose `kid` is its key's and whose proof holds; FormatError or SignatureError otherwise."""
    file = parse(data, PublicKeyFile, place)
    base = parse_organisation_id(file.organisation, f"{place}: organisation").base
    if file.kid != key_id(base, thumbprint(file.jwk)):
        raise FormatError(f"{place}: kid: is not the thumbprint of the key under the organisation's address")
    if (file.use is KeyUse.TRUST) != isinstance(file.jwk, OkpJwk):
        raise FormatError(f"{place}: use {file.use.value!r}: takes another kind of key")
    if isinstance(file.proof, UnsetType):
        raise FormatError(f"{place}: proof: is missing")
    token = split_token(file.proof.encode("utf-8"), f"{place}: proof")
    if parse_header(token, f"{place}: proof") != Header(alg=file.alg, kid=file.kid):
        raise FormatError(f"{place}: proof: names another key")
    if token.payload != canonical(replace(file, proof=UNSET)):
        raise FormatError(f"{place}: proof: is about another statement")
    if file.alg != jose_name(file.jwk):
        raise FormatError(f"{place}: alg: is not the key's")
    require_signature(file, token.signed, token.signature, f"{place}: proof: does not show possession of the key")
    return file


def require_signature(file: PublicKeyFile, message: bytes, signature: bytes, complaint: str) -> None:
    """SignatureError with `complaint` unless `signature` is that of `message` by the key of `file`."""
    try:
        if isinstance(file.jwk, OkpJwk):
            file.ed25519.verify(signature, message)
        else:
            public_key(file.jwk).require_signature(message, signature)
    except (InvalidSignature, SignatureError) as fault:
        raise SignatureError(complaint) from fault
