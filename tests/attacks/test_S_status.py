"""S01-S08, S15-S19: a status list that is not exactly the one that was asked for, in time, decides nothing."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from keys.encoding import b64url_encode
from keys.errors import FormatError
from keys.status import (
    COSIGNER_LIST_LIFE,
    ISSUER_LIST_LIFE,
    MAX_BITS,
    MIN_BITS,
    ListSubject,
    TrustListReference,
    decode_bits,
    encode_bits,
    open_status_list,
)
from keys.trust import TrustList, Use
from tests.attacks.judging import assert_invalid, assert_verdict, changed, parts_of
from tests.published import PublishedSite
from tests.world import CLINIC, FOUNDED, HARBOUR, NORTH, SITE, TTMA, World, entry, list_of, organisation
from verifier.report import PartnerOutcome, Report, Verdict
from verifier.sources import Site
from verifier.verify import verify

REVOCATION, SUSPENSION, REFRESH = (list_of(CLINIC, purpose) for purpose in ("revocation", "suspension", "refresh"))
# W3C Bitstring Status List 1.0, the example's list of 131,072 zeros.
W3C_ZEROS = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"


class Desk:
    """A clinic's published site, one certificate, and a verifier that is opened anew for each question."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        self.published = PublishedSite(folder / "site", world)
        self.token = world.issue()

    def put(self, list_id: str, token: str) -> None:
        self.published.write_list(list_id, token)

    def subject(self, list_id: str, encoded: str, purpose: str = "revocation") -> dict[str, Any]:
        subject = ListSubject(
            id=f"{list_id}#list", type="BitstringStatusList", status_purpose=purpose, encoded_list=encoded
        )  # fmt: skip
        return {"credential_subject": subject}

    def site(self) -> Site:
        return Site(self.published.folder, self.published.root, None)

    def report(self, token: bytes | None = None) -> Report:
        materials = self.site().materials(self.world.now)
        return verify(token or self.token, materials, at=self.world.now, now=self.world.now)

    def reason(self, list_id: str) -> str:
        return str(self.site().materials(self.world.now).lists[list_id])


@pytest.fixture
def desk(tmp_path: Path, world: World) -> Desk:
    return Desk(tmp_path, world)


def certificate_at(world: World, index: int) -> bytes:
    return world.issue(core=world.core(credential_status=entry(REVOCATION, index)))


@pytest.mark.parametrize(("index", "byte", "mask"), [(0, 0, 0x80), (7, 0, 0x01), (8, 1, 0x80), (131_071, 16_383, 0x01)])
def test_S01_the_first_bit_is_the_most_significant(desk: Desk, index: int, byte: int, mask: int) -> None:
    bits = bytearray(MIN_BITS // 8)
    bits[byte] = mask
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, **desk.subject(REVOCATION, encode_bits(bytes(bits)))))
    assert_verdict(desk.report(certificate_at(desk.world, index)), Verdict.REVOKED, "status.revocation")
    for other in {index ^ 1, index ^ 7, (index + 8) % MIN_BITS} - {index}:
        assert desk.report(certificate_at(desk.world, other)).verdict is Verdict.VALID


def test_S01_the_example_of_the_standard() -> None:
    assert decode_bits(W3C_ZEROS, "list") == bytes(16_384)


@pytest.mark.parametrize(
    "index",
    ["-1", "07", "+1", " 1", "1 ", "1e3", "0x1", "", "1.5", 1.5, 10**30, str(10**30), 4711, None, True, ["1"], "１"],
)
def test_S02_an_index_has_one_spelling(desk: Desk, index: object) -> None:
    def change(members: dict[str, Any]) -> None:
        members["credentialStatus"]["statusListIndex"] = index
        members["credentialStatus"]["id"] = f"{REVOCATION}#{index}"

    if index == 10**30:  # no JSON writer of ours writes it
        token = _with_bytes(desk.world, b'"statusListIndex":"', str(index).encode())
    else:
        token = changed(desk.world, desk.token, change)
    assert_invalid(desk.report(token), "payload.form")


