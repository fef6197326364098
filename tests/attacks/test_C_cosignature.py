"""C02 to C28: a co-signature is for exactly one content, by exactly one body, of exactly one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from msgspec.structs import replace

from keys.credential import content_digest, core_of
from keys.encoding import MAX_BYTES, canonical, parse_time, sha256, strict_json
from keys.errors import FormatError
from keys.profile import parse_certificate
from keys.trust import Policy, Use
from tests.attacks.judging import (
    Change,
    assert_invalid,
    assert_verdict,
    changed,
    judge,
    members_of,
    parts_of,
    rewritten,
    signed_by,
    with_key,
    with_policies,
)
from tests.world import CLINIC, FOUNDED, HARBOUR, NORTH, PARTNERS, SITE, TTMA, World
from verifier.report import Verdict

WEAK = f"{SITE}/programmes/weak-course"


def endorsed(world: World, change: Change) -> bytes:
    """A certificate whose second co-signature was changed by its partner body and signed again."""
    core = world.core()
    forged = changed(world, world.endorse(core), change, world.partner_keys[TTMA]).decode()
    return world.close(core, [world.endorse(core, HARBOUR), forged])


def test_C02_co_signatures_of_another_certificate(world: World) -> None:
    mine, other = world.core("Ada Lovelace"), world.core("Ada Lovelace")
    pasted = [world.endorse(other, partner) for partner in (HARBOUR, TTMA)]
    assert_invalid(judge(world, world.close(mine, pasted)), "cosignature.form")
    mixed = [world.endorse(mine, HARBOUR), world.endorse(other, TTMA)]
    assert_invalid(judge(world, world.close(mine, mixed)), "cosignature.form")


def test_C02_the_same_ids_around_other_content(world: World) -> None:
    mine = world.core("Ada Lovelace", None)
    forged = replace(
        mine, credential_subject=replace(mine.credential_subject, identifier=world.core().credential_subject.identifier)
    )
    pasted = [world.endorse(mine, partner) for partner in (HARBOUR, TTMA)]
    assert_invalid(judge(world, world.close(forged, pasted)), "cosignature.form")


def _seconds(moment: str) -> int:
    return int(parse_time(moment).timestamp())


def _reindexed(members: dict[str, Any]) -> None:
    entry = members["credentialStatus"]
    entry.update(id=f"{entry['statusListCredential']}#77", statusListIndex="77")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["credentialSubject"]["identifier"][0].update(identityHash="Somebody Else"),
        lambda m: m["credentialSubject"]["identifier"].pop(),
        lambda m: m.update(awardedDate="2026-11-18T00:00:00Z"),
        lambda m: m["credentialSubject"].update(activityStartDate="2026-10-06T00:00:00Z"),
        lambda m: m.update(validUntil="2030-11-19T23:59:59Z", exp=_seconds("2030-11-19T23:59:59Z")),
        lambda m: m["credentialSubject"]["achievement"].update(description="Six hundred hours of practice."),
        lambda m: m["credentialSubject"]["achievement"]["criteria"].update(narrative="None."),
        lambda m: m["credentialSubject"]["result"][0].update(value="100"),
        lambda m: m["relatedResource"][0].update(digestSRI="sha256-" + "A" * 43 + "="),
        lambda m: m["evidence"][0].update(narrative="Assessed by the best."),
        lambda m: m.pop("evidence"),
        _reindexed,
    ],
)
def test_C11_one_member_changed_after_co_signing(world: World, change: Change) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), change)), "cosignature.form")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m["termsOfUse"][0].update(threshold=1), "policy.match"),
        (lambda m: m["termsOfUse"][0].update(threshold=3), "policy.match"),
        (lambda m: m["termsOfUse"][0]["cosigner"].pop(), "policy.match"),
        (lambda m: m["termsOfUse"][0]["cosigner"].reverse(), "payload.form"),
        (lambda m: m["termsOfUse"][0]["cosigner"].append(f"{SITE}/orgs/zebra"), "policy.match"),
        (lambda m: m["@context"].pop(), "payload.form"),
        (lambda m: m["@context"].__setitem__(0, "https://www.w3.org/2018/credentials/v1"), "payload.form"),
        (lambda m: m["issuer"].update(name="Harbour Hospital Rehabilitation"), "payload.claims"),
    ],
)
def test_C11_policy_context_or_issuer_changed(world: World, change: Change, code: str) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), change)), code)


def _moved(token: bytes, slug: str, **terms: Any) -> dict[str, Any]:
    """The certificate's members with another programme in every place."""
    members: dict[str, Any] = json.loads(json.dumps(members_of(token)).replace("deep-tissue-foundations", slug))
    members["termsOfUse"][0].update(terms)
    return members


