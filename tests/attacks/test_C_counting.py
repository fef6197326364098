"""C01 to C27: bodies are counted, not signatures, and only those that were asked, in time, and did not withdraw."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from keys.algorithms import Algorithm, generate_private_key, jwk_of
from keys.credential import Certificate
from keys.signer import MemorySigner
from keys.status import open_status_list
from keys.trust import Key, TrustList, Use
from tests.attacks.judging import (
    assert_invalid,
    assert_verdict,
    changed,
    compromise_partner,
    judge,
    policy_of,
    with_key,
    with_policies,
)
from tests.world import (
    CLINIC,
    FOUNDED,
    HARBOUR,
    NORTH,
    PARTNERS,
    PROPOSED,
    SIGNED,
    SITE,
    TTMA,
    World,
    list_of,
    organisation,
)
from verifier.report import Partner, PartnerOutcome, Report, Verdict
from verifier.verify import verify

SECOND = timedelta(seconds=1)
TOO_FEW = (Verdict.INCOMPLETE, "cosignature.quorum")


def line(report: Report, partner: str) -> Partner:
    return next(entry for entry in report.partners if entry.id == partner)


def outcome(report: Report, partner: str) -> PartnerOutcome:
    return line(report, partner).outcome


def signed_at(world: World, moments: dict[str, datetime], core: Certificate | None = None) -> bytes:
    core = core or world.core()
    return world.close(core, [world.endorse(core, p, valid_from=m) for p, m in sorted(moments.items())])


def test_C01_co_signatures_removed(world: World) -> None:
    token = world.issue()
    for change in (
        lambda m: m.update(endorsementJwt=[]),
        lambda m: m["endorsementJwt"].pop(0),
        lambda m: m["endorsementJwt"].pop(),
        lambda m: m.pop("endorsementJwt"),
    ):
        report = judge(world, changed(world, token, change))
        assert_verdict(report, *TOO_FEW)
        assert outcome(report, NORTH) is PartnerOutcome.NOT_SIGNED


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_C01_threshold_and_one_less(threshold: int) -> None:
    world = World(threshold=threshold)
    partners = sorted(PARTNERS)
    for count in range(4):
        core = world.core()
        report = judge(world, world.close(core, [world.endorse(core, p) for p in partners[:count]]))
        if count >= threshold:
            assert_verdict(report, Verdict.VALID)
            assert len(report.verified().partners) == count
        else:
            assert_verdict(report, *TOO_FEW)


def test_C06_the_issuer_among_its_co_signers(world: World) -> None:
    core = world.core()
    own = world.endorse(core, CLINIC, signer=world.issue_key)
    report = judge(world, world.close(core, [own, world.endorse(core)]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, CLINIC) is PartnerOutcome.NOT_COUNTED


def test_C06_the_issuer_with_a_co_signing_key_and_a_careless_policy(world: World) -> None:
    signer = world.new_signer()
    with_key(world, CLINIC, world.key(signer, Use.COSIGN))
    cosigners = (HARBOUR, CLINIC, TTMA)
    with_policies(world, replace(policy_of(world), cosigners=cosigners))
    core = world.core()
    core = replace(core, terms_of_use=(replace(core.terms_of_use[0], cosigner=cosigners),))
    report = judge(world, world.close(core, [world.endorse(core, CLINIC, signer=signer), world.endorse(core)]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, CLINIC) is PartnerOutcome.NOT_COUNTED


def test_C06_a_partners_key_of_another_use(world: World) -> None:
    status_key = world.new_signer()
    with_key(world, TTMA, world.key(status_key, Use.STATUS))
    core = world.core()
    report = judge(world, world.close(core, [world.endorse(core, HARBOUR), world.endorse(core, TTMA, status_key)]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, TTMA) is PartnerOutcome.NOT_COUNTED


OUTSIDER = f"{SITE}/orgs/south-school"


def test_C07_a_partner_of_another_programme(world: World) -> None:
    signer = world.new_signer()

    def join(trust_list: TrustList) -> TrustList:
        newcomer = organisation(OUTSIDER, "South School", (world.key(signer, Use.COSIGN),))
        return replace(trust_list, organisations=(*trust_list.organisations, newcomer))

    world.change_list = join
    core = world.core()
    report = judge(world, world.close(core, [world.endorse(core, HARBOUR), world.endorse(core, OUTSIDER, signer)]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, OUTSIDER) is PartnerOutcome.NOT_COUNTED
    beside = [world.endorse(core, HARBOUR), world.endorse(core, OUTSIDER, signer), world.endorse(core)]
    assert_verdict(judge(world, world.close(core, beside)), Verdict.VALID)


def test_C07_a_key_outside_the_trust_list(world: World) -> None:
    core = world.core()
    unknown = world.endorse(core, TTMA, signer=world.new_signer())
    report = judge(world, world.close(core, [world.endorse(core, HARBOUR), unknown]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, TTMA) is PartnerOutcome.NOT_SIGNED
    three = [world.endorse(core, HARBOUR), unknown, world.endorse(core, TTMA)]
    assert_verdict(judge(world, world.close(core, three)), Verdict.VALID)


@pytest.mark.parametrize(
    ("bounds", "counts"),
    [
        ({"valid_from": SIGNED}, True),
        ({"valid_from": SIGNED + SECOND}, False),
        ({"valid_until": SIGNED}, True),
        ({"valid_until": SIGNED - SECOND}, False),
    ],
)
def test_C08_outside_its_keys_validity(world: World, bounds: dict[str, datetime], counts: bool) -> None:
    """The partner's list is by a newer key, so that the date of the co-signature alone is judged."""
    old = world.key(world.partner_keys[TTMA], Use.COSIGN, **bounds)
    token = world.issue(HARBOUR, TTMA)
    world.partner_keys[TTMA] = world.new_signer()
    with_key(world, TTMA, old)
    report = judge(world, token)
    if counts:
        assert_verdict(report, Verdict.VALID)
    else:
        assert_verdict(report, *TOO_FEW)
        assert outcome(report, TTMA) is PartnerOutcome.NOT_COUNTED


