"""Attacks on what surrounds the trust list: roots, signatures, thresholds, files."""

import gc
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.trust import NameFrom, Organisation
from keys.trust_chain import MAX_LIST_BYTES, MAX_ROOTS, TARGETS, load_trust, root_name, target_name
from keys.trust_edit import Holder, found, propose, propose_root, require_continues, root_digest
from keys.trust_metadata import add_signature, key_id_of, parse_root
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    HOLDERS,
    LATER,
    LIST,
    SITE,
    STRANGER,
    TTMA,
    after,
    changed_list,
    extended,
    forge,
    founded,
    holders,
    load,
    refused,
    signed,
    with_changed,
    with_list,
)

FIRST = founded()
SECOND = extended(FIRST, after(LIST))
NEWCOMERS = {name: Ed25519PrivateKey.generate() for name in HOLDERS}


def second_root(*signers: Ed25519PrivateKey) -> dict[str, bytes]:
    """A second root with holders nobody knew, signed by these."""
    newcomers = [Holder.of(name, private.public_key()) for name, private in NEWCOMERS.items()]
    draft = propose_root(FIRST, newcomers, root_threshold=2, targets_threshold=2, made=LATER)
    root = parse_root(draft["2.root.json"], "2.root.json")
    for private in signers:
        root = add_signature(root, private)
    return {**draft, "2.root.json": canonical(root)}


OLD = (HOLDERS[CLINIC], HOLDERS[TTMA])
NEW = (NEWCOMERS[CLINIC], NEWCOMERS[TTMA])


@pytest.mark.parametrize("signers", [OLD, NEW, (*OLD, NEW[0]), (OLD[0], *NEW), (OLD[0], NEW[1]), ()])
def test_R01_a_root_needs_both_thresholds(signers: tuple[Ed25519PrivateKey, ...]) -> None:
    refused(second_root(*signers), "trust/2.root.json")
    assert load(FIRST).root_version == 1  # without the bad root the first one holds on


def test_R01_a_root_with_both_thresholds_is_taken() -> None:
    files = second_root(*OLD, *NEW)
    refused(files, "trust/targets.json")  # signed by the holders of root 1, who are holders no more
    content = msgspec.json.decode(files[TARGETS])["signed"]
    assert load({**files, TARGETS: forge(content, NEW)}).root_version == 2


def test_R03_an_older_list_loads_and_shows_its_version_to_whoever_remembers() -> None:
    assert (load(SECOND).list.version, load(FIRST).list.version) == (2, 1)
    assert load(SECOND).root_digest == load(FIRST).root_digest


def test_R03_an_old_list_under_a_new_number_is_refused() -> None:
    refused({**SECOND, "2.list.json": FIRST["1.list.json"]}, "not the list that targets.json names")


def test_R03_a_holder_signs_nothing_under_an_older_root() -> None:
    renewed = propose_root(FIRST, holders(), root_threshold=2, targets_threshold=2, made=LATER)
    held = load(signed(renewed))
    require_continues(signed(renewed), held)
    with pytest.raises(HandsealError, match=r"2\.root\.json: is not the one you hold"):
        require_continues(SECOND, held)


def test_R19_a_holder_signs_over_no_other_bytes_of_the_first_root() -> None:
    """Their digest is what verifiers were told: with a further signature they would find no trust list at all."""
    renewed = propose_root(FIRST, holders(), root_threshold=2, targets_threshold=2, made=LATER)
    held = load(signed(renewed))
    content = msgspec.json.decode(FIRST["1.root.json"])["signed"]
    with pytest.raises(HandsealError, match=r"1\.root\.json: is not the one you hold"):
        require_continues({**signed(renewed), "1.root.json": forge(content, tuple(HOLDERS.values()))}, held)