@pytest.mark.parametrize(
    ("endorsements", "verdict", "code"),
    [(True, Verdict.INVALID, "cosignature.form"), (False, Verdict.INCOMPLETE, "cosignature.quorum")],
)
def test_C13_a_programme_with_a_weaker_policy(world: World, endorsements: bool, verdict: Verdict, code: str) -> None:
    with_policies(world, Policy(since=FOUNDED, issuers=(CLINIC,), threshold=1, cosigners=(TTMA,)), programme=WEAK)
    members = _moved(world.issue(), "weak-course", threshold=1, cosigner=[TTMA])
    if not endorsements:
        members["endorsementJwt"] = []
    report = judge(world, world.sign(rfc8785.dumps(members)))
    assert (report.verdict, report.check(code).outcome.value) == (verdict, "fail")


def test_C13_an_unknown_programme_or_an_unauthorised_clinic(world: World) -> None:
    members = _moved(world.issue(), "weak-course")
    forged = world.sign(rfc8785.dumps(members))
    assert_invalid(judge(world, forged), "issuer.authorised")
    with_policies(
        world, Policy(since=FOUNDED, issuers=(NORTH,), threshold=2, cosigners=tuple(PARTNERS)), programme=WEAK
    )
    assert_invalid(judge(world, forged), "issuer.authorised")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(sub=f"urn:uuid:{'0' * 8}-0000-4000-8000-{'f' * 12}"),
        lambda m: m["credentialSubject"].update(id=f"urn:uuid:{'0' * 8}-0000-4000-8000-{'f' * 12}"),
        lambda m: (m["credentialSubject"].update(id=m["id"]), m.update(sub=m["id"])),
        lambda m: m.update(validFrom="2026-11-21T15:00:00+07:00"),
        lambda m: m.update(credentialSubject=[m["credentialSubject"]] * 2),
        lambda m: m.update(credentialSubject=[m["credentialSubject"]]),
        lambda m: m["relatedResource"].append(dict(m["relatedResource"][0], id="https://x.example/1")),
        lambda m: m["relatedResource"].insert(0, dict(m["relatedResource"][0])),
        lambda m: m.update(relatedResource=[]),
        lambda m: m["relatedResource"][0].update(id=m["credentialSubject"]["id"]),
        lambda m: m["relatedResource"][0].update(mediaType="application/ld+json"),
        lambda m: m.update(iss=HARBOUR),
        lambda m: m["issuer"].update(id=HARBOUR),
        lambda m: (m["issuer"].update(id=HARBOUR), m.update(iss=HARBOUR)),
        lambda m: m.update(jti=m["sub"]),
        lambda m: m.update(nbf=m["nbf"] + 1),
        lambda m: m.update(id="https://ttma.example/1", jti="https://ttma.example/1"),
        lambda m: m.update(type=["VerifiableCredential", "OpenBadgeCredential"]),
        lambda m: m["credentialStatus"].update(statusPurpose="suspension"),
        lambda m: m["credentialStatus"].update(statusListIndex="1"),
        lambda m: m["credentialStatus"].update(
            statusListCredential="https://attacker.example/status/ttma/revocation/1"
        ),
    ],
)
def test_C17_another_subject_or_another_form(world: World, change: Change) -> None:
    assert_invalid(judge(world, endorsed(world, change)), "cosignature.form")


def test_C17_a_status_list_that_is_not_the_endorsers(world: World) -> None:
    def borrow(members: dict[str, Any]) -> None:
        entry = f"{SITE}/status/north-college/revocation/1"
        members["credentialStatus"].update(id=f"{entry}#1", statusListIndex="1", statusListCredential=entry)

    assert_invalid(judge(world, endorsed(world, borrow)), "cosignature.form")


