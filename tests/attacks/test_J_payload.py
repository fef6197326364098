"""J11 to J25: signed bytes that are not exactly of our form are refused, whoever signed them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
import rfc8785
from msgspec.structs import replace

from keys.credential import Certificate
from keys.errors import FormatError
from keys.status import open_status_list
from tests.attacks.judging import (
    Change,
    assert_invalid,
    assert_verdict,
    changed,
    judge,
    members_of,
    parts_of,
    rewritten,
    with_header,
)
from tests.world import CLINIC, HARBOUR, NOW, TTMA, World, list_of
from verifier.report import Verdict

LIST = list_of(CLINIC)


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-0", "0.0", "1.0", "1e9", "7" * 5000, "-1", str(2**53), "01"],
)
def test_J11_numbers_that_are_none(world: World, number: str) -> None:
    token = world.issue()
    nbf = f'"nbf":{members_of(token)["nbf"]}'.encode()
    assert_invalid(judge(world, rewritten(world, token, nbf, b'"nbf":' + number.encode())), "payload.form")
    threshold = rewritten(world, token, b'"threshold":2', b'"threshold":' + number.encode())
    assert_invalid(judge(world, threshold), "payload.form")


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_J12_deep_nesting(world: World, bracket: bytes) -> None:
    assert_invalid(judge(world, with_header(world, bracket * 5000), seconds=0.05), "token.header")
    deep = bracket * (45_000 // len(bracket))
    assert_invalid(judge(world, world.sign(deep), seconds=0.05), "payload.form")
    inside = rewritten(world, world.issue(), b'"name":"Deep', b'"name":' + deep[:30_000] + b'"Deep')
    assert_invalid(judge(world, inside, seconds=0.05), "payload.form")
    assert_invalid(judge(world, world.sign(bracket * 100_000), seconds=0.05), "token.form")


def test_J12_deep_nesting_in_an_endorsement(world: World) -> None:
    core = world.core()
    nested = world.sign(b"[" * 30_000, world.partner_keys[TTMA]).decode()
    assert_invalid(judge(world, world.close(core, [nested]), seconds=0.05), "cosignature.form")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp874"])
def test_J16_other_encodings(world: World, encoding: str) -> None:
    payload = parts_of(world.issue(name="สมชาย"))[1].decode()
    assert_invalid(judge(world, world.sign(payload.encode(encoding))), "payload.form")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe0\xb8"])
def test_J16_bytes_that_are_no_utf8(world: World, bad: bytes) -> None:
    token = world.issue(name="Ada Lovelace")
    assert_invalid(judge(world, rewritten(world, token, b"Ada", b"A" + bad)), "payload.form")


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "\\ud800",
            "\\udfff\\ud800",
            "\\u0000",
            "\\u0001",
            "\\b",
            "\\t",
            "\\n",
            "\\f",
            "\\r",
            "\\u001f",
            "\\u001b[2J",
        ),
        *("\x7f", "\x80", "\x85", "\x9b", "\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\u2028", "\u2029"),
        *("\ue000", "\u0378", "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\U000e0041", "e\u0301", "\ufdd0"),
    ],
)
def test_J17_text_that_hides(world: World, bad: str) -> None:
    token = world.issue(name="Ada Lovelace")
    report = judge(world, rewritten(world, token, b"Ada", b"A" + bad.encode() + b"a"))
    assert_invalid(report, "payload.form")


def test_J18_another_class_of_token_as_a_certificate(world: World) -> None:
    core = world.core()
    endorsement, status = world.endorse(core), world.status_token(LIST)
    for token in (endorsement, status):
        assert_invalid(judge(world, token.encode()), "key.known")
        resigned = world.sign(parts_of(token)[1])
        assert_invalid(judge(world, resigned), "payload.form")


def test_J18_another_class_of_token_as_an_endorsement(world: World) -> None:
    core = world.core()
    own = world.close(core, [])
    for inside in (own.decode(), world.status_token(LIST), world.status_token(list_of(TTMA))):
        assert_invalid(judge(world, world.close(core, [inside])), "cosignature.form")


def test_J18_another_class_of_token_as_a_status_list(world: World) -> None:
    core, trust = world.core(), world.trust()
    for token in (world.issue(core=core), world.endorse(core).encode()):
        with pytest.raises(FormatError):
            open_status_list(token, LIST, trust=trust, now=NOW)
        resigned = world.sign(parts_of(token)[1], world.status_key)
        with pytest.raises(FormatError):
            open_status_list(resigned, LIST, trust=trust, now=NOW)


OTHER = "urn:uuid:00000000-0000-4000-8000-00000000ffff"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(iss=TTMA),
        lambda m: m.update(sub=OTHER),
        lambda m: m.update(jti=OTHER),
        lambda m: m.update(nbf=m["nbf"] + 1),
        lambda m: m.update(nbf=0),
        lambda m: m.update(exp=m["exp"] + 1),
        lambda m: m.update(exp=m["exp"] - 1),
        lambda m: m.pop("exp"),
        lambda m: m.pop("validUntil"),
    ],
)
def test_J20_a_claim_differs_from_its_twin(world: World, change: Change) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), change)), "payload.claims")


def test_J20_the_issuer_does_not_own_the_key(world: World) -> None:
    """A clinic's stolen key in the name of a partner body, every twin equal."""

    def swap(members: dict[str, Any]) -> None:
        members["iss"] = members["issuer"]["id"] = TTMA
        members["credentialStatus"] = msgspec.to_builtins(replace(world.core().credential_status))
        entry = list_of(TTMA)
        members["credentialStatus"].update(id=f"{entry}#1", statusListIndex="1", statusListCredential=entry)

    assert_invalid(judge(world, changed(world, world.issue(), swap)), "payload.claims")


