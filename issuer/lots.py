"""A cohort is worked through in lots, so that ten thousand learners take hardly more memory than two hundred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

LOT = 200


def lots(items: Iterable[T], size: int = LOT) -> Iterator[tuple[T, ...]]:
    """`items` in tuples of at most `size`, in their order."""
    rest = iter(items)
    while lot := tuple(islice(rest, size)):
        yield lot
