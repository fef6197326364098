"""A list of certificates that somebody names: ids one a line, or a table with a column `certificate`.

Such a table is what `review --export` writes: rows that are not meant are deleted from it.
"""

from __future__ import annotations

from keys.errors import FormatError
from keys.names import require_urn_uuid
from keys.tables import csv_rows

MAX_LIST_FILE = 16 * 1024 * 1024
COLUMN = "certificate"


def parse_certificate_list(data: bytes, place: str) -> tuple[str, ...]:
    """The ids, in their order, each once; FormatError with the row of what is none."""
    found: dict[str, None] = {}
    column = None
    for number, row in enumerate(csv_rows(data, place), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if column is None:
            column = _column(cells, place)
            if cells[column] == COLUMN:
                continue
        identity = cells[column] if column < len(cells) else ""
        found[require_urn_uuid(identity, f"{place}: row {number}: {COLUMN}")] = None
    if not found:
        raise FormatError(f"{place}: names no certificate")
    return tuple(found)


def _column(first: list[str], place: str) -> int:
    """Which column holds the ids; a file of nothing but ids has no heading."""
    if COLUMN in first:
        return first.index(COLUMN)
    if len(first) == 1:
        return 0
    raise FormatError(
        f"{place}: row 1: has no column {COLUMN!r}", hint="take a table of `review --export`, or write one id a line"
    )
