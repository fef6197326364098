"""K11: nobody brings a key into a trust list without holding its private half, whatever a public key file says."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec import UNSET
from msgspec.structs import replace

from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.jws import Header, compact_jws
from keys.possession import KeyUse, PublicKeyFile, parse_public_key, prove_possession
from keys.private_key import AnyPrivateKey, OkpJwk, sign_with

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
OWNER = "https://verify.riverclinic.example/orgs/ttma"
EC, ED = generate_private_key(Algorithm.ES256), ed25519.Ed25519PrivateKey.generate()


def proven(key: AnyPrivateKey, use: KeyUse) -> PublicKeyFile:
    return prove_possession(key, organisation=OWNER, use=use, created=NOW)


def again(file: PublicKeyFile, key: AnyPrivateKey, *, alg: str | None = None) -> bytes:
    """The file with a proof that is about it as it is, signed by `key`."""
    statement = canonical(replace(file, proof=UNSET))
    proof = compact_jws(Header(alg=alg or file.alg, kid=file.kid), statement, lambda message: sign_with(key, message))
    return canonical(replace(file, proof=proof))


def refused(data: bytes, complaint: str) -> None:
    with pytest.raises(HandsealError, match=complaint):
        parse_public_key(data, "key")


def test_K11_a_file_proven_again_is_taken() -> None:
    for key, use in ((EC, KeyUse.COSIGN), (ED, KeyUse.TRUST)):
        assert parse_public_key(again(proven(key, use), key), "key").use is use


def test_K11_a_proof_by_another_key() -> None:
    for key, use in ((EC, KeyUse.COSIGN), (ED, KeyUse.TRUST)):
        other = generate_private_key(Algorithm.ES256) if key is EC else ed25519.Ed25519PrivateKey.generate()
        refused(again(proven(key, use), other), "does not show possession")


def test_K11_an_algorithm_that_is_not_the_keys() -> None:
    refused(again(replace(proven(EC, KeyUse.COSIGN), alg="RS256"), EC), "alg: is not the key's")
    refused(again(proven(EC, KeyUse.COSIGN), EC, alg="RS256"), "names another key")


def test_K11_a_kid_of_another_key_or_address() -> None:
    good, other = proven(EC, KeyUse.COSIGN), proven(generate_private_key(Algorithm.ES256), KeyUse.COSIGN)
    for kid in (other.kid, good.kid.replace("verify.", "elsewhere."), good.kid[:-1]):
        refused(again(replace(good, kid=kid), EC), "kid: is not the thumbprint")


@pytest.mark.parametrize(("key", "use"), [(EC, KeyUse.TRUST), (ED, KeyUse.COSIGN), (ED, KeyUse.ISSUE)])
def test_K11_a_key_of_another_kind_than_its_use(key: AnyPrivateKey, use: KeyUse) -> None:
    with pytest.raises(HandsealError, match="takes another kind of key"):
        proven(key, use)
    good = proven(key, KeyUse.COSIGN if key is EC else KeyUse.TRUST)
    refused(again(replace(good, use=use), key), "takes another kind of key")


def test_K11_a_date_that_is_not_of_utc() -> None:
    members = msgspec.json.decode(canonical(replace(proven(EC, KeyUse.COSIGN), proof=UNSET)))
    members["created"] = "2026-11-20T16:00:00+07:00"
    header = Header(alg=members["alg"], kid=members["kid"])
    members["proof"] = compact_jws(header, rfc8785.dumps(members), lambda message: sign_with(EC, message))
    refused(rfc8785.dumps(members), "times are UTC")


def test_K11_bytes_that_are_no_ed25519_key() -> None:
    good = proven(ED, KeyUse.TRUST)
    short = OkpJwk(crv="Ed25519", x="AAAA")
    with pytest.raises(HandsealError, match="is not an Ed25519 key"):
        _ = replace(good, jwk=short).ed25519
    with pytest.raises(HandsealError, match="is no key for trust lists"):
        _ = proven(EC, KeyUse.COSIGN).ed25519