def test_C17_a_bad_signature_under_a_known_key(world: World) -> None:
    core = world.core()
    good = world.endorse(core)
    broken = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBA")
    assert_invalid(judge(world, world.close(core, [world.endorse(core, HARBOUR), broken])), "cosignature.form")
    foreign = world.endorse(core, TTMA, signer=world.partner_keys[HARBOUR])
    assert_invalid(judge(world, world.close(core, [foreign])), "cosignature.form")


def test_C17_an_algorithm_that_is_not_the_trust_lists(world: World) -> None:
    """Also where the signature itself is good under the key that it names."""
    core = world.core()
    signer = world.partner_keys[TTMA]
    for alg in ("RS256", "none", "HS256", ""):
        header = rfc8785.dumps({"alg": alg, "kid": signer.kid})
        forged = signed_by(signer, header, parts_of(world.endorse(core))[1]).decode()
        assert_invalid(judge(world, world.close(core, [world.endorse(core, HARBOUR), forged])), "cosignature.form")


@pytest.mark.parametrize("order", [(TTMA, HARBOUR), (HARBOUR, TTMA, NORTH), (HARBOUR, HARBOUR, TTMA), (TTMA, TTMA)])
def test_C17_out_of_order_or_a_body_twice(world: World, order: tuple[str, ...]) -> None:
    core = world.core()
    assert_invalid(judge(world, world.close(core, [world.endorse(core, p) for p in order])), "cosignature.form")


def test_C17_a_body_twice_by_two_keys(world: World) -> None:
    second = world.new_signer()
    with_key(world, TTMA, world.key(second, Use.COSIGN))
    core = world.core()
    twice = [world.endorse(core, TTMA), world.endorse(core, TTMA, signer=second)]
    assert_invalid(judge(world, world.close(core, twice)), "cosignature.form")


@pytest.mark.parametrize("name", ["Ministry of Public Health", "<b>TTMA</b>", "Harbour Hospital Rehabilitation"])
def test_C18_the_name_is_the_trust_lists_alone(world: World, name: str) -> None:
    def claim(members: dict[str, Any]) -> None:
        members["issuer"]["name"] = name
        members["credentialSubject"]["endorsementComment"] = f"{name} <script>alert(1)</script> licenses the holder."

    report = judge(world, endorsed(world, claim))
    assert_verdict(report, Verdict.VALID)
    assert {partner.id: partner.name for partner in report.partners} == PARTNERS
    shown = json.dumps({**report.as_json("x"), "credential": None}, ensure_ascii=False)
    assert name not in shown.replace(PARTNERS[HARBOUR], "")
    assert "script" not in shown
    assert name not in {partner.name for partner in report.verified().partners} - set(PARTNERS.values())


def test_C21_the_content_digest_is_that_of_the_canonical_core(world: World) -> None:
    """Computed by another implementation of RFC 8785 from the members that the token carries."""
    token = world.issue(name="José ปิ่นทอง \U0001f600 €\uff21")
    members = members_of(token)
    del members["endorsementJwt"]
    assert judge(world, token).digest == sha256(rfc8785.dumps(members))
    certificate = parse_certificate(parts_of(token)[1])
    assert core_of(core_of(certificate)) == core_of(certificate)
    assert content_digest(certificate) == content_digest(core_of(certificate))


@pytest.mark.parametrize("number", [b"2.0", b"2e0", b"20e-1", b"2.5", b"02", b"+2"])
def test_C21_floats_in_a_core(world: World, number: bytes) -> None:
    forged = rewritten(world, world.issue(), b'"threshold":2', b'"threshold":' + number)
    assert_invalid(judge(world, forged), "payload.form")


