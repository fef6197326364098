"""Founding, changing and signing: what a holder may sign, and when a set is complete."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from keys.encoding import canonical, sha256
from keys.errors import FormatError, HandsealError, SignatureError
from keys.trust_chain import TARGETS, open_list
from keys.trust_edit import (
    Holder,
    found,
    is_complete,
    open_draft,
    progress,
    propose,
    propose_root,
    require_continues,
    root_digest,
    sign,
)
from keys.trust_metadata import RootFile, add_signature, parse_root, parse_targets
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    HOLDERS,
    LATER,
    LIST,
    STRANGER,
    TTMA,
    after,
    extended,
    founded,
    holders,
    load,
    signed,
)

DAY = timedelta(days=1)
UNSIGNED = found(LIST, holders())
FIRST = signed(UNSIGNED)
SECOND = extended(FIRST, after(LIST))


def test_signing_in_turns_completes_a_founding() -> None:
    assert sorted(UNSIGNED) == ["1.list.json", "1.root.json", "targets.json"]
    once = sign(UNSIGNED, HOLDERS[TTMA])
    assert [(p.signed, p.threshold, p.complete) for p in progress(once)] == [((TTMA,), 2, False)] * 2
    assert not is_complete(once)
    twice = sign(once, HOLDERS[CLINIC])
    assert [(p.file, p.signed, p.complete) for p in progress(twice)] == [
        ("1.root.json", (CLINIC, TTMA), True),
        ("targets.json", (CLINIC, TTMA), True),
    ]
    assert is_complete(twice)
    assert load(twice).list == LIST


def test_one_holder_signing_twice_counts_once() -> None:
    once = sign(UNSIGNED, HOLDERS[TTMA])
    assert sign(once, HOLDERS[TTMA]) == once
    assert not is_complete(once)


def test_the_order_of_signing_does_not_show() -> None:
    assert signed(UNSIGNED, CLINIC, TTMA) == signed(UNSIGNED, TTMA, CLINIC)


def test_a_complete_root_keeps_its_bytes_so_that_its_digest_holds() -> None:
    assert sign(FIRST, HOLDERS[COLLEGE]) == FIRST
    assert root_digest(FIRST) == sha256(FIRST["1.root.json"]).hex()


def test_an_incomplete_root_has_no_digest_to_tell() -> None:
    with pytest.raises(SignatureError, match="1 of 2 required"):
        root_digest(sign(UNSIGNED, HOLDERS[TTMA]))


def test_the_words_of_a_draft_do_not_change_with_its_signatures() -> None:
    assert open_draft(UNSIGNED).digest == open_draft(FIRST).digest
    assert open_draft(FIRST).digest != open_draft(SECOND).digest
    other_root = found(LIST, holders(CLINIC, TTMA))
    assert open_draft(UNSIGNED).digest != open_draft(other_root).digest


def test_a_stranger_signs_nothing() -> None:
    with pytest.raises(HandsealError, match="no holder's"):
        sign(UNSIGNED, STRANGER)


@pytest.mark.parametrize("thresholds", [{"root_threshold": 1}, {"targets_threshold": 1}, {"root_threshold": 0}])
def test_no_founding_lets_one_holder_decide(thresholds: dict[str, int]) -> None:
    with pytest.raises(FormatError, match="a threshold is at least 2"):
        found(LIST, holders(), **thresholds)


def test_thresholds_are_as_told() -> None:
    files = found(LIST, holders(), root_threshold=3, targets_threshold=2)
    assert [part.complete for part in progress(signed(files))] == [False, True]
    with pytest.raises(FormatError, match="threshold 4 with 3 keys"):
        found(LIST, holders(), root_threshold=4)


def test_one_organisation_with_two_keys_does_not_reach_a_threshold() -> None:
    second = Holder.of(CLINIC, Ed25519PrivateKey.generate().public_key())
    with pytest.raises(FormatError, match="river-clinic alone reaches the threshold"):
        found(LIST, [*holders(), second])
    found(LIST, [*holders(), second], root_threshold=3, targets_threshold=3)


def test_a_holder_twice_is_refused() -> None:
    with pytest.raises(FormatError, match="names a key twice"):
        found(LIST, [*holders(CLINIC, TTMA), *holders(TTMA)])


@pytest.mark.parametrize(("days", "allowed"), [(400, True), (401, False), (1, True), (0, False)])
def test_life_is_at_most_400_days(days: int, allowed: bool) -> None:
    life = timedelta(days=days)
    if allowed:
        assert load(founded(life=life)).expires == FOUNDED + life
        propose(FIRST, after(LIST), life=life)
        return
    for act in (lambda: found(LIST, holders(), life=life), lambda: propose(FIRST, after(LIST), life=life)):
        with pytest.raises(FormatError, match="at most 400 days"):
            act()


def test_only_a_first_list_founds() -> None:
    with pytest.raises(FormatError, match="the first one is version 1"):
        found(after(LIST), holders())


def test_an_unsound_list_is_neither_founded_nor_proposed() -> None:
    bad = replace(LIST, organisations=LIST.organisations[:1])
    with pytest.raises(FormatError, match="is not an organisation of the list"):
        found(bad, holders())
    with pytest.raises(FormatError, match="is not an organisation of the list"):
        open_list(canonical(bad), 1)
    with pytest.raises(FormatError, match="was dropped"):
        propose(FIRST, after(LIST, organisations=LIST.organisations[:1]))


def test_a_proposal_keeps_all_files_and_takes_the_signatures_off_targets() -> None:
    draft = propose(FIRST, after(LIST))
    assert {name: data for name, data in draft.items() if name in FIRST and name != TARGETS} == {
        name: data for name, data in FIRST.items() if name != TARGETS
    }
    assert [part.complete for part in progress(draft)] == [True, False]
    assert load(signed(draft, COLLEGE, TTMA)).list.version == 2


def test_a_new_root_needs_old_and_new_holders() -> None:
    draft = propose_root(SECOND, holders(TTMA, COLLEGE), root_threshold=2, targets_threshold=2, made=LATER)
    only_new = signed(draft, COLLEGE)
    assert [part.complete for part in progress(only_new)] == [False, True]  # TTMA had signed the targets before
    both = signed(only_new, TTMA)
    assert progress(both)[0].signed == (COLLEGE, TTMA)
    assert progress(both)[0].complete
    assert load(both).root_version == 2
    with pytest.raises(HandsealError, match="no holder's"):
        signed(propose(both, after(after(LIST), LATER)), CLINIC)


def test_a_removed_holder_may_still_sign_the_root_that_removes_it() -> None:
    draft = propose_root(SECOND, holders(TTMA, COLLEGE), root_threshold=2, targets_threshold=2, made=LATER)
    assert progress(signed(draft, CLINIC))[0].signed == (CLINIC,)
    assert open_draft(signed(draft, CLINIC)).targets == open_draft(draft).targets


def test_a_root_with_the_same_holders_expires_later() -> None:
    draft = propose_root(SECOND, holders(), root_threshold=2, targets_threshold=2, made=LATER)
    assert load(signed(draft)).expires == LATER + timedelta(days=400)


def test_an_earlier_root_must_be_complete() -> None:
    draft = propose_root(UNSIGNED, holders(), root_threshold=2, targets_threshold=2, made=LATER)
    with pytest.raises(SignatureError, match=r"1\.root\.json: 0 of 2"):
        open_draft(draft)


def test_an_earlier_root_needs_its_own_and_the_older_threshold() -> None:
    newcomers = {name: Ed25519PrivateKey.generate() for name in (CLINIC, TTMA)}
    told = [Holder.of(name, private.public_key()) for name, private in newcomers.items()]
    draft = propose_root(FIRST, told, root_threshold=2, targets_threshold=2, made=LATER)
    old, new = [HOLDERS[CLINIC], HOLDERS[TTMA]], list(newcomers.values())
    for signers, complete in ((old, False), (new, False), (old + new, True)):
        root = parse_root(draft["2.root.json"], "2.root.json")
        for private in signers:
            root = add_signature(root, private)
        files = {**draft, "2.root.json": canonical(root), "3.root.json": with_version(root, 3)}
        if complete:
            assert open_draft(files).root.signed.version == 3
        else:
            with pytest.raises(SignatureError, match=r"2\.root\.json: 0 of 2"):
                open_draft(files)


def with_version(root: RootFile, version: int) -> bytes:
    return canonical(replace(root, signatures=(), signed=replace(root.signed, version=version)))


def test_a_draft_that_lives_too_long_is_not_opened() -> None:
    targets = parse_targets(UNSIGNED[TARGETS], TARGETS)
    longer = replace(targets, signed=replace(targets.signed, expires=FOUNDED + 401 * DAY))
    with pytest.raises(FormatError, match="at most 400 days"):
        sign({**UNSIGNED, TARGETS: canonical(longer)}, HOLDERS[TTMA])


def test_a_holder_is_an_organisation() -> None:
    with pytest.raises(FormatError, match="not the id of an organisation"):
        found(LIST, [*holders(), Holder.of("the clinic", STRANGER.public_key())])


def test_a_holder_signs_what_continues_the_list_it_holds() -> None:
    draft = propose(FIRST, after(LIST))
    assert signed(draft) == sign(sign(draft, HOLDERS[CLINIC], held=load(FIRST)), HOLDERS[TTMA], held=load(FIRST))
    require_continues(SECOND, load(SECOND))


def test_a_holder_refuses_another_history() -> None:
    other = founded(replace(LIST, programmes=()))
    draft = propose(other, after(open_draft(other).list))
    with pytest.raises(FormatError, match=r"trust/1\.list\.json: is not the one you hold"):
        sign({**draft, "1.root.json": FIRST["1.root.json"]}, HOLDERS[CLINIC], held=load(FIRST))


def test_a_holder_refuses_an_older_list_than_it_holds() -> None:
    with pytest.raises(FormatError, match=r"trust/2\.list\.json: is not the one you hold"):
        sign(FIRST, HOLDERS[COLLEGE], held=load(SECOND))


def test_a_holder_refuses_another_root() -> None:
    other = signed(found(LIST, holders(CLINIC, TTMA)))
    with pytest.raises(FormatError, match=r"trust/1\.root\.json: is not the one you hold"):
        sign(propose(other, after(LIST)), HOLDERS[CLINIC], held=load(FIRST))


def test_a_holder_refuses_a_second_list_of_one_version() -> None:
    rival = propose(FIRST, after(LIST, LATER + DAY))
    with pytest.raises(FormatError, match=r"trust/2\.list\.json: is not the one you hold"):
        sign(rival, HOLDERS[COLLEGE], held=load(SECOND))


def test_a_missing_file_is_named() -> None:
    for name in UNSIGNED:
        with pytest.raises(HandsealError, match=f"trust/{name}: is missing"):
            open_draft({n: data for n, data in UNSIGNED.items() if n != name})
