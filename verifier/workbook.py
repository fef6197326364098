"""The first sheet of an XLSX file, read only after its size, its formulas and its parts were looked at.

A workbook is a ZIP of XML: a few kilobytes can claim a million rows by sixteen thousand columns, and the reader
would make room for all of them. So the sheet is scanned first, and the reader gets an archive of only what was scanned.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from xml.parsers import expat

from msgspec import Struct
from python_calamine import CalamineError, load_workbook

from keys.errors import FormatError

ZIP_MAGIC = b"PK\x03\x04"
MAX_PART = 64 * 1024 * 1024  # bytes of one part, inflated
MAX_PARTS = 2000
MAX_CELLS = 1_000_000
MAX_TEXT = 100_000_000  # characters, were every cell the longest shared text
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STRINGS = "xl/sharedStrings.xml"
_CARRIED = ("[Content_Types].xml", "_rels/.rels", "xl/styles.xml")
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")

Attributes = Mapping[str, str]


class _Limits(Struct, frozen=True):
    rows: int
    columns: int


def first_sheet(data: bytes, name: str, *, max_rows: int, max_columns: int) -> list[list[object]]:
    """The cells of the first sheet from A1 on: texts, floats, booleans, dates; "" where empty.

    FormatError where it is no workbook, is larger than the limits, or has a formula.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive, name, _Limits(max_rows, max_columns))
        with load_workbook(io.BytesIO(_packed(parts))) as workbook:
            rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, KeyError) as fault:
        raise FormatError(f"{name}: is not a workbook that can be read", hint="save it again as .xlsx") from fault
    except (expat.ExpatError, CalamineError, UnicodeDecodeError, IndexError, ValueError) as fault:
        raise FormatError(f"{name}: is not a workbook that can be read", hint="save it again as .xlsx") from fault
    return [list(cells) for cells in rows]


def _parts(archive: zipfile.ZipFile, name: str, limits: _Limits) -> dict[str, bytes]:
    """What the reader needs of the archive, after all of it was looked at."""
    listed = archive.namelist()
    if len(listed) > MAX_PARTS or len({part.lower() for part in listed}) != len(listed):
        raise FormatError(f"{name}: has too many parts, or one twice")
    sheet = _first_part(_read(archive, _WORKBOOK, name), _read(archive, _RELATIONS, name))
    parts = {part: _read(archive, part, name) for part in (_WORKBOOK, _RELATIONS, sheet)}
    parts |= {part: _read(archive, part, name) for part in (*_CARRIED, _STRINGS) if part in listed}
    cells = _scan_sheet(parts[sheet], name, limits)
    if cells * _longest_text(parts.get(_STRINGS)) > MAX_TEXT:
        raise FormatError(f"{name}: holds too much text")
    return parts


def _read(archive: zipfile.ZipFile, part: str, name: str) -> bytes:
    """One part, inflated no further than its limit whatever the archive says of its size."""
    with archive.open(part) as stream:
        data = stream.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        raise FormatError(f"{name}: {part} is larger than {MAX_PART // 1024 // 1024} MiB")
    return data


def _packed(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return stream.getvalue()


def _walk(data: bytes, start: Callable[[str, Attributes], None], text: Callable[[str], None] | None = None) -> None:
    """Visits elements by their local names. A document type, the door to entities, is refused."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("a workbook has no document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(data, True)


def _first_part(workbook: bytes, relations: bytes) -> str:
    """The path of the first sheet within the archive."""
    sheets: list[str] = []
    targets: dict[str, str] = {}

    def sheet(tag: str, attributes: Attributes) -> None:
        if tag == "sheet":
            sheets.extend(value for key, value in attributes.items() if key.endswith(":id"))

    def relation(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    _walk(workbook, sheet)
    _walk(relations, relation)
    return posixpath.normpath(posixpath.join("xl", targets[sheets[0]])).lstrip("/")


def _scan_sheet(data: bytes, name: str, limits: _Limits) -> int:
    """The number of cells; FormatError where there are too many, or one has a formula."""
    row = column = cells = 0

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal row, column, cells
        if tag == "row":
            row, column = int(attributes.get("r", row + 1)), 0
        elif tag == "c":
            cells += 1
            column, row = _position(attributes.get("r"), column + 1, row)
        elif tag == "f":
            raise FormatError(
                f"{name}: row {row}, column {column}: is a formula",
                hint="copy the sheet and paste it as values only",
            )
        if row > limits.rows or column > limits.columns or cells > MAX_CELLS:
            raise FormatError(
                f"{name}: is larger than {limits.rows} rows and {limits.columns} columns",
                hint="split it, or delete what lies far below or right of the table",
            )

    _walk(data, start)
    return cells


def _position(reference: str | None, column: int, row: int) -> tuple[int, int]:
    """Column and row, from 1, of `D7`; or the given ones where a cell does not say."""
    if reference is None:
        return column, row
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("a cell has no such reference")
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number, int(match[2])


def _longest_text(strings: bytes | None) -> int:
    longest = length = 0

    def start(tag: str, _: Attributes) -> None:
        nonlocal length
        if tag == "si":
            length = 0

    def text(part: str) -> None:
        nonlocal longest, length
        length += len(part)
        longest = max(longest, length)

    if strings is not None:
        _walk(strings, start, text)
    return longest
