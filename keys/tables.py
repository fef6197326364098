"""A table for a spreadsheet, of which no cell is run (I01)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from keys.text import FORMULA_STARTS


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV in UTF-8; a cell that a spreadsheet would run gets an apostrophe in front."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row])
    return text.getvalue().encode("utf-8")
