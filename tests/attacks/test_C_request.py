"""C20, C25, C27: a request that is not what it says is refused before anyone is asked to sign."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from keys.algorithms import Algorithm, generate_private_key
from keys.body import plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import plan_cosign, run_cosign
from keys.credential import Certificate
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.home import Home
from keys.possession import PublicKeyFile
from keys.request import RequestReader
from keys.response import ResponseReader
from keys.review import review_request
from keys.signer import MemorySigner
from keys.trust import Use
from tests.keys.partner import (
    CLINIC,
    KEYS,
    NOW,
    PARTNERS,
    PUBLIC,
    SITE,
    TTMA,
    build_core,
    build_cores,
    build_list,
    build_request,
    build_syllabus,
    build_trust,
    listed,
)


def refused(data: bytes) -> str:
    with pytest.raises(HandsealError) as fault:
        list(RequestReader(BytesIO(data)))
    return str(fault.value)


def lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def test_C20_the_same_core_twice() -> None:
    core = build_core(1, "Ada")
    with pytest.raises(HandsealError, match="twice"):
        build_request([core, core])
    head, first, *rest = lines(build_request())
    assert refused(head + first + first + b"".join(rest[1:])) == "request line 3: id: stands in the request twice"


def _same_id(core: Certificate, other: Certificate) -> Certificate:
    return replace(core, id=other.id, jti=other.id)


def _same_learner(core: Certificate, other: Certificate) -> Certificate:
    subject = replace(core.credential_subject, id=other.credential_subject.id)
    return replace(core, credential_subject=subject, sub=subject.id)


def _same_status(core: Certificate, other: Certificate) -> Certificate:
    return replace(core, credential_status=other.credential_status)


@pytest.mark.parametrize(
    ("spoil", "member"),
    [(_same_id, "id"), (_same_learner, "credentialSubject.id"), (_same_status, "credentialStatus")],
)
def test_C20_two_cores_that_share_what_is_one_persons(
    spoil: Callable[[Certificate, Certificate], Certificate], member: str
) -> None:
    one, two = build_core(1, "Ada"), build_core(2, "Bea")
    assert refused(build_request([one, spoil(two, one)])) == f"request line 3: {member}: stands in the request twice"


def test_C20_equal_names_alone_are_read() -> None:
    assert sum(1 for _ in RequestReader(BytesIO(build_request(build_cores(["Ada", "Ada"]))))) == 2


@pytest.mark.parametrize("count", [4, 6, 0, -5, 10**9])
def test_C20_a_wrong_count(count: int) -> None:
    assert refused(build_request().replace(b'"count":5', f'"count":{count}'.encode())).startswith("request line ")


@pytest.mark.parametrize("count", [b'"5"', b"true", b"5.0", b"null"])
def test_C20_a_count_that_is_no_number(count: bytes) -> None:
    assert refused(build_request().replace(b'"count":5', b'"count":' + count)).startswith("request line 1: ")


def test_C20_a_wrong_digest() -> None:
    data = build_request()
    own = sri(RequestReader(BytesIO(data)).header.digest).encode()
    assert refused(data.replace(own, sri(sha256(b"another")).encode())) == (
        "request line 1: digest: is not that of this request"
    )


def test_C20_cores_out_of_order() -> None:
    head, one, two, *rest = lines(build_request())
    assert "line 3: is out of order" in refused(head + two + one + b"".join(rest))


def test_C20_a_row_exchanged_for_another_learners() -> None:
    head, *rest = lines(build_request())
    other = build_request(build_cores(["Mallory"] * 5))
    assert refused(head + b"".join(lines(other)[1:])).startswith("request line 1: digest")
    assert refused(head + b"".join(rest[:-1])).startswith("request line 6: is missing")


def test_C25_cores_of_another_course() -> None:
    other = build_syllabus(title="Weekend Relaxation")
    assert refused(build_request(syllabus=other)) == "request line 2: achievement: is not the syllabus'"


def test_C25_cores_name_another_edition_of_the_syllabus() -> None:
    syllabus = build_syllabus()
    other = syllabus.replace(b'"weeks":6', b'"weeks":1')
    assert (
        refused(build_request(syllabus=other)) == "request line 2: relatedResource: is not the digest of the syllabus"
    )


def test_C25_an_achievement_that_promises_more_than_the_syllabus() -> None:
    core = build_core(1, "Ada")
    better = replace(core.credential_subject.achievement, description="Licensed to treat injuries.")
    spoiled = replace(core, credential_subject=replace(core.credential_subject, achievement=better))
    assert refused(build_request([spoiled])) == "request line 2: achievement: is not the syllabus'"


def test_C25_a_weaker_policy_than_the_syllabus() -> None:
    core = build_core(1, "Ada")
    for policy in (
        replace(core.terms_of_use[0], threshold=1),
        replace(core.terms_of_use[0], cosigner=PARTNERS[:2]),
    ):
        assert "recognition" in refused(build_request([replace(core, terms_of_use=(policy,))]))


def test_C25_a_certificate_that_never_expires_of_a_programme_that_does() -> None:
    core = replace(build_core(1, "Ada"), valid_until=UNSET, exp=UNSET)
    assert refused(build_request([core])) == "request line 2: validUntil: is not the syllabus' validity"


@pytest.mark.parametrize("days", [-1, 1, 365])
def test_C25_a_certificate_that_is_valid_longer_or_shorter_than_the_syllabus_says(days: int) -> None:
    core = build_core(1, "Ada")
    assert isinstance(core.valid_until, datetime)
    until = core.valid_until + timedelta(days=days)
    other = replace(core, valid_until=until, exp=int(until.timestamp()))
    assert refused(build_request([other])) == "request line 2: validUntil: is not the syllabus' validity"


def test_C25_the_syllabus_of_another_issuer() -> None:
    syllabus = build_syllabus().replace(CLINIC.encode(), CLINIC.encode() + b"-two")
    assert "another issuer" in refused(build_request(syllabus=syllabus))


def test_C25_a_core_that_already_holds_co_signatures() -> None:
    core = replace(build_core(1, "Ada"), endorsement_jwt=("e30.e30.AAAA",))
    assert "does not belong in a core" in refused(build_request([core]))


@pytest.mark.parametrize("claim", ["iss", "sub", "jti", "nbf", "exp"])
def test_C25_a_claim_that_differs_from_what_is_shown(claim: str) -> None:
    core = build_core(1, "Ada")
    value = 1 if claim in {"nbf", "exp"} else "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert f": {claim}: differs" in refused(build_request([replace(core, **{claim: value})]))


def test_C20_a_core_not_in_canonical_form() -> None:
    core = canonical(build_core(1, "Ada")).replace(b'{"@context"', b'{ "@context"')
    assert refused(build_request([core])) == "request line 2: is not in canonical form (JCS)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        yield opened


def cosign(home: Home, request: bytes, *, signer: MemorySigner = KEYS[TTMA], now: datetime = NOW) -> list[str]:
    trust = build_trust() if signer is KEYS[TTMA] else build_trust(build_list({**PUBLIC, TTMA: rotated(signer)}))
    review = review_request(RequestReader(BytesIO(request)))
    earlier = home.signed_contents([row.digest for row in review.rows])
    plan = plan_cosign(review, require_body(trust, signer.kid, now), now=now, earlier=earlier)
    response = BytesIO()
    run_cosign(
        plan,
        request=BytesIO(request),
        response=response,
        signer=signer,
        home=home,
        now=now,
        random=secrets.token_bytes,
    )
    assert sum("was withdrawn before" in warning for warning in plan.warnings) == len(
        {entry.digest for entry in earlier if entry.withdrawn}
    )
    return list(ResponseReader(BytesIO(response.getvalue())))


def rotated(signer: MemorySigner) -> PublicKeyFile:
    return listed(TTMA, signer, Use.COSIGN)


def test_C27_asked_again_the_same_endorsement_comes_back(home: Home) -> None:
    first = cosign(home, build_request())
    assert cosign(home, build_request(), now=NOW + timedelta(days=3)) == first
    one = build_request(build_cores()[:1])
    assert set(cosign(home, one)) < set(first)


def test_C27_a_withdrawal_covers_what_is_asked_for_again(home: Home) -> None:
    first = cosign(home, build_request())
    body = require_body(build_trust(), KEYS[TTMA].kid, NOW)
    withdrawal = plan_withdrawal(body, home, certificates=[build_core(0, "").id])
    run_withdrawal(withdrawal, signer=KEYS[TTMA], home=home, now=NOW)
    assert cosign(home, build_request()) == first
    assert sum(entry.withdrawn is not None for entry in home.signed()) == 1


def test_C27_a_new_key_does_not_undo_a_withdrawal(home: Home) -> None:
    cosign(home, build_request())
    body = require_body(build_trust(), KEYS[TTMA].kid, NOW)
    identity = build_core(0, "").id
    run_withdrawal(plan_withdrawal(body, home, certificates=[identity]), signer=KEYS[TTMA], home=home, now=NOW)
    new = MemorySigner(generate_private_key(Algorithm.ES256), SITE)
    cosign(home, build_request(), signer=new)
    assert [entry.withdrawn for entry in home.signed_certificates([identity])] == [NOW, NOW]
    assert sum(byte.bit_count() for byte in home.status_bits(body.list_id)) == 2


def test_C25_a_core_by_another_clinic_than_the_syllabus() -> None:
    core = build_core(1, "Ada")
    theirs = f"{SITE}/status/ttma/revocation/1"
    status = replace(core.credential_status, id=f"{theirs}#1001", status_list_credential=theirs)
    other = replace(core, issuer=replace(core.issuer, id=TTMA), iss=TTMA, credential_status=status)
    assert refused(build_request_unchecked(core, other)) == "request line 2: issuer: is not the request's"


def build_request_unchecked(core: Certificate, other: Certificate) -> bytes:
    """A request whose one core was exchanged after it was written, digest and all: what a thief of the stick can do."""
    return build_request([core]).replace(canonical(core), canonical(other))


def test_C20_a_request_is_dated_in_utc() -> None:
    spelled = build_request().replace(b'"created":"2026-11-20T09:00:00Z"', b'"created":"2026-11-20T16:00:00+07:00"')
    assert "times are UTC" in refused(spelled)