def test_R19_a_holder_signs_no_other_root_with_the_number_of_the_one_held() -> None:
    def renewed(made: datetime) -> dict[str, bytes]:
        return propose_root(FIRST, holders(), root_threshold=2, targets_threshold=2, made=made)

    held = load(signed(renewed(LATER)))
    require_continues(signed(renewed(LATER), TTMA, COLLEGE), held)  # other signatures make no other root
    further = propose_root(
        signed(renewed(LATER)), holders(), root_threshold=2, targets_threshold=2, made=LATER + timedelta(days=1)
    )
    require_continues(further, held)
    with pytest.raises(HandsealError, match=r"2\.root\.json: is not the one you hold"):
        require_continues(renewed(LATER + timedelta(days=1)), held)


def test_R04_an_expired_list_loads_and_says_when() -> None:
    assert load(founded(life=timedelta(days=1))).expires == FOUNDED + timedelta(days=1)


def test_R05_a_signature_twice_is_refused() -> None:
    for name in ("1.root.json", TARGETS):
        file = msgspec.json.decode(FIRST[name])
        file["signatures"] = [file["signatures"][0]] * 2
        refused({**FIRST, name: canonical(file)}, "Multiple signatures")


def test_R05_one_key_under_two_ids_is_refused() -> None:
    first = key_id_of(HOLDERS[CLINIC].public_key())
    for other in ("0" * 64, key_id_of(HOLDERS[TTMA].public_key())):

        def double(content: dict[str, Any], other: str = other) -> None:
            content["keys"][other] = content["keys"][first]

        refused(with_changed(FIRST, "1.root.json", double), "its id is not the hash of the key")


def test_R05_another_spelling_of_a_key_is_no_second_key() -> None:
    def shout(content: dict[str, Any]) -> None:
        for entry in content["keys"].values():
            entry["keyval"]["public"] = entry["keyval"]["public"].upper()

    refused(with_changed(FIRST, "1.root.json", shout), "keyval")


def test_R05_a_key_named_twice_by_a_role_is_refused() -> None:
    def repeat(content: dict[str, Any]) -> None:
        keyids = content["roles"]["targets"]["keyids"]
        keyids[1] = keyids[0]

    refused(with_changed(FIRST, "1.root.json", repeat), "targets: names a key twice")


@pytest.mark.parametrize("threshold", [0, -1, True, "2", 4, 2**53 - 1, None, [2]])
@pytest.mark.parametrize("role", ["root", "targets"])
def test_R06_an_impossible_threshold_is_refused_at_load(role: str, threshold: Any) -> None:
    refused(
        with_changed(FIRST, "1.root.json", lambda c: c["roles"][role].update(threshold=threshold)), "trust/1.root.json"
    )


@pytest.mark.parametrize("threshold", [0, -1, True, 1, 4])
@pytest.mark.parametrize("role", ["root_threshold", "targets_threshold"])
def test_R06_an_impossible_threshold_is_refused_at_founding(role: str, threshold: Any) -> None:
    with pytest.raises(HandsealError, match="threshold"):
        found(LIST, holders(), **{role: threshold})


@pytest.mark.parametrize("threshold", [0, -1, 3, 9])
def test_R06_an_impossible_policy_threshold_is_refused(threshold: int) -> None:
    def change(content: dict[str, Any]) -> None:
        content["programmes"][0]["policies"][0]["threshold"] = threshold

    refused(changed_list(FIRST, change), "threshold")


SPOIL: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("repeated member", lambda data: data.replace(b'"version":1', b'"version":1,"version":1')),
    ("float", lambda data: data.replace(b'"version":1', b'"version":1.0')),
    ("exponent", lambda data: data.replace(b'"version":1', b'"version":1e0')),
    ("trailing bytes", lambda data: data + b"\n"),
    ("second document", lambda data: data + b"{}"),
    ("space", lambda data: data.replace(b'":', b'": ', 1)),
    ("BOM", lambda data: b"\xef\xbb\xbf" + data),
    ("UTF-16", lambda data: data.decode().encode("utf-16")),
    ("NaN", lambda data: data.replace(b'"version":1', b'"version":NaN')),
    ("nearly nothing", lambda _: b" "),
    ("null", lambda _: b"null"),
    ("deep", lambda _: b"[" * 100_000),
    ("deep inside", lambda data: data.replace(b'"version":1', b'"version":' + b'{"a":' * 9_000)),
]


