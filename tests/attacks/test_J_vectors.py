"""J15 and J28: bad signatures are refused, and we agree with the Wycheproof vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from keys.algorithms import EcJwk, Jwk, PublicKey, RsaJwk, public_key
from keys.encoding import b64url_encode
from keys.errors import FormatError, HandsealError
from keys.jws import split_token
from tests.attacks.judging import (
    assert_invalid,
    assert_verdict,
    joined,
    judge,
    parts_of,
)
from tests.world import World
from verifier.report import Verdict


def test_J15_malformed_signatures(world: World) -> None:
    header, payload, good = parts_of(world.issue())
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    r, s = good[:32], good[32:]
    der = ec.generate_private_key(ec.SECP256R1()).sign(b"x", ec.ECDSA(hashes.SHA256()))
    edges = [bytes(32), order.to_bytes(32, "big"), (order + 1).to_bytes(32, "big"), b"\xff" * 32]
    forged = [edge + s for edge in edges] + [r + edge for edge in edges]
    for signature in (*forged, bytes(64), der, good[:-1], good + b"\0", b"\0" + good, r + b"\0" + s, good * 2):
        assert_invalid(judge(world, joined(header, payload, signature)), "signature.issuer")


def test_J15_a_signatures_twin_is_the_same_certificate(world: World) -> None:
    """ECDSA signatures have twins: a token's string is no identity, its content digest is."""
    token = world.issue()
    header, payload, good = parts_of(token)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    other = order - int.from_bytes(good[32:], "big")
    twin = joined(header, payload, good[:32] + other.to_bytes(32, "big"))
    first, second = judge(world, token), judge(world, twin)
    assert_verdict(second, Verdict.VALID)
    assert (first.digest, first.token != second.token) == (second.digest, True)


def _differs(group: dict[str, Any], key: PublicKey) -> list[int]:
    """The test ids of one Wycheproof group where our answer differs."""
    wrong = []
    for case in group["tests"]:
        try:
            key.require_signature(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            accepted = True
        except HandsealError:
            accepted = False
        if accepted != (case["result"] == "valid"):
            wrong.append(case["tcId"])
    return wrong


def _wycheproof(shared_data: Path, name: str) -> list[dict[str, Any]]:
    document = json.loads((shared_data / "wycheproof" / f"{name}.json").read_text(encoding="utf-8"))
    groups: list[dict[str, Any]] = document["testGroups"]
    assert sum(len(group["tests"]) for group in groups) == document["numberOfTests"]
    return groups


def test_J15_wycheproof_p1363(shared_data: Path) -> None:
    wrong = []
    for group in _wycheproof(shared_data, "ecdsa_secp256r1_sha256_p1363_test"):
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        jwk = EcJwk(crv="P-256", x=b64url_encode(point[1:33]), y=b64url_encode(point[33:]))
        wrong += _differs(group, public_key(jwk))
    assert wrong == []


def test_J15_wycheproof_rsa(shared_data: Path) -> None:
    """The one `acceptable` case (a missing NULL in the digest's description) and keys of exponent 3 are refused."""
    checked = 0
    for group in _wycheproof(shared_data, "rsa_signature_2048_sha256_test"):
        numbers = (bytes.fromhex(group["publicKey"][name]).lstrip(b"\0") for name in ("publicExponent", "modulus"))
        e, n = (b64url_encode(number) for number in numbers)
        if e != "AQAB":
            with pytest.raises(FormatError):
                public_key(RsaJwk(e=e, n=n))
            continue
        assert _differs(group, public_key(RsaJwk(e=e, n=n))) == []
        checked += len(group["tests"])
    assert checked > 200


def _accepted(group: dict[str, Any], jws: object) -> bool:
    """A Wycheproof JWS through our parts, with the group's key standing for the trust list's.

    Of the key, what says that it may verify with one of our algorithms is taken away; the rest must be a closed JWK.
    Its headers carry members that ours may not, so the header is read for `alg` alone.
    """
    jwk = dict(group.get("public") or group["private"])
    algorithm = jwk.pop("alg", None)
    permitted = {"use": "sig", "key_ops": ["verify"], "kid": jwk.get("kid")}
    jwk = {name: value for name, value in jwk.items() if permitted.get(name) != value}
    try:
        key = public_key(msgspec.convert(jwk, Jwk))
        token = split_token(str(jws).encode())
        header = msgspec.json.decode(token.header)
        if not header["alg"] == algorithm == key.algorithm.value or not {"crit", "b64"}.isdisjoint(header):
            return False
        key.require_signature(token.signed, token.signature)
    except (HandsealError, msgspec.MsgspecError, KeyError, TypeError):
        return False
    return True


def test_J28_wycheproof_jws(shared_data: Path) -> None:
    seen, wrong = 0, []
    for group in _wycheproof(shared_data, "json_web_signature_test"):
        ours = (group.get("public") or group["private"]).get("alg") in {"ES256", "RS256"}
        for case in group["tests"]:
            seen += 1
            expected = ours and case["result"] == "valid"
            if _accepted(group, case["jws"]) != expected:
                wrong.append((case["tcId"], case["comment"], case["result"]))
    assert (seen, wrong) == (401, [])
