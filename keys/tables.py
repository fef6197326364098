"""A table for a spreadsheet, of which no cell is run (I01), and the rows of one that comes from there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from keys.errors import FormatError
from keys.text import FORMULA_STARTS

_FORMULA = re.compile(rf'(\A|[;\t\r\n]"*)(?=[{re.escape("".join(FORMULA_STARTS))}])')
"""Where a formula begins, also for a spreadsheet that parts the cells by semicolons and takes our quotes for text."""


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A whole table at once."""
    return b"".join(table_lines(headings, rows))


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV in UTF-8, row by row; a cell that a spreadsheet would run gets an apostrophe in front.

    It begins with the mark by which a spreadsheet knows UTF-8: without it, names in other scripts are unreadable there.
    """
    yield _line(headings).encode("utf-8-sig")
    for row in rows:
        yield _line(_FORMULA.sub(r"\1'", cell) for cell in row).encode("utf-8")


def csv_rows(data: bytes, place: str) -> Iterator[list[str]]:
    """The rows of a CSV file, parted by commas or semicolons; FormatError where it is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FormatError(f"{place}: is not UTF-8", hint="save it again as CSV in UTF-8") from fault
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator_of(text))
    try:
        yield from rows
    except csv.Error as fault:
        raise FormatError(f"{place}: line {rows.line_num}: is not CSV: {fault}") from fault


def separator_of(text: str) -> str:
    """What parts the cells of a CSV text: commas, or semicolons where its first row has these and no comma.

    Spreadsheets write semicolons, under the same name, wherever a comma begins the decimals. Notes (`#`) are no row.
    """
    rows = (line for line in io.StringIO(text) if line.strip(" ,;\r\n") and not line.lstrip('"').startswith("#"))
    first = next(rows, "")
    return ";" if ";" in first and "," not in first else ","


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
