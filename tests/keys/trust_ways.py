"""Hostile ways to change trust metadata before it is signed: keys, roles, numbers, dates, members, the chain."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

from securesystemslib.formats import encode_canonical

from keys.encoding import canonical
from tests.keys.trust_sets import (
    HOLDERS,
    LISTS,
    ORGANISATIONS,
    STRANGER,
    Json,
    Set,
    public_key,
    sound_set,
    targets_of,
    text_of,
)

TIMES = (
    "2026-11-20T08:00:00", "2026-11-20T08:00:00+00:00", "2026-11-20T08:00:00z", "2026-11-20 08:00:00Z",
    "2026-11-20T08:00:00.5Z", "2026-02-30T08:00:00Z", "2026-11-20", "2569-11-20T08:00:00Z", "1999-12-31T23:59:59Z",
    "2026-9-1T8:00:00Z", "２026-11-20T08:00:00Z", 1_790_000_000, None, True,
)  # fmt: skip
NUMBERS = (0, -1, 1, 2, 3, 5, True, "2", 2.0, 1.5, None, [2], 1_000_000_000, 2**53)
HOLDER_NAMES = (
    "the clinic", "", "https://verify.river.example/orgs/TTMA", "https://verify.river.example/orgs/ttma/",
    "https://verify.river.example/orgs/tt\u043ca", f"https://verify.river.example/orgs/{'a' * 41}",
    "https://verify.river.example/orgs/another", "https://sanctuary.example/orgs/a-1", 7, None,
)  # fmt: skip
JUNK = (None, True, 0, "", "x", [], {}, 1.5, [[]])


# -- keys and roles ----------------------------------------------------------------------------------------------------


def a_key_under_another_id(made: Set, random: Random) -> None:
    keys = random.choice(made.roots)["keys"]
    keys[random.choice((random.randbytes(32).hex(), STRANGER))] = deepcopy(random.choice(list(keys.values())))


def a_key_of_another_kind(made: Set, random: Random) -> None:
    """Under the right id for what it is, and in no role."""
    key = public_key(STRANGER)
    key.update(
        random.choice(({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256"}, {"keytype": "rsa"}, {"scheme": "x"}))
    )
    bare = {name: value for name, value in key.items() if name != "x-handseal-holder"}
    random.choice(made.roots)["keys"][hashlib.sha256(encode_canonical(bare).encode()).hexdigest()] = key


def a_crowd_of_keys(made: Set, random: Random) -> None:
    root, count = random.choice(made.roots), random.choice((20, 27, 33))
    for _ in range(count):
        key = public_key(STRANGER) | {"keyval": {"public": random.randbytes(32).hex()}}
        bare = {name: value for name, value in key.items() if name != "x-handseal-holder"}
        root["keys"][hashlib.sha256(encode_canonical(bare).encode()).hexdigest()] = key


def a_crowd_in_a_role(made: Set, random: Random) -> None:
    a_crowd_of_keys(made, random)
    root = random.choice(made.roots)
    role = random.choice((root["roles"]["root"], root["roles"]["targets"]))
    role["keyids"] = list(dict.fromkeys([*role["keyids"], *root["keys"]]))[: random.choice((16, 17, 30))]


def a_role_names_a_key_badly(made: Set, random: Random) -> None:
    root = random.choice(made.roots)
    keyids = root["roles"][random.choice(("root", "targets"))]["keyids"]
    keyids.append(random.choice((keyids[0], STRANGER, "00", 7)))


def an_impossible_threshold(made: Set, random: Random) -> None:
    role = random.choice(made.roots)["roles"][random.choice(("root", "targets"))]
    role["threshold"] = random.choice(NUMBERS)


def a_threshold_out_of_reach_in_a_former_root(made: Set, random: Random) -> None:
    made.roots[0]["roles"]["targets"]["threshold"] = random.choice((3, 6, 16, 17))
    if len(made.roots) == 1:
        made.signers[-1] = list(made.roots[0]["roles"]["targets"]["keyids"])


def one_body_holds_two_keys(made: Set, random: Random) -> None:
    keys = random.choice(made.roots)["keys"]
    for keyid in random.sample(sorted(keys), 2):
        keys[keyid]["x-handseal-holder"] = ORGANISATIONS[HOLDERS[0]]


def a_holder_by_another_name(made: Set, random: Random) -> None:
    key = random.choice(list(random.choice(made.roots)["keys"].values()))
    key["x-handseal-holder"] = random.choice(HOLDER_NAMES)


def a_role_is_used_that_should_not_be(made: Set, random: Random) -> None:
    roles = random.choice(made.roots)["roles"]
    name = random.choice(("snapshot", "timestamp"))
    roles[name] = random.choice(({"keyids": [], "threshold": 2}, {"keyids": roles["root"]["keyids"], "threshold": 1}))


# -- numbers, dates, members -------------------------------------------------------------------------------------------


def another_version(made: Set, random: Random) -> None:
    random.choice(made.contents)["version"] = random.choice(NUMBERS)


def a_nonsensical_time(made: Set, random: Random) -> None:
    content = random.choice(made.contents)
    content[random.choice(sorted(content.keys() & {"expires", "x-handseal-issued"}))] = random.choice(TIMES)


def too_long_or_no_life(made: Set, random: Random) -> None:
    days = random.choice((-1, 0, 401, 4000))
    random.choice(made.contents)["expires"] = text_of(made.issued + timedelta(days=days))


def a_member_less_or_more(made: Set, random: Random) -> None:
    inner = random.choice(_objects(made))
    if random.random() < 0.5 and inner:
        del inner[random.choice(sorted(inner))]
    else:
        inner[random.choice(("note", "x-note", "delegations", "custom", "unrecognized"))] = random.choice(JUNK)


def a_member_of_another_kind(made: Set, random: Random) -> None:
    inner = random.choice(_objects(made))
    if inner:
        inner[random.choice(sorted(inner))] = random.choice(JUNK)


def delegations(made: Set, random: Random) -> None:
    made.targets["delegations"] = {"keys": {}, "roles": []}


def _objects(made: Set) -> list[Json]:
    found: list[Json] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.append(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    walk(made.contents)
    return found


# -- targets and the chain ---------------------------------------------------------------------------------------------


def an_older_list(made: Set, random: Random) -> None:
    made.contents[-1] = targets_of(random.choice(LISTS)) | {"expires": made.targets["expires"]}


def a_list_under_another_number(made: Set, random: Random) -> None:
    made.targets["targets"] = targets_of(random.choice(LISTS))["targets"]


def another_file_or_hash(made: Set, random: Random) -> None:
    target = next(iter(made.targets["targets"].values()), {})
    change = random.randrange(5)
    if change == 0:
        target["length"] = random.choice((target["length"] + 1, 0, -1, True, "1"))
    elif change == 1:
        target["hashes"] = random.choice(({}, {"sha256": "0" * 64}, {"md5": "0" * 32}))
    elif change == 2:
        newest = next(entry for entry in LISTS if entry.issued == made.issued)
        target["hashes"]["sha512"] = hashlib.sha512(canonical(newest)).hexdigest()
    elif change == 3:
        made.targets["targets"]["trust/1.list.json"] = next(iter(targets_of(LISTS[0])["targets"].values()))
    else:
        made.targets["targets"] = {random.choice(("1.list.json", "/etc/passwd", "trust/../1.list.json")): target}


def roots_in_another_order(made: Set, random: Random) -> None:
    first = random.randrange(len(made.roots))
    second = random.randrange(len(made.roots))
    for each in (made.contents, made.signers):
        each[first], each[second] = each[second], each[first]


def a_root_is_left_out(made: Set, random: Random) -> None:
    which = random.randrange(max(len(made.roots) - 1, 1))
    if len(made.roots) > 1:
        del made.contents[which], made.signers[which]


def a_root_of_another_list(made: Set, random: Random) -> None:
    made.told = hashlib.sha256(next(iter(sound_set(random).files().values()))).hexdigest()
