"""Objective tasks are marked by a key that is never published; a mark is rounded down, so 79.999 is not 80."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from issuer.config import Settings, read_toml
from issuer.tables import Row, Table
from keys.errors import HandsealError

COLUMNS = ("learner_id", "date")

Answer = str | int | float | tuple[str, ...]
_ANSWERS: Mapping[str, type | tuple[type, ...]] = {"multiple": tuple, "order": tuple, "number": (int, float)}
_SEPARATOR = re.compile(r"[;|>,]")
_NUMBER = re.compile(r"[-\u2212]?[0-9]+([.,][0-9]+)?")


class Item(Settings, frozen=True):
    """One task. `answer` is a list for `multiple` and `order`, a number for `number`, else a text."""

    id: Annotated[str, Meta(pattern=r"\A[a-z0-9_-]{1,40}\Z")]
    kind: Literal["single", "multiple", "number", "text", "order"]
    answer: Answer
    points: Annotated[int, Meta(ge=1, le=1000)] = 1
    tolerance: Annotated[float, Meta(ge=0)] = 0.0  # a number may differ by so much
    unit: str = ""  # may follow a number
    accept: tuple[str, ...] = ()  # other answers to `single` and `text` that are right


class Key(Settings, frozen=True):
    """`programmes/<slug>.key.toml` (inputs.md)."""

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=190)] = field(name="item")
    criterion: str | UnsetType = UNSET  # which criterion it marks; the programme's only quiz where it is not said


class Mark(Struct, frozen=True):
    """What one learner reached."""

    row: Row
    percent: str  # "72" or "72.5"
    wrong: tuple[str, ...]  # ids of the items without points


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
    faults += [f"item {item.id}: is the name of another column" for item in key.items if item.id in COLUMNS]
    for item in key.items:
        if not isinstance(item.answer, _ANSWERS.get(item.kind, str)) or item.answer in ("", ()):
            faults.append(f"item {item.id}: answer: does not fit kind {item.kind!r}")
        elif isinstance(item.answer, float) and not math.isfinite(item.answer):
            faults.append(f"item {item.id}: answer: is no number")
    return faults


def mark(table: Table, key: Key) -> tuple[Mark, ...]:
    """The marks of a table with COLUMNS and one column an item; an empty cell has no points."""
    total = sum(item.points for item in key.items)
    marks = []
    for row in table.rows:
        wrong = tuple(item.id for item in key.items if not is_right(item, row[item.id]))
        reached = total - sum(item.points for item in key.items if item.id in wrong)
        marks.append(Mark(row, _percent(reached, total), wrong))
    return tuple(marks)


def _percent(reached: int, total: int) -> str:
    """Two decimals, rounded down; less than one per cent is none, for it would look like a fraction."""
    percent = (Decimal(100 * reached) / total).quantize(Decimal("0.01"), ROUND_DOWN)
    return f"{percent:f}".rstrip("0").rstrip(".") if percent >= 1 else "0"


def results_of(table: Table, marks: tuple[Mark, ...], criterion: str) -> Table:
    """The marks as the rows of a results table (`issuer.results`), under the same file and row numbers."""
    made = Table(table.name, serials=False)
    made.columns = ("learner_id", "date", "criterion", "result")
    made.rows = tuple(
        Row(one.row.number, {**{c: one.row[c] for c in COLUMNS}, "criterion": criterion, "result": one.percent})
        for one in marks
    )
    return made


def is_right(item: Item, given: str) -> bool:
    """Whether an answer is right, whatever its capitals, spaces and width of characters."""
    return bool(given) and _KINDS[item.kind](item, given)


def _is_text(item: Item, given: str) -> bool:
    return _plain(given) in {_plain(text) for text in (str(item.answer), *item.accept)}


def _is_number(item: Item, given: str) -> bool:
    text = _plain(given)
    unit = _plain(item.unit)
    if unit and text.endswith(unit):
        text = text[: -len(unit)].rstrip()
    if not _NUMBER.fullmatch(text):
        return False
    try:
        number = Decimal(text.replace("\u2212", "-").replace(",", "."))
        return abs(number - Decimal(str(item.answer))) <= Decimal(str(item.tolerance))
    except InvalidOperation:
        return False


def _is_set(item: Item, given: str) -> bool:
    return set(_parts(given)) == {_plain(text) for text in _listed(item)}


def _is_order(item: Item, given: str) -> bool:
    return _parts(given) == [_plain(text) for text in _listed(item)]


_KINDS: Mapping[str, Callable[[Item, str], bool]] = {
    "single": _is_text,
    "text": _is_text,
    "number": _is_number,
    "multiple": _is_set,
    "order": _is_order,
}


def _listed(item: Item) -> tuple[str, ...]:
    return item.answer if isinstance(item.answer, tuple) else ()


def _parts(given: str) -> list[str]:
    return [part for text in _SEPARATOR.split(given) if (part := _plain(text))]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