@pytest.mark.parametrize("name", ["River Clinic Ltd", "Ministry of Health", "RIVER CLINIC", "River  Clinic"])
def test_J20_the_issuers_name_is_the_trust_lists(world: World, name: str) -> None:
    token = changed(world, world.issue(), lambda m: m["issuer"].update(name=name))
    assert_invalid(judge(world, token), "payload.claims")


@pytest.mark.parametrize("member", ["nbf", "iss", "jti", "sub"])
def test_J21_a_claim_is_missing(world: World, member: str) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), lambda m: m.pop(member))), "payload.form")


@pytest.mark.parametrize("nbf", [True, False, "1795248000", 1795248000.5, None, [1795248000], -1])
def test_J21_nbf_is_no_integer(world: World, nbf: object) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), lambda m: m.update(nbf=nbf))), "payload.form")


def dated(world: World, valid_from: datetime) -> Certificate:
    return world.core(valid_from=valid_from, nbf=int(valid_from.timestamp()))


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(timedelta(minutes=10), Verdict.VALID), (timedelta(minutes=10, seconds=1), Verdict.EXPIRED)]
)
def test_J21_nbf_in_the_future(world: World, ahead: timedelta, verdict: Verdict) -> None:
    core = dated(world, NOW + ahead)
    token = world.close(core, [world.endorse(core, p, valid_from=NOW) for p in (HARBOUR, TTMA)])
    codes = () if verdict is Verdict.VALID else ("time.valid",)
    assert_verdict(judge(world, token), verdict, *codes)


def test_J21_exp_past(world: World) -> None:
    until = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    token = world.issue(core=world.core(valid_until=until, exp=int(until.timestamp())))
    assert_verdict(judge(world, token, at=until), Verdict.VALID)
    assert_verdict(judge(world, token, at=until + timedelta(seconds=1)), Verdict.EXPIRED, "time.valid")