@pytest.mark.parametrize(
    ("own", "clean", "since", "counts"),
    [
        (SIGNED, SIGNED, SIGNED + SECOND, True),
        (SIGNED, SIGNED - SECOND, SIGNED, False),  # its own date is not before
        (SIGNED - SECOND, SIGNED, SIGNED, False),  # no clean one before
        (SIGNED - SECOND, SIGNED - SECOND, SIGNED, True),
        (SIGNED + SECOND, SIGNED - SECOND, SIGNED, False),
    ],
)
def test_C09_C10_a_compromised_key(world: World, own: datetime, clean: datetime, since: datetime, counts: bool) -> None:
    token = signed_at(world, {HARBOUR: own, TTMA: clean})
    compromise_partner(world, HARBOUR, since)
    report = judge(world, token)
    if counts:
        assert_verdict(report, Verdict.VALID)
        assert "compromised" in line(report, HARBOUR).note
    else:
        assert_verdict(report, *TOO_FEW)
        assert outcome(report, HARBOUR) is PartnerOutcome.NOT_COUNTED


def test_C10_two_compromised_keys_vouch_for_nobody(world: World) -> None:
    token = world.issue(HARBOUR, TTMA)
    for partner in (HARBOUR, TTMA):
        compromise_partner(world, partner, SIGNED + timedelta(days=1))
    report = judge(world, token)
    assert_verdict(report, *TOO_FEW)
    assert {outcome(report, p) for p in (HARBOUR, TTMA)} == {PartnerOutcome.NOT_COUNTED}


