"""The loader takes exactly what python-tuf verifies and the rules of formats.md allow: a thousand sets decide it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

import pytest

from keys.errors import HandsealError
from keys.trust_chain import load_trust
from tests.keys.trust_judge import RULES, broken_rules, tuf_accepts
from tests.keys.trust_mutations import WAYS, mutated

SETS = 1000


class Judged(NamedTuple):
    """What three judges say of one set."""

    seed: int
    ways: str
    loads: bool
    fault: str
    tuf: bool
    broken: frozenset[str]

    @property
    def allowed(self) -> bool:
        return self.tuf and not self.broken


@cache
def judged() -> tuple[Judged, ...]:
    return tuple(judge(seed) for seed in range(SETS))


def judge(seed: int) -> Judged:
    ways, made = mutated(seed)
    files = made.files()
    fault = ""
    try:
        load_trust(files.get, root_digest=made.told)
    except HandsealError as refused:
        fault = str(refused)
    return Judged(seed, ways, not fault, fault, tuf_accepts(files), broken_rules(files, made.told, made.issued))


def test_the_loader_takes_what_tuf_and_the_rules_take_and_nothing_else() -> None:
    differing = [one for one in judged() if one.loads != one.allowed]
    assert not differing, "\n".join(map(str, differing[:5]))


def test_both_answers_are_well_represented() -> None:
    loaded = sum(one.loads for one in judged())
    assert loaded >= SETS // 4, f"{loaded} of {SETS} sets load"
    assert SETS - loaded >= SETS // 4, f"{SETS - loaded} of {SETS} sets are refused"
    assert sum(not one.tuf and not one.broken for one in judged()) >= 20  # refused for signatures or hashes alone


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_beyond_tuf_decides_somewhere(rule: str) -> None:
    assert any(one.tuf and one.broken == {rule} for one in judged())


def test_every_way_is_tried_often() -> None:
    tried = Counter(way for one in judged() for way in one.ways.split(" and "))
    assert min(tried[way.__name__] for way in WAYS) >= 10
