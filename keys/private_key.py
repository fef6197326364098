"""A private key of any kind: those of certificates and lists, and the Ed25519 keys of trust-list holders."""

from __future__ import annotations

from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec import Struct

from keys.algorithms import EcJwk, PrivateKey, RsaJwk, jwk_of, sign
from keys.encoding import b64url_encode

AnyPrivateKey = PrivateKey | ed25519.Ed25519PrivateKey
JoseName = Literal["ES256", "RS256", "Ed25519"]


class OkpJwk(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kty", tag="OKP"):
    """An Ed25519 public key (RFC 8037 section 2)."""

    crv: Literal["Ed25519"]
    x: str


AnyJwk = EcJwk | RsaJwk | OkpJwk


def any_jwk_of(key: AnyPrivateKey) -> AnyJwk:
    """The public JWK of `key`."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return ed25519_jwk(key.public_key().public_bytes_raw())
    return jwk_of(key)


def ed25519_jwk(public: bytes) -> OkpJwk:
    """The JWK of the 32 bytes of an Ed25519 public key."""
    return OkpJwk(crv="Ed25519", x=b64url_encode(public))


def jose_name(jwk: AnyJwk) -> JoseName:
    """The one algorithm a key of this kind signs with."""
    match jwk:
        case EcJwk():
            return "ES256"
        case RsaJwk():
            return "RS256"
        case OkpJwk():
            return "Ed25519"


def sign_with(key: AnyPrivateKey, message: bytes) -> bytes:
    """The JWS signature of `message`; the same bytes each time."""
    return key.sign(message) if isinstance(key, ed25519.Ed25519PrivateKey) else sign(key, message)
