"""A table somebody filled in is taken as a whole or refused as a whole, with every fault named by row and column.

CSV and XLSX are read alike: `verifier.rows` takes the rows out of either.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from keys.console import escape
from keys.errors import FormatError, HandsealError
from keys.text import FORMULA_STARTS, require_text
from verifier.rows import MAX_COLUMNS, MAX_ROWS, is_workbook, rows_of

MAX_CELL = 4000
MAX_FAULTS = 200  # kept to be shown; more are only counted

_FORMULA = (*FORMULA_STARTS, "＝", "＋", "－", "＠")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(1950, 2200)
_BUDDHIST = 543
_FIRST_SERIAL, _LAST_SERIAL = 18264, 91312  # 1950-01-01 to 2149-12-31 as Excel counts days
_YES = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


class Fault(Struct, frozen=True):
    """One thing that is wrong, as a sentence that begins with its place."""

    text: str
    hint: str = ""


class TableError(HandsealError):
    """A table that was refused; `faults` are all of them, and `more` says how many beyond MAX_FAULTS there were."""

    def __init__(self, faults: Sequence[Fault], more: int = 0) -> None:
        tail = f" (and {len(faults) + more - 1} more)" if len(faults) + more > 1 else ""
        super().__init__(faults[0].text + tail, hint=faults[0].hint)
        self.faults = tuple(faults)
        self.more = more


class Row(Struct, frozen=True):
    """`number` as a person counts lines in the file; the header is row 1."""

    number: int
    cells: Mapping[str, str]  # by column; "" where empty

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


class Table:
    """Rows, and the faults found in them so far: the `need_…` methods return None and remember why."""

    def __init__(self, name: str, *, serials: bool) -> None:
        self.name = name
        self.rows: tuple[Row, ...] = ()
        self.columns: tuple[str, ...] = ()
        self._serials = serials  # whether a bare number in a date's column is Excel's count of days
        self._faults: list[Fault] = []
        self._unread: set[tuple[int, str]] = set()  # row and column of cells that are not plain text
        self._more = 0

    def add(self, place: str, text: str, hint: str = "") -> None:
        """A fault at `place` within the table ("row 7, column end")."""
        if len(self._faults) >= MAX_FAULTS:
            self._more += 1
            return
        where = f"{self.name}: {place}" if place else self.name
        self._faults.append(Fault(f"{where}: {text}", hint))

    def refuse(self, row: Row, column: str, text: str, hint: str = "") -> None:
        """A fault of a cell; a cell that could not even be read has its fault already."""
        if (row.number, column) not in self._unread:
            self.add(f"row {row.number}, column {column}", text, hint)

    def expect(self, row: Row, column: str, expected: str, hint: str = "") -> None:
        """A fault in the form `found "…", expected …`."""
        self.refuse(row, column, f"found {quoted(row[column])}, expected {expected}", hint)

    def mark_unread(self, number: int, column: str) -> None:
        """What the cell holds is not known; its fault is said."""
        self._unread.add((number, column))

    def finish(self) -> None:
        """TableError unless nothing was wrong."""
        if self._faults:
            raise TableError(self._faults, self._more)

    def need(self, row: Row, column: str, what: str) -> str | None:
        """A cell that must not be empty."""
        if not row[column]:
            self.refuse(row, column, f"is empty, expected {what}")
            return None
        return row[column]

    def need_date(self, row: Row, column: str) -> date | None:
        found = row[column]
        if self._serials and re.fullmatch(r"[0-9]{5}", found) and _FIRST_SERIAL <= int(found) <= _LAST_SERIAL:
            return _from_serial(int(found))
        try:
            day = date.fromisoformat(found) if _ISO.fullmatch(found) else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            self.expect(row, column, "a date as 2026-11-20", _date_hint(found))
            return None
        return day

    def need_yes_no(self, row: Row, column: str) -> bool | None:
        answer = _YES.get(row[column].lower())
        if answer is None:
            self.expect(row, column, "yes or no")
        return answer

    @property
    def has_numbers(self) -> bool:
        """Whether numbers came as numbers (XLSX), so that a percentage may have come as a fraction."""
        return self._serials


def quoted(text: str) -> str:
    """What was found, short and safe for a terminal."""
    return f'"{escape(text[:60])}{"…" if len(text) > 60 else ""}"'


def read_table(data: bytes, name: str, *, required: Sequence[str], optional: Sequence[str] | None = ()) -> Table:
    """The rows of a CSV file or of an XLSX file's first sheet, empty ones left out.

    `name` is the file's, for messages. `optional` None takes any further column. The table has the faults of single
    cells already; TableError at once where the file or its header cannot be read.
    """
    table = Table(name, serials=is_workbook(data))
    try:
        lines = rows_of(data, name)
        header = next((line for line in lines if not _is_comment(line[1])), None)
        if header is None:
            raise FormatError(f"{name}: is empty", hint=f"it begins with a header line: {', '.join(required)}")
        table.columns = _read_header(table, header[1], required, optional)
        table.finish()
        table.rows = tuple(_read_rows(table, lines))
    except FormatError as fault:
        raise TableError([Fault(str(fault), fault.hint)]) from fault
    if not table.rows:
        table.add("", "has a header and no rows")
    return table


def _is_comment(cells: Sequence[str]) -> bool:
    """Whether a line above the header is a comment, as in the tables of `handseal template`; below it none is."""
    return bool(cells) and cells[0].startswith("#")


def _read_header(
    table: Table, cells: list[str], required: Sequence[str], optional: Sequence[str] | None
) -> tuple[str, ...]:
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FormatError(f"{table.name}: has {len(cells)} columns, more than {MAX_COLUMNS}")
    columns = [_clean(cell).lower() for cell in cells]
    for number, column in enumerate(columns):
        if not column:
            table.add("row 1", f"column {number + 1} has no name")
        elif column in columns[:number]:
            table.add("row 1", f"column {quoted(column)} is there twice")
        elif optional is not None and column not in (*required, *optional):
            near = difflib.get_close_matches(column, (*required, *optional), n=1)
            table.add("row 1", f"column {quoted(column)} is unknown", f"did you mean {near[0]!r}?" if near else "")
    for column in required:
        if column not in columns:
            table.add("row 1", f"column {quoted(column)} is missing", _separator_hint(cells))
    return tuple(columns)


def _separator_hint(cells: list[str]) -> str:
    return "cells are separated by commas or semicolons" if len(cells) == 1 and re.search(r"[\t|]", cells[0]) else ""


def _read_rows(table: Table, lines: Iterable[tuple[int, list[str]]]) -> Iterator[Row]:
    taken = 0
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        taken += 1
        if taken > MAX_ROWS:
            raise FormatError(f"{table.name}: has more than {MAX_ROWS} rows", hint="split it into several files")
        width = len(table.columns)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            table.add(f"row {number}", f"has {len(cells)} cells, the header has {width}")
            continue
        filled = zip(table.columns, cells, strict=False)  # empty cells may follow
        yield Row(number, {column: _take(table, number, column, cell) for column, cell in filled})


def _take(table: Table, number: int, column: str, cell: str) -> str:
    """The cell without spaces around it, in normal form NFC; empty, with a fault, where it is not plain text."""
    if cell.isascii() and cell.isprintable() and len(cell) <= MAX_CELL and cell.lstrip(" ")[:1] not in _FORMULA:
        return cell.strip(" ")  # nothing can be wrong with it: most cells are such
    place = f"row {number}, column {column}"
    text = _clean(cell)
    if cell.startswith(_FORMULA) or text.startswith(_FORMULA):
        table.add(place, f"found {quoted(cell)}, which a spreadsheet would take for a formula")
    elif len(text) > MAX_CELL:
        table.add(place, f"is longer than {MAX_CELL} characters")
    else:
        try:
            return require_text(text, place)
        except FormatError as fault:
            table.add("", str(fault), fault.hint)
    table.mark_unread(number, column)
    return ""


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.strip(" "))


def _from_serial(days: int) -> date:
    return date(1899, 12, 30) + timedelta(days=days)


def _date_hint(found: str) -> str:
    year = re.search(r"(?<![0-9])(2[0-9]{3})(?![0-9])", found)
    if year and int(year[1]) - _BUDDHIST in range(1900, 2100):
        return f"year {year[1]} looks Buddhist: write {int(year[1]) - _BUDDHIST}"
    if re.fullmatch(r"[0-9]{5}", found) and _FIRST_SERIAL <= int(found) <= _LAST_SERIAL:
        return f"as a number of Excel this is {_from_serial(int(found))}"
    return ""
