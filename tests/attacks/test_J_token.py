"""J01 to J10, J13, J22, J23, J26: a forged header or serialization is refused before anything is read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.algorithms import Algorithm, EcJwk, Jwk, generate_private_key, jwk_of
from keys.encoding import MAX_BYTES, b64url_decode, b64url_encode, canonical
from keys.signer import MemorySigner
from tests.attacks.judging import (
    assert_invalid,
    assert_verdict,
    header_of,
    joined,
    judge,
    parts_of,
    signed_by,
    with_header,
)
from tests.world import SITE, World
from verifier.report import Verdict


def public_der(world: World) -> tuple[bytes, bytes, bytes]:
    """The issuer's public key as PEM, DER and raw point."""
    jwk: EcJwk = world.issue_key.jwk
    x, y = (int.from_bytes(b64url_decode(part), "big") for part in (jwk.x, jwk.y))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return (
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    )


def test_J00_a_genuine_certificate_is_valid(world: World) -> None:
    assert_verdict(judge(world, world.issue()), Verdict.VALID)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", [b"", b"x", b"\0" * 64])
def test_J01_alg_none(world: World, alg: str, signature: bytes) -> None:
    token = joined(header_of(world, alg=alg), parts_of(world.issue())[1], signature)
    assert_invalid(judge(world, token), "key.known")


@pytest.mark.parametrize("header", [{"kid": "K"}, {"alg": None, "kid": "K"}, {"alg": [], "kid": "K"}])
def test_J01_alg_absent(world: World, header: dict[str, Any]) -> None:
    assert_invalid(judge(world, with_header(world, rfc8785.dumps(header))), "token.header")


def test_J01_no_signature_under_the_right_alg(world: World) -> None:
    header, payload, _ = parts_of(world.issue())
    assert_invalid(judge(world, joined(header, payload, b"")), "signature.issuer")


@pytest.mark.parametrize("digest", ["256", "384", "512"])
@pytest.mark.parametrize("form", ["pem", "der", "point", "jwk"])
def test_J02_the_public_key_as_hmac_secret(world: World, digest: str, form: str) -> None:
    jwk = canonical(world.issue_key.jwk)
    secret = dict(zip(("pem", "der", "point", "jwk"), (*public_der(world), jwk), strict=True))[form]
    payload = parts_of(world.issue())[1]
    for alg, code in ((f"HS{digest}", "key.known"), ("ES256", "signature.issuer")):
        header = header_of(world, alg=alg)
        signed = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
        mac = hmac.new(secret, signed, getattr(hashlib, f"sha{digest}")).digest()
        assert_invalid(judge(world, joined(header, payload, mac)), code)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "es256"])
def test_J03_alg_is_not_the_trust_lists(world: World, alg: str) -> None:
    assert_invalid(judge(world, with_header(world, header_of(world, alg=alg))), "key.known")


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS384", "RS512"])
def test_J03_alg_is_not_the_trust_lists_for_rsa(world: World, rsa_signer: MemorySigner, alg: str) -> None:
    world.issue_key = rsa_signer
    assert_verdict(judge(world, world.issue()), Verdict.VALID)
    assert_invalid(judge(world, with_header(world, header_of(world, alg=alg))), "key.known")


def test_J03_an_ec_signature_under_an_rsa_key(world: World, rsa_signer: MemorySigner) -> None:
    stranger, world.issue_key = world.issue_key, rsa_signer
    header = header_of(world, alg="RS256")
    token = signed_by(stranger, header, parts_of(world.issue())[1])
    assert_invalid(judge(world, token), "signature.issuer")


@pytest.fixture(scope="module")
def rsa_signer() -> MemorySigner:
    return World().new_signer(Algorithm.RS256)


def attacker() -> tuple[MemorySigner, Jwk]:
    key = generate_private_key(Algorithm.ES256)
    return MemorySigner(key, SITE), jwk_of(key)


def test_J04_the_key_comes_in_the_header(world: World) -> None:
    signer, jwk = attacker()
    payload = parts_of(world.issue())[1]
    embedded = {"alg": "ES256", "jwk": msgspec.to_builtins(jwk)}
    for kid in (signer.kid, world.issue_key.kid):
        token = signed_by(signer, rfc8785.dumps({**embedded, "kid": kid}), payload)
        assert_invalid(judge(world, token), "token.header")


def test_J04_a_key_outside_the_trust_list(world: World) -> None:
    signer, _ = attacker()
    payload = parts_of(world.issue())[1]
    assert_invalid(judge(world, world.sign(payload, signer)), "key.known")
    borrowed = signed_by(signer, header_of(world), payload)
    assert_invalid(judge(world, borrowed), "signature.issuer")


@pytest.mark.parametrize("member", ["jku", "x5u"])
@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "gopher://127.0.0.1:70/", "https://attacker.example/jwks"],
)
def test_J05_a_url_in_the_header(world: World, member: str, url: str, no_socket: list[str]) -> None:
    assert_invalid(judge(world, with_header(world, header_of(world, **{member: url}))), "token.header")
    assert no_socket == []


@pytest.mark.parametrize(
    ("kid", "code"),
    [
        ("../../x", "key.known"),
        ("' OR 1=1 --", "key.known"),
        ("https://attacker.example/keys/" + "A" * 43, "key.known"),
        ("", "key.known"),
        (7, "token.header"),
        (True, "token.header"),
        (None, "token.header"),
        (["KID"], "token.header"),
        ({"kid": "KID"}, "token.header"),
        ("K" * 10_000, "token.header"),
        ("KID\0", "token.header"),
        ("KID\u200b", "token.header"),
    ],
)
def test_J06_a_strange_kid(world: World, kid: object, code: str) -> None:
    kid = kid.replace("KID", world.issue_key.kid) if isinstance(kid, str) else kid
    assert_invalid(judge(world, with_header(world, header_of(world, kid=kid))), code)