def test_C10_the_clean_one_withdrew_or_is_not_confirmed(world: World) -> None:
    core = world.core()
    endorsements = {p: world.endorsement(core, p) for p in PARTNERS}
    token = signed_at(world, dict.fromkeys(PARTNERS, SIGNED), core)
    for partner in (HARBOUR, NORTH):
        compromise_partner(world, partner, SIGNED + SECOND)
    assert_verdict(judge(world, token), Verdict.VALID)
    world.list_overrides[list_of(TTMA)] = "the list is missing"
    assert_verdict(judge(world, token), Verdict.UNKNOWN, "cosignature.quorum", "status.partners")
    del world.list_overrides[list_of(TTMA)]
    # The indices of the token's own co-signatures follow those drawn above.
    index = endorsements[max(PARTNERS)].credential_status.index + len(PARTNERS)
    world.revoke(list_of(TTMA), index)
    report = judge(world, token)
    assert_verdict(report, Verdict.WITHDRAWN, "cosignature.quorum", "status.partners")
    assert outcome(report, HARBOUR) is PartnerOutcome.NOT_COUNTED


def endorsed_by_all(world: World) -> tuple[bytes, dict[str, int]]:
    """A certificate co-signed by all three, and the index of each co-signature."""
    core = world.core()
    indices = {partner: 4000 + number for number, partner in enumerate(sorted(PARTNERS))}
    return world.close(core, [_at_index(world, core, p, indices[p]) for p in sorted(PARTNERS)]), indices


def _at_index(world: World, core: Certificate, partner: str, index: int) -> str:
    endorsement = world.endorsement(core, partner)
    entry = endorsement.credential_status
    placed = replace(entry, id=f"{entry.status_list_credential}#{index}", status_list_index=str(index))
    return world.endorse(core, partner, credential_status=placed)


def test_C15_a_partner_withdraws(world: World) -> None:
    token, indices = endorsed_by_all(world)
    world.revoke(list_of(NORTH), indices[NORTH])
    report = judge(world, token)
    assert_verdict(report, Verdict.VALID)
    assert outcome(report, NORTH) is PartnerOutcome.WITHDRAWN
    assert "withdrew" in report.check("status.partners").text
    assert {partner.id for partner in report.verified().partners} == {HARBOUR, TTMA}
    world.revoke(list_of(TTMA), indices[TTMA])
    report = judge(world, token)
    assert_verdict(report, Verdict.WITHDRAWN, "cosignature.quorum", "status.partners")
    assert report.check("cosignature.quorum").case == "withdrawn"


def test_C15_a_withdrawal_beside_one_that_is_not_confirmed(world: World) -> None:
    """Confirmed and unconfirmed reach the threshold: it is not decided yet (formats.md 10, step 9)."""
    token, indices = endorsed_by_all(world)
    world.revoke(list_of(NORTH), indices[NORTH])
    world.list_overrides[list_of(TTMA)] = "the list is missing"
    assert_verdict(judge(world, token), Verdict.UNKNOWN, "cosignature.quorum", "status.partners")
    world.revoke(list_of(HARBOUR), indices[HARBOUR])
    assert_verdict(judge(world, token), Verdict.WITHDRAWN, "cosignature.quorum", "status.partners")


def test_C15_a_withdrawal_that_changes_nothing(world: World) -> None:
    core = world.core()
    world.revoke(list_of(TTMA), 4001)
    report = judge(world, world.close(core, [_at_index(world, core, TTMA, 4001)]))
    assert_verdict(report, *TOO_FEW)
    assert outcome(report, TTMA) is PartnerOutcome.WITHDRAWN


@pytest.mark.parametrize(
    ("now", "moment", "counts"),
    [
        (None, PROPOSED - timedelta(hours=24), True),
        (None, PROPOSED - timedelta(hours=24) - SECOND, False),
        (PROPOSED + timedelta(days=181), PROPOSED + timedelta(days=180), True),
        (PROPOSED + timedelta(days=181), PROPOSED + timedelta(days=180) + SECOND, False),
        (PROPOSED + timedelta(days=1), PROPOSED + timedelta(days=1, minutes=10), True),
        (PROPOSED + timedelta(days=1), PROPOSED + timedelta(days=1, minutes=10) + SECOND, False),
    ],
)
def test_C16_dated_too_early_too_late_or_ahead(now: datetime | None, moment: datetime, counts: bool) -> None:
    world = World(now=now) if now else World()
    report = judge(world, signed_at(world, {HARBOUR: PROPOSED, TTMA: moment}))
    if counts:
        assert_verdict(report, Verdict.VALID)
    else:
        assert_verdict(report, *TOO_FEW)
        assert "dated" in line(report, TTMA).note