def _with_bytes(world: World, member: bytes, number: bytes) -> bytes:
    payload = parts_of(world.issue())[1]
    start = payload.index(member) + len(member) - 1
    end = payload.index(b'"', start + 1) + 1
    return world.sign(payload[:start] + number + payload[end:])


@pytest.mark.parametrize("index", [131_072, 1_048_575])
def test_S02_an_index_beyond_the_list(desk: Desk, index: int) -> None:
    assert_invalid(desk.report(certificate_at(desk.world, index)), "status.revocation")


def test_S02_the_id_of_an_entry_says_the_same_index(desk: Desk) -> None:
    token = changed(desk.world, desk.token, lambda m: m["credentialStatus"].update(id=f"{REVOCATION}#99"))
    assert_invalid(desk.report(token), "payload.form")


@pytest.mark.parametrize("list_id", [REVOCATION, SUSPENSION, REFRESH])
@pytest.mark.parametrize("key", ["issue", "partner", "stranger", "another clinic"])
def test_S03_a_list_by_another_key(tmp_path: Path, world: World, list_id: str, key: str) -> None:
    other = world.new_signer()
    if key == "another clinic":
        world.change_list = _with_clinic(world, other)
    desk = Desk(tmp_path, world)
    signer = {"issue": world.issue_key, "partner": world.partner_keys[TTMA]}.get(key, other)
    desk.put(list_id, world.status_token(list_id, signer=signer))
    code = "status.superseded" if list_id == REFRESH else f"status.{list_id.split('/')[-2]}"
    assert_verdict(desk.report(), Verdict.UNKNOWN, code)


def _with_clinic(world: World, signer: Any) -> Callable[[TrustList], TrustList]:
    other = organisation(f"{SITE}/orgs/zen-clinic", "Zen Clinic", (world.key(signer, Use.STATUS),))
    return lambda trust_list: replace(trust_list, organisations=(*trust_list.organisations, other))


def test_S03_a_partner_list_by_another_partner(desk: Desk) -> None:
    stolen = desk.world.status_token(list_of(TTMA), signer=desk.world.partner_keys[NORTH])
    desk.put(list_of(TTMA), stolen)
    assert_verdict(desk.report(), Verdict.UNKNOWN, "cosignature.quorum", "status.partners")


@pytest.mark.parametrize("list_id", [REVOCATION, SUSPENSION, REFRESH])
def test_S04_a_list_past_its_time(desk: Desk, list_id: str) -> None:
    dated = desk.world.now - ISSUER_LIST_LIFE
    desk.put(list_id, desk.world.status_token(list_id, dated=dated))
    assert desk.report().verdict is Verdict.VALID  # to the second
    desk.put(list_id, desk.world.status_token(list_id, dated=dated - timedelta(seconds=1)))
    report = desk.report()
    assert report.verdict is Verdict.UNKNOWN
    assert report.worst is not None
    assert f"last known as of {dated - timedelta(seconds=1):%Y-%m-%d}" in report.worst.text


@pytest.mark.parametrize("list_id", [REVOCATION, SUSPENSION, REFRESH])
def test_S04_a_list_that_claims_a_longer_life(desk: Desk, list_id: str) -> None:
    desk.put(list_id, desk.world.status_token(list_id, life=ISSUER_LIST_LIFE + timedelta(seconds=1)))
    assert desk.report().verdict is Verdict.UNKNOWN
    assert "35 days" in desk.reason(list_id)


def test_S04_a_list_from_the_future(desk: Desk) -> None:
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, dated=desk.world.now + timedelta(seconds=1)))
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


@pytest.mark.parametrize(
    "address",
    [
        "https://attacker.example/status/river-clinic/revocation/1",
        "https://verify.river.example@attacker.example/status/river-clinic/revocation/1",
        "https://user@verify.river.example/status/river-clinic/revocation/1",
        "https://verify.river.example:8443/status/river-clinic/revocation/1",
        "http://verify.river.example/status/river-clinic/revocation/1",
        "https://VERIFY.river.example/status/river-clinic/revocation/1",
        "https://verify.river.example/status/river-clinic/revocation/1/",
        "https://verify.river.example/status/../status/river-clinic/revocation/1",
        "https://verify.river.example/status/ttma/revocation/1",
        "https://verify.river.example/status/river-clinic/suspension/1",
        "https://verify.river.example/status/river-clinic/revocation/1?x",
        "file:///etc/passwd",
        "",
    ],
)
def test_S05_another_address_of_the_list(desk: Desk, address: str) -> None:
    def change(members: dict[str, Any]) -> None:
        members["credentialStatus"]["statusListCredential"] = address
        members["credentialStatus"]["id"] = f"{address}#{members['credentialStatus']['statusListIndex']}"

    assert_invalid(desk.report(changed(desk.world, desk.token, change)), "payload.form")