def test_J06_a_look_alike_kid(world: World) -> None:
    real = world.issue_key.kid
    for kid in (real.replace("e", "е", 1), real.upper(), real + "/", real.replace("https", "http"), real[:-1]):
        assert_invalid(judge(world, with_header(world, header_of(world, kid=kid))), "key.known")


def test_J07_a_chain_of_ones_own(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Thai Traditional Massage Association")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    chain = made.not_valid_after(datetime(2030, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    der = base64.b64encode(chain.public_bytes(Encoding.DER)).decode()
    signer = MemorySigner(key, SITE)
    payload = parts_of(world.issue())[1]
    for kid in (signer.kid, world.issue_key.kid):
        token = signed_by(signer, header_of(world, kid=kid, x5c=[der]), payload)
        assert_invalid(judge(world, token), "token.header")


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp-check"], "exp-check": True},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"crit": ["alg"]},
        {"crit": None},
    ],
)
def test_J08_crit(world: World, members: dict[str, Any]) -> None:
    assert_invalid(judge(world, with_header(world, header_of(world, **members))), "token.header")


@pytest.mark.parametrize(
    "header",
    [
        '{{"alg":"none","alg":"ES256","kid":"{0}"}}',
        '{{"alg":"ES256","alg":"none","kid":"{0}"}}',
        '{{"alg":"ES256","kid":"x","kid":"{0}"}}',
        '{{"alg":"ES256","\\u0061lg":"ES256","kid":"{0}"}}',
    ],
)
def test_J10_repeated_members_in_the_header(world: World, header: str) -> None:
    token = with_header(world, header.format(world.issue_key.kid).encode())
    assert_invalid(judge(world, token), "token.header")


def test_J10_another_spelling_of_the_header(world: World) -> None:
    plain = header_of(world)
    for header in (plain.replace(b":", b": "), b" " + plain, plain + b"\n", plain.replace(b"ES256", b"\\u0045S256")):
        assert_invalid(judge(world, with_header(world, header)), "token.header")


def _at(part: int, change: str) -> Any:
    def act(token: str) -> str:
        parts = token.split(".")
        parts[part] = change.format(parts[part])
        return ".".join(parts)

    return act


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("change", ["{0}=", "{0}==", "{0}\n", " {0}", "{0} ", "{0}+", "{0}/", "{0}%3D", "{0}é"])
def test_J13_other_spellings_of_base64url(world: World, part: int, change: str) -> None:
    assert_invalid(judge(world, _at(part, change)(world.issue().decode()).encode()), "token.form")


def test_J13_stray_bits_and_the_other_alphabet(world: World) -> None:
    token = world.issue().decode()
    # 64 bytes end in a group of one byte: four bits of its second character mean nothing.
    stray = token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]
    head, _, tail = token.rpartition(".")
    while not {"-", "_"} & set(tail):
        head, _, tail = world.issue().decode().rpartition(".")
    other = head + "." + tail.replace("-", "+").replace("_", "/")
    for forged in (stray, other):
        assert_invalid(judge(world, forged.encode()), "token.form")


def test_J22_other_serializations(world: World) -> None:
    header, payload, signature = world.issue().decode().split(".")
    flattened = json.dumps({"protected": header, "payload": payload, "signature": signature})
    general = json.dumps({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
    jwe = ".".join((header, "AAAA", "AAAA", payload, signature))
    for token in (
        flattened,
        general,
        jwe,
        f"{header}.{payload}.{signature}.AA",
        f"{header}.{payload}",
        header,
        "",
        "..",
    ):
        code = "token.header" if token == ".." else "token.form"
        assert_invalid(judge(world, token.encode()), code)
    assert_invalid(judge(world, with_header(world, header_of(world, zip="DEF"))), "token.header")


def test_J22_a_detached_payload(world: World) -> None:
    header, _, signature = world.issue().decode().split(".")
    assert_invalid(judge(world, f"{header}..{signature}".encode()), "signature.issuer")


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 1_000_000, 50_000_000])
def test_J23_a_token_that_is_too_large(world: World, size: int) -> None:
    token = world.issue()
    assert_invalid(judge(world, token + b"A" * (size - len(token)), seconds=0.05), "token.form")
    assert_invalid(judge(world, b"." * size, seconds=0.05), "token.form")


def test_J23_the_limit_itself(world: World) -> None:
    """A genuine certificate of exactly 64 KiB is read to the end."""
    assert_invalid(judge(world, world.sign(b"x" * (MAX_BYTES * 3 // 4 - 200))), "payload.form")
    token = world.issue()
    padded = token + b"A" * (MAX_BYTES - len(token))
    assert len(padded) == MAX_BYTES
    assert "larger" not in judge(world, padded).checks[0].text
    assert "larger" in judge(world, padded + b"A").checks[0].text


@pytest.mark.parametrize(
    "members",
    [
        {"typ": "JWT"},
        {"typ": "vc+jwt"},
        {"cty": "vc"},
        {"iat": 1},
        {"x5t": "AA"},
        {"x5t#S256": "AA"},
        {"nonce": "a"},
        {"url": "https://attacker.example"},
        {"enc": "A128GCM"},
        {"": ""},
    ],
)
def test_J26_any_other_header(world: World, members: dict[str, Any]) -> None:
    assert_invalid(judge(world, with_header(world, header_of(world, **members))), "token.header")


@pytest.mark.parametrize("header", [b"{}", b"[]", b"null", b'"ES256"', b"", b'{"alg":"ES256"}'])
def test_J26_alg_or_kid_missing(world: World, header: bytes) -> None:
    assert_invalid(judge(world, with_header(world, header)), "token.header")
