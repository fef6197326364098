"""What a verifier remembers of a site only grows: versions, dates of lists, revocations, the clock.

The ends of formats.md sections 5 and 6. Values alone; `verifier.state` keeps them on a disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from keys.encoding import Time, require_utc
from keys.status import MIN_BITS, StatusList, decode_bits, encode_bits
from keys.trust import Trust

MAX_GROUPS = 200
"""Of revocations per list and key; the oldest are put together beyond it."""


class Closed(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of our own: still read as strictly as a stranger's."""


class Revocations(Closed, frozen=True):
    """Bits that a list of this key and date showed as set, and no earlier list of the same key."""

    kid: str
    dated: Time
    bits: str  # as in an `encodedList`

    def __post_init__(self) -> None:
        require_utc(self.dated)


class SeenList(Closed, frozen=True):
    """What was seen of one status list."""

    newest: dict[str, Time]  # by kid
    revoked: tuple[Revocations, ...]  # ascending by date


class Seen(Closed, frozen=True):
    """All that is remembered under one root."""

    root: str  # SHA-256 of 1.root.json, hex
    clock: Time
    root_version: Annotated[int, Meta(ge=0)] = 0
    list_version: Annotated[int, Meta(ge=0)] = 0
    list_digest: str = ""  # digestSRI of the trust list with that version
    lists: dict[str, SeenList] = {}
    kept: str = ""  # folder of the last good trust list
    since: Time | UnsetType = UNSET  # when remembering began
    version: Literal[1] = 1

    def __post_init__(self) -> None:
        require_utc(self.clock, self.since)


NOTHING_SEEN = SeenList(newest={}, revoked=())


def with_list(seen: SeenList, status_list: StatusList) -> SeenList:
    """`seen` and what an accepted list adds; the very same value where it adds nothing."""
    kid, dated = status_list.kid, status_list.valid_from
    revoked = seen.revoked
    if "/revocation/" in status_list.id:
        known = _union([group for group in revoked if group.kid == kid])
        fresh = int.from_bytes(status_list.bits, "little") & ~known
        if fresh:
            revoked = _ordered((*revoked, Revocations(kid, dated, _encode(fresh))))
    newest = max(dated, seen.newest.get(kid, dated))
    if revoked is seen.revoked and seen.newest.get(kid) == newest:
        return seen
    return SeenList(newest={**seen.newest, kid: newest}, revoked=revoked)


def newer_date(seen: SeenList, status_list: StatusList, trust: Trust) -> datetime | None:
    """The date of a newer list that was seen and still counts; None where `status_list` is the newest."""
    counted = [dated for kid, dated in seen.newest.items() if _counts(kid, dated, trust)]
    newest = max(counted, default=status_list.valid_from)
    return newest if newest > status_list.valid_from else None


def with_revocations(seen: SeenList, status_list: StatusList, trust: Trust) -> StatusList:
    """The list with every revocation that was ever seen; the very same value where none is missing.

    Forgotten is only what was learned from no other lists than those dated at or after the moment since which their
    key is declared compromised.
    """
    kept = _union([group for group in seen.revoked if _counts(group.kid, group.dated, trust)])
    bits = int.from_bytes(status_list.bits, "little")
    if not kept & ~bits:
        return status_list
    length = max(len(status_list.bits), (kept.bit_length() + 7) // 8)
    return replace(status_list, bits=(bits | kept).to_bytes(length, "little"))


def merge(one: Seen, other: Seen) -> Seen:
    """What two verifiers with the same root know together."""
    newer, older = (one, other) if _trust_of(one) > _trust_of(other) else (other, one)
    lists = {
        name: _merge_lists(one.lists.get(name, NOTHING_SEEN), other.lists.get(name, NOTHING_SEEN))
        for name in sorted({*one.lists, *other.lists})
    }
    return Seen(
        root=one.root,
        clock=max(one.clock, other.clock),
        root_version=max(one.root_version, other.root_version),
        list_version=newer.list_version,
        list_digest=newer.list_digest,
        lists=lists,
        kept=newer.kept or older.kept,
        since=min((seen.since for seen in (one, other) if isinstance(seen.since, datetime)), default=UNSET),
    )


def _trust_of(seen: Seen) -> tuple[int, int]:
    return seen.list_version, seen.root_version


def _merge_lists(one: SeenList, other: SeenList) -> SeenList:
    kids = sorted({*one.newest, *other.newest})
    newest = {kid: max(seen.newest[kid] for seen in (one, other) if kid in seen.newest) for kid in kids}
    groups: dict[tuple[str, datetime], list[Revocations]] = {}
    for group in (*one.revoked, *other.revoked):
        groups.setdefault((group.kid, group.dated), []).append(group)
    together = (
        alike[0] if len(set(alike)) == 1 else Revocations(kid, dated, _encode(_union(alike)))
        for (kid, dated), alike in groups.items()
    )
    return SeenList(newest=newest, revoked=_ordered(together))


def _ordered(groups: Iterable[Revocations]) -> tuple[Revocations, ...]:
    """By date. Beyond MAX_GROUPS the two oldest of a key become one under the older date: nothing is forgotten."""
    ordered = sorted(groups, key=lambda group: (group.dated, group.kid))
    while len(ordered) > MAX_GROUPS and (pair := _oldest_pair(ordered)):
        first, second = pair
        ordered.remove(second)
        ordered[ordered.index(first)] = replace(first, bits=_encode(_union([first, second])))
    return tuple(ordered)


def _oldest_pair(ordered: list[Revocations]) -> tuple[Revocations, Revocations] | None:
    seen: dict[str, Revocations] = {}
    for group in ordered:
        if group.kid in seen:
            return seen[group.kid], group
        seen[group.kid] = group
    return None


def _counts(kid: str, dated: datetime, trust: Trust) -> bool:
    """Whether a list of this key and date is still evidence: not once its key is declared compromised since then."""
    known = trust.key(kid)
    since = UNSET if known is None else known.key.compromised_since
    return not isinstance(since, datetime) or dated < since


def _union(groups: Iterable[Revocations]) -> int:
    bits = 0
    for group in groups:
        bits |= _decode(group.bits)
    return bits


@lru_cache(maxsize=256)
def _decode(bits: str) -> int:
    return int.from_bytes(decode_bits(bits, "state"), "little")


def _encode(bits: int) -> str:
    return encode_bits(bits.to_bytes(max(MIN_BITS // 8, (bits.bit_length() + 7) // 8), "little"))