def _whole(value: Any) -> Any:
    """56.0 as the 56 that it is in RFC 8785."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("name", ["arrays", "structures", "unicode"])
def test_C21_official_vectors(shared_data: Path, name: str) -> None:
    source = json.loads((shared_data / "jcs" / "input" / f"{name}.json").read_bytes())
    expected = (shared_data / "jcs" / "output" / f"{name}.json").read_bytes()
    assert canonical(_whole(source)) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [("french", "not ASCII"), ("weird", "not ASCII"), ("values", "not an integer"), ("unicode", "NFC")],
)
def test_C21_official_vectors_outside_our_profile(shared_data: Path, name: str, reason: str) -> None:
    """Member names beyond ASCII, floats and unnormalized text are valid JCS, and refused here."""
    with pytest.raises(FormatError, match=reason):
        strict_json((shared_data / "jcs" / "output" / f"{name}.json").read_bytes(), name)


@pytest.mark.parametrize(("count", "code"), [(9, "payload.form"), (10_000, "token.form")])
def test_C23_too_many_co_signatures(world: World, count: int, code: str) -> None:
    core = world.core()
    signed = world.endorse(core)
    entries = [signed] if code == "token.form" else ["e30.e30.e30"]
    certificate = {**members_of(world.sign(canonical(core))), "endorsementJwt": entries * count}
    assert_invalid(judge(world, world.sign(rfc8785.dumps(certificate))), code)


def test_C23_eight_is_the_most(world: World) -> None:
    core = world.core()
    report = judge(world, world.close(core, ["e30.e30.e30"] * 8))
    assert_invalid(report, "cosignature.form")


def test_C23_one_enormous_co_signature(world: World) -> None:
    core = world.core()
    assert_invalid(judge(world, world.close(core, ["A" * MAX_BYTES])), "token.form")
    assert_invalid(judge(world, world.close(core, ["A" * 40_000])), "cosignature.form")
    assert_invalid(judge(world, world.close(core, ["." * 40_000])), "cosignature.form")


@pytest.mark.parametrize(
    "member", ["endorsementJwt", "proof", "vc", "credentialSchema", "termsOfUse", "exp", "validUntil"]
)
def test_C24_an_unknown_member_in_a_co_signature(world: World, member: str, no_socket: list[str]) -> None:
    schema = {"id": "https://attacker.example/schema.json", "type": "1EdTechJsonSchemaValidator2019"}
    assert_invalid(judge(world, endorsed(world, lambda m: m.update({member: [schema]}))), "cosignature.form")
    assert no_socket == []


@pytest.mark.parametrize("member", ["issuer", "credentialSubject", "credentialStatus"])
def test_C24_an_unknown_member_deeper(world: World, member: str) -> None:
    assert_invalid(judge(world, endorsed(world, lambda m: m[member].update(image="x"))), "cosignature.form")


def _twice_named(members: dict[str, Any]) -> None:
    first = members["credentialSubject"]["identifier"][0]
    members["credentialSubject"]["identifier"] = [first, dict(first, identityHash="Somebody Else")]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.pop("credentialStatus"),
        lambda m: m["credentialStatus"].update(type="RevocationList2020Status"),
        lambda m: m["credentialStatus"].update(statusPurpose="suspension"),
        _twice_named,
        lambda m: m["credentialSubject"]["identifier"].reverse(),
        lambda m: m["credentialSubject"].update(identifier=m["credentialSubject"]["identifier"][1:]),
        lambda m: m["credentialSubject"].update(identifier=[]),
        lambda m: m["credentialSubject"]["identifier"][0].update(hashed=True),
        lambda m: m["credentialSubject"]["identifier"][0].update(salt="00"),
        lambda m: m["relatedResource"][0].update(digestSRI=m["relatedResource"][0]["digestSRI"].rstrip("=")),
        lambda m: m["relatedResource"][0].update(digestSRI=m["relatedResource"][0]["digestSRI"] * 2),
        lambda m: m["relatedResource"][0].update(digestSRI=f"{m['relatedResource'][0]['digestSRI']} sha256-AA"),
        lambda m: m["relatedResource"][0].update(digestSRI="sha256-" + "A" * 42 + "B="),
        lambda m: m["relatedResource"][0].update(digestSRI="sha384-" + "A" * 64),
        lambda m: m["relatedResource"].append(m["relatedResource"][0]),
    ],
)
def test_C28_no_status_two_names_or_a_loose_digest(world: World, change: Change) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), change)), "payload.form")


@pytest.mark.parametrize(
    "edit", [lambda d: d.rstrip("="), lambda d: f"{d} {d}", lambda d: d.replace("sha256", "SHA256")]
)
def test_C28_a_loose_digest_in_a_co_signature(world: World, edit: Any) -> None:
    def loosen(members: dict[str, Any]) -> None:
        members["relatedResource"][0]["digestSRI"] = edit(members["relatedResource"][0]["digestSRI"])

    assert_invalid(judge(world, endorsed(world, loosen)), "cosignature.form")


def test_C28_a_co_signature_without_status(world: World) -> None:
    assert_invalid(judge(world, endorsed(world, lambda m: m.pop("credentialStatus"))), "cosignature.form")
