"""What people write becomes the next list, and what changes is told in words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import digest_words, sha256, sri
from keys.errors import FormatError
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.trust import TrustList
from keys.trust_changes import Changes, Founding, first_list, holders_of, next_list
from keys.trust_edit import Holder, open_draft, propose, propose_root
from keys.trust_rules import require_successor
from keys.trust_words import describe_files, describe_list, describe_root
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    HOLDERS,
    LATER,
    LIST,
    PROGRAMME,
    SITE,
    TTMA,
    founded,
    holders,
    signed,
)

FOUNDING = f"""
site = "{SITE}"
holders = ["clinic.trust"]
[[organisation]]
slug = "river-clinic"
name.en = "River Clinic"
contact = "+66 53 000 000"
website = "https://riverclinic.example"
keys = ["issue", "status"]
[[organisation]]
slug = "ttma"
base = "https://ttma.example"
name.en = "Thai Traditional Massage Association"
name.th = "สมาคม TTMA"
keys = ["ttma"]
[[programme]]
slug = "deep-tissue-foundations"
issuers = ["river-clinic"]
threshold = 1
cosigners = ["ttma"]
"""


def public(organisation: str, use: str) -> PublicKeyFile:
    private = HOLDERS[CLINIC] if use == "trust" else generate_private_key(Algorithm.ES256)
    return prove_possession(private, organisation=organisation, use=KeyUse(use), created=FOUNDED)


KEYS = {
    "issue": public(CLINIC, "issue"),
    "status": public(CLINIC, "status"),
    "ttma": public("https://ttma.example/orgs/ttma", "cosign"),
    "college": public(COLLEGE, "cosign"),
    "new": public(f"{SITE}/orgs/new", "cosign"),
    "stranger": public(f"{SITE}/orgs/stranger", "cosign"),
    "clinic.trust": public(CLINIC, "trust"),
}
FROZEN = f"{SITE}/status/north-college/revocation/1"


def change(text: str, old: TrustList = LIST, issued: datetime = LATER) -> TrustList:
    changes = msgspec.toml.decode(text, type=Changes)
    return next_list(old, changes, KEYS.__getitem__, lambda name: name.encode(), issued=issued)


def founding(text: str = FOUNDING) -> TrustList:
    return first_list(msgspec.toml.decode(text, type=Founding), KEYS.__getitem__, issued=FOUNDED)


def test_a_founding_is_as_written() -> None:
    trust_list = founding()
    clinic, ttma = trust_list.organisations
    assert (trust_list.version, trust_list.issued) == (1, FOUNDED)
    assert (clinic.id, clinic.contact, clinic.website) == (CLINIC, "+66 53 000 000", "https://riverclinic.example")
    assert [key.kid for key in clinic.keys] == [KEYS["issue"].kid, KEYS["status"].kid]
    assert {key.valid_from for key in clinic.keys} == {FOUNDED}
    assert ttma.id == "https://ttma.example/orgs/ttma"
    assert ttma.name_at(FOUNDED, "th") == "สมาคม TTMA"
    policy = trust_list.programmes[0].policies[0]
    assert trust_list.programmes[0].id == PROGRAMME
    assert (policy.since, policy.issuers, policy.threshold, policy.cosigners) == (FOUNDED, (CLINIC,), 1, (ttma.id,))


@pytest.mark.parametrize(
    ("before", "after", "fragment"),
    [
        ('"issue", "status"', '"ttma"', "organisation river-clinic: ttma is a key of https://ttma.example"),
        ('"issue", "status"', '"clinic.trust"', "is a key for trust lists"),
        ('slug = "ttma"', 'slug = "TTMA"', "is not a slug"),
        ('cosigners = ["ttma"]', 'cosigners = ["nobody"]', "organisation nobody: is not in the list"),
        ("threshold = 1", "threshold = 2", "threshold 2 of 1"),
        (f'site = "{SITE}"', 'site = "river.example"', "site: 'river.example' is not a base URL"),
        ('"Thai Traditional', '"\u0422hai Traditional', "mixes scripts"),
    ],
)
def test_a_founding_with_a_fault_is_refused(before: str, after: str, fragment: str) -> None:
    assert before in FOUNDING
    with pytest.raises(FormatError) as caught:
        founding(FOUNDING.replace(before, after))
    assert fragment in str(caught.value)


def test_holders_come_with_their_organisation() -> None:
    assert holders_of(("clinic.trust",), KEYS.__getitem__, LIST) == (Holder.of(CLINIC, HOLDERS[CLINIC].public_key()),)
    with pytest.raises(FormatError, match="is no key for trust lists"):
        holders_of(("issue",), KEYS.__getitem__, LIST)
    with pytest.raises(FormatError, match="is not an organisation of the list"):
        holders_of(("stranger",), KEYS.__getitem__, LIST)


def test_nothing_written_only_renews() -> None:
    new = change("")
    require_successor(LIST, new)
    assert (new.version, new.issued, new.organisations) == (2, LATER, LIST.organisations)
    assert describe_list(LIST, new)[1:] == ("  nothing changes but the dates",)


KID = LIST.organisations[1].keys[0].kid
Look = Callable[[TrustList], Any]


@pytest.mark.parametrize(
    ("text", "look", "expected", "words"),
    [
        (
            '[[key]]\norganisation = "north-college"\nfile = "college"\nvalid-from = 2027-01-01T00:00:00Z\n'
            "valid-until = 2028-01-01T00:00:00Z",
            lambda new: (new.organisations[2].keys[1].kid, new.organisations[2].keys[1].valid_from.year),
            (KEYS["college"].kid, 2027),
            "NEW key",
        ),
        (
            '[[key]]\norganisation = "north-college"\nfile = "college"',
            lambda new: new.organisations[2].keys[1].valid_from,
            LATER,
            "co-sign certificates",
        ),
        (  # the first words that its maker read aloud, to compare with the record
            '[[key]]\norganisation = "north-college"\nfile = "college"',
            lambda new: new.organisations[2].keys[1].valid_from,
            LATER,
            f"words {' '.join(digest_words(KEYS['college'].digest)[:4])} …",
        ),
        (
            f'[[end-key]]\nkid = "{KID}"\nuntil = 2027-01-01T00:00:00Z',
            lambda new: new.organisations[1].keys[0].valid_until,
            datetime(2027, 1, 1, tzinfo=UTC),
            f"key {KID[-43:]} ENDS 2027-01-01T00:00:00Z",
        ),
        (
            f'[[compromised]]\nkid = "{KID}"\nsince = 2026-02-01T00:00:00Z',
            lambda new: new.organisations[1].keys[0].compromised_since,
            datetime(2026, 2, 1, tzinfo=UTC),
            f"key {KID[-43:]} is declared COMPROMISED since 2026-02-01T00:00:00Z",
        ),
        (
            '[[organisation]]\nslug = "new"\nname.en = "New Body"\nkeys = ["new"]',
            lambda new: (new.organisations[3].id, new.organisations[3].names[0].since),
            (f"{SITE}/orgs/new", LATER),
            f"NEW organisation {SITE}/orgs/new",
        ),
        (
            '[[programme]]\nslug = "hot-stone"\nissuers = ["river-clinic"]\nthreshold = 1\ncosigners = ["ttma"]',
            lambda new: (new.programmes[1].id, new.programmes[1].policies[0].cosigners),
            (f"{SITE}/programmes/hot-stone", (TTMA,)),
            "issued by river-clinic, co-signed by 1 of ttma",
        ),
        (
            '[[programme]]\nslug = "deep-tissue-foundations"\nissuers = ["river-clinic"]\nthreshold = 1\n'
            'cosigners = ["ttma", "north-college"]\nfrom = 2027-01-01T00:00:00Z',
            lambda new: [(p.since.year, p.threshold, p.cosigners) for p in new.programmes[0].policies],
            [(2026, 2, (COLLEGE, TTMA)), (2027, 1, (COLLEGE, TTMA))],
            "NEW policy from 2027-01-01T00:00:00Z",
        ),
        (
            '[[end-programme]]\nslug = "deep-tissue-foundations"\nuntil = 2027-01-01T00:00:00Z',
            lambda new: new.programmes[0].policies[0].until,
            datetime(2027, 1, 1, tzinfo=UTC),
            "ENDS 2027-01-01T00:00:00Z",
        ),
        (
            f'[[freeze]]\nid = "{FROZEN}"\nfile = "list.jwt"',
            lambda new: [(f.id, f.digest_sri) for f in new.frozen_status],
            [(FROZEN, sri(sha256(b"list.jwt")))],
            f"FROZEN for ever: status list {FROZEN}",
        ),
        (
            '[[rename]]\norganisation = "north-college"\nname.en = "North College of Health"',
            lambda new: [entry.name["en"] for entry in new.organisations[2].names],
            ["North College", "North College of Health"],
            "RENAMED to en 'North College of Health'",
        ),
        (
            '[[address]]\norganisation = "river-clinic"\ncontact = "+66 1"\nwebsite = "https://river.example/"',
            lambda new: (new.organisations[0].contact, new.organisations[0].website),
            ("+66 1", "https://river.example/"),
            "website CHANGED to https://river.example/",
        ),
    ],
    ids=map(str, count()),  # the texts name keys, which are others each time
)
def test_a_change_is_made_and_told(text: str, look: Look, expected: Any, words: str) -> None:
    new = change(text)
    require_successor(LIST, new)
    assert look(new) == expected
    assert any(words in line for line in describe_list(LIST, new))


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ('[[key]]\norganisation = "stranger"\nfile = "stranger"', "organisation stranger: is not in the list"),
        ('[[key]]\norganisation = "ttma"\nfile = "college"', f"organisation ttma: college is a key of {COLLEGE}"),
        (f'[[end-key]]\nkid = "{KID}x"\nuntil = 2027-01-01T00:00:00Z', "is not a key of the list"),
        ('[[end-programme]]\nslug = "other"\nuntil = 2027-01-01T00:00:00Z', "programme other: is not in the list"),
        ('[[rename]]\norganisation = "other"\nname.en = "O"', "organisation other: is not in the list"),
        ('[[address]]\norganisation = "ttma"\nwebsite = "javascript:x"', "website: is not an https address"),
        (f'[[compromised]]\nkid = "{KID}"\nsince = 2026-04-12T00:00:00Z', "compromisedSince"),
        (f'[[compromised]]\nkid = "{KID}"\nsince = 2025-12-31T00:00:00Z', "compromisedSince"),
    ],
)
def test_a_change_with_a_fault_is_refused(text: str, fragment: str) -> None:
    with pytest.raises(FormatError) as caught:
        change(text)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        "[[key]]\nname = 'x'",
        "expiry-days = 401",
        "expiry-days = 0",
        "[[end-key]]\nkid = 'x'\nuntil = 2027-01-01T00:00:00",
    ],
)
def test_an_unknown_key_or_value_is_an_error(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        change(text)


def test_an_emergency_key_goes_before_one_announced_for_later() -> None:
    announced = change('[[key]]\norganisation = "north-college"\nfile = "college"\nvalid-from = 2027-01-01T00:00:00Z')
    KEYS["college-2"] = public(COLLEGE, "cosign")
    new = change('[[key]]\norganisation = "north-college"\nfile = "college-2"', announced, LATER + timedelta(days=1))
    require_successor(announced, new)
    assert [key.kid for key in new.organisations[2].keys[1:]] == [KEYS["college-2"].kid, KEYS["college"].kid]


def test_the_words_of_a_founding_tell_everything() -> None:
    text = "\n".join(describe_files(founded()))
    for part in (CLINIC, TTMA, COLLEGE, PROGRAMME, "2 of 3", "'River Clinic'", "co-signed by 2 of north-college, ttma"):
        assert part in text
    for organisation in LIST.organisations:
        for key in organisation.keys:
            assert key.kid[-43:] in text


def test_the_words_of_a_change_of_holders_name_who_comes_and_goes() -> None:
    draft = propose_root(founded(), holders(TTMA, CLINIC), root_threshold=2, targets_threshold=2, made=LATER)
    lines = describe_files(draft)
    assert any(line.startswith(f"  REMOVED holder: {COLLEGE}") for line in lines)
    back = propose_root(signed(draft), holders(), root_threshold=2, targets_threshold=2, made=LATER)
    assert any(line.startswith(f"  NEW holder: {COLLEGE}") for line in describe_files(back))


def test_a_root_that_was_signed_is_not_told_as_new() -> None:
    draft = propose_root(founded(), holders(TTMA, CLINIC), root_threshold=2, targets_threshold=2, made=LATER)
    lines = describe_files(propose(signed(draft), change("")))
    assert "stays as it is" in lines[0]
    assert not any("REMOVED" in line or "NEW" in line for line in lines)


def test_R01_a_holder_who_signs_one_kind_of_file_only_is_told() -> None:
    """Else two keys of a stranger could sign all lists, and look like holders among others."""
    draft = propose_root(founded(), holders(), root_threshold=2, targets_threshold=2, made=LATER)
    root = open_draft(draft).root
    targets = replace(root.signed.roles.targets, keyids=root.signed.roles.targets.keyids[1:])
    narrowed = replace(root, signed=replace(root.signed, roles=replace(root.signed.roles, targets=targets)))
    lines = describe_root(narrowed, root)
    assert [line.endswith(", signs new roots only") for line in lines if "Holder: " in line].count(True) == 1
    assert not any("only" in line for line in describe_root(root, root))


def test_C26_an_older_policy_that_stays_open_is_told() -> None:
    """A clinic dates a certificate before the stricter policy, and the older, weaker one is in force for it."""
    again = f'[[programme]]\nslug = "{PROGRAMME.rpartition("/")[2]}"\nissuers = ["river-clinic"]\nthreshold = 1\n'
    new = change(f'{again}cosigners = ["ttma"]')
    assert any("stays OPEN: for 180 days more" in line for line in describe_list(LIST, new))
    ended = change(f'[[end-programme]]\nslug = "{PROGRAMME.rpartition("/")[2]}"\nuntil = {LATER:%Y-%m-%dT%H:%M:%SZ}')
    newer = change(f'{again}cosigners = ["ttma"]', ended, LATER + timedelta(days=1))
    assert not any("stays OPEN" in line for line in describe_list(ended, newer))
