"""What we sign, others read: the Open Badges schema and four other implementations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joserfc.jws
import jsonschema
import jwt
import msgspec
import pytest
from joserfc.jwk import ECKey, RSAKey
from jwcrypto import jwk as jwcrypto_jwk, jws as jwcrypto_jws
from msgspec import UNSET
from msgspec.structs import replace
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier, decode_encoded_list, verify_endorsement_jwt

from keys.algorithms import Algorithm
from keys.signer import MemorySigner
from tests.attacks.judging import members_of, parts_of
from tests.world import CLINIC, TTMA, World, list_of

SCHEMA = "open-badges/ob_v3p0_achievementcredential_schema.json"


@pytest.fixture(scope="module", params=[Algorithm.ES256, Algorithm.RS256])
def world(request: pytest.FixtureRequest) -> World:
    world = World()
    world.issue_key = world.new_signer(request.param)
    world.partner_keys[TTMA] = world.new_signer(request.param)
    return world


def public_jwk(signer: MemorySigner) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(signer.jwk)  # type: ignore[attr-defined]  # set by the world
    return members


def public_pem(signer: MemorySigner) -> bytes:
    der = jwcrypto_jwk.JWK(**public_jwk(signer)).export_to_pem()
    return bytes(der)


def tokens(world: World) -> list[tuple[str, MemorySigner]]:
    """One of each class, with the key that signed it."""
    return [
        (world.issue().decode(), world.issue_key),
        (world.endorse(world.core()), world.partner_keys[TTMA]),
        (world.status_token(list_of(CLINIC)), world.status_key),
    ]


def test_pyjwt_verifies(world: World) -> None:
    for token, signer in tokens(world):
        key = jwt.PyJWK({**public_jwk(signer), "alg": signer.alg})
        payload = jwt.decode(token, key, algorithms=[signer.alg], options={"verify_exp": False})
        assert payload == members_of(token)


def test_jwcrypto_verifies(world: World) -> None:
    for token, signer in tokens(world):
        parsed = jwcrypto_jws.JWS()
        parsed.deserialize(token, jwcrypto_jwk.JWK(**public_jwk(signer)), alg=signer.alg)
        assert parsed.payload == parts_of(token)[1]
        assert parsed.jose_header == {"alg": signer.alg, "kid": signer.kid}


def test_joserfc_verifies(world: World) -> None:
    for token, signer in tokens(world):
        form = ECKey if signer.alg == "ES256" else RSAKey
        key = form.import_key(public_jwk(signer))
        read = joserfc.jws.deserialize_compact(token, key, algorithms=[signer.alg])
        assert read.payload == parts_of(token)[1]


def test_openbadgeslib_verifies(world: World) -> None:
    # Without an end: that library asks the machine's clock.
    token = world.issue(core=replace(world.core(), valid_until=UNSET, exp=UNSET))
    verifier = OB3Verifier(public_pem(world.issue_key))
    credential = verifier.verify(token.decode())
    assert credential is not None
    other = OB3Verifier(public_pem(world.new_signer(Algorithm(world.issue_key.alg))))
    with pytest.raises(OB3VerificationError):
        other.verify(token.decode())


def test_openbadgeslib_verifies_a_co_signature(world: World) -> None:
    core = world.core()
    answer = verify_endorsement_jwt(world.endorse(core), endorser_pubkey_pem=public_pem(world.partner_keys[TTMA]))
    assert (answer["issuer"], answer["endorses"]) == (TTMA, core.id)


def test_openbadgeslib_reads_our_status_lists() -> None:
    world = World()
    world.revoke(list_of(CLINIC), 0, 9, 131_071)
    encoded = members_of(world.status_token(list_of(CLINIC)))["credentialSubject"]["encodedList"]
    bits = decode_encoded_list(encoded)
    assert [index for index in (0, 1, 8, 9, 131_071) if bits[index // 8] >> (7 - index % 8) & 1] == [0, 9, 131_071]


def schema_of(shared_data: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((shared_data / SCHEMA).read_text(encoding="utf-8"))
    return schema


def test_the_certificate_is_an_achievement_credential(shared_data: Path) -> None:
    world = World()
    for token in (world.issue(), world.issue(core=world.core(latin=None)), world.close(world.core(), [])):
        jsonschema.Draft201909Validator(schema_of(shared_data)).validate(members_of(token))


def test_the_co_signature_is_an_endorsement_credential(shared_data: Path) -> None:
    world = World()
    schema = schema_of(shared_data)
    endorsement = {"$schema": schema["$schema"], "$ref": "#/$defs/EndorsementCredential", "$defs": schema["$defs"]}
    members = members_of(world.endorse(world.core()))
    jsonschema.Draft201909Validator(endorsement).validate(members)
    del members["issuer"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(endorsement).validate(members)


@pytest.mark.parametrize("member", ["issuer", "credentialSubject", "type", "validFrom"])
def test_the_schema_would_say_no(shared_data: Path, member: str) -> None:
    members = members_of(World().issue())
    del members[member]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(schema_of(shared_data)).validate(members)
