"""A table for a spreadsheet, of which no cell is run (I01)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from keys.text import FORMULA_STARTS


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A whole table at once."""
    return b"".join(table_lines(headings, rows))


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV in UTF-8, row by row; a cell that a spreadsheet would run gets an apostrophe in front.

    It begins with the mark by which a spreadsheet knows UTF-8: without it, names in other scripts are unreadable there.
    """
    yield _line(headings).encode("utf-8-sig")
    for row in rows:
        yield _line(f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row).encode("utf-8")


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
