"""The model of certificate and endorsement: what it shows of itself, and what a core is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from keys.credential import Certificate, Endorsement, calendar_date, content_digest, core_of
from keys.encoding import canonical, parse, sha256, sri
from keys.errors import FormatError
from tests.world import PROGRAMME, SITE, World

WORLD = World()
CORE = WORLD.core()


def test_a_certificate_reads_what_it_writes() -> None:
    certificate = replace(CORE, endorsement_jwt=(WORLD.endorse(CORE),))
    data = canonical(certificate)
    assert parse(data, Certificate, "certificate") == certificate
    assert data == rfc8785.dumps(msgspec.json.decode(data))
    endorsement = WORLD.endorsement(CORE)
    assert parse(canonical(endorsement), Endorsement, "endorsement") == endorsement


def test_member_names_are_those_of_the_formats() -> None:
    members: dict[str, Any] = msgspec.json.decode(canonical(replace(CORE, endorsement_jwt=())))
    assert sorted(members) == sorted(
        "@context awardedDate credentialStatus credentialSubject endorsementJwt evidence exp id iss issuer jti name "
        "nbf relatedResource sub termsOfUse type validFrom validUntil".split()
    )
    assert sorted(members["credentialSubject"]) == sorted(
        "id type identifier activityStartDate activityEndDate achievement result".split()
    )
    assert sorted(members["relatedResource"][0]) == ["digestSRI", "id", "mediaType"]
    assert members["@context"][2]["CosignaturePolicy"] == {
        "@id": f"{SITE}/ns#CosignaturePolicy",
        "@context": {
            "threshold": f"{SITE}/ns#threshold",
            "cosigner": {"@id": f"{SITE}/ns#cosigner", "@type": "@id"},
        },
    }


def test_what_it_says_of_itself() -> None:
    assert (CORE.printed_name, CORE.latin_name) == ("สมชาย ปิ่นทอง", "Somchai Pinthong")
    assert WORLD.core("Ada", None).latin_name is None
    assert (CORE.programme, CORE.syllabus_digest) == (PROGRAMME, sri(sha256(WORLD.syllabus_bytes)))
    assert CORE.endorsements == ()
    assert replace(CORE, endorsement_jwt=("a",)).endorsements == ("a",)
    assert CORE.credential_status.index == 1


@given(st.lists(st.text("ab.", max_size=5), max_size=8))
def test_co_signatures_are_no_part_of_the_content(tokens: list[str]) -> None:
    certificate = replace(CORE, endorsement_jwt=tuple(tokens))
    assert core_of(certificate) == CORE
    assert content_digest(certificate) == content_digest(CORE) == sha256(canonical(CORE))


@pytest.mark.parametrize("member", [name for name in Certificate.__struct_fields__ if name != "endorsement_jwt"])
def test_every_other_member_is(member: str) -> None:
    value = getattr(CORE, member)
    other = value + 1 if isinstance(value, int) else None
    other = value + timedelta(seconds=1) if isinstance(value, datetime) else other
    other = value + "x" if isinstance(value, str) else other
    other = tuple(reversed(value)) if isinstance(value, tuple) and len(value) > 1 else other
    other = (*value, *value) if isinstance(value, tuple) and len(value) == 1 else other
    other = replace(value, id="x") if isinstance(value, msgspec.Struct) else other
    assert other is not None
    assert content_digest(replace(CORE, **{member: other})) != content_digest(CORE)


@pytest.mark.parametrize("member", ["valid_until", "exp", "evidence", "endorsement_jwt"])
def test_optional_members(member: str) -> None:
    certificate = replace(CORE, **{member: UNSET})
    assert parse(canonical(certificate), Certificate, "x") == certificate


def test_required_members() -> None:
    optional = {"validUntil", "exp", "evidence", "endorsementJwt"}
    members: dict[str, Any] = msgspec.json.decode(canonical(CORE))
    for name in sorted(set(members) - optional):
        with pytest.raises(FormatError, match="missing required field"):
            parse(rfc8785.dumps({k: v for k, v in members.items() if k != name}), Certificate, "x")


@pytest.mark.parametrize(
    "text", ["2026-11-20T08:00:00+00:00", "2026-11-20T15:00:00+07:00", "2026-11-20T08:00:00.5Z", "2026-11-20T08:00:00"]
)
def test_times_have_one_spelling(text: str) -> None:
    data = canonical(CORE).replace(b"2026-11-20T08:00:00Z", text.encode())
    with pytest.raises(FormatError):
        parse(data, Certificate, "x")


def test_calendar_dates_are_never_converted() -> None:
    bangkok = timezone(timedelta(hours=7))
    assert calendar_date(datetime(2026, 11, 20, 23, tzinfo=UTC)) == "2026-11-20"
    assert calendar_date(datetime(2026, 11, 21, 6, tzinfo=bangkok)) == "2026-11-21"
    assert calendar_date(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03"
