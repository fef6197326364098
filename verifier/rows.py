"""The rows of a table that somebody filled in, as texts: CSV in UTF-8, or the first sheet of an XLSX file.

It holds little: lines are read one by one, and a cell, a row and a file have limits that no honest table reaches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time

from keys.errors import FormatError
from keys.tables import separator_of
from verifier.workbook import ZIP_MAGIC, first_sheet

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 50_000
MAX_LINES = 2 * MAX_ROWS  # empty ones included
MAX_COLUMNS = 200
MAX_LINE = 64 * 1024

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_SAVE_AS = "save it as “CSV UTF-8 (comma delimited)” or as .xlsx"


def is_workbook(data: bytes) -> bool:
    return data.startswith(ZIP_MAGIC)


def rows_of(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number as a person counts them; FormatError, which names the file by `name`."""
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name}: is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return _sheet_rows(data, name) if is_workbook(data) else _csv_rows(data, name)


def _csv_rows(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    text = _decode(data, name)
    returns, newlines, pairs = text.count("\r"), text.count("\n"), text.count("\r\n")
    if returns != pairs or (pairs and pairs != newlines):
        raise FormatError(f"{name}: mixes different line ends", hint=_SAVE_AS)
    if newlines > MAX_LINES:
        raise FormatError(f"{name}: has more than {MAX_ROWS} rows", hint="split it into several files")
    separator = separator_of(text)
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        if len(line) > MAX_LINE:
            raise FormatError(f"{name}: row {number}: is longer than {MAX_LINE} characters")
        try:
            yield number, next(csv.reader([line], strict=True, delimiter=separator), [])
        except csv.Error as fault:
            raise FormatError(
                f"{name}: row {number}: has a quotation mark that is not closed on its line",
                hint='a quotation mark inside a quoted cell is written twice: "",  and a cell holds no line break',
            ) from fault


def _decode(data: bytes, name: str) -> str:
    if data.startswith(_OLD_EXCEL):
        raise FormatError(
            f"{name}: is an old Excel file or has a password", hint="save it as .xlsx, without a password"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"{name}: is UTF-16, not UTF-8", hint=_SAVE_AS)
    if b"\0" in data:
        raise FormatError(f"{name}: holds NUL bytes, so it is not UTF-8 text", hint=_SAVE_AS)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        row = data.count(b"\n", 0, fault.start) + 1
        raise FormatError(
            f"{name}: row {row}: is not UTF-8, perhaps TIS-620 or another older encoding", hint=_SAVE_AS
        ) from fault


def _sheet_rows(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    sheet = first_sheet(data, name, max_rows=MAX_ROWS + 1, max_columns=MAX_COLUMNS)
    for number, cells in enumerate(sheet, start=1):
        yield number, [_cell_text(cell) for cell in cells]


def _cell_text(cell: object) -> str:
    """What a person sees in the cell, written as in a CSV file."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
