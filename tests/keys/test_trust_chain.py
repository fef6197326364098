"""A trust list loads from a whole chain of signatures and from nothing else."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from keys.encoding import sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.trust_chain import TARGETS, list_name, load_trust, root_name
from keys.trust_edit import found, propose, propose_root, root_digest
from tests.keys.trust_holders import (
    CLINIC,
    COLLEGE,
    FOUNDED,
    HOLDERS,
    LATER,
    LIST,
    STRANGER,
    TTMA,
    Change,
    after,
    changed_list,
    extended,
    forge,
    founded,
    holders,
    load,
    load_hostile,
    signed,
    with_changed,
    with_list,
)

FIRST = founded()
SECOND = extended(FIRST, after(LIST))
RENEWED = signed(
    propose_root(SECOND, holders(TTMA, COLLEGE), root_threshold=2, targets_threshold=2, made=LATER),
    TTMA,
    COLLEGE,
)


def refused(files: Any, *fragments: str) -> None:
    with pytest.raises(HandsealError) as caught:
        load_hostile(files)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_a_founded_list_loads(no_socket: list[str]) -> None:
    trust = load(FIRST)
    assert trust.list == LIST
    assert trust.digest == sri(sha256(FIRST["1.list.json"]))
    assert (trust.root_version, trust.root_digest) == (1, sha256(FIRST["1.root.json"]).hex())
    assert trust.expires == FOUNDED + timedelta(days=400)


def test_expiry_is_the_earlier_one() -> None:
    assert load(extended(FIRST, after(LIST), life=timedelta(days=30))).expires == LATER + timedelta(days=30)
    assert load(extended(FIRST, after(LIST))).expires == FOUNDED + timedelta(days=400)  # that of the root


def test_an_expired_list_loads_and_says_so() -> None:
    long_ago = FOUNDED - timedelta(days=5000)
    organisations = tuple(
        type(o)(id=o.id, names=(type(o.names[0])(since=long_ago, name=o.names[0].name),), keys=())
        for o in LIST.organisations
    )
    old = type(LIST)(version=1, issued=long_ago, organisations=organisations, programmes=(), frozen_status=())
    assert load(founded(old)).expires < FOUNDED


def test_a_second_list_and_a_second_root_load() -> None:
    assert load(SECOND).list.version == 2
    # Root 2 names other holders, so the targets were signed anew by them.
    without_targets = propose(RENEWED, after(after(LIST), LATER))
    trust = load(signed(without_targets, TTMA, COLLEGE))
    assert (trust.root_version, trust.list.version) == (2, 3)


def test_importing_it_warns_of_nothing_and_opens_no_socket() -> None:
    script = (
        "import sys\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith('socket.') else None)\n"
        "import keys.trust_chain\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", ["1.root.json", TARGETS, "2.list.json", "1.list.json"])
def test_a_missing_file_is_named(name: str) -> None:
    without = {n: data for n, data in SECOND.items() if n != name}
    with pytest.raises(HandsealError, match=f"^trust/{name}: is missing"):
        load(without, root_digest(SECOND))


def test_the_root_must_be_the_one_that_was_told() -> None:
    with pytest.raises(HandsealError, match="not the root that was told"):
        load(FIRST, "00" * 32)


@pytest.mark.parametrize("digest", ["00", "x" * 64, "AB" * 32, " " + "0" * 63])
def test_a_digest_has_64_hex_digits(digest: str) -> None:
    with pytest.raises(ConfigurationError, match="not a SHA-256 digest"):
        load(FIRST, digest)


@pytest.mark.parametrize("signers", [[], [CLINIC]])
def test_too_few_signatures_do_not_load(signers: list[str]) -> None:
    unsigned = found(LIST, holders())
    files = signed(unsigned, *signers) if signers else unsigned
    refused(files, "trust/1.root.json", f"{len(signers)} of 2 required signatures")
    refused({**FIRST, TARGETS: files[TARGETS]}, "trust/targets.json", f"{len(signers)} of 2 required signatures")


def test_a_signature_that_does_not_hold_is_fatal_though_others_suffice() -> None:
    good = with_changed(FIRST, TARGETS, lambda _: None)  # all three signed
    load_hostile(good)
    broken = good[TARGETS].replace(b'"sig":"', b'"sig":"00', 1)
    end = broken.index(b'"', broken.index(b'"sig":"00') + 7)
    refused({**good, TARGETS: broken[: end - 2] + broken[end:]}, "trust/targets.json: a signature does not belong")


def test_a_strangers_signature_counts_for_nothing() -> None:
    message = msgspec.json.decode(FIRST[TARGETS])["signed"]
    refused({**FIRST, TARGETS: forge(message, [HOLDERS[CLINIC], STRANGER])}, "1 of 2 required signatures")
    load_hostile({**FIRST, TARGETS: forge(message, [HOLDERS[CLINIC], HOLDERS[TTMA], STRANGER])})


def _delegate(content: dict[str, Any]) -> None:
    content["delegations"] = {"keys": {}, "roles": []}


def _second_target(content: dict[str, Any]) -> None:
    content["targets"]["trust/0.list.json"] = next(iter(content["targets"].values()))


def _rename_target(content: dict[str, Any]) -> None:
    content["targets"] = {"1.list.json": next(iter(content["targets"].values()))}


def _other_length(content: dict[str, Any]) -> None:
    next(iter(content["targets"].values()))["length"] += 1


def _other_hash(content: dict[str, Any]) -> None:
    next(iter(content["targets"].values()))["hashes"]["sha256"] = "0" * 64


def _no_hash(content: dict[str, Any]) -> None:
    next(iter(content["targets"].values()))["hashes"] = {}


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (_delegate, "delegations"),
        (_second_target, "Expected `object` of length <= 1"),
        (lambda c: c.update(targets={}), "Expected `object` of length >= 1"),
        (_rename_target, "its one target is not trust/1.list.json"),
        (_other_length, "not the list that targets.json names"),
        (_other_hash, "not the list that targets.json names"),
        (_no_hash, "sha256"),
        (lambda c: c.update(version=2), "its one target is not trust/2.list.json"),
        (lambda c: c.update(version=True), "Expected `int`"),
        (lambda c: c.update(spec_version="2.0.0"), "spec_version"),
        (lambda c: c.update(note="hello"), "note"),
        (lambda c: c.update(_type="snapshot"), "_type"),
        (lambda c: c.update(expires="2027-02-05T00:00:01Z"), "at most 400 days"),
        (lambda c: c.update(expires="2026-01-01T00:00:00Z"), "at most 400 days"),
    ],
)
def test_targets_of_another_shape_do_not_load(change: Change, fragment: str) -> None:
    refused(with_changed(FIRST, TARGETS, change), fragment)


def test_targets_may_live_400_days() -> None:
    load_hostile(with_changed(FIRST, TARGETS, lambda c: c.update(expires="2027-02-05T00:00:00Z")))


def _snapshot_key(content: dict[str, Any]) -> None:
    content["roles"]["snapshot"]["keyids"] = content["roles"]["root"]["keyids"][:1]


def _timestamp_threshold(content: dict[str, Any]) -> None:
    content["roles"]["timestamp"]["threshold"] = 2


def _rsa_key(content: dict[str, Any]) -> None:
    next(iter(content["keys"].values())).update(keytype="rsa", scheme="rsassa-pss-sha256")


def _unknown_key(content: dict[str, Any]) -> None:
    content["roles"]["root"]["keyids"][0] = "0" * 64


def _one_holder(content: dict[str, Any]) -> None:
    for key in content["keys"].values():
        key["x-handseal-holder"] = CLINIC


def _holder_no_organisation(content: dict[str, Any]) -> None:
    next(iter(content["keys"].values()))["x-handseal-holder"] = "the clinic"


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (_snapshot_key, "keyids"),
        (_timestamp_threshold, "threshold"),
        (lambda c: c["roles"].update(extra={"keyids": [], "threshold": 1}), "extra"),
        (lambda c: c["roles"].pop("snapshot"), "canonical"),
        (_rsa_key, "keytype"),
        (_unknown_key, "names a key that is not there"),
        (_one_holder, "alone reaches the threshold"),
        (_holder_no_organisation, "not the id of an organisation"),
        (lambda c: c.update(version=2), "says it is version 2"),
        (lambda c: c.update({"x-handseal-issued": "2569-01-01T00:00:00Z"}), "year 2569"),
        (lambda c: c.update(expires="2027-02-05T00:00:01Z"), "at most 400 days"),
        (lambda c: c.update(expires="2026-01-01T00:00:00Z"), "at most 400 days"),
        (lambda c: c.update(expires="2569-02-05T00:00:00Z"), "year 2569"),
    ],
)
def test_a_root_of_another_shape_does_not_load(change: Change, fragment: str) -> None:
    refused(with_changed(FIRST, "1.root.json", change), "trust/1.root.json", fragment)


def test_a_root_without_a_date_counts_as_made_with_its_list() -> None:
    load_hostile(with_changed(FIRST, "1.root.json", lambda c: c.pop("x-handseal-issued")))

    def long_lived(content: dict[str, Any]) -> None:
        del content["x-handseal-issued"]
        content["expires"] = "2027-02-05T00:00:01Z"

    refused(with_changed(FIRST, "1.root.json", long_lived), "trust/1.root.json", "at most 400 days")


def test_a_key_whose_holder_is_not_named_may_sign() -> None:
    def nameless(content: dict[str, Any]) -> None:
        for key in content["keys"].values():
            del key["x-handseal-holder"]

    assert load_hostile(with_changed(FIRST, "1.root.json", nameless)).list == LIST


def test_a_list_is_of_the_version_of_its_name() -> None:
    refused(with_list(SECOND, FIRST["1.list.json"], 2), "trust/2.list.json: says it is version 1")


def test_an_older_list_of_other_bytes_does_not_load() -> None:
    other = changed_list(FIRST, lambda c: c["organisations"][0].update(contact="+66"))
    refused({**SECOND, "1.list.json": other["1.list.json"]}, "trust/2.list.json: does not follow list 1")


def test_a_root_of_the_wrong_number_does_not_load() -> None:
    refused({**SECOND, "2.root.json": SECOND["1.root.json"]}, "trust/2.root.json: says it is version 1")


def test_roots_after_a_gap_are_not_read() -> None:
    asked = []
    files = {**FIRST, "3.root.json": b"{}"}
    load_trust(lambda name: asked.append(name) or files.get(name), root_digest=root_digest(FIRST))
    assert asked == [root_name(1), root_name(2), TARGETS, list_name(1)]


@given(data=st.data())
def test_no_changed_byte_loads(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SECOND)))
    content = bytearray(SECOND[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(HandsealError):
        load({**SECOND, name: bytes(content)}, root_digest(SECOND))


@given(data=st.data())
def test_no_part_of_a_file_loads(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SECOND)))
    end = data.draw(st.integers(0, len(SECOND[name]) - 1))
    with pytest.raises(HandsealError):
        load({**SECOND, name: SECOND[name][:end]}, root_digest(SECOND))
