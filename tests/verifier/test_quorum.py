"""Counting co-signatures: against a second, slower way to count them, and line by line."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from keys.cosignature import Cosignature
from keys.quorum import Quorum, count
from keys.status import MIN_BITS, StatusList, TrustListReference
from keys.trust import Policy, Use
from tests.world import CLINIC, FOUNDED, NOW, PARTNERS, PROPOSED, SITE, World, list_of
from verifier.quorum import partner_lines
from verifier.report import PartnerOutcome, Verdict

WORLD = World()
CORE = WORLD.core()
TRUST = WORLD.trust()
BODIES = sorted(PARTNERS)


class Signed(Struct, frozen=True):
    """One body's co-signature: hours after the proposal; what its list says; hours when its key was compromised."""

    hour: int
    standing: str  # confirmed, withdrawn, unconfirmed
    compromised: int | None


signatures = st.builds(
    Signed,
    hour=st.integers(-30, 30),
    standing=st.sampled_from(["confirmed", "withdrawn", "unconfirmed"]),
    compromised=st.none() | st.integers(-30, 30),
)


def moment(hour: int) -> datetime:
    return PROPOSED + timedelta(hours=hour)


def counted(signed: dict[str, Signed], threshold: int) -> Quorum:
    cosignatures, lists = [], {}
    for number, body in enumerate(sorted(signed)):
        one = signed[body]
        endorsement = WORLD.endorsement(CORE, body, valid_from=moment(one.hour))
        since: datetime | UnsetType = UNSET if one.compromised is None else moment(one.compromised)
        known = next(TRUST.keys_of(body, Use.COSIGN))
        known = replace(known, key=replace(known.key, compromised_since=since))
        cosignatures.append(Cosignature(endorsement, known, str(number)))
        if one.standing != "unconfirmed":
            index = endorsement.credential_status.index
            lists[list_of(body)] = status_list(body, {index} if one.standing == "withdrawn" else set())
    policy = Policy(since=FOUNDED, issuers=(CLINIC,), threshold=threshold, cosigners=tuple(BODIES))
    return count(cosignatures, CORE, policy, lists=lists, at=NOW)


def status_list(body: str, indices: set[int]) -> StatusList:
    bits = bytearray(MIN_BITS // 8)
    for index in indices:
        bits[index // 8] |= 128 >> index % 8
    reference = TrustListReference(id=f"{SITE}/trust/1.list.json", digest_sri=TRUST.digest)
    return StatusList(
        id=list_of(body), issuer=body, kid="", use=Use.COSIGN, valid_from=NOW, valid_until=NOW, bits=bytes(bits),
        trust_list=reference, token=b"",
    )  # fmt: skip


def expected(signed: dict[str, Signed], standings: set[str]) -> set[str]:
    """formats.md section 5, word by word."""
    fitting = {b: s for b, s in signed.items() if s.hour >= -24 and s.standing in standings}
    clean = [s.hour for s in fitting.values() if s.compromised is None]
    return {
        body
        for body, one in fitting.items()
        if one.compromised is None or (one.hour < one.compromised and clean and min(clean) < one.compromised)
    }


@settings(max_examples=300)
@given(signed=st.dictionaries(st.sampled_from(BODIES), signatures), threshold=st.integers(1, 3))
def test_the_counts_are_those_of_the_formats(signed: dict[str, Signed], threshold: int) -> None:
    quorum = counted(signed, threshold)
    for found, standings in (
        (quorum.confirmed, {"confirmed"}),
        (quorum.possible, {"confirmed", "unconfirmed"}),
        (quorum.before_withdrawal, {"confirmed", "unconfirmed", "withdrawn"}),
    ):
        assert {candidate.cosignature.organisation for candidate in found} == expected(signed, standings)
    sure = {partner.id for partner in partner_lines(quorum, TRUST) if partner.outcome is PartnerOutcome.SIGNED}
    assert sure == expected(signed, {"confirmed"})
    assert [partner.id for partner in partner_lines(quorum, TRUST)] == BODIES


@pytest.mark.parametrize(
    ("signed", "outcome", "note"),
    [
        (Signed(1, "confirmed", None), PartnerOutcome.SIGNED, ""),
        (Signed(1, "withdrawn", None), PartnerOutcome.WITHDRAWN, ""),
        (Signed(1, "unconfirmed", None), PartnerOutcome.UNKNOWN, "could not be confirmed"),
        (Signed(1, "confirmed", 2), PartnerOutcome.NOT_COUNTED, "compromised"),
        (Signed(-25, "confirmed", None), PartnerOutcome.NOT_COUNTED, "dated"),
    ],
)
def test_the_line_of_a_partner(signed: Signed, outcome: PartnerOutcome, note: str) -> None:
    first, *others = partner_lines(counted({BODIES[0]: signed}, 2), TRUST)
    assert (first.id, first.name, first.outcome) == (BODIES[0], PARTNERS[BODIES[0]], outcome)
    assert note in first.note
    assert first.signed == moment(signed.hour)
    assert {other.outcome for other in others} == {PartnerOutcome.NOT_SIGNED}
    assert {other.signed for other in others} == {None}


def test_a_list_that_is_too_short_confirms_nothing() -> None:
    world = World()
    core = world.core()
    entry = world.endorsement(core, BODIES[0]).credential_status
    beyond = replace(entry, id=f"{entry.status_list_credential}#{MIN_BITS}", status_list_index=str(MIN_BITS))
    tokens = [world.endorse(core, BODIES[0], credential_status=beyond), world.endorse(core, BODIES[1])]
    report = world.verify(world.close(core, tokens))
    assert report.verdict is Verdict.UNKNOWN
    assert report.partners[0].outcome is PartnerOutcome.UNKNOWN


def test_a_partners_list_by_a_key_of_another_use_confirms_nothing() -> None:
    world = World()
    token = world.issue(*BODIES[:2])
    opened = world.lists()[list_of(BODIES[0])]
    assert isinstance(opened, StatusList)
    world.list_overrides[list_of(BODIES[0])] = replace(opened, use=Use.STATUS)
    assert world.verify(token).verdict is Verdict.UNKNOWN
