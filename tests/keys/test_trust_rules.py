"""Each rule of one list, and each thing a newer list may or may not change, from both sides."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import UNSET
from msgspec.structs import replace

from keys.algorithms import Algorithm, EcJwk, jwk_of, thumbprint
from keys.encoding import sri
from keys.errors import FormatError
from keys.names import key_id
from keys.trust import FrozenStatus, Key, NameFrom, Organisation, Policy, Programme, TrustList, Use
from keys.trust_rules import require_successor, require_trust_list
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    LATER,
    LIST,
    PROGRAMME,
    SITE,
    TTMA,
    after,
    key,
    organisation,
)

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
RSA_3072 = key(Use.COSIGN, algorithm=Algorithm.RS256)
FROZEN = FrozenStatus(id=f"{SITE}/status/ttma/revocation/1", digest_sri=sri(b"\0" * 32))


def with_organisation(changed: Organisation, trust_list: TrustList = LIST) -> TrustList:
    organisations = (changed if o.id == changed.id else o for o in trust_list.organisations)
    return replace(trust_list, organisations=tuple(organisations))


def ttma(**changes: Any) -> TrustList:
    clinic, association, college = LIST.organisations
    return replace(LIST, organisations=(clinic, replace(association, **changes), college))


def ttma_key(trust_list: TrustList = LIST, **changes: Any) -> TrustList:
    body = trust_list.organisations[1]
    return with_organisation(replace(body, keys=(replace(body.keys[0], **changes), *body.keys[1:])), trust_list)


def named(name: str, language: str = "en") -> TrustList:
    return ttma(names=(NameFrom(since=FOUNDED, name={language: name}),))


def policy(trust_list: TrustList = LIST, **changes: Any) -> TrustList:
    programme = trust_list.programmes[0]
    changed = replace(programme.policies[0], **changes)
    return replace(trust_list, programmes=(replace(programme, policies=(changed, *programme.policies[1:])),))


def bodies(count: int) -> tuple[Organisation, ...]:
    return tuple(organisation(f"{SITE}/orgs/body-{number}", f"Body {number}") for number in range(count))


def many(count: int) -> TrustList:
    extended = replace(LIST, organisations=(*LIST.organisations, *bodies(count)))
    return policy(extended, cosigners=tuple(body.id for body in bodies(count)))


def test_the_plain_list_is_sound() -> None:
    require_trust_list(LIST, "list")


@pytest.mark.parametrize(
    "trust_list",
    [
        ttma(keys=(RSA_3072,)),
        ttma(website="https://ttma.example:8443/about?x=1", contact="+66 2 000 000 สมาคม"),
        ttma(keys=()),
        ttma_key(valid_until=FOUNDED + SECOND),
        ttma_key(compromised_since=FOUNDED),
        ttma_key(valid_from=LATER, compromised_since=LATER),
        ttma(keys=(*LIST.organisations[1].keys, key(Use.COSIGN))),
        named("สมาคม TTMA"),
        named("Ассоциация", "ru"),
        named("Ελληνική", "el"),
        named("Größe und Café"),
        named("Hands… and Feet"),
        policy(threshold=1),
        policy(until=FOUNDED + SECOND),
        policy(issuers=(CLINIC, f"{SITE}/orgs/other"), cosigners=(COLLEGE, TTMA)),
        many(8),
        replace(LIST, frozen_status=(FROZEN,)),
        replace(LIST, programmes=()),
    ],
)
def test_what_is_allowed_is_allowed(trust_list: TrustList) -> None:
    other = organisation(f"{SITE}/orgs/other", "Other Clinic")
    require_trust_list(replace(trust_list, organisations=(*trust_list.organisations, other)), "list")


FOREIGN_KEY = LIST.organisations[2].keys[0]
RSA_2048 = jwk_of(rsa.generate_private_key(65537, 2048))
OFF_CURVE = EcJwk(crv="P-256", x="A" * 43, y="A" * 43)


@pytest.mark.parametrize(
    ("trust_list", "fragment"),
    [
        (replace(LIST, issued=datetime(2569, 1, 1, tzinfo=UTC)), "list: issued: the year 2569"),
        (replace(LIST, previous=sri(b"\0" * 32)), "list: previous"),
        (replace(LIST, version=2), "list: previous"),
        (ttma(id="https://verify.river.example/ttma"), "not the id of an organisation"),
        (ttma(id="http://verify.river.example/orgs/ttma"), "http:// is for loopback"),
        (ttma(id=CLINIC), "stands there twice"),
        (replace(LIST, organisations=(*LIST.organisations, LIST.organisations[1])), "stands there twice"),
        (
            replace(LIST, organisations=(*LIST.organisations, organisation("https://x.example/orgs/ttma", "T"))),
            "organisation slug: ttma stands there twice",
        ),
        (ttma(keys=(FOREIGN_KEY,)), "stands there twice"),
        (ttma(keys=(LIST.organisations[1].keys[0],) * 2), "stands there twice"),
        (ttma_key(kid=key_id(SITE, "A" * 43)), "organisation ttma: key AAAAAAAAAAAA: kid"),
        (
            ttma_key(kid=LIST.organisations[1].keys[0].kid.replace("verify.river", "verify.other")),
            "kid: is not the organisation's base",
        ),
        (ttma_key(alg="RS256"), "alg: does not fit"),
        (ttma_key(alg="none"), "alg: does not fit"),
        (ttma_key(jwk=RSA_2048, alg="RS256", kid=key_id(SITE, thumbprint(RSA_2048))), "at least 3072 bits"),
        (ttma_key(valid_until=FOUNDED), "validUntil: is not after validFrom"),
        (ttma_key(valid_until=datetime(2569, 1, 1, tzinfo=UTC)), "the year 2569"),
        (ttma_key(valid_from=datetime(1483, 1, 1, tzinfo=UTC)), "the year 1483"),
        (ttma_key(compromised_since=FOUNDED - SECOND), "compromisedSince"),
        (ttma_key(compromised_since=FOUNDED + SECOND), "compromisedSince"),
        (ttma(keys=(key(Use.COSIGN, LATER), key(Use.COSIGN))), "keys: are not in ascending order"),
        (ttma(names=(NameFrom(since=LATER, name={"en": "A"}), NameFrom(since=FOUNDED, name={"en": "B"}))), "ascending"),
        (ttma(names=(NameFrom(since=FOUNDED, name={"en": "A"}),) * 2), "names: are not in ascending order"),
        (ttma(names=(NameFrom(since=datetime(2569, 1, 1, tzinfo=UTC), name={"en": "A"}),)), "the year 2569"),
        (ttma(website="javascript:alert(1)"), "website: is not an https address"),
        (ttma(website="http://ttma.example"), "website: is not an https address"),
        (ttma(website="https://ttma.example@evil.example/"), "website: is not an https address"),
        (ttma(website="https://ttma.example/\n"), "website: is not an https address"),
        (ttma(contact="+66\u202e2"), "contact: character 4 is U+202E"),
        (named("A", "English"), "is not a language"),
        (named(" Association"), "starts or ends with a space"),
        (replace(LIST, programmes=LIST.programmes * 2), "programme slug"),
        (
            replace(LIST, programmes=(replace(LIST.programmes[0], id=f"{SITE}/programs/x"),)),
            "not the id of a programme",
        ),
        (
            replace(
                LIST, programmes=(*LIST.programmes, replace(LIST.programmes[0], id=PROGRAMME.replace("river", "x")))
            ),
            "programme slug",
        ),
        (policy(threshold=3), "threshold 3 of 2"),
        (policy(threshold=0), "threshold 0 of 2"),
        (policy(cosigners=(TTMA, COLLEGE)), "cosigners: are not sorted"),
        (policy(cosigners=(COLLEGE, COLLEGE)), "cosigners: are not sorted, or one stands twice"),
        (many(9), "threshold 2 of 9"),
        (policy(cosigners=(COLLEGE, f"{SITE}/orgs/unknown")), "is not an organisation of the list"),
        (policy(issuers=(f"{SITE}/orgs/unknown",)), "is not an organisation of the list"),
        (policy(issuers=(CLINIC, CLINIC)), "stands there twice"),
        (policy(issuers=(CLINIC, TTMA)), "an issuer is among its own co-signers"),
        (policy(until=FOUNDED), "until: is not after from"),
        (policy(until=datetime(2569, 1, 1, tzinfo=UTC)), "the year 2569"),
        (policy(since=datetime(2569, 1, 1, tzinfo=UTC)), "the year 2569"),
        (
            replace(LIST, programmes=(replace(LIST.programmes[0], policies=LIST.programmes[0].policies * 2),)),
            "policies: are not in ascending order",
        ),
        (replace(LIST, frozen_status=(FROZEN, FROZEN)), "frozen status list"),
        (replace(LIST, frozen_status=(replace(FROZEN, id=f"{SITE}/status/nobody/revocation/1"),)), "belongs to no"),
        (replace(LIST, frozen_status=(replace(FROZEN, id=f"{SITE}/lists/1"),)), "not the id of a status list"),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused(trust_list: TrustList, fragment: str) -> None:
    with pytest.raises(FormatError) as caught:
        require_trust_list(trust_list, "list")
    assert str(caught.value).startswith("list")
    assert fragment in str(caught.value)


def test_a_key_off_its_curve_is_refused_with_its_place() -> None:
    with pytest.raises(FormatError, match=r"organisation ttma: key .*: jwk: is not a point"):
        require_trust_list(ttma_key(jwk=OFF_CURVE, kid=key_id(SITE, thumbprint(OFF_CURVE))), "list")


# -- what a newer list may change -----------------------------------------------------------------------------------

OLD = replace(
    LIST,
    organisations=(
        LIST.organisations[0],
        replace(
            LIST.organisations[1],
            names=(*LIST.organisations[1].names, NameFrom(since=FOUNDED + DAY, name={"en": "Massage Association"})),
            keys=(
                *LIST.organisations[1].keys,
                key(Use.COSIGN, FOUNDED + DAY, valid_until=LATER + DAY, compromised_since=FOUNDED + DAY),
            ),
            website="https://ttma.example",
        ),
        LIST.organisations[2],
    ),
    programmes=(
        Programme(
            id=PROGRAMME,
            policies=(
                replace(LIST.programmes[0].policies[0], until=LATER + DAY),
                replace(LIST.programmes[0].policies[0], since=FOUNDED + DAY),
            ),
        ),
    ),
    frozen_status=(FROZEN,),
    issued=FOUNDED + DAY,
)
NEW = after(OLD)


@dataclass(frozen=True)
class To:
    """A change of one part of the new list."""

    change: Callable[[TrustList], TrustList]


def part(**changes: Any) -> To:
    return To(lambda new: replace(new, **changes))


def body(**changes: Any) -> To:
    return To(lambda new: with_organisation(replace(new.organisations[1], **changes), new))


def first_key(**changes: Any) -> To:
    return To(lambda new: ttma_key(new, **changes))


def second_key(**changes: Any) -> To:
    first, second = OLD.organisations[1].keys
    return body(keys=(first, replace(second, **changes)))


def first_policy(**changes: Any) -> To:
    return To(lambda new: policy(new, **changes))


def policies(*entries: Policy) -> To:
    return part(programmes=(Programme(id=PROGRAMME, policies=entries),))


BODY = OLD.organisations[1]
FIRST_POLICY, SECOND_POLICY = OLD.programmes[0].policies


def new_policy(since: datetime) -> Policy:
    return replace(SECOND_POLICY, since=since, threshold=1)


def new_programme(since: datetime) -> Programme:
    return Programme(id=f"{SITE}/programmes/other", policies=(new_policy(since),))


def new_body(since: datetime, *keys: Key) -> To:
    return part(organisations=(*OLD.organisations, organisation(f"{SITE}/orgs/new", "New Body", *keys, since=since)))


@pytest.mark.parametrize(
    "to",
    [
        part(),
        part(issued=OLD.issued),
        part(programmes=(*OLD.programmes, new_programme(LATER))),
        part(frozen_status=(FROZEN, replace(FROZEN, id=FROZEN.id.replace("ttma", "north-college")))),
        part(organisations=tuple(reversed(OLD.organisations))),
        new_body(LATER, key(Use.COSIGN, LATER)),
        body(website=UNSET, contact="+66 2 000 000"),
        body(names=(*BODY.names, NameFrom(since=LATER, name={"en": "Renamed"}))),
        body(keys=(*BODY.keys, key(Use.COSIGN, LATER))),
        first_key(valid_until=LATER),
        first_key(compromised_since=FOUNDED),
        first_key(compromised_since=LATER),
        second_key(compromised_since=FOUNDED),
        policies(FIRST_POLICY, replace(SECOND_POLICY, until=LATER)),
        policies(FIRST_POLICY, SECOND_POLICY, new_policy(LATER)),
    ],
)
def test_what_a_newer_list_may_do(to: To) -> None:
    require_successor(OLD, to.change(NEW))


@pytest.mark.parametrize(
    ("to", "fragment"),
    [
        (part(version=3), "does not follow"),
        (part(version=1), "does not follow"),
        (part(previous=sri(b"\0" * 32)), "does not follow"),
        (part(previous=UNSET), "does not follow"),
        (part(issued=OLD.issued - SECOND), "issued"),
        (part(organisations=OLD.organisations[:2]), f"organisation: {COLLEGE} was dropped"),
        (new_body(LATER - SECOND), "name: starts before"),
        (new_body(LATER, key(Use.COSIGN, LATER - SECOND)), "key: starts before"),
        (body(names=BODY.names[:1]), "a name was changed or dropped"),
        (body(names=(NameFrom(since=FOUNDED, name={"en": "Other"}), BODY.names[1])), "a name was changed or dropped"),
        (body(names=(*BODY.names, NameFrom(since=LATER - SECOND, name={"en": "R"}))), "name: starts before"),
        (body(keys=BODY.keys[:1]), "was dropped"),
        (body(keys=(*BODY.keys, key(Use.COSIGN, LATER - SECOND))), "key: starts before"),
        (first_key(valid_from=FOUNDED - SECOND), "was changed"),
        (first_key(use=Use.ISSUE), "was changed"),
        (first_key(alg="RS256"), "was changed"),
        (first_key(valid_until=LATER - SECOND), "validUntil"),
        (second_key(valid_until=UNSET), "validUntil"),
        (second_key(valid_until=LATER + 2 * DAY), "validUntil"),
        (second_key(valid_until=LATER), "validUntil"),
        (second_key(compromised_since=UNSET), "compromisedSince"),
        (second_key(compromised_since=FOUNDED + DAY + SECOND), "compromisedSince"),
        (part(programmes=()), f"programme: {PROGRAMME} was dropped"),
        (part(programmes=(*OLD.programmes, new_programme(LATER - SECOND))), "policy: starts before"),
        (policies(FIRST_POLICY), "a policy was dropped"),
        (policies(SECOND_POLICY), "a policy was dropped"),
        (first_policy(threshold=1), "a policy was changed"),
        (first_policy(cosigners=(TTMA,)), "a policy was changed"),
        (first_policy(issuers=(COLLEGE,)), "a policy was changed"),
        (first_policy(since=FOUNDED - SECOND), "a policy was changed"),
        (first_policy(until=UNSET), "until"),
        (first_policy(until=LATER + 2 * DAY), "until"),
        (policies(FIRST_POLICY, replace(SECOND_POLICY, until=LATER - SECOND)), "until"),
        (policies(FIRST_POLICY, SECOND_POLICY, new_policy(LATER - SECOND)), "policy: starts before"),
        (policies(FIRST_POLICY, new_policy(LATER), SECOND_POLICY), "a policy was changed"),
        (part(frozen_status=()), "was dropped"),
        (part(frozen_status=(replace(FROZEN, digest_sri=sri(b"\1" * 32)),)), "was changed"),
    ],
)
def test_what_a_newer_list_may_not_do(to: To, fragment: str) -> None:
    with pytest.raises(FormatError) as caught:
        require_successor(OLD, to.change(NEW))
    assert fragment in str(caught.value)
