"""Objective tasks are marked by a key that is never published; a mark is rounded down, so 79.999 is not 80."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from issuer.answers import Marker, Points, marker
from issuer.config import read_toml
from issuer.tables import Row, Table
from keys.encoding import Digest, sha256
from keys.errors import HandsealError
from keys.settings import Settings

COLUMNS = ("learner_id", "date")
OPTIONAL = ("attempt",)

Answer = str | int | float | tuple[str, ...]
_ANSWERS: Mapping[str, type | tuple[type, ...]] = {"multiple": tuple, "order": tuple, "number": (int, float)}
_CREDITS = {"multiple": ("all-or-nothing", "per-option"), "order": ("all-or-nothing", "adjacent-pairs")}
_ONLY_FOR = {
    "accept": ("single", "text"),
    "accents": ("single", "text"),
    "separator": ("multiple", "order"),
    "tolerance": ("number",),
    "unit": ("number",),
    "units": ("number",),
    "unit_required": ("number",),
}
_HUNDREDTH = Decimal("0.01")


class Item(Settings, frozen=True):
    """One task. `answer` is a list for `multiple` and `order`, a number for `number`, else a text."""

    id: Annotated[str, Meta(pattern=r"\A[a-z0-9_-]{1,40}\Z")]
    kind: Literal["single", "multiple", "number", "text", "order"]
    answer: Answer
    points: Annotated[int, Meta(ge=0, le=1000)] = 1  # 0: it does not count any more
    credit: Literal["all-or-nothing", "per-option", "adjacent-pairs"] = "all-or-nothing"
    accept: tuple[str, ...] = ()  # other answers to `single` and `text` that are right
    accents: bool = True  # false: `cafe` is right where `café` is
    separator: Annotated[str, Meta(max_length=3)] = ""  # between the answers to `multiple` and `order`; any usual one
    tolerance: Annotated[float, Meta(ge=0)] = 0.0  # a number may differ by so much, in the main unit
    unit: str = ""  # may follow a number
    units: dict[str, float] = field(default_factory=dict)  # others, each so many of the main one
    unit_required: bool = False  # a number without a unit is wrong


_PLAIN = Item(id="plain", kind="text", answer="")


class Key(Settings, frozen=True, dict=True):
    """`programmes/<slug>.key.toml`: how the answers to one criterion's objective tasks are marked."""

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=190)] = field(name="item")
    criterion: str | UnsetType = UNSET  # which criterion it marks; the programme's only quiz where it is not said

    @cached_property
    def markers(self) -> tuple[tuple[str, Marker], ...]:
        return tuple((item.id, marker(item)) for item in self.items)

    @cached_property
    def total(self) -> int:
        return sum(item.points for item in self.items)


class Mark(Struct, frozen=True):
    """What one learner reached."""

    row: Row
    percent: str  # "72" or "72.5"
    points: Mapping[str, Points]  # by item
    wrong: tuple[str, ...]  # ids of the items without points
    partly: tuple[str, ...]  # ids of the items with some of their points
    sheet: Digest  # SHA-256 of the answers

    @property
    def items(self) -> bytes:
        """The points as they are recorded: JSON, with at most two decimals, rounded down."""
        return msgspec.json.encode({item: _decimal(points) for item, points in self.points.items()})


def read_key(path: Path) -> Key:
    """The key in a file; HandsealError with every fault of its form. It says nothing of an answer."""
    key, faults = read_toml(path, Key)
    problems = [fault.text for fault in faults] if key is None else [f"{path}: {text}" for text in _faults(key)]
    if key is None or problems:
        raise HandsealError("; ".join(problems), hint=next((fault.hint for fault in faults if fault.hint), ""))
    return key


def _faults(key: Key) -> list[str]:
    ids = [item.id for item in key.items]
    faults = [f"item {twice}: is there twice" for twice in sorted({i for i in ids if ids.count(i) > 1})]
    faults += [] if key.total else ["no item has points"]
    faults += [
        f"item {item.id}: is the name of another column" for item in key.items if item.id in (*COLUMNS, *OPTIONAL)
    ]
    return faults + [f"item {item.id}: {text}" for item in key.items for text in _item_faults(item)]


def _item_faults(item: Item) -> list[str]:
    faults = []
    if not isinstance(item.answer, _ANSWERS.get(item.kind, str)) or item.answer in ("", ()):
        faults.append(f"answer: does not fit kind {item.kind!r}")
    elif isinstance(item.answer, float) and not math.isfinite(item.answer):
        faults.append("answer: is no number")
    elif isinstance(item.answer, tuple) and len(set(item.answer)) < len(item.answer):
        faults.append("answer: has the same twice")
    if not all(math.isfinite(factor) and factor > 0 for factor in item.units.values()):
        faults.append("units: each is so many of the main unit, more than 0")
    if (item.units or item.unit_required) and not item.unit:
        faults.append("unit: is missing, the main one of several")
    if item.credit not in _CREDITS.get(item.kind, ("all-or-nothing",)):
        faults.append(f"credit: {item.credit!r} is not for kind {item.kind!r}")
    for name, kinds in _ONLY_FOR.items():
        if item.kind not in kinds and getattr(item, name) != getattr(_PLAIN, name):
            faults.append(f"{name.replace('_', '-')}: is not for kind {item.kind!r}")
    return faults


def mark(table: Table, key: Key) -> tuple[Mark, ...]:
    """The marks of a table with COLUMNS, OPTIONAL and one column an item; an empty cell has no points."""
    return tuple(_mark(row, key) for row in table.rows)


def _mark(row: Row, key: Key) -> Mark:
    points = {identity: marked(row[identity]) for identity, marked in key.markers}
    full = {item.id: item.points for item in key.items if item.points}
    answers = {identity: row[identity] for identity in points}
    return Mark(
        row=row,
        percent=_percent(sum(points.values()), key.total),
        points=points,
        wrong=tuple(identity for identity in full if not points[identity]),
        partly=tuple(identity for identity in full if 0 < points[identity] < full[identity]),
        sheet=sha256(msgspec.json.encode(answers, order="deterministic")),
    )


def _percent(reached: Points, total: int) -> str:
    """Two decimals, rounded down; less than one per cent is none, for it would look like a fraction."""
    percent = Fraction(100 * reached, total)
    return _decimal(percent) if percent >= 1 else "0"


def _decimal(value: Points) -> str:
    """`value` with at most two decimals, rounded down."""
    if value.denominator == 1:
        return str(value.numerator)
    places = (Decimal(value.numerator) / value.denominator).quantize(_HUNDREDTH, ROUND_DOWN)
    return f"{places:f}".rstrip("0").rstrip(".")
