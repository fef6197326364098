"""The rules of a certificate that a type cannot say, one broken at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import rfc8785
from msgspec import UNSET
from msgspec.structs import replace

from keys.credential import Certificate
from keys.encoding import canonical
from keys.errors import FormatError
from keys.profile import parse_certificate, require_claims, require_profile
from tests.world import CLINIC, PROGRAMME, SITE, World

WORLD = World()
CORE = WORLD.core()
ACHIEVEMENT = f"{PROGRAMME}/1"

Edit = Callable[[dict[str, Any]], object]


def edited(change: Edit) -> bytes:
    members: dict[str, Any] = msgspec.json.decode(canonical(CORE))
    change(members)
    return rfc8785.dumps(members)


def subject(members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = members["credentialSubject"]
    return found


def achievement(members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = subject(members)["achievement"]
    return found


def descriptions(members: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = achievement(members)["resultDescription"]
    return found


def levels(members: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = descriptions(members)[1]["rubricCriterionLevel"]
    return found


def results(members: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = subject(members)["result"]
    return found


def test_the_worlds_certificate_fits() -> None:
    assert parse_certificate(canonical(CORE)) == CORE
    require_claims(CORE)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m["issuer"].update(id="https://other.example/orgs/river-clinic"), "@context"),
        (lambda m: m["issuer"].update(id=f"{SITE}/river-clinic"), "issuer.id"),
        (lambda m: m.update(id="urn:uuid:00000000-0000-1000-8000-000000000001"), "id: is not a urn:uuid"),
        (lambda m: m.update(id="https://a.example/1"), "id: is not a urn:uuid"),
        (lambda m: subject(m).update(id="Somchai"), "credentialSubject.id"),
        (lambda m: subject(m).update(activityStartDate="2026-11-16T00:00:00Z"), "not in order"),
        (lambda m: subject(m).update(activityEndDate="2026-11-20T00:00:00Z"), "not in order"),
        (lambda m: m.update(awardedDate="2026-11-22T00:00:00Z"), "not in order"),
        (lambda m: m.update(awardedDate="2026-11-19T00:00:01Z"), "calendar date"),
        (lambda m: subject(m).update(activityEndDate="2026-11-15T12:00:00Z"), "calendar date"),
        (lambda m: m.update(validUntil="2029-11-19T00:00:00Z"), "23:59:59"),
        (lambda m: m.update(validUntil="2026-11-18T23:59:59Z"), "before the award"),
        (lambda m: achievement(m).update(id="https://other.example/programmes/a/1"), "not the issuer's"),
        (lambda m: achievement(m).update(id=PROGRAMME), "version of a programme"),
        (lambda m: achievement(m).update(id=f"{PROGRAMME}/01"), "version of a programme"),
        (lambda m: achievement(m)["criteria"].update(id=f"{PROGRAMME}/2"), "criteria.id"),
        (lambda m: m.update(name="Another Course"), "name: differs"),
        (lambda m: achievement(m).update(name="Another Course"), "name: differs"),
        (lambda m: achievement(m).update(inLanguage="English"), "payload|matching|inLanguage"),
        (lambda m: descriptions(m)[0].update(id=f"{PROGRAMME}/2#quiz"), "not the achievement's"),
        (lambda m: descriptions(m)[0].update(id=f"{ACHIEVEMENT}#"), "slug"),
        (lambda m: descriptions(m)[0].update(id=f"{ACHIEVEMENT}#Quiz"), "slug"),
        (lambda m: descriptions(m)[0].update(id=ACHIEVEMENT), "slug"),
        (lambda m: descriptions(m)[0].update(id=f"{ACHIEVEMENT}#a#b"), "slug"),
        (lambda m: descriptions(m)[1].update(id=f"{ACHIEVEMENT}#quiz"), "unique"),
        (lambda m: descriptions(m)[0].pop("requiredValue"), "resultType"),
        (lambda m: descriptions(m)[0].pop("valueMax"), "resultType"),
        (lambda m: descriptions(m)[0].update(requiredLevel="x"), "resultType"),
        (lambda m: descriptions(m)[0].update(resultType="Status"), "resultType"),
        (lambda m: descriptions(m)[1].pop("requiredLevel"), "resultType"),
        (lambda m: descriptions(m)[1].update(requiredLevel="x"), "resultType"),
        (lambda m: descriptions(m)[1].update(rubricCriterionLevel=[]), "resultType"),
        (lambda m: descriptions(m)[1].update(valueMin="0"), "resultType"),
        (
            lambda m: descriptions(m)[1]["rubricCriterionLevel"].append(descriptions(m)[1]["rubricCriterionLevel"][0]),
            "resultType",
        ),
        (lambda m: results(m).pop(), "one per criterion"),
        (lambda m: results(m).reverse(), "one per criterion"),
        (lambda m: results(m).append(results(m)[0]), "one per criterion"),
        (lambda m: results(m)[0].update(resultDescription=f"{ACHIEVEMENT}#other"), "one per criterion"),
        (lambda m: results(m)[0].update(value="79"), "does not reach"),
        (lambda m: results(m)[0].update(value="79.99"), "does not reach"),
        (lambda m: results(m)[0].update(value="100.01"), "does not reach"),
        (lambda m: results(m)[0].update(achievedLevel="x"), "does not reach"),
        (lambda m: results(m)[0].pop("value"), "does not reach"),
        (lambda m: results(m)[1].update(achievedLevel=f"{ACHIEVEMENT}#video.developing"), "does not reach"),
        (lambda m: results(m)[1].update(achievedLevel=f"{ACHIEVEMENT}#live.competent"), "does not reach"),
        (lambda m: (results(m)[1].pop("achievedLevel"), results(m)[1].update(status="Completed")), "does not reach"),
        (lambda m: m["credentialStatus"].update(id="x"), "list and index"),
        (lambda m: m["credentialStatus"].update(statusListIndex="2"), "list and index"),
        (lambda m: m["relatedResource"][0].update(id=f"{PROGRAMME}/2"), "the first is the syllabus"),
        (lambda m: m["relatedResource"][0].update(mediaType="text/html"), "the first is the syllabus"),
        (lambda m: m["relatedResource"].append(m["relatedResource"][0]), "ids are unique"),
        (lambda m: m["relatedResource"][0].update(digestSRI="sha256-" + "A" * 42 + "B="), "SHA-256"),
        (lambda m: m["termsOfUse"][0].update(threshold=4), "at least the threshold"),
        (lambda m: m["termsOfUse"][0]["cosigner"].reverse(), "sorted"),
        (lambda m: m["termsOfUse"][0]["cosigner"].append(m["termsOfUse"][0]["cosigner"][-1]), "sorted"),
    ],
)
def test_each_rule(change: Edit, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as fault:
        parse_certificate(edited(change), "row 7")
    assert str(fault.value).startswith("row 7: ")


@pytest.mark.parametrize("value", ["07", "-1", "1e3", "1.5", "131072000", "", " 1", "٣", "1\n", "0x1", 4711, 1.5, None])
def test_S02_status_list_indices(value: object) -> None:
    def change(members: dict[str, Any]) -> None:
        entry = members["credentialStatus"]
        entry.update(statusListIndex=value, id=f"{entry['statusListCredential']}#{value}")

    with pytest.raises(FormatError):
        parse_certificate(edited(change))


@pytest.mark.parametrize(
    "url",
    [
        *("https://attacker.example", "https://x@verify.river.example", "https://verify.river.example:8443"),
        *("http://verify.river.example", "https://VERIFY.river.example", "https://verify.river.example/", "//x"),
        *("https://verify.river.example.attacker.example", "javascript:alert(1)//"),
    ],
)
def test_S05_a_status_list_elsewhere(url: str) -> None:
    def change(members: dict[str, Any]) -> None:
        name = f"{url}/status/river-clinic/revocation/1"
        members["credentialStatus"].update(statusListCredential=name, id=f"{name}#1")

    with pytest.raises(FormatError, match="statusListCredential"):
        parse_certificate(edited(change))


@pytest.mark.parametrize("tail", ["ttma/revocation/1", "river-clinic/suspension/1", "river-clinic/revocation/0"])
def test_S05_another_list_of_the_site(tail: str) -> None:
    def change(members: dict[str, Any]) -> None:
        name = f"{SITE}/status/{tail}"
        members["credentialStatus"].update(statusListCredential=name, id=f"{name}#1")

    with pytest.raises(FormatError, match="statusListCredential"):
        parse_certificate(edited(change))


def accepted(certificate: Certificate) -> bool:
    try:
        require_profile(certificate, "x")
    except FormatError:
        return False
    return True


@pytest.mark.parametrize(("days", "fits"), [(timedelta(days=1), True), (timedelta(days=1, seconds=1), False)])
def test_the_award_is_a_day_after_the_proposal_at_most(days: timedelta, fits: bool) -> None:
    assert accepted(replace(CORE, valid_from=CORE.awarded_date - days)) == fits


def test_dates_may_be_equal() -> None:
    day = CORE.awarded_date
    learner = replace(CORE.credential_subject, activity_start_date=day, activity_end_date=day)
    assert accepted(replace(CORE, credential_subject=learner))
    until = day + timedelta(hours=23, minutes=59, seconds=59)
    assert accepted(replace(CORE, valid_until=until))


@pytest.mark.parametrize("value", ["80", "100", "80.0", "99.99", "100.00"])
def test_values_that_pass(value: str) -> None:
    assert parse_certificate(edited(lambda m: results(m)[0].update(value=value)))


@pytest.mark.parametrize("value", ["080", "80.", "1e2", "80.123", "+80", "-0", "101", "92%", "", "٩٢", "NaN"])
def test_values_that_are_no_number(value: str) -> None:
    with pytest.raises(FormatError):
        parse_certificate(edited(lambda m: results(m)[0].update(value=value)))


def test_a_status_result() -> None:
    def change(members: dict[str, Any]) -> None:
        plain = {name: descriptions(members)[0][name] for name in ("id", "type", "name")}
        descriptions(members)[0] = {**plain, "resultType": "Status"}
        descriptions(members).insert(0, descriptions(members).pop(0))
        achievement(members)["resultDescription"][0] = {**plain, "resultType": "Status"}
        results(members)[0].pop("value")
        results(members)[0]["status"] = "Completed"

    assert parse_certificate(edited(change))
    with pytest.raises(FormatError):
        parse_certificate(edited(lambda m: (change(m), results(m)[0].update(status="Failed"))))
    with pytest.raises(FormatError, match="does not reach"):
        parse_certificate(edited(lambda m: (change(m), results(m)[0].pop("status"), results(m)[0].update(value="92"))))


def test_a_wallets_did_as_subject() -> None:
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    certificate = replace(CORE, credential_subject=replace(CORE.credential_subject, id=did), sub=did)
    assert accepted(certificate)
    require_claims(certificate)


def test_evidence_files_with_a_digest() -> None:
    extra = {"id": "https://files.example/1.mp4", "digestSRI": "sha256-" + "A" * 43 + "=", "mediaType": "video/mp4"}
    assert parse_certificate(edited(lambda m: m["relatedResource"].append(extra)))


@pytest.mark.parametrize(
    "url", ["http://a.example", "javascript:alert(1)", "https://", "https://a b", "file:///x", "data:,"]
)
def test_evidence_is_https(url: str) -> None:
    assert parse_certificate(edited(lambda m: m["evidence"][0].update(id="https://files.example/1")))
    with pytest.raises(FormatError):
        parse_certificate(edited(lambda m: m["evidence"][0].update(id=url)))


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"iss": f"{CLINIC}x"}, "iss"),
        ({"sub": CORE.id}, "sub"),
        ({"jti": CORE.sub}, "jti"),
        ({"nbf": CORE.nbf - 1}, "nbf"),
        ({"exp": UNSET}, "exp"),
        ({"valid_until": UNSET}, "exp"),
        ({"exp": 0}, "exp"),
        ({"valid_from": datetime(2026, 11, 20, 8, 0, 1, tzinfo=UTC)}, "nbf"),
    ],
)
def test_claims_equal_their_twins(changes: dict[str, Any], claim: str) -> None:
    with pytest.raises(FormatError, match=f"x: {claim}: differs"):
        require_claims(replace(CORE, **changes), "x")


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_dates_at_the_ends_of_the_calendar(moment: datetime) -> None:
    assert accepted(replace(CORE, valid_from=moment)) == (moment.year == 9999)
    assert not accepted(replace(CORE, awarded_date=moment))
