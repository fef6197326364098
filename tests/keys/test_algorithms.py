"""Two algorithms, closed keys with one spelling, and signatures that come out the same each time."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, strategies as st

from keys.algorithms import (
    Algorithm,
    EcJwk,
    Jwk,
    PrivateKey,
    PublicKey,
    RsaJwk,
    generate_private_key,
    jwk_of,
    public_key,
    sign,
    thumbprint,
)
from keys.encoding import b64url_decode, b64url_encode, canonical, parse
from keys.errors import FormatError, SignatureError

EC_KEY = generate_private_key(Algorithm.ES256)
RSA_KEY = generate_private_key(Algorithm.RS256)
KEYS = {Algorithm.ES256: EC_KEY, Algorithm.RS256: RSA_KEY}
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


@pytest.mark.parametrize("algorithm", Algorithm)
def test_what_was_signed_verifies_and_nothing_else(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    public = public_key(jwk_of(key))
    signature = sign(key, b"message")
    public.require_signature(b"message", signature)
    assert public.algorithm is algorithm
    flipped = signature[:5] + bytes([signature[5] ^ 1]) + signature[6:]
    for message, forged in ((b"messagf", signature), (b"", signature), (b"message", flipped), (b"message", b"")):
        with pytest.raises(SignatureError):
            public.require_signature(message, forged)
    stranger = public_key(jwk_of(generate_private_key(Algorithm.ES256)))
    with pytest.raises(SignatureError):
        stranger.require_signature(b"message", signature)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_signatures_are_deterministic(algorithm: Algorithm) -> None:
    assert len({sign(KEYS[algorithm], b"message") for _ in range(3)}) == 1


def test_es256_is_rfc_6979() -> None:
    """A.2.5, message "sample", SHA-256."""
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    assert sign(ec.derive_private_key(secret, ec.SECP256R1()), b"sample") == bytes.fromhex(r + s)


@given(st.binary(max_size=100))
def test_an_es256_signature_has_64_bytes(message: bytes) -> None:
    assert len(sign(EC_KEY, message)) == 64


def test_key_sizes() -> None:
    assert isinstance(EC_KEY, ec.EllipticCurvePrivateKey)
    assert public_key(jwk_of(RSA_KEY)).bits == 3072
    assert public_key(jwk_of(EC_KEY)).bits == 256


def test_thumbprint_is_rfc_7638() -> None:
    """The example of section 3.1; a JWK here has no other members."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    assert thumbprint(RsaJwk(e="AQAB", n=n)) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["EC", "RSA"])
def test_a_jwk_is_closed(key: PrivateKey) -> None:
    data = canonical(jwk_of(key))
    assert parse(data, Jwk, "jwk") == jwk_of(key)  # type: ignore[arg-type]  # a union is a form too
    members: dict[str, Any] = json.loads(data)
    for extra in ({"d": "AA"}, {"use": "sig"}, {"kid": "x"}, {"alg": "ES256"}, {"x5c": []}, {"k": "AA"}, {"p": "AA"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**members, **extra}, Jwk)
    for kty in ("oct", "OKP", "ec", "", None):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**members, "kty": kty}, Jwk)
    for member in members:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({name: value for name, value in members.items() if name != member}, Jwk)


def ec_jwk(**changes: str) -> EcJwk:
    jwk = jwk_of(EC_KEY)
    assert isinstance(jwk, EcJwk)
    return EcJwk(**{"crv": jwk.crv, "x": jwk.x, "y": jwk.y, **changes})


def number(value: int, length: int = 32) -> str:
    return b64url_encode(value.to_bytes(length, "big"))


@pytest.mark.parametrize(
    "changes",
    [
        *({"crv": "P-384"}, {"crv": "p-256"}, {"crv": "secp256k1"}, {"crv": ""}),
        *(
            {"x": number(0), "y": number(0)},
            {"x": number(P), "y": number(0)},
            {"y": number(1)},
            {"x": number(2**256 - 1)},
        ),
        *(
            {"x": ""},
            {"x": number(1, 31)},
            {"x": number(1, 33)},
            {"x": "!" * 43},
            {"x": "A" * 43 + "="},
            {"x": "B" * 43},
        ),
    ],
)
def test_what_is_no_point_of_p_256(changes: dict[str, str]) -> None:
    with pytest.raises(FormatError, match="jwk"):
        public_key(ec_jwk(**changes))


def test_a_coordinate_has_no_second_spelling() -> None:
    """A second spelling would be a second thumbprint of the same key."""
    jwk = ec_jwk()
    x = b64url_decode(jwk.x)
    for spelled in (b64url_encode(b"\0" + x), jwk.x + "=", jwk.x.replace("A", "+")):
        if spelled != jwk.x:
            with pytest.raises(FormatError):
                public_key(ec_jwk(x=spelled))


def rsa_jwk(**changes: str) -> RsaJwk:
    jwk = jwk_of(RSA_KEY)
    assert isinstance(jwk, RsaJwk)
    return RsaJwk(**{"e": jwk.e, "n": jwk.n, **changes})


@pytest.mark.parametrize("bits", [2048, 4096])
def test_rsa_keys_at_the_bounds(bits: int) -> None:
    modulus = (1 << bits) - 1  # odd and of the right length; that is all a public key shows
    assert public_key(rsa_jwk(n=number(modulus, bits // 8))).bits == bits


@pytest.mark.parametrize(
    "changes",
    [
        *({"e": "Aw"}, {"e": "AQAC"}, {"e": "AAEAAQ"}, {"e": ""}, {"e": "AAAA"}, {"e": "AQAB="}),
        *({"n": ""}, {"n": "AA"}, {"n": number((1 << 2047) - 1, 256)}, {"n": number((1 << 4097) - 1, 513)}),
        {"n": number((1 << 2048) - 1, 257)},
    ],
)
def test_what_is_no_rsa_key_of_ours(changes: dict[str, str]) -> None:
    with pytest.raises(FormatError, match="jwk"):
        public_key(rsa_jwk(**changes))


def test_an_even_modulus_is_refused_or_verifies_nothing() -> None:
    try:
        key = public_key(rsa_jwk(n=number((1 << 2048) - 2, 256)))
    except FormatError:
        return
    with pytest.raises(SignatureError):
        key.require_signature(b"x", b"\1" * 256)


def test_a_public_key_knows_one_algorithm() -> None:
    assert PublicKey(rsa.generate_private_key(65537, 2048).public_key()).algorithm is Algorithm.RS256
    with pytest.raises(SignatureError):
        public_key(jwk_of(RSA_KEY)).require_signature(b"message", sign(EC_KEY, b"message"))
    with pytest.raises(SignatureError):
        public_key(jwk_of(EC_KEY)).require_signature(b"message", sign(RSA_KEY, b"message"))
