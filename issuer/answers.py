"""An answer is marked as a fair examiner would: capitals, spaces and the width of characters never matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from issuer.persons import without_accents

if TYPE_CHECKING:
    from issuer.grading import Item

Points = int | Fraction
"""Exact; whole ones are whole, for most are, and they are added up faster."""
Marker = Callable[[str], Points]
"""From an answer as it was given to its points, of those of the item."""
_Share = Callable[[str], Fraction]
"""To its part of the item's points, from 0 to 1."""

_SEPARATOR = re.compile(r"[;|>,\n]")
_NUMBER = re.compile(r"([-+]?[0-9]+(?:[.,][0-9]+)?)\s*(.*)")
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_MEMORY = 4096  # different answers to one item that are remembered
_MAX_DIGITS = 40

NOTHING = Fraction()


def marker(item: Item) -> Marker:
    """What marks the answers to `item`; it remembers answers, for a class gives the same ones again and again."""
    share = _KINDS[item.kind](item)

    @lru_cache(maxsize=_MEMORY)
    def points(given: str) -> Points:
        reached = share(given) * item.points if given else NOTHING
        return reached.numerator if reached.denominator == 1 else reached

    return points


def plain(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, one space between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _text(item: Item) -> _Share:
    def key(text: str) -> str:
        return plain(text) if item.accents else without_accents(plain(text))

    right = {key(text) for text in (str(item.answer), *item.accept)}
    return lambda given: Fraction(key(given) in right)


def _number(item: Item) -> _Share:
    """The distance from the answer in the main unit, exactly: 0.1 is a tenth."""
    answer, tolerance = Fraction(str(item.answer)), Fraction(str(item.tolerance))
    factors = {plain(unit): Fraction(str(factor)) for unit, factor in {**item.units, item.unit: 1.0}.items()}
    if not item.unit_required:
        factors[""] = Fraction(1)

    def share(given: str) -> Fraction:
        match = _NUMBER.fullmatch(_ascii_digits(plain(given)))
        if match is None or match[2] not in factors or len(match[1]) > _MAX_DIGITS:
            return NOTHING
        number = Fraction(Decimal(match[1].replace(",", "."))) * factors[match[2]]
        return Fraction(abs(number - answer) <= tolerance)

    return share


def _several(item: Item) -> _Share:
    """All or nothing; or `per-option`: the right ones chosen less the wrong ones, of all right ones, never below 0."""
    right = {plain(text) for text in _listed(item)}

    def share(given: str) -> Fraction:
        chosen = set(_parts(item, given))
        if item.credit == "per-option":
            return max(NOTHING, Fraction(len(chosen & right) - len(chosen - right), len(right)))
        return Fraction(chosen == right)

    return share


def _order(item: Item) -> _Share:
    """All or nothing; or `adjacent-pairs`: the right neighbours found in their order, of all of them.

    Who names a part twice or one that is none of the answer's gets nothing: more guesses are not more points.
    """
    right = [plain(text) for text in _listed(item)]
    pairs = set(pairwise(right))

    def share(given: str) -> Fraction:
        parts = list(_parts(item, given))
        if parts == right or item.credit != "adjacent-pairs":
            return Fraction(parts == right)
        if not pairs or len(set(parts)) < len(parts) or not set(parts) <= set(right):
            return NOTHING
        return Fraction(len(pairs.intersection(pairwise(parts))), len(pairs))

    return share


_KINDS: Mapping[str, Callable[[Item], _Share]] = {
    "single": _text,
    "text": _text,
    "number": _number,
    "multiple": _several,
    "order": _order,
}


def _listed(item: Item) -> tuple[str, ...]:
    return item.answer if isinstance(item.answer, tuple) else ()


def _parts(item: Item, given: str) -> Iterable[str]:
    pieces = given.split(item.separator) if item.separator else _SEPARATOR.split(given)
    return (part for text in pieces if (part := plain(text)))


def _ascii_digits(text: str) -> str:
    """Digits of any script as those of ASCII: ๔๕ is 45."""
    turned = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return turned.translate(_SIGNS)
