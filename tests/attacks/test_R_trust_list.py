"""Attacks inside the trust list: names, dates, keys and policies, and what a newer list rewrites."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from keys.encoding import canonical
from keys.errors import HandsealError
from keys.names import key_id
from keys.trust import NameFrom, TrustList, Use
from keys.trust_chain import TARGETS, open_list
from keys.trust_edit import found, propose
from keys.trust_words import describe_list
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    LATER,
    LIST,
    SITE,
    TTMA,
    after,
    changed_list,
    extended,
    founded,
    holders,
    key,
    load,
    load_hostile,
    refused,
    with_changed,
    with_list,
)

FIRST = founded()
SECOND = extended(FIRST, after(LIST))


@pytest.mark.parametrize(
    "name",
    [
        "\u0422TMA",  # Cyrillic T
        "TTM\u0e2d",  # a Thai letter in a Latin word
        "\u0422\u0422\u041c\u0410",  # wholly Cyrillic, and looks like TTMA
        "\uff34\uff34\uff2d\uff21",  # full width
        "\U0001d413\U0001d413\U0001d40c\U0001d400",  # mathematical bold
        "\u13a2\u13a2\u13b7\u13aa",  # Cherokee
        "\ua4d4\ua4d4\ua4df\ua4ee",  # Lisu
        "\u15aa\u15ea",  # Canadian syllabics
        "\u24c9\u24c9\u24c2\u24b6",  # circled
        "TT\u200bMA",  # zero width space
        "TT\u200dMA",  # zero width joiner where nothing joins
        "TTMA\u202e",
        "\u2060TTMA",
        "TTMA\u3164",
        "Association\nof TTMA",
        "e\u0301cole",  # not NFC
        " TTMA",
        "",
    ],
)
def test_R07_a_name_that_looks_like_another_is_refused(name: str) -> None:
    refused(changed_list(FIRST, lambda c: c["organisations"][1]["names"][0].update(name={"en": name})), "trust/1.list")
    clinic, association, college = LIST.organisations
    renamed = replace(association, names=(NameFrom(since=FOUNDED, name={"en": name}),))
    with pytest.raises(HandsealError):
        found(replace(LIST, organisations=(clinic, renamed, college)), holders())


def test_R07_words_in_two_scripts_are_fine() -> None:
    names = {"en": "TTMA", "th": "สมาคม TTMA"}
    files = changed_list(FIRST, lambda c: c["organisations"][1]["names"][0].update(name=names))
    assert load(files).name(TTMA, FOUNDED, "th") == "สมาคม TTMA"


def test_R07_latin_letters_with_marks_and_signs_are_fine() -> None:
    for name in ("Clínica São João (No. 2) & Søn", "Hawai\u02bbi Massage", "Straße 7 – Łódź", "1st Body"):
        files = changed_list(FIRST, lambda c, name=name: c["organisations"][1]["names"][0].update(name={"en": name}))
        assert load(files).name(TTMA, FOUNDED) == name


def test_R07_a_body_called_like_another_is_pointed_out() -> None:
    twin = replace(LIST.organisations[1], id=f"{SITE}/orgs/ttma-2", keys=(), names=())
    for name, alike in (("THAI  traditional Massage Association", True), ("Thai Massage Association", False)):
        called = replace(twin, names=(NameFrom(since=LATER, name={"en": name}),))
        lines = describe_list(LIST, after(LIST, organisations=(*LIST.organisations, called)))
        assert any(f"CALLED LIKE {TTMA}" in line for line in lines) is alike


def test_R11_a_name_is_as_of_then() -> None:
    renamed = replace(
        LIST.organisations[1],
        names=(*LIST.organisations[1].names, NameFrom(since=LATER, name={"en": "Massage Association"})),
    )
    new = after(LIST, organisations=(LIST.organisations[0], renamed, LIST.organisations[2]))
    trust = load(extended(FIRST, new))
    assert trust.name(TTMA, LATER - timedelta(seconds=1)) == "Thai Traditional Massage Association"
    assert trust.name(TTMA, LATER) == "Massage Association"


def test_R11_an_organisation_is_never_removed() -> None:
    new = after(LIST, organisations=LIST.organisations[:2], programmes=LIST.programmes)
    refused(with_list(FIRST, canonical(new), 2, LATER + timedelta(days=1)), "is not an organisation of the list")
    new = after(LIST, organisations=LIST.organisations[:2], programmes=())
    refused(with_list(FIRST, canonical(new), 2, LATER + timedelta(days=1)), f"organisation: {COLLEGE} was dropped")


def test_R12_old_and_new_key_overlap() -> None:
    clinic = LIST.organisations[0]
    issue, status = clinic.keys
    ended = replace(issue, valid_until=LATER + timedelta(days=30))
    rotated = replace(clinic, keys=(ended, status, key(Use.ISSUE, LATER)))
    trust = load(extended(FIRST, after(LIST, organisations=(rotated, *LIST.organisations[1:]))))
    assert [known.key for known in trust.keys_of(CLINIC, Use.ISSUE)] == [ended, rotated.keys[2]]
    assert trust.key(issue.kid) is not None


DATES = [
    "2026-11-20T08:00:00",
    "2026-11-20T08:00:00+00:00",
    "2026-11-20T15:00:00+07:00",
    "2026-11-20T08:00:00z",
    "2026-11-20 08:00:00Z",
    "2026-11-20T08:00:00.5Z",
    "2026-11-20T24:00:00Z",
    "2026-02-30T08:00:00Z",
    "2026-11-20",
    "2569-11-20T08:00:00Z",
    "0001-01-01T00:00:00Z",
    "2026-11-20T08:00:60Z",
    1_700_000_000,
    None,
]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("place", ["issued", "name", "validFrom", "validUntil", "from", "until"])
def test_R16_no_nonsense_in_dates_of_the_list(place: str, date: Any) -> None:
    def change(content: dict[str, Any]) -> None:
        clinic, policy = content["organisations"][0], content["programmes"][0]["policies"][0]
        {
            "issued": lambda: content.update(issued=date),
            "name": lambda: clinic["names"][0].update({"from": date}),
            "validFrom": lambda: clinic["keys"][0].update(validFrom=date),
            "validUntil": lambda: clinic["keys"][0].update(validUntil=date),
            "from": lambda: policy.update({"from": date}),
            "until": lambda: policy.update(until=date),
        }[place]()

    refused(changed_list(FIRST, change), "trust/1.list.json")


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("name", ["1.root.json", TARGETS])
def test_R16_no_nonsense_in_expiry(name: str, date: Any) -> None:
    refused(with_changed(FIRST, name, lambda c: c.update(expires=date)), f"trust/{name}")


@pytest.mark.parametrize("date", [*DATES, "2026-01-01T00:00:00.500000Z", "2026-01-01T07:00:00+07:00"])
def test_R16_no_nonsense_in_when_a_root_was_made(date: Any) -> None:
    refused(with_changed(FIRST, "1.root.json", lambda c: c.update({"x-handseal-issued": date})), "trust/1.root.json")


def test_R16_a_key_ends_after_it_starts() -> None:
    def change(content: dict[str, Any]) -> None:
        content["organisations"][0]["keys"][0]["validUntil"] = "2025-12-31T00:00:00Z"

    refused(changed_list(FIRST, change), "validUntil: is not after validFrom")


def open_key_dropped(new: TrustList) -> TrustList:
    clinic = replace(new.organisations[0], keys=new.organisations[0].keys[1:])
    return replace(new, organisations=(clinic, *new.organisations[1:]))


def policy_rewritten(new: TrustList) -> TrustList:
    policy = replace(new.programmes[0].policies[0], threshold=1)
    return replace(new, programmes=(replace(new.programmes[0], policies=(policy,)),))


def policy_back_dated(new: TrustList) -> TrustList:
    policy = replace(new.programmes[0].policies[0], threshold=1, since=LATER - timedelta(days=1))
    return replace(new, programmes=(replace(new.programmes[0], policies=(*new.programmes[0].policies, policy)),))


def key_back_dated(new: TrustList) -> TrustList:
    clinic = new.organisations[0]
    back_dated = replace(clinic, keys=(*clinic.keys, key(Use.ISSUE, LATER - timedelta(days=1))))
    return replace(new, organisations=(back_dated, *new.organisations[1:]))


def name_rewritten(new: TrustList) -> TrustList:
    clinic = replace(new.organisations[0], names=(NameFrom(since=FOUNDED, name={"en": "Ministry of Health"}),))
    return replace(new, organisations=(clinic, *new.organisations[1:]))


def issued_back_dated(new: TrustList) -> TrustList:
    return key_back_dated(replace(new, issued=FOUNDED - timedelta(days=1)))


REWRITES = [open_key_dropped, policy_rewritten, policy_back_dated, key_back_dated, name_rewritten, issued_back_dated]


@pytest.mark.parametrize("rewrite", REWRITES)
def test_R19_a_list_that_rewrites_the_past_is_refused(rewrite: Callable[[TrustList], TrustList]) -> None:
    new = rewrite(after(LIST))
    expires = new.issued + timedelta(days=300)
    refused(with_list(FIRST, canonical(new), 2, expires), "trust/2.list.json")
    with pytest.raises(HandsealError, match=r"trust/2\.list\.json"):
        propose(FIRST, new)
    load_hostile(with_list(FIRST, canonical(after(LIST)), 2, LATER + timedelta(days=300)))  # so it is the rewriting


def test_R19_a_reused_version_number_is_another_digest() -> None:
    rival = after(LIST, LATER + timedelta(days=1))
    assert load(extended(FIRST, rival)).digest != load(SECOND).digest
    with pytest.raises(HandsealError, match="does not follow"):
        propose(SECOND, rival)


def test_R19_history_cannot_be_left_out() -> None:
    refused({name: data for name, data in SECOND.items() if name != "1.list.json"}, "trust/1.list.json: is missing")


def test_R20_a_kid_is_the_thumbprint_of_its_key() -> None:
    for kid in (key_id(SITE, "A" * 43), LIST.organisations[2].keys[0].kid, "../../x", ""):
        refused(changed_list(FIRST, lambda c, kid=kid: c["organisations"][1]["keys"][0].update(kid=kid)), "kid")


@pytest.mark.parametrize("member", ["d", "p", "k", "key_ops", "x5u"])
def test_R20_a_jwk_has_no_private_and_no_other_member(member: str) -> None:
    refused(
        changed_list(FIRST, lambda c: c["organisations"][1]["keys"][0]["jwk"].update({member: "AAAA"})),
        f"unknown field `{member}`",
    )


def test_R20_no_two_keys_share_a_thumbprint() -> None:
    def copy(content: dict[str, Any]) -> None:
        content["organisations"][2]["keys"] = content["organisations"][1]["keys"]

    refused(changed_list(FIRST, copy), "stands there twice")


def test_R20_an_issuer_is_not_its_own_co_signer() -> None:
    def change(content: dict[str, Any]) -> None:
        content["programmes"][0]["policies"][0]["cosigners"] = sorted([CLINIC, TTMA])

    refused(changed_list(FIRST, change), "an issuer is among its own co-signers")


def test_R20_the_same_rules_hold_before_anyone_signs() -> None:
    def change(content: dict[str, Any]) -> None:
        content["programmes"][0]["policies"][0]["cosigners"] = sorted([CLINIC, TTMA])

    data = changed_list(FIRST, change)["1.list.json"]
    with pytest.raises(HandsealError, match="co-signers"):
        open_list(data, 1)
    with pytest.raises(HandsealError, match="co-signers"):
        found(msgspec.json.decode(data, type=TrustList), holders())