@pytest.mark.parametrize(("what", "spoil"), SPOIL, ids=[what for what, _ in SPOIL])
@pytest.mark.parametrize("name", ["1.root.json", TARGETS, "1.list.json"])
def test_R10_another_spelling_is_refused(name: str, what: str, spoil: Callable[[bytes], bytes]) -> None:
    data = spoil(FIRST[name])
    assert data != FIRST[name]
    files = with_list(FIRST, data, 1) if name == "1.list.json" else {**FIRST, name: data}
    refused(files, f"trust/{name}")


def test_R10_a_file_of_50_megabytes_is_refused_unread() -> None:
    huge = b'{"signatures":"' + b"a" * 50_000_000 + b'"}'
    digest = sha256(huge).hex()
    gc.collect()
    tracemalloc.start()
    try:
        for name in ("1.root.json", TARGETS):
            refused({**FIRST, name: huge}, "is larger than", digest if name == "1.root.json" else None)
        refused(with_list(FIRST, huge, 1), "is larger than")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def crowded(bodies: int) -> bytes:
    """A sound list with so many more organisations."""
    names = ({"en": f"Body {number}", "th": "สมาคม" * 50} for number in range(bodies))
    more = (
        Organisation(id=f"{SITE}/orgs/body-{number}", names=(NameFrom(since=FOUNDED, name=name),), keys=())
        for number, name in enumerate(names)
    )
    return canonical(replace(LIST, organisations=(*LIST.organisations, *more)))


def test_R10_a_list_has_room_for_years_but_not_for_everything() -> None:
    large, too_large = crowded(1100), crowded(1300)
    assert MAX_LIST_BYTES * 0.8 < len(large) < MAX_LIST_BYTES < len(too_large)
    assert load(with_list(FIRST, large, 1)).list.version == 1
    refused(with_list(FIRST, too_large, 1), "is larger than")


def test_R15_a_half_written_set_is_refused_and_the_old_set_still_loads() -> None:
    for name in ("2.list.json", TARGETS):
        half = {**SECOND, name: SECOND[name][: len(SECOND[name]) // 2]}
        refused(half, f"trust/{name}")
    without_targets = {**SECOND, TARGETS: FIRST[TARGETS]}  # targets.json is replaced last: before that, list 1 holds
    assert load(without_targets).list == LIST


def test_R17_the_root_chain_stops_at_256() -> None:
    signed_root = msgspec.json.decode(FIRST["1.root.json"])["signed"]
    files = dict(FIRST)
    for version in range(2, 301):
        files[root_name(version)] = forge(signed_root | {"version": version}, OLD)
    asked: list[str] = []

    def read(name: str) -> bytes | None:
        asked.append(name)
        return files.get(name)

    assert load_trust(read, root_digest=root_digest(FIRST)).root_version == MAX_ROOTS
    assert len([name for name in asked if name.endswith("root.json")]) == MAX_ROOTS
    with pytest.raises(HandsealError, match="256 roots"):
        propose_root(files, holders(), root_threshold=2, targets_threshold=2, made=LATER)


def test_R_a_stranger_with_a_whole_site_of_its_own_is_not_believed() -> None:
    own = found(LIST, [Holder.of(name, private.public_key()) for name, private in NEWCOMERS.items()])
    root = parse_root(own["1.root.json"], "root")
    for private in (*NEW, STRANGER):
        root = add_signature(root, private)
    forged = {**own, "1.root.json": canonical(root)}
    refused(forged, "is not the root that was told", root_digest(FIRST))


def test_R_a_target_elsewhere_is_refused() -> None:
    for path in ("trust/../1.list.json", "/etc/passwd", target_name(2), "1.list.json"):

        def move(content: dict[str, Any], path: str = path) -> None:
            content["targets"] = {path: next(iter(content["targets"].values()))}

        refused(with_changed(FIRST, TARGETS, move), "its one target is not trust/1.list.json")


def test_R_loading_opens_no_socket(no_socket: list[str]) -> None:
    assert load(signed(propose(SECOND, after(after(LIST), LATER)), COLLEGE, CLINIC)).list.version == 3
