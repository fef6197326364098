"""C20, C25, C27: a request that is not what it says is refused before anyone is asked to sign."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from keys.credential import Certificate
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.request import RequestReader
from tests.keys.partner import CLINIC, PARTNERS, build_core, build_cores, build_request, build_syllabus


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
