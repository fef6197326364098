"""One function says how urgent an end is, and only what somebody must act on is said to end."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from msgspec.structs import replace

from keys.body import require_body
from keys.ceremony import plan_cosign
from keys.deadlines import DAY, Level, due, level, trust_deadlines
from keys.request import RequestReader
from keys.review import review_request
from keys.trust import FrozenStatus, Trust, TrustList, Use
from tests.keys import partner
from tests.keys.trust_holders import (
    CLINIC,
    FOUNDED,
    LIST,
    SITE,
    TTMA,
    Key,
    after,
    extended,
    founded,
    key,
    load,
)

ENDS = FOUNDED + 100 * DAY
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (60 * DAY + SECOND, Level.FINE),
        (60 * DAY, Level.NOTICE),
        (30 * DAY + SECOND, Level.NOTICE),
        (30 * DAY, Level.WARNING),
        (7 * DAY + SECOND, Level.WARNING),
        (7 * DAY, Level.URGENT),
        (timedelta(0), Level.URGENT),
        (-SECOND, Level.ENDED),
    ],
)
def test_R04_the_level_at_both_sides_of_each_limit(left: timedelta, expected: Level) -> None:
    assert level(ENDS, ENDS - left) is expected


@pytest.mark.parametrize(("life", "first"), [(13, None), (14, 7), (35, 7), (60, 30), (119, 30), (120, 60), (400, 60)])
def test_what_is_made_often_is_warned_of_in_the_second_half_of_its_life(life: int, first: int | None) -> None:
    made = ENDS - life * DAY
    warned = [left for left in range(life + 1) if level(ENDS, ENDS - left * DAY, made=made) is not Level.FINE]
    assert max(warned, default=None) == first
    assert level(ENDS, ENDS + SECOND, made=made) is Level.ENDED


def said(trust_list: TrustList, now: datetime) -> list[str]:
    """The keys that are said to end, of a list made at `now`."""
    new = after(LIST, now, organisations=trust_list.organisations, programmes=trust_list.programmes,
                frozen_status=trust_list.frozen_status)  # fmt: skip
    deadlines = trust_deadlines(load(extended(founded(), new)), now)
    assert [d.kind for d in deadlines if d.kind != "key"] == ["root", "trust-list"]
    return [deadline.text for deadline in due(deadlines) if deadline.kind == "key"]


def with_keys(*keys: Key) -> TrustList:
    """The association with these keys besides the one it was founded with, which ends at ENDS."""
    clinic, association, college = LIST.organisations
    first = replace(association.keys[0], valid_until=ENDS)
    return replace(LIST, organisations=(clinic, replace(association, keys=(first, *keys)), college))


NOW = ENDS - 10 * DAY
LAST = "the key of Thai Traditional Massage Association to co-sign certificates"


def test_a_key_that_nobody_follows_is_said() -> None:
    assert said(with_keys(), NOW) == [f"{LAST} ends on 2026-04-11, in 10 days"]


def test_R12_a_key_that_another_follows_is_not_said() -> None:
    assert said(with_keys(key(Use.COSIGN, NOW)), NOW) == []
    assert said(with_keys(key(Use.COSIGN, ENDS - SECOND)), NOW) == []


def test_a_gap_between_two_keys_is_said() -> None:
    assert said(with_keys(key(Use.COSIGN, ENDS + SECOND)), NOW) == [f"{LAST} ends on 2026-04-11, in 10 days"]


def test_the_last_of_a_row_of_keys_is_said() -> None:
    follower = key(Use.COSIGN, NOW, valid_until=ENDS + 20 * DAY)
    assert said(with_keys(follower), NOW) == [f"{LAST} ends on 2026-05-01, in 30 days"]
    assert said(with_keys(replace(follower, valid_until=ENDS - 9 * DAY)), NOW) == [
        f"{LAST} ends on 2026-04-11, in 10 days"
    ]


def test_a_compromised_key_follows_nobody() -> None:
    fallen = key(Use.COSIGN, NOW, compromised_since=NOW)
    assert said(with_keys(fallen), NOW) == [f"{LAST} ends on 2026-04-11, in 10 days"]


def test_a_key_of_another_use_follows_nobody() -> None:
    assert said(with_keys(key(Use.STATUS, NOW)), NOW) == [f"{LAST} ends on 2026-04-11, in 10 days"]


def test_R11_the_key_of_a_body_that_left_may_end() -> None:
    policy = LIST.programmes[0].policies[0]
    ended = (replace(LIST.programmes[0], policies=(replace(policy, until=NOW),)),)
    assert said(replace(with_keys(), programmes=ended), NOW) != []
    frozen = (FrozenStatus(id=f"{SITE}/status/ttma/revocation/1", digest_sri=f"sha256-{'A' * 43}="),)
    assert said(replace(with_keys(), frozen_status=frozen), NOW) == []
    new = after(LIST, NOW, organisations=with_keys().organisations, programmes=ended)
    kinds = [d.kind for d in trust_deadlines(load(extended(founded(), new)), NOW + SECOND)]
    assert kinds == ["root", "trust-list"]


def test_an_end_that_has_passed_without_a_follower_is_said() -> None:
    trust = load(extended(founded(), after(LIST, NOW, organisations=with_keys().organisations)))
    first = trust_deadlines(trust, ENDS + 3 * DAY)[0]
    assert (first.kind, first.level, first.days_left) == ("key", Level.ENDED, -3)
    assert first.text == f"{LAST} ended on 2026-04-11"


def test_a_deadline_as_json_is_for_machines() -> None:
    trust = load(founded())
    assert trust_deadlines(trust, FOUNDED)[1].as_json() == {
        "kind": "trust-list",
        "id": "1",
        "ends": "2027-02-05T00:00:00Z",
        "level": "fine",
        "daysLeft": 400,
    }
    assert {CLINIC, TTMA} < {organisation.id for organisation in trust.list.organisations}


def cosign_warnings(trust: Trust) -> list[str]:
    """What a partner body is told before it co-signs."""
    review = review_request(RequestReader(BytesIO(partner.build_request())))
    body = require_body(trust, partner.KEYS[partner.TTMA].kid, partner.NOW)
    return [warning for warning in plan_cosign(review, body, now=partner.NOW).warnings if " end" in warning]


def test_R04_who_cosigns_under_a_list_at_its_end_is_warned() -> None:
    def warned(left: timedelta) -> list[str]:
        return cosign_warnings(partner.build_trust(expires=partner.NOW + left))

    assert warned(61 * DAY) == []
    assert "in 60 days: ask for a newer trust list" in warned(60 * DAY)[1]
    assert "trust list 1 ended on" in warned(-DAY)[1]


def test_a_body_is_warned_of_the_end_of_its_own_key_alone() -> None:
    own = partner.build_list(key={"valid_until": partner.NOW + 30 * DAY})
    (warning,) = cosign_warnings(partner.build_trust(own))
    assert "the key of Ttma to co-sign certificates ends on" in warning
    clinic, *others = partner.build_list().organisations
    ends = replace(clinic, keys=tuple(replace(key, valid_until=partner.NOW + DAY) for key in clinic.keys))
    assert cosign_warnings(partner.build_trust(replace(own, organisations=(ends, *others)))) == []
