"""Each check turns the verdict as formats.md section 10 says, and the worst verdict wins."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from keys.encoding import format_time
from keys.status import open_status_list
from keys.trust import Trust, Use
from tests.attacks.judging import (
    assert_invalid,
    assert_verdict,
    changed,
    compromise_partner,
    policy_of,
    rekeyed,
    with_policies,
)
from tests.world import CLINIC, FOUNDED, HARBOUR, NORTH, NOW, PARTNERS, PROPOSED, SIGNED, TTMA, World, list_of
from verifier.materials import Materials
from verifier.report import CODES, Outcome, Verdict
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


def test_a_genuine_certificate_passes_every_check(world: World, token: bytes) -> None:
    report = world.verify(token)
    assert [check.code for check in report.checks] == list(CODES)
    assert {check.outcome for check in report.checks[:-1]} == {Outcome.PASS}
    assert (report.check("state.rollback").outcome, report.verdict) == (Outcome.NOT_RUN, Verdict.VALID)
    assert (report.token, report.checked, report.threshold) == (token.decode(), NOW, 2)
    assert all(check.text.endswith(".") for check in report.checks)


MUTATIONS: dict[str, Callable[[World, bytes], bytes]] = {
    "token.form": lambda world, token: token + b"=",
    "token.header": lambda world, token: b"e30" + token[token.index(b".") :],
    "key.known": lambda world, token: World().issue(),
    "signature.issuer": lambda world, token: token[:-10] + bytes(reversed(token[-10:-6])) + token[-6:],
    "payload.form": lambda world, token: changed(world, token, lambda m: m.update(extra=1)),
    "payload.claims": lambda world, token: changed(world, token, lambda m: m.update(nbf=m["nbf"] + 1)),
    "policy.match": lambda world, token: changed(world, token, lambda m: m["termsOfUse"][0].update(threshold=1)),
    "cosignature.form": lambda world, token: changed(world, token, lambda m: m["endorsementJwt"].reverse()),
}


@pytest.mark.parametrize("code", MUTATIONS)
def test_steps_1_to_8_stop_at_the_first_failure(world: World, token: bytes, code: str) -> None:
    assert_invalid(world.verify(MUTATIONS[code](world, token)), code)


def test_an_unauthorised_issuer(world: World, token: bytes) -> None:
    with_policies(world, replace(policy_of(world), issuers=(NORTH,)))
    assert_invalid(world.verify(token), "issuer.authorised")


@pytest.mark.parametrize("use", [Use.STATUS, Use.COSIGN])
def test_a_key_of_another_use_issues_nothing(world: World, token: bytes, use: Use) -> None:
    rekeyed(world, CLINIC, use=use)
    assert_invalid(world.verify(token), "key.known")


def test_without_a_trust_list_nothing_is_decided(world: World, token: bytes) -> None:
    report = verify(token, world.materials(trust=None, trust_fault="it is missing"), at=NOW, now=NOW)
    assert (report.verdict, report.certificate, report.as_of) == (Verdict.UNKNOWN, None, None)
    assert "it is missing" in report.check("key.known").text
    broken = verify(token + b"=", world.materials(trust=None, trust_fault="it is missing"), at=NOW, now=NOW)
    assert_invalid(broken, "token.form")


# -- step 9: the clinic's key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"valid_from": NOW}, True),
        ({"valid_from": NOW + SECOND}, False),
        ({"valid_until": SIGNED}, True),
        ({"valid_until": SIGNED - SECOND}, False),
    ],
)
def test_the_issue_key_in_its_time(world: World, token: bytes, bounds: dict[str, datetime], holds: bool) -> None:
    rekeyed(world, CLINIC, **bounds)
    if holds:
        assert_verdict(world.verify(token), Verdict.VALID)
    else:
        assert_invalid(world.verify(token), "key.validity")


def test_a_retired_issue_key_and_a_late_co_signature_that_is_not_confirmed(world: World) -> None:
    rekeyed(world, CLINIC, valid_until=SIGNED)
    core = world.core()
    dates = dict.fromkeys(PARTNERS, SIGNED) | {TTMA: SIGNED + SECOND}
    token = world.close(core, [world.endorse(core, p, valid_from=dates[p]) for p in sorted(PARTNERS)])
    assert_invalid(world.verify(token), "key.validity")
    world.list_overrides[list_of(TTMA)] = None
    assert_verdict(world.verify(token), Verdict.UNKNOWN, "key.validity")


@pytest.mark.parametrize(("since", "holds"), [(SIGNED + SECOND, True), (SIGNED, False), (FOUNDED, False)])
def test_a_compromised_issue_key_needs_an_earlier_witness(
    world: World, token: bytes, since: datetime, holds: bool
) -> None:
    rekeyed(world, CLINIC, compromised_since=since)
    if holds:
        assert_verdict(world.verify(token), Verdict.VALID)
        assert "compromised" in world.verify(token).check("key.validity").text
    else:
        assert_invalid(world.verify(token), "key.validity")


def test_a_witness_is_clean_confirmed_and_not_withdrawn(world: World, token: bytes) -> None:
    rekeyed(world, CLINIC, compromised_since=SIGNED + SECOND)
    world.list_overrides = dict.fromkeys((list_of(HARBOUR), list_of(TTMA)), "it is missing")
    assert_verdict(world.verify(token), Verdict.UNKNOWN, "key.validity", "cosignature.quorum", "status.partners")
    world.list_overrides = {}
    for partner, index in ((HARBOUR, 2), (TTMA, 3)):
        world.revoke(list_of(partner), index)
    assert world.verify(token).verdict is Verdict.INVALID
    world.revoked.clear()
    for partner in (HARBOUR, TTMA):
        compromise_partner(world, partner, NOW)
    assert world.verify(token).verdict is Verdict.INVALID


# -- step 10: time --------------------------------------------------------------------------------------------------

UNTIL = datetime(2029, 11, 19, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "verdict"),
    [(UNTIL, Verdict.VALID), (UNTIL + SECOND, Verdict.EXPIRED), (NOW + 30_000 * DAY, Verdict.EXPIRED)],
)
def test_a_later_at_moves_the_validity_alone(world: World, token: bytes, at: datetime, verdict: Verdict) -> None:
    codes = ("time.valid",) if verdict is Verdict.EXPIRED else ()
    assert_verdict(world.verify(token, at=at), verdict, *codes)


def test_freshness_follows_the_real_clock_and_not_at(world: World, token: bytes) -> None:
    world.trust_expires = NOW - SECOND
    assert_verdict(world.verify(token, at=NOW - DAY), Verdict.UNKNOWN, "trust.fresh")


@pytest.mark.parametrize(("early", "holds"), [(timedelta(minutes=10), True), (timedelta(minutes=10, seconds=1), False)])
def test_ten_minutes_before_it_is_valid(world: World, early: timedelta, holds: bool) -> None:
    core = world.core()
    token = world.close(core, [world.endorse(core, p, valid_from=PROPOSED - early) for p in (HARBOUR, TTMA)])
    report = world.verify(token, at=PROPOSED - early)
    assert_verdict(report, *((Verdict.VALID,) if holds else (Verdict.EXPIRED, "time.valid")))


def test_a_certificate_without_an_end(world: World) -> None:
    plain = world.core()
    token = changed(world, world.close(plain, []), lambda m: (m.pop("validUntil"), m.pop("exp")))
    report = world.verify(token, at=NOW + 30_000 * DAY)
    assert report.check("time.valid").outcome is Outcome.PASS


# -- the worst wins -------------------------------------------------------------------------------------------------

WORSE: dict[Verdict, Callable[[World], Any]] = {
    Verdict.UNKNOWN: lambda world: setattr(world, "trust_expires", NOW - SECOND),
    Verdict.INCOMPLETE: lambda world: with_policies(world, replace(policy_of(world), until=FOUNDED)),
    Verdict.EXPIRED: lambda world: None,  # by `at`
    Verdict.SUSPENDED: lambda world: world.revoke(SUSPENSION, INDEX),
    Verdict.WITHDRAWN: lambda world: world.revoke(list_of(TTMA), 3),
    Verdict.SUPERSEDED: lambda world: world.revoke(REFRESH, INDEX),
    Verdict.REVOKED: lambda world: world.revoke(REVOCATION, INDEX),
    Verdict.INVALID: lambda world: rekeyed(world, CLINIC, valid_until=FOUNDED),
}
IMPOSSIBLE = {
    (Verdict.INCOMPLETE, Verdict.WITHDRAWN),  # either it was never complete, or it was
    (Verdict.SUPERSEDED, Verdict.REVOKED),  # both bits together say superseded
    (Verdict.INCOMPLETE, Verdict.INVALID),  # no counted co-signature is later than the key's end
}


@pytest.mark.parametrize(
    ("better", "worse"), [pair for pair in itertools.combinations(WORSE, 2) if pair not in IMPOSSIBLE]
)
def test_the_worst_verdict_wins(world: World, token: bytes, better: Verdict, worse: Verdict) -> None:
    for verdict in (worse, better):
        WORSE[verdict](world)
    at = UNTIL + SECOND if Verdict.EXPIRED in (better, worse) else NOW
    report = world.verify(token, at=at)
    assert report.verdict is worse
    assert report.worst is not None
    if worse is not Verdict.INVALID:
        assert report.worst.outcome is not Outcome.PASS


def test_as_of_is_the_oldest_list_that_was_used(world: World, token: bytes) -> None:
    dates = {list_of(TTMA): NOW - 30 * DAY, REFRESH: NOW - 3 * DAY, list_of(NORTH): NOW - 60 * DAY}
    for list_id, dated in dates.items():
        data = world.status_token(list_id, dated=dated).encode()
        world.list_overrides[list_id] = open_status_list(data, list_id, trust=world.trust(), now=NOW)
    report = world.verify(token)
    assert report.as_of == NOW - 30 * DAY  # North College did not sign: its list was not used
    assert [entry.dated for entry in report.lists] == sorted(entry.dated for entry in report.lists)
    assert len(report.lists) == 5
    assert report.as_json("x")["asOf"] == format_time(NOW - 30 * DAY)


def test_no_list_no_date(world: World, token: bytes) -> None:
    report = verify(token, world.materials(lists={}), at=NOW, now=NOW)
    assert (report.as_of, report.lists, report.verdict) == (None, (), Verdict.UNKNOWN)


def test_verification_takes_values_only(world: World, token: bytes) -> None:
    """The same materials give the same report."""
    materials: Materials = world.materials()
    assert isinstance(materials.trust, Trust)
    first, second = (verify(token, materials, at=NOW, now=NOW) for _ in range(2))
    assert first == second
