"""How urgent an end is, decided in one place for every command, page and machine that warns of it.

Root, trust list, keys and status lists end on a date that was signed; after it a verifier can only say `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from msgspec import Struct

from keys.encoding import format_time
from keys.status import StatusList
from keys.trust import Key, Organisation, Trust, TrustList, Use

WARN_DAYS = (7, 30, 60)
DAY = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Level(IntEnum):
    """From no hurry to too late."""

    FINE = 0
    NOTICE = 1  # at most 60 days left
    WARNING = 2  # at most 30
    URGENT = 3  # at most 7
    ENDED = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Deadline(Struct, frozen=True):
    """Something that ends, when, and how soon that is."""

    kind: str  # `root`, `trust-list`, `key` or `status-list`
    id: str
    name: str  # as a sentence has it
    ends: datetime
    level: Level
    days_left: int  # whole days; negative once it ended

    @property
    def text(self) -> str:
        """`root 1 ends on 2027-01-02, in 29 days`."""
        day = f"{self.ends:%Y-%m-%d}"
        if self.level is Level.ENDED:
            return f"{self.name} ended on {day}"
        left = {0: "within a day", 1: "in 1 day"}.get(self.days_left, f"in {self.days_left} days")
        return f"{self.name} ends on {day}, {left}"

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "ends": format_time(self.ends),
            "level": self.level.word,
            "daysLeft": self.days_left,
        }


def level(ends: datetime, now: datetime, *, made: datetime | None = None) -> Level:
    """How urgent `ends` is at `now`; both sides of 60, 30 and 7 days belong to the more urgent level.

    What is `made` anew as a matter of course is warned of in the second half of its life alone: a list of 35 days is
    never "within 60 days" of its end.
    """
    left = ends - now
    if left < timedelta(0):
        return Level.ENDED
    for days, urgent in zip(WARN_DAYS, (Level.URGENT, Level.WARNING, Level.NOTICE), strict=True):
        if left <= days * DAY and (made is None or 2 * days * DAY <= ends - made):
            return urgent
    return Level.FINE


def trust_deadlines(trust: Trust, now: datetime) -> tuple[Deadline, ...]:
    """Root, list, and every key that ends without another to follow it; what ends first comes first.

    The keys of a body that no open policy names may end: it left.
    """
    version = trust.list.version
    found = [
        _deadline("root", str(trust.root_version), f"root {trust.root_version}", trust.root_expires, now),
        _deadline("trust-list", str(version), f"trust list {version}", trust.list_expires, now),
    ]
    needed = _needed(trust.list, now)
    for organisation in trust.list.organisations:
        if organisation.id in needed and not trust.has_frozen(organisation.id):
            found += _last_keys(organisation, now)
    return tuple(sorted(found, key=lambda deadline: (deadline.ends, deadline.kind, deadline.id)))


def list_deadline(status_list: StatusList, name: str, now: datetime) -> Deadline:
    """The end of an accepted status list; one that is frozen has none and is not asked about."""
    made, ends = status_list.valid_from, status_list.valid_until
    return _deadline("status-list", status_list.id, name, ends, now, made=made)


def due(deadlines: tuple[Deadline, ...]) -> tuple[Deadline, ...]:
    """Those that somebody should do something about."""
    return tuple(deadline for deadline in deadlines if deadline.level > Level.FINE)


def _needed(trust_list: TrustList, now: datetime) -> frozenset[str]:
    """Who takes part in a programme that certificates are still issued for."""
    newest = [programme.policies[-1] for programme in trust_list.programmes]
    in_force = [p for p in newest if not isinstance(p.until, datetime) or now <= p.until]
    return frozenset(party for policy in in_force for party in (*policy.issuers, *policy.cosigners))


def _last_keys(organisation: Organisation, now: datetime) -> Iterator[Deadline]:
    """For each use the key at whose end no other goes on."""
    for use in Use:
        key = _last_key([key for key in organisation.keys if key.use is use], now)
        if key is not None and isinstance(key.valid_until, datetime):
            name = f"the key of {organisation.name_at(now)} to {use.words}"
            yield _deadline("key", key.kid, name, key.valid_until, now)


def _last_key(keys: Sequence[Key], now: datetime) -> Key | None:
    """The sound key whose end leaves a gap, now or later; None where one goes on without an end."""
    sound = [key for key in keys if not isinstance(key.compromised_since, datetime)]
    ended = [key for key in sound if _end(key) <= now]
    last, moment = max(ended, key=_end, default=None), now
    while True:
        going = [key for key in sound if key.valid_from <= moment < _end(key)]
        if not going:
            return last
        last = max(going, key=_end)
        moment = _end(last)
        if moment == _NEVER:
            return None


def _end(key: Key) -> datetime:
    return key.valid_until if isinstance(key.valid_until, datetime) else _NEVER


def _deadline(
    kind: str, identity: str, name: str, ends: datetime, now: datetime, *, made: datetime | None = None
) -> Deadline:
    return Deadline(kind, identity, name, ends, level(ends, now, made=made), (ends - now) // DAY)
