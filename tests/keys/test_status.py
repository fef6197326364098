"""Status lists: bit order, bounded inflate, and every reason not to believe one."""

from __future__ import annotations

import base64
import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from keys.algorithms import Algorithm
from keys.encoding import b64url_encode, canonical, sha256, sri
from keys.errors import FormatError, HandsealError
from keys.jws import sign_token
from keys.signer import MemorySigner
from keys.status import (
    COSIGNER_LIST_LIFE,
    ISSUER_LIST_LIFE,
    MAX_BITS,
    MAX_LIST_BYTES,
    MIN_BITS,
    StatusList,
    decode_bits,
    encode_bits,
    open_status_list,
    set_bits,
)
from keys.trust import FrozenStatus, Use
from tests.attacks.judging import Change, changed, parts_of, rekeyed, signed_by, with_key
from tests.world import CLINIC, HARBOUR, NOW, SITE, TTMA, World, list_of

LIST = list_of(CLINIC)
SECOND = timedelta(seconds=1)
DATED = NOW - timedelta(hours=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def opened(world: World, token: str | bytes, list_id: str = LIST, **changes: Any) -> StatusList:
    data = token.encode() if isinstance(token, str) else token
    now = changes.get("now", NOW)
    return open_status_list(data, list_id, trust=world.trust(), now=now)


def refused(world: World, token: str | bytes, reason: str, list_id: str = LIST, **changes: Any) -> None:
    with pytest.raises(HandsealError, match=reason) as fault:
        opened(world, token, list_id, **changes)
    assert LIST.rpartition("/")[0] in str(fault.value) or list_id in str(fault.value) or "signature" in str(fault.value)


# -- bits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "byte", "value"), [(0, 0, 0x80), (7, 0, 0x01), (8, 1, 0x80), (131_071, 16_383, 0x01), (1, 0, 0x40)]
)
def test_the_most_significant_bit_comes_first(world: World, index: int, byte: int, value: int) -> None:
    bits = set_bits(bytes(MIN_BITS // 8), {index})
    assert (bits[byte], sum(bits)) == (value, value)
    world.revoked = {LIST: {index}}
    read = opened(world, world.status_token(LIST))
    world.revoked = {}
    assert [i for i in (0, 1, 7, 8, 131_071) if read.is_set(i)] == [index]
    assert read.length == MIN_BITS


def test_beyond_the_list_there_is_no_bit(world: World) -> None:
    read = opened(world, world.status_token(LIST))
    with pytest.raises(IndexError):
        read.is_set(MIN_BITS)


@given(st.sets(st.integers(0, MIN_BITS - 1), max_size=30), st.integers(0, MIN_BITS - 1))
@settings(max_examples=50)
def test_bits_round_trip(indices: set[int], other: int) -> None:
    bits = decode_bits(encode_bits(set_bits(bytes(MIN_BITS // 8), indices)), "list")
    read = StatusList("", "", "", Use.STATUS, NOW, NOW, bits, None, b"")  # type: ignore[arg-type]  # not looked at
    assert all(read.is_set(index) for index in indices)
    assert read.is_set(other) == (other in indices)


def test_the_empty_list_of_the_w3c_example() -> None:
    """Bitstring Status List 1.0, example 3: the smallest list with no bit set, as another encoder wrote it."""
    example = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    assert decode_bits(example, "list") == bytes(MIN_BITS // 8)


def test_the_same_bits_give_the_same_text() -> None:
    bits = set_bits(bytes(MIN_BITS // 8), {3, 99_999})
    assert encode_bits(bits) == encode_bits(bytes(bits))
    assert base64.urlsafe_b64decode(encode_bits(bits)[1:] + "==")[4:8] == bytes(4)  # gzip's time


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (MIN_BITS, ""),
        (MIN_BITS - 8, "shorter than 131072 bits"),
        (8, "shorter"),
        (0, "shorter"),
        (MAX_BITS, ""),
        (MAX_BITS + 8, "longer than 1048576 bits"),
        (MAX_BITS * 80, "longer"),
    ],
)
def test_length(size: int, reason: str) -> None:
    encoded = encode_bits(bytes(size // 8))
    if not reason:
        assert len(decode_bits(encoded, "list")) * 8 == size
        return
    with pytest.raises(FormatError, match=reason):
        decode_bits(encoded, "list")


def test_a_bomb_is_never_unpacked() -> None:
    bomb = "u" + b64url_encode(gzip.compress(bytes(50_000_000)))
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(FormatError, match="longer"):
        decode_bits(bomb, "list")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


PACKED = gzip.compress(bytes(MIN_BITS // 8), mtime=0)


@pytest.mark.parametrize(
    "data",
    [
        *(PACKED[:-1], PACKED[:-8], PACKED + b"\0", PACKED + PACKED, b"", b"\x1f\x8b", b"x" * 40, PACKED[1:]),
        *(zlib.compress(bytes(MIN_BITS // 8)), zlib.compress(bytes(MIN_BITS // 8))[2:-4]),
        *(PACKED[:-4] + bytes(4), PACKED[:-8] + bytes(4) + PACKED[-4:]),  # length, checksum
    ],
)
def test_what_is_not_one_whole_gzip_member(data: bytes) -> None:
    with pytest.raises(FormatError, match="gzip"):
        decode_bits("u" + b64url_encode(data), "list")


# -- a list that is believed, and all that are not ------------------------------------------------------------------


def test_a_good_list(world: World) -> None:
    token = world.status_token(LIST)
    read = opened(world, token)
    assert (read.id, read.issuer, read.valid_from) == (LIST, CLINIC, DATED)
    assert (read.use, read.kid, read.token, read.frozen) == (Use.STATUS, world.status_key.kid, token.encode(), False)
    assert opened(world, world.status_token(list_of(TTMA)), list_of(TTMA)).use is Use.COSIGN


@pytest.mark.parametrize("algorithm", [Algorithm.RS256])
def test_a_list_by_an_rsa_key(algorithm: Algorithm) -> None:
    world = World()
    world.status_key = world.new_signer(algorithm)
    assert opened(world, world.status_token(LIST)).kid == world.status_key.kid


@pytest.mark.parametrize(
    "other", [f"{SITE}/status/river-clinic/revocation/2", list_of(CLINIC, "suspension"), list_of(TTMA), "x", ""]
)
def test_S17_a_genuine_list_at_another_path(world: World, other: str) -> None:
    with pytest.raises(HandsealError):
        opened(world, world.status_token(LIST), other)


def test_S03_by_a_key_of_another_use_or_organisation(world: World) -> None:
    refused(world, world.status_token(LIST, signer=world.issue_key), "whose use is 'issue'")
    refused(world, world.status_token(LIST, signer=world.partner_keys[TTMA]), "another organisation")
    refused(world, world.status_token(list_of(TTMA), signer=world.status_key), "another organisation", list_of(TTMA))
    refused(world, world.status_token(LIST, signer=world.new_signer()), "not in the trust list")
    with pytest.raises(HandsealError):
        opened(world, world.status_token(LIST)[:-4] + "AAAA")


def test_a_co_signer_keeps_a_revocation_list_only(world: World) -> None:
    suspension = list_of(TTMA, "suspension")
    refused(world, world.status_token(suspension), "revocation list only", suspension)


def test_an_algorithm_that_is_not_the_trust_lists(world: World) -> None:
    header = canonical({"alg": "RS256", "kid": world.status_key.kid})
    forged = signed_by(world.status_key, header, parts_of(world.status_token(LIST))[1])
    refused(world, forged, "not in the trust list")


@pytest.mark.parametrize(
    ("list_id", "life", "later", "reason"),
    [
        (LIST, ISSUER_LIST_LIFE, ISSUER_LIST_LIFE, ""),
        (LIST, ISSUER_LIST_LIFE, ISSUER_LIST_LIFE + SECOND, "out of date, last known as of 2026-11-22"),
        (LIST, ISSUER_LIST_LIFE + SECOND, SECOND, "35 days at most"),
        (LIST, timedelta(0), timedelta(0), "at most"),
        (LIST, -SECOND, timedelta(0), "at most"),
        (LIST, SECOND, timedelta(0), ""),
        (LIST, ISSUER_LIST_LIFE, timedelta(0), ""),
        (LIST, ISSUER_LIST_LIFE, -SECOND, "dated in the future"),
        (list_of(TTMA), COSIGNER_LIST_LIFE, COSIGNER_LIST_LIFE, ""),
        (list_of(TTMA), COSIGNER_LIST_LIFE, COSIGNER_LIST_LIFE + SECOND, "out of date"),
        (list_of(TTMA), COSIGNER_LIST_LIFE + SECOND, SECOND, "400 days at most"),
    ],
)
def test_S04_ages(world: World, list_id: str, life: timedelta, later: timedelta, reason: str) -> None:
    token = world.status_token(list_id, life=life)
    if reason:
        refused(world, token, reason, list_id, now=DATED + later)
    else:
        assert opened(world, token, list_id, now=DATED + later).valid_until == DATED + life


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"valid_from": DATED}, ""),
        ({"valid_from": DATED + SECOND}, "outside its key's validity"),
        ({"valid_until": DATED}, ""),
        ({"valid_until": DATED - SECOND}, "outside its key's validity"),
        ({"compromised_since": NOW + timedelta(days=9)}, "compromised"),
    ],
)
def test_the_keys_validity(bounds: dict[str, Any], reason: str) -> None:
    world = World()
    rekeyed(world, TTMA, **bounds)
    token = world.status_token(list_of(TTMA))
    if reason:
        refused(world, token, reason, list_of(TTMA))
    else:
        assert opened(world, token, list_of(TTMA))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(id=m["id"][:-1] + "2"),
        lambda m: m.update(issuer=TTMA, iss=TTMA),
        lambda m: m.update(iss=TTMA),
        lambda m: m.update(sub=m["id"]),
        lambda m: m.update(jti=m["sub"]),
        lambda m: m.update(nbf=m["nbf"] + 1),
        lambda m: m.update(exp=m["exp"] - 1),
        lambda m: m["credentialSubject"].update(id=m["id"]),
        lambda m: m["credentialSubject"].update(statusPurpose="suspension"),
        lambda m: m["credentialSubject"].update(statusPurpose="message"),
        lambda m: m["credentialSubject"].update(statusSize=2),
        lambda m: m["credentialSubject"].update(encodedList="z" + m["credentialSubject"]["encodedList"][1:]),
        lambda m: m["credentialSubject"].update(encodedList="u"),
        lambda m: m["credentialSubject"].update(encodedList=m["credentialSubject"]["encodedList"] + "="),
        lambda m: m.pop("relatedResource"),
        lambda m: m.pop("validUntil"),
        lambda m: m.pop("exp"),
        lambda m: m["relatedResource"].append(m["relatedResource"][0]),
        lambda m: m["relatedResource"][0].pop("mediaType"),
        lambda m: m.update(issuer={"id": m["issuer"]}),
        lambda m: m.update(type=["BitstringStatusListCredential"]),
        lambda m: m.update(proof={}),
        lambda m: m["@context"].append("https://attacker.example"),
    ],
)
def test_another_form(world: World, change: Change) -> None:
    with pytest.raises(FormatError):
        opened(world, changed(world, world.status_token(LIST), change, world.status_key))


def test_a_list_that_is_too_large(world: World) -> None:
    refused(world, "A" * (MAX_LIST_BYTES + 1), "larger than 524288 bytes")


def test_dates_at_the_end_of_the_calendar(world: World) -> None:
    def late(members: dict[str, Any]) -> None:
        members.update(validFrom="9999-12-30T00:00:00Z", validUntil="9999-12-31T00:00:00Z")
        members.update(nbf=253402128000, exp=253402214400)

    refused(world, changed(world, world.status_token(LIST), late, world.status_key), "future")


# -- frozen lists ---------------------------------------------------------------------------------------------------


def frozen(world: World, token: str, list_id: str = LIST) -> None:
    entry = FrozenStatus(id=list_id, digest_sri=sri(sha256(token.encode())))
    before = world.change_list
    world.change_list = lambda trust_list: replace(before(trust_list), frozen_status=(entry,))


def test_a_frozen_list_is_accepted_whatever_its_age() -> None:
    world = World()
    token = world.status_token(LIST)
    frozen(world, token)
    read = opened(world, token, now=NOW + timedelta(days=4000))
    assert read.frozen


def test_no_other_list_of_an_organisation_that_closed() -> None:
    world = World()
    token = world.status_token(LIST)
    frozen(world, token)
    refused(world, world.status_token(LIST), "closed")
    for purpose in ("suspension", "refresh"):
        refused(world, world.status_token(list_of(CLINIC, purpose)), "closed", list_of(CLINIC, purpose))
    assert not opened(world, world.status_token(list_of(TTMA)), list_of(TTMA)).frozen
    assert not opened(world, world.status_token(list_of(HARBOUR)), list_of(HARBOUR)).frozen


def test_a_frozen_list_must_still_be_the_organisations() -> None:
    world = World()
    forged = world.status_token(LIST, signer=world.partner_keys[TTMA])
    frozen(world, forged)
    refused(world, forged, "another organisation")


def test_a_list_by_a_second_key(world: World) -> None:
    other = World()
    signer: MemorySigner = other.new_signer()
    with_key(other, CLINIC, other.key(signer, Use.STATUS))
    assert opened(other, other.status_token(LIST, signer=signer)).kid == signer.kid


def test_any_signed_bytes_are_refused_in_order(world: World) -> None:
    payloads: list[bytes] = [b"", b"{}", b"null", canonical({"id": LIST}), b"\xff"]
    signed: Callable[[bytes], str] = lambda payload: sign_token(payload, world.status_key)  # noqa: E731  # short
    for payload in payloads:
        with pytest.raises(FormatError):
            opened(world, signed(payload))
