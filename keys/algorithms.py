"""Two signature algorithms, keys as closed JWKs, and nothing chosen by what is being verified."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from msgspec import Struct

from keys.encoding import b64url_decode, b64url_encode, canonical, sha256
from keys.errors import FormatError, SignatureError

RSA_BITS = 3072
_MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 4096
_COORDINATE_BYTES = 32
_SHA256 = hashes.SHA256()
_ECDSA = ec.ECDSA(_SHA256)
_DETERMINISTIC_ECDSA = ec.ECDSA(_SHA256, deterministic_signing=True)  # RFC 6979: the same bytes when run again

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Algorithm(Enum):
    """The JOSE names of formats.md section 2."""

    ES256 = "ES256"
    RS256 = "RS256"


class EcJwk(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kty", tag="EC"):
    """A P-256 public key (RFC 7518 6.2.1); private members are unknown fields and refused (R20)."""

    crv: str
    x: str
    y: str


class RsaJwk(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kty", tag="RSA"):
    """An RSA public key (RFC 7518 6.3.1)."""

    e: str
    n: str


Jwk = EcJwk | RsaJwk


class PublicKey:
    """A public key bound to the one algorithm it verifies."""

    def __init__(self, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> None:
        self._key = key

    @property
    def algorithm(self) -> Algorithm:
        return Algorithm.ES256 if isinstance(self._key, ec.EllipticCurvePublicKey) else Algorithm.RS256

    @property
    def bits(self) -> int:
        return self._key.key_size

    def require_signature(self, message: bytes, signature: bytes) -> None:
        """SignatureError unless `signature` is that of `message` (JWS form: r and s raw, 32 bytes each)."""
        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                self._key.verify(_der(signature), message, _ECDSA)
            else:
                self._key.verify(signature, message, padding.PKCS1v15(), _SHA256)
        except InvalidSignature as fault:
            raise SignatureError("the signature does not belong to these bytes and this key") from fault


def public_key(jwk: Jwk) -> PublicKey:
    """The key of a JWK; FormatError for a point off the curve, a weak size, or a second spelling of a number."""
    match jwk:
        case EcJwk():
            if jwk.crv != "P-256":
                raise FormatError("jwk: the curve is not P-256")
            x, y = (_coordinate(part) for part in (jwk.x, jwk.y))
            try:
                return PublicKey(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())
            except ValueError as fault:
                raise FormatError("jwk: is not a point of P-256") from fault
        case RsaJwk():
            e, n = (_number(part) for part in (jwk.e, jwk.n))
            if e != 65537 or not _MIN_RSA_BITS <= n.bit_length() <= _MAX_RSA_BITS:
                raise FormatError(f"jwk: an RSA key has {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits and exponent 65537")
            try:
                return PublicKey(rsa.RSAPublicNumbers(e, n).public_key())
            except ValueError as fault:
                raise FormatError("jwk: is not an RSA key") from fault
        case _:
            assert_never(jwk)


def generate_private_key(algorithm: Algorithm) -> PrivateKey:
    match algorithm:
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case _:
            assert_never(algorithm)


def jwk_of(key: PrivateKey) -> Jwk:
    """The public JWK of a private key."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return RsaJwk(e=_encode_number(public.e), n=_encode_number(public.n))
    return ec_jwk_of(key)


def ec_jwk_of(key: ec.EllipticCurvePrivateKey) -> EcJwk:
    """The public JWK of a private key on P-256."""
    point = key.public_key().public_numbers()
    x, y = (b64url_encode(part.to_bytes(_COORDINATE_BYTES, "big")) for part in (point.x, point.y))
    return EcJwk(crv="P-256", x=x, y=y)


def thumbprint(jwk: Struct) -> str:
    """RFC 7638: a JWK here holds the required members and no others, so its canonical form is the hash's input."""
    return b64url_encode(sha256(canonical(jwk)))


def sign(key: PrivateKey, message: bytes) -> bytes:
    """The JWS signature of `message`; the same bytes each time."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), _SHA256)
    r, s = decode_dss_signature(key.sign(message, _DETERMINISTIC_ECDSA))
    return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise SignatureError("an ES256 signature has 64 bytes")
    r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _coordinate(text: str) -> int:
    data = b64url_decode(text, "jwk")
    if len(data) != _COORDINATE_BYTES:
        raise FormatError("jwk: a coordinate of P-256 has 32 bytes")
    return int.from_bytes(data, "big")


def _number(text: str) -> int:
    data = b64url_decode(text, "jwk")
    if not data or data[0] == 0:
        raise FormatError("jwk: a number starts with a zero byte")
    return int.from_bytes(data, "big")


def _encode_number(number: int) -> str:
    return b64url_encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
