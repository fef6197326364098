"""Steps 11 to 13: status lists, the published syllabus, the trust list's freshness and what is remembered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from keys.encoding import canonical, sha256, sri
from keys.status import StatusList, TrustListReference, open_status_list
from keys.trust import FrozenStatus, Use
from tests.attacks.judging import (
    assert_verdict,
    with_key,
)
from tests.world import CLINIC, NORTH, NOW, SITE, World, list_of
from verifier.report import Check, Outcome, Report, Verdict
from verifier.verify import verify

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
REVOCATION, SUSPENSION, REFRESH = (list_of(CLINIC, purpose) for purpose in ("revocation", "suspension", "refresh"))
INDEX = 1  # of the first certificate of a world


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def token(world: World) -> bytes:
    return world.issue()


# -- step 11: status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "verdict", "codes"),
    [
        ([REVOCATION], Verdict.REVOKED, ["status.revocation"]),
        ([SUSPENSION], Verdict.SUSPENDED, ["status.suspension"]),
        ([REFRESH], Verdict.SUPERSEDED, ["status.superseded"]),
        ([REVOCATION, REFRESH], Verdict.SUPERSEDED, ["status.revocation", "status.superseded"]),
        ([REVOCATION, SUSPENSION], Verdict.REVOKED, ["status.revocation", "status.suspension"]),
    ],
)
def test_status_bits(world: World, token: bytes, lists: list[str], verdict: Verdict, codes: list[str]) -> None:
    for list_id in lists:
        world.revoke(list_id, INDEX)
        world.revoke(list_id, INDEX + 1)
    report = world.verify(token)
    assert_verdict(report, verdict, *codes)
    other = world.core()
    assert_verdict(world.verify(world.issue(core=other)), Verdict.VALID)


@pytest.mark.parametrize(
    ("list_id", "code"),
    [(REVOCATION, "status.revocation"), (SUSPENSION, "status.suspension"), (REFRESH, "status.superseded")],
)
@pytest.mark.parametrize("fault", [None, "it is out of date"])
def test_a_missing_list_is_unknown(world: World, token: bytes, list_id: str, code: str, fault: str | None) -> None:
    world.list_overrides[list_id] = fault
    assert_verdict(world.verify(token), Verdict.UNKNOWN, code)
    assert (fault or "missing") in world.verify(token).check(code).text


def test_a_revoked_certificate_stays_so_where_another_list_is_missing(world: World, token: bytes) -> None:
    world.revoke(REVOCATION, INDEX)
    world.list_overrides = {SUSPENSION: None, REFRESH: None}
    assert world.verify(token).verdict is Verdict.REVOKED


def longer(world: World, list_id: str, index: int | None = None) -> StatusList:
    opened = world.lists()[list_id]
    assert isinstance(opened, StatusList)
    bits = bytearray(2**18 // 8)
    if index is not None:
        bits[index // 8] |= 0x80 >> index % 8
    return replace(opened, bits=bytes(bits))


def test_lists_of_different_length_prove_nothing_but_what_is_set(world: World, token: bytes) -> None:
    world.list_overrides[SUSPENSION] = longer(world, SUSPENSION)
    codes = ("status.revocation", "status.suspension", "status.superseded")
    assert_verdict(world.verify(token), Verdict.UNKNOWN, *codes)
    world.revoke(REVOCATION, INDEX)
    assert_verdict(world.verify(token), Verdict.REVOKED, *codes)


def at_index(world: World, index: int) -> bytes:
    core = world.core()
    entry = core.credential_status
    placed = replace(entry, id=f"{entry.status_list_credential}#{index}", status_list_index=str(index))
    return world.issue(core=replace(core, credential_status=placed))


@pytest.mark.parametrize(("index", "verdict"), [(131_071, Verdict.VALID), (131_072, Verdict.INVALID)])
def test_an_index_beyond_the_list(world: World, index: int, verdict: Verdict) -> None:
    codes = ("status.revocation",) if verdict is Verdict.INVALID else ()
    assert world.verify(at_index(world, index)).verdict is verdict
    assert all(world.verify(at_index(world, index)).check(code).outcome is Outcome.FAIL for code in codes)


def test_the_clinics_lists_are_by_its_status_key(world: World, token: bytes) -> None:
    """A clinic that is a partner body elsewhere has a `cosign` key too, whose lists live 400 days."""
    signer = world.new_signer()
    with_key(world, CLINIC, world.key(signer, Use.COSIGN))
    forged = world.status_token(REVOCATION, signer=signer).encode()
    world.list_overrides[REVOCATION] = open_status_list(forged, REVOCATION, trust=world.trust(), now=NOW)
    assert_verdict(world.verify(token), Verdict.UNKNOWN, "status.revocation")


# -- step 12: syllabus ----------------------------------------------------------------------------------------------


def with_syllabus(world: World, token: bytes, syllabuses: dict[str, bytes]) -> Report:
    return verify(token, world.materials(syllabuses=syllabuses), at=NOW, now=NOW)


def test_another_or_no_syllabus_is_unknown_and_not_shown(world: World, token: bytes) -> None:
    identity = world.syllabus.id
    other = canonical(replace(world.syllabus, weeks=7))
    for syllabuses in ({}, {identity: other}, {identity: world.syllabus_bytes + b"\n"}, {identity: b""}):
        report = with_syllabus(world, token, syllabuses)
        assert_verdict(report, Verdict.UNKNOWN, "syllabus.match")
        assert report.syllabus is None


@pytest.mark.parametrize("form", ["not a syllabus", "another course", "another clinic's"])
def test_a_digest_of_something_else_is_unknown(world: World, form: str) -> None:
    """The certificate's digest is right, and yet these bytes are not its course's syllabus."""
    other = f"{SITE}/programmes/other-course"
    foreign = canonical(replace(world.syllabus, issuer=NORTH))
    course = canonical(replace(world.syllabus, id=f"{other}/1", programme=other))
    data = {"not a syllabus": b"{}", "another course": course, "another clinic's": foreign}[form]
    core = world.core()
    resource = replace(core.related_resource[0], digest_sri=sri(sha256(data)))
    token = world.issue(core=replace(core, related_resource=(resource,)))
    assert_verdict(with_syllabus(world, token, {world.syllabus.id: data}), Verdict.UNKNOWN, "syllabus.match")


# -- step 13: trust list and state ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("expires", "holds"), [(NOW, True), (NOW - SECOND, False)])
def test_an_expired_trust_list(world: World, token: bytes, expires: datetime, holds: bool) -> None:
    world.trust_expires = expires
    assert_verdict(world.verify(token), *((Verdict.VALID,) if holds else (Verdict.UNKNOWN, "trust.fresh")))


@pytest.mark.parametrize("purpose", ["revocation", "suspension", "refresh"])
@pytest.mark.parametrize(
    ("name", "same", "holds"),
    [
        ("trust/1.list.json", True, True),
        ("trust/1.list.json", False, False),
        ("trust/2.list.json", True, False),
        ("trust/0.list.json", True, False),
        ("trust/1.list.json/x", True, False),
    ],
)
def test_the_floor_that_the_clinics_lists_name(
    world: World, token: bytes, purpose: str, name: str, same: bool, holds: bool
) -> None:
    list_id = list_of(CLINIC, purpose)
    digest = world.trust().digest if same else sri(bytes(32))
    reference = TrustListReference(id=f"{SITE}/{name}", digest_sri=digest)
    named = world.status_token(list_id, related_resource=(reference,)).encode()
    world.list_overrides[list_id] = open_status_list(named, list_id, trust=world.trust(), now=NOW)
    assert_verdict(world.verify(token), *((Verdict.VALID,) if holds else (Verdict.UNKNOWN, "trust.fresh")))


def test_an_older_floor_is_none(world: World, token: bytes) -> None:
    lists = world.lists()  # name version 1
    world.change_list = lambda trust_list: replace(trust_list, version=2)
    assert_verdict(verify(token, world.materials(lists=lists), at=NOW, now=NOW), Verdict.VALID)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.PASS, Verdict.VALID),
        (Outcome.NOT_RUN, Verdict.VALID),
        (Outcome.UNKNOWN, Verdict.UNKNOWN),
        (Outcome.FAIL, Verdict.UNKNOWN),
    ],
)
def test_rollback_is_unknown_at_worst(world: World, token: bytes, outcome: Outcome, verdict: Verdict) -> None:
    rollback = Check("state.rollback", outcome, "unknown", "The clock went back.")
    report = verify(token, world.materials(rollback=rollback), at=NOW, now=NOW)
    assert_verdict(report, verdict, *(() if verdict is Verdict.VALID else ("state.rollback",)))


def frozen_world() -> tuple[World, bytes]:
    """Three years later: the clinic closed, and the trust list froze its last lists."""
    world = World()
    token = world.issue()
    last = {
        list_of(CLINIC, p): world.status_token(list_of(CLINIC, p)).encode()
        for p in ("revocation", "suspension", "refresh")
    }
    frozen = tuple(FrozenStatus(id=i, digest_sri=sri(sha256(data))) for i, data in last.items())
    world.change_list = lambda trust_list: replace(trust_list, version=2, frozen_status=frozen)
    world.now = NOW + timedelta(days=900)
    world.trust_expires = world.now + DAY
    world.list_overrides = {
        list_id: open_status_list(data, list_id, trust=world.trust(), now=world.now) for list_id, data in last.items()
    }
    return world, token


def test_a_certificate_outlives_its_clinic() -> None:
    world, token = frozen_world()
    report = world.verify(token)
    assert_verdict(report, Verdict.VALID)
    assert report.as_of == NOW - timedelta(hours=1)