@pytest.mark.parametrize(("since", "threshold"), [(PROPOSED + SECOND, 2), (PROPOSED, 3)])
def test_C26_the_policy_in_force_is_that_of_valid_from(world: World, since: datetime, threshold: int) -> None:
    first = policy_of(world)
    with_policies(world, first, replace(first, since=since, threshold=3))
    core = world.core()
    for stated in (2, 3):
        terms = (replace(core.terms_of_use[0], threshold=stated),)
        report = judge(world, world.issue(*PARTNERS, core=replace(core, terms_of_use=terms)))
        if stated == threshold:
            assert_verdict(report, Verdict.VALID)
        else:
            assert_invalid(report, "policy.match")


@pytest.mark.parametrize(("until", "judged"), [(SIGNED, (Verdict.VALID,)), (SIGNED - SECOND, TOO_FEW)])
def test_C26_a_closed_policy(world: World, until: datetime, judged: tuple[Verdict, *tuple[str, ...]]) -> None:
    with_policies(world, replace(policy_of(world), until=until))
    assert_verdict(judge(world, signed_at(world, {HARBOUR: PROPOSED, TTMA: SIGNED})), *judged)


@pytest.mark.parametrize("policies", [0, 1])
def test_C26_no_policy_yet(world: World, policies: int) -> None:
    later = replace(policy_of(world), since=PROPOSED + SECOND)
    with_policies(world, *(later,) * policies)
    assert_invalid(judge(world, world.issue()), "issuer.authorised")


def test_C27_the_withdrawn_one_swapped_for_a_second_of_the_same_body(world: World) -> None:
    """A withdrawal sets the bit of every co-signature that the body ever made of that content."""
    core = world.core()
    harbour = _at_index(world, core, HARBOUR, 4000)
    first, second = (_at_index(world, core, TTMA, index) for index in (4001, 4002))
    assert_verdict(judge(world, world.close(core, [harbour, second])), Verdict.VALID)
    world.revoke(list_of(TTMA), 4001, 4002)
    for carried in (first, second):
        report = judge(world, world.close(core, [harbour, carried]))
        assert_verdict(report, Verdict.WITHDRAWN, "cosignature.quorum", "status.partners")
    assert_invalid(judge(world, world.close(core, [harbour, first, second])), "cosignature.form")


def test_C07_a_partner_body_with_a_site_of_its_own(world: World) -> None:
    """It co-signs for many clinics: its ids, keys and lists are under its own address (formats.md section 1)."""
    base = "https://ttma.example"
    identity = f"{base}/orgs/ttma"
    private = generate_private_key(Algorithm.ES256)
    signer = MemorySigner(private, base)
    key = Key(kid=signer.kid, jwk=jwk_of(private), alg="ES256", use=Use.COSIGN, valid_from=FOUNDED)

    def join(trust_list: TrustList) -> TrustList:
        return replace(trust_list, organisations=(*trust_list.organisations, organisation(identity, "TTMA", (key,))))

    world.change_list = join
    cosigners = tuple(sorted((HARBOUR, identity)))
    with_policies(world, replace(policy_of(world), cosigners=cosigners))
    core = world.core()
    core = replace(core, terms_of_use=(replace(core.terms_of_use[0], cosigner=cosigners),))
    tokens = {HARBOUR: world.endorse(core, HARBOUR), identity: world.endorse(core, identity, signer)}
    token = world.close(core, [tokens[body] for body in cosigners])
    list_id = list_of(identity)
    status = world.status_token(list_id, signer=signer).encode()
    opened = open_status_list(status, list_id, trust=world.trust(), now=world.now)
    world.list_overrides[list_of(TTMA)] = None
    materials = world.materials(lists={**world.lists(), list_id: opened})
    assert_verdict(verify(token, materials, at=world.now, now=world.now), Verdict.VALID)
    other = verify(token, world.materials(), at=world.now, now=world.now)
    assert_verdict(other, Verdict.UNKNOWN, "cosignature.quorum", "status.partners")