@pytest.mark.parametrize("size", [10 * 1024 * 1024, 50_000_000])
def test_S06_a_bomb(desk: Desk, size: int) -> None:
    bomb = "u" + b64url_encode(gzip.compress(bytes(size), mtime=0))
    assert len(bomb) < 70_000
    token = desk.world.status_token(REVOCATION, **desk.subject(REVOCATION, bomb)).encode()
    trust = desk.world.trust()
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="longer"):
            open_status_list(token, REVOCATION, trust=trust, now=desk.world.now)
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()
    desk.put(REVOCATION, token.decode())
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


@pytest.mark.parametrize("bits", [0, 8, MIN_BITS - 8, MAX_BITS + 8])
def test_S07_a_list_too_short_or_too_long(desk: Desk, bits: int) -> None:
    encoded = encode_bits(bytes(bits // 8))
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, **desk.subject(REVOCATION, encoded)))
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


def test_S07_a_list_of_the_greatest_length_is_accepted(desk: Desk) -> None:
    for list_id, purpose in ((REVOCATION, "revocation"), (SUSPENSION, "suspension"), (REFRESH, "refresh")):
        subject = desk.subject(list_id, encode_bits(bytes(MAX_BITS // 8)), purpose)
        desk.put(list_id, desk.world.status_token(list_id, **subject))
    assert desk.report(certificate_at(desk.world, MAX_BITS - 1)).verdict is Verdict.VALID


def test_S07_lists_of_different_length(desk: Desk) -> None:
    subject = desk.subject(SUSPENSION, encode_bits(bytes(MIN_BITS // 4)), "suspension")
    desk.put(SUSPENSION, desk.world.status_token(SUSPENSION, **subject))
    assert desk.report().verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "encoded",
    ["u", "H4sI", "u!", "uAAAA", encode_bits(bytes(MIN_BITS // 8))[:-4], "z" + encode_bits(bytes(MIN_BITS // 8))[1:]],
)
def test_S07_a_list_that_is_none(desk: Desk, encoded: str) -> None:
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, **desk.subject(REVOCATION, encoded)))
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


def test_S07_two_gzip_members(desk: Desk) -> None:
    half = gzip.compress(bytes(MIN_BITS // 8), mtime=0)
    subject = desk.subject(REVOCATION, "u" + b64url_encode(half + half))
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, **subject))
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


def test_S08_the_list_has_another_purpose_than_its_path(desk: Desk) -> None:
    subject = desk.subject(REVOCATION, encode_bits(bytes(MIN_BITS // 8)), "suspension")
    desk.put(REVOCATION, desk.world.status_token(REVOCATION, **subject))
    assert_verdict(desk.report(), Verdict.UNKNOWN, "status.revocation")


def test_S08_the_entry_has_another_purpose(desk: Desk) -> None:
    token = changed(desk.world, desk.token, lambda m: m["credentialStatus"].update(statusPurpose="suspension"))
    assert_invalid(desk.report(token), "payload.form")


def test_S15_a_partner_list_that_is_missing(desk: Desk) -> None:
    (desk.published.folder / "status/ttma/revocation/1.jwt").unlink()
    report = desk.report()
    assert_verdict(report, Verdict.UNKNOWN, "cosignature.quorum", "status.partners")
    lines = {partner.id: partner for partner in report.partners}
    assert lines[TTMA].outcome is PartnerOutcome.UNKNOWN
    assert "could not be confirmed" in lines[TTMA].note
    assert lines[HARBOUR].outcome is PartnerOutcome.SIGNED


def test_S15_enough_others_make_it_valid_all_the_same(desk: Desk) -> None:
    (desk.published.folder / "status/ttma/revocation/1.jwt").unlink()
    report = desk.report(desk.world.issue(HARBOUR, NORTH, TTMA))
    assert report.verdict is Verdict.VALID
    assert "could not be used" in report.check("status.partners").text


@pytest.mark.parametrize(("days", "verdict"), [(34, Verdict.VALID), (36, Verdict.UNKNOWN)])
def test_S16_an_old_mirror_says_how_old_it_is(desk: Desk, days: int, verdict: Verdict) -> None:
    made = desk.world.now - timedelta(hours=1)
    core = desk.world.core()
    token = desk.world.issue(core=core)
    desk.world.revoke(REVOCATION, core.credential_status.index)  # the mirror never learns of it
    desk.world.now += timedelta(days=days)
    report = desk.report(token)
    assert report.verdict is verdict
    if verdict is Verdict.VALID:
        assert report.as_of == made
        assert {entry.dated for entry in report.lists} == {made}
    else:
        assert f"last known as of {made:%Y-%m-%d}" in report.check("status.revocation").text


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        (f"{SITE}/status/river-clinic/revocation/2", REVOCATION),
        (SUSPENSION, REVOCATION),
        (REVOCATION, SUSPENSION),
        (REVOCATION, REFRESH),
        (list_of(TTMA), REVOCATION),
        (REVOCATION, list_of(TTMA)),
        (list_of(HARBOUR), list_of(TTMA)),
    ],
)
def test_S17_a_genuine_list_at_another_path(desk: Desk, shown: str, asked: str) -> None:
    desk.put(asked, desk.world.status_token(shown))
    assert desk.report().verdict is Verdict.UNKNOWN
    assert "another list than the one asked for" in desk.reason(asked)


@pytest.mark.parametrize(("purpose", "code"), [("suspension", "status.suspension"), ("refresh", "status.superseded")])
def test_S18_a_list_deleted_from_a_mirror(desk: Desk, purpose: str, code: str) -> None:
    (desk.published.folder / f"status/river-clinic/{purpose}/1.jwt").unlink()
    assert_verdict(desk.report(), Verdict.UNKNOWN, code)


@pytest.mark.parametrize(("version", "digest"), [(2, None), (1, "sha256-" + "A" * 43 + "=")])
@pytest.mark.parametrize("list_id", [REVOCATION, SUSPENSION, REFRESH])
def test_S19_the_clinic_knew_another_trust_list(desk: Desk, version: int, digest: str | None, list_id: str) -> None:
    knew = TrustListReference(id=f"{SITE}/trust/{version}.list.json", digest_sri=digest or desk.world.trust().digest)
    desk.put(list_id, desk.world.status_token(list_id, related_resource=(knew,)))
    report = desk.report()
    assert_verdict(report, Verdict.UNKNOWN, "trust.fresh")
    assert "Alarm" in report.check("trust.fresh").text


def test_S19_a_site_whose_trust_list_went_back(desk: Desk) -> None:
    """The whole trust folder is old, the status lists are new."""
    old, issued = desk.published.trust_files, desk.world.now - timedelta(hours=2)
    desk.published.write_trust(desk.published.next_trust_list(issued))
    trust = desk.site().materials(desk.world.now).trust
    assert trust is not None
    knew = TrustListReference(id=f"{SITE}/trust/2.list.json", digest_sri=trust.digest)
    for list_id in (REVOCATION, SUSPENSION, REFRESH):
        desk.put(list_id, desk.world.status_token(list_id, related_resource=(knew,)))
    assert desk.report().verdict is Verdict.VALID
    desk.published.write_trust(old)
    assert_verdict(desk.report(), Verdict.UNKNOWN, "trust.fresh")


@pytest.mark.parametrize(("more", "verdict"), [(timedelta(0), Verdict.VALID), (timedelta(seconds=1), Verdict.UNKNOWN)])
def test_S04_a_partner_list_may_be_older(desk: Desk, more: timedelta, verdict: Verdict) -> None:
    token = desk.world.status_token(list_of(TTMA), dated=FOUNDED, life=COSIGNER_LIST_LIFE + more)
    desk.put(list_of(TTMA), token)
    assert desk.report().verdict is verdict