@pytest.mark.parametrize("place", ["validFrom", "validUntil", "awardedDate", "activityStartDate", "activityEndDate"])
def test_J21_a_moment_has_one_spelling(world: World, place: str) -> None:
    def respell(members: dict[str, Any]) -> None:
        holder = members if place in members else members["credentialSubject"]
        moment = datetime.fromisoformat(holder[place])
        holder[place] = moment.astimezone(timezone(timedelta(hours=7))).isoformat()

    assert_invalid(judge(world, changed(world, world.issue(), respell)), "payload.form")


@pytest.mark.parametrize("place", ["activityStartDate", "activityEndDate"])
def test_J21_a_day_is_one_of_utc(world: World, place: str) -> None:
    def move(members: dict[str, Any]) -> None:
        subject = members["credentialSubject"]
        subject[place] = subject[place].replace("Z", "+07:00")

    assert_invalid(judge(world, changed(world, world.issue(), move)), "payload.form")


def test_J21_dates_at_the_end_of_the_calendar(world: World) -> None:
    """A date of the year 9999 plus a duration is none: judged all the same."""
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    far = dated(world, last)
    for endorsements in ([], [world.endorse(far, valid_from=last)]):
        report = judge(world, world.close(replace(far, valid_until=last, exp=far.nbf), endorsements))
        assert report.verdict in (Verdict.EXPIRED, Verdict.INVALID)
    first = datetime(1, 1, 1, tzinfo=UTC)
    early = replace(world.core(), awarded_date=first)
    early = replace(early, credential_subject=replace(early.credential_subject, activity_start_date=first))
    assert_invalid(judge(world, world.close(early, [])), "payload.form")
    moment = datetime.max.replace(microsecond=0, tzinfo=UTC)
    assert_verdict(judge(world, world.issue(), at=moment), Verdict.EXPIRED, "time.valid")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(issuer=[m["issuer"]]),
        lambda m: m.update(issuer=m["issuer"]["id"]),
        lambda m: m.update(credentialSubject=[m["credentialSubject"]] * 2),
        lambda m: m.update(credentialSubject=[m["credentialSubject"]]),
        lambda m: m.update(type="OpenBadgeCredential"),
        lambda m: m.update(type=["OpenBadgeCredential", "VerifiableCredential"]),
        lambda m: m.update(type=["VerifiableCredential"]),
        lambda m: m["@context"].reverse(),
        lambda m: m["@context"].append("https://attacker.example/context"),
        lambda m: m["@context"].pop(),
        lambda m: m.update({"@context": m["@context"][0]}),
        lambda m: m["@context"].__setitem__(2, {"name": "https://attacker.example/name"}),
        lambda m: m["@context"][2]["CosignaturePolicy"].update({"@id": "https://attacker.example/ns"}),
        lambda m: m["termsOfUse"].append(m["termsOfUse"][0]),
        lambda m: m.update(credentialStatus=[m["credentialStatus"]]),
        lambda m: m.update(evidence=[]),
        lambda m: m.update(endorsementJwt=m["endorsementJwt"][0]),
        lambda m: m.update(awardedDate=None),
        lambda m: m.update(validUntil=None),
    ],
)
def test_J24_another_shape(world: World, change: Change) -> None:
    assert_invalid(judge(world, changed(world, world.issue(), change)), "payload.form")


@pytest.mark.parametrize("member", ["proof", "vc", "credentialSchema", "refreshService", "image", "", "name\u200b"])
def test_J25_an_unknown_member_at_any_level(world: World, member: str) -> None:
    stranger = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofValue": "z58DAdFfa9SkqZMVPxAQp"}
    token = world.issue()
    for level in _objects(members_of(token)):
        members = members_of(token)
        _object(members, level)[member] = stranger
        assert_invalid(judge(world, world.sign(rfc8785.dumps(members))), "payload.form")


def _objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each JSON object inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = [path] if isinstance(value, dict) else []
    return own + [found for key, member in items for found in _objects(member, (*path, key))]


def _object(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
