"""What a seed does to a sound set of trust files: harmless ways and hostile ones, in about equal shares.

Were all of them hostile, a loader that refuses everything would not be found out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random

from tests.keys import trust_ways as ways
from tests.keys.trust_sets import STRANGER, Json, Set, public_key, sound_set, text_of

Way = Callable[[Set, Random], object]


def mutated(seed: int) -> tuple[str, Set]:
    """How a set was changed, and the set; a seed always gives the same. Every way has its turn, some come in pairs."""
    random = Random(seed)
    made, chosen = sound_set(random), [WAYS[seed % len(WAYS)]]
    if random.random() < 0.15:
        chosen.append(random.choice(WAYS))
    for way in chosen:
        way(made, random)
    return " and ".join(way.__name__ for way in chosen), made


# -- harmless, alone ---------------------------------------------------------------------------------------------------


def everybody_signs(made: Set, random: Random) -> None:
    for number, root in enumerate(made.roots):
        before = made.roots[max(number - 1, 0)]
        made.signers[number] = sorted({*root["roles"]["root"]["keyids"], *before["roles"]["root"]["keyids"]})
    made.signers[-1] = list(made.roots[-1]["roles"]["targets"]["keyids"])


def a_stranger_signs_as_well(made: Set, random: Random) -> None:
    random.choice(made.signers).append(STRANGER)


def a_strangers_signature_is_nonsense(made: Set, random: Random) -> None:
    entry = {"keyid": STRANGER, "sig": random.randbytes(64).hex()}
    which = random.randrange(len(made.contents))
    made.edits.append(lambda files: files[which]["signatures"].append(entry))


def signatures_in_another_order(made: Set, random: Random) -> None:
    made.edits.append(lambda files: [file["signatures"].reverse() for file in files])


def a_key_nobody_needs(made: Set, random: Random) -> None:
    random.choice(made.roots)["keys"][STRANGER] = public_key(STRANGER)


def holders_without_names(made: Set, random: Random) -> None:
    for key in random.choice(made.roots)["keys"].values():
        del key["x-handseal-holder"]


def roots_without_dates(made: Set, random: Random) -> None:
    for root in made.roots:
        root.pop("x-handseal-issued", None)


def another_life(made: Set, random: Random) -> None:
    expires = text_of(made.issued + timedelta(days=random.choice((1, 60, 399, 400)), seconds=random.choice((0, 0, 1))))
    random.choice(made.contents)["expires"] = expires


def consistent_snapshots(made: Set, random: Random) -> None:
    random.choice(made.roots)["consistent_snapshot"] = random.choice((True, True, None, 0))


def another_specification(made: Set, random: Random) -> None:
    version = random.choice(("1.0.0", "1.0.999", "1.0.19", "1.1.0", "1.0.1000", "2.0.0", "1.0", "1.0.0-rc", 1))
    random.choice(made.contents)["spec_version"] = version


def three_must_sign(made: Set, random: Random) -> None:
    role = random.choice(("root", "targets"))
    for root in made.roots:
        root["roles"][role]["threshold"] = 3
    everybody_signs(made, random)


def others_sign_lists(made: Set, random: Random) -> None:
    """The holders of the targets are some of those of the root; who signs does not follow."""
    role = random.choice(made.roots)["roles"]["targets"]
    role["keyids"] = role["keyids"][: random.randint(1, 3)]


# -- who signs ---------------------------------------------------------------------------------------------------------


def one_signs(made: Set, random: Random) -> None:
    which = random.randrange(len(made.signers))
    made.signers[which] = made.signers[which][:1]


def the_old_or_the_new_sign(made: Set, random: Random) -> None:
    """Root n by one side alone (R01); by chance the sides share enough holders."""
    which = random.randrange(len(made.roots))
    by = made.roots[max(which - random.randint(0, 1), 0)]
    made.signers[which] = random.sample(by["roles"]["root"]["keyids"], 2)


def former_holders_sign_the_list(made: Set, random: Random) -> None:
    made.signers[-1] = random.sample(made.roots[0]["roles"]["targets"]["keyids"], 2)


def a_stranger_signs_for_a_holder(made: Set, random: Random) -> None:
    random.choice(made.signers)[0] = STRANGER


def a_signature_is_repeated(made: Set, random: Random) -> None:
    which = random.randrange(len(made.contents))
    made.edits.append(lambda files: files[which]["signatures"].append(files[which]["signatures"][0]))


def signatures_are_swapped(made: Set, random: Random) -> None:
    def swap(files: list[Json]) -> None:
        first, second = random.choice(files)["signatures"][:1], random.choice(files)["signatures"][-1:]
        for one, other in zip(first, second, strict=False):
            one["sig"], other["sig"] = other["sig"], one["sig"]

    made.edits.append(swap)


def a_false_signature_beside_enough(made: Set, random: Random) -> None:
    everybody_signs(made, random)
    which, sig = random.randrange(len(made.contents)), random.randbytes(64).hex()
    made.edits.append(lambda files: files[which]["signatures"][0].update(sig=sig))


def another_spelling_of_hex(made: Set, random: Random) -> None:
    which, member = random.randrange(len(made.contents)), random.choice(("sig", "sig", "keyid"))

    def shout(files: list[Json]) -> None:
        for signature in files[which]["signatures"][:1]:
            signature[member] = str(signature[member]).upper()

    made.edits.append(shout)


def a_crowd_signs(made: Set, random: Random) -> None:
    count, which = random.choice((60, 64, 65, 70)), random.randrange(len(made.contents))
    crowd = [{"keyid": random.randbytes(32).hex(), "sig": random.randbytes(64).hex()} for _ in range(count)]
    made.edits.append(lambda files: files[which]["signatures"].extend(crowd))


# -- bytes -------------------------------------------------------------------------------------------------------------


def a_changed_byte(made: Set, random: Random) -> None:
    def change(raw: list[bytes]) -> None:
        which = random.randrange(len(raw))
        data = bytearray(raw[which])
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        raw[which] = bytes(data)

    made.spoils.append(change)


def a_part_of_a_file(made: Set, random: Random) -> None:
    def cut(raw: list[bytes]) -> None:
        which = random.randrange(len(raw))
        raw[which] = raw[which][: random.randrange(len(raw[which]))]

    made.spoils.append(cut)


def a_repeated_member(made: Set, random: Random) -> None:
    """The first of the two is the false one: a plain reader takes the second, which is what was signed."""
    member = random.choice((b'"version":9,', b'"spec_version":"9",', b'"_type":"root",', b'"expires":"",'))
    made.spoils.append(_replacing(random, b'"signed":{', b'"signed":{' + member))


def another_spelling_of_json(made: Set, random: Random) -> None:
    old, new = random.choice(
        (
            (b'":', b'": '),
            (b'{"', b'{ "'),
            (b"_type", rb"\u005ftype"),
            (b'"version":1', b'"version":1.0'),
            (b'"version":1', b'"version":1e0'),
            (b'"threshold":1', b'"threshold":01'),
            (b"ed25519", b"ed2551\\u0039"),
            (b'"threshold":2', b'"threshold":2E0'),
            (b"false", b"False"),
            (b'"length":', b'"length":NaN,"length":'),
        )
    )
    made.spoils.append(_replacing(random, old, new))


def members_in_another_order(made: Set, random: Random) -> None:
    def reorder(raw: list[bytes]) -> None:
        which = random.randrange(len(raw))
        file = json.loads(raw[which])
        raw[which] = json.dumps(dict(reversed(file.items())), separators=(",", ":")).encode()

    made.spoils.append(reorder)


def bytes_around_a_file(made: Set, random: Random) -> None:
    before, after = random.choice(
        ((b"", b"\n"), (b"", b"{}"), (b"\xef\xbb\xbf", b""), (b" ", b""), (b"", b"\0"), (b"", b" "))
    )

    def wrap(raw: list[bytes]) -> None:
        which = random.randrange(len(raw))
        raw[which] = before + raw[which] + after

    made.spoils.append(wrap)


def _replacing(random: Random, old: bytes, new: bytes) -> Callable[[list[bytes]], object]:
    def replace(raw: list[bytes]) -> None:
        which = random.randrange(len(raw))
        raw[which] = raw[which].replace(old, new, 1)

    return replace


_HARMLESS: tuple[Way, ...] = (
    everybody_signs,
    a_stranger_signs_as_well,
    a_strangers_signature_is_nonsense,
    signatures_in_another_order,
    a_key_nobody_needs,
    holders_without_names,
    roots_without_dates,
    another_life,
    consistent_snapshots,
    another_specification,
    three_must_sign,
    others_sign_lists,
)
_HOSTILE: tuple[Way, ...] = (
    one_signs,
    the_old_or_the_new_sign,
    former_holders_sign_the_list,
    a_stranger_signs_for_a_holder,
    a_signature_is_repeated,
    signatures_are_swapped,
    a_false_signature_beside_enough,
    another_spelling_of_hex,
    a_crowd_signs,
    ways.a_key_under_another_id,
    ways.a_key_of_another_kind,
    ways.a_crowd_of_keys,
    ways.a_crowd_in_a_role,
    ways.a_role_names_a_key_badly,
    ways.an_impossible_threshold,
    ways.a_threshold_out_of_reach_in_a_former_root,
    ways.one_body_holds_two_keys,
    ways.a_holder_by_another_name,
    ways.a_role_is_used_that_should_not_be,
    ways.another_version,
    ways.a_nonsensical_time,
    ways.too_long_or_no_life,
    ways.a_member_less_or_more,
    ways.a_member_of_another_kind,
    ways.delegations,
    ways.an_older_list,
    ways.a_list_under_another_number,
    ways.another_file_or_hash,
    ways.roots_in_another_order,
    ways.a_root_is_left_out,
    ways.a_root_of_another_list,
    a_changed_byte,
    a_part_of_a_file,
    a_repeated_member,
    another_spelling_of_json,
    members_in_another_order,
    bytes_around_a_file,
)
# Each harmless way is there three times: then about as many sets load as are refused.
WAYS: tuple[Way, ...] = (*_HARMLESS * 3, *_HOSTILE)
