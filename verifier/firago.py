"""FiraGO 1.001 prints Thai names and Thai, Hindi, Marathi and Urdu texts right once two faults are mended.

- Marks above yo ying and lo chula (ญ, ฬ) have no place in its table of anchors and land left of the letter: หญิง.
- For Thai, Marathi and Urdu its table of substitutions leaves out features that their scripts have, above all `ccmp`:
  a text marked as Thai loses the letters without tails that vowels below need (ญู, ฐุ).

Both are a matter of a few offsets, changed in place: compiling these tables anew takes ten seconds a font.
The mended font is another font, so it bears another name, as the SIL Open Font License asks for (`Fira` is reserved).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.DefaultTable import DefaultTable

FAMILY = "Handseal Sans"
MENDING = "2"  # raise it when the mended bytes change, so that caches are made anew

_RESERVED_FAMILY = "FiraGO"
_NAMES = (1, 3, 4, 6, 16)  # family, unique name, full name, PostScript name, typographic family
_MENDED_SCRIPTS = (b"thai", b"arab", b"deva", b"dev2")
_THAI_CONSONANTS = range(0x0E01, 0x0E2F)
_BELOW, _ABOVE = 0, 1  # classes of marks over and under the Thai letters
_MARK_TO_BASE, _EXTENSION = 4, 9


def mended(font: bytes) -> bytes:
    """The same font with its faults mended, under its own name; equal bytes for equal bytes."""
    with TTFont(io.BytesIO(font), recalcTimestamp=False, recalcBBoxes=False) as opened:
        thai = [opened.getGlyphID(opened.getBestCmap()[point]) for point in _THAI_CONSONANTS]
        substitutions = bytearray(opened.reader["GSUB"])
        positions = bytearray(opened.reader["GPOS"])
        for table in (substitutions, positions):
            _complete_languages(table)
        _place_marks(positions, thai)
        for tag, data in (("GSUB", substitutions), ("GPOS", positions)):
            opened[tag] = DefaultTable(tag)
            opened[tag].data = bytes(data)
        for record in opened["name"].names:
            if record.nameID in _NAMES:
                name = FAMILY if record.nameID != 6 else FAMILY.replace(" ", "")
                record.string = record.toUnicode().replace(_RESERVED_FAMILY, name)
        buffer = io.BytesIO()
        opened.save(buffer, reorderTables=False)
        return buffer.getvalue()


def _u16(table: bytes | bytearray, offset: int, count: int = 1) -> tuple[int, ...]:
    return struct.unpack_from(f">{count}H", table, offset)


def _complete_languages(table: bytearray) -> None:
    """Lets each language of the mended scripts have exactly what its script has (OpenType, ScriptList)."""
    scripts = _u16(table, 4)[0]
    for n in range(_u16(table, scripts)[0]):
        record = scripts + 2 + 6 * n
        if bytes(table[record : record + 4]) in _MENDED_SCRIPTS:
            script = scripts + _u16(table, record + 4)[0]
            default, languages = _u16(table, script, 2)
            for language in range(languages):
                struct.pack_into(">H", table, script + 4 + 6 * language + 4, default)


def _place_marks(table: bytearray, letters: list[int]) -> None:
    """Gives letters without a place for marks above that of the letter whose marks below stand nearest to theirs."""
    for subtable in _mark_to_base(table):
        coverage = _coverage(table, subtable + _u16(table, subtable + 4)[0])
        classes = _u16(table, subtable + 6)[0]
        bases = subtable + _u16(table, subtable + 10)[0]
        if letters[0] not in coverage:
            continue
        record = {letter: bases + 2 + 2 * classes * coverage[letter] for letter in letters if letter in coverage}
        below = {letter: _anchor(table, bases, record[letter] + 2 * _BELOW) for letter in record}
        above = {letter: _anchor(table, bases, record[letter] + 2 * _ABOVE) for letter in record}
        for letter in record:
            if above[letter] == (0, 0):
                x = below[letter][0]
                models = (other for other in record if above[other] != (0, 0) and below[other][0] == above[other][0])
                model = min(models, key=lambda other: abs(below[other][0] - x))
                offset = _u16(table, record[model] + 2 * _ABOVE)[0]
                struct.pack_into(">H", table, record[letter] + 2 * _ABOVE, offset)


def _mark_to_base(table: bytearray) -> Iterator[int]:
    """The offsets of the subtables that place marks at letters (GPOS lookup type 4)."""
    lookups = _u16(table, 8)[0]
    for n in range(_u16(table, lookups)[0]):
        lookup = lookups + _u16(table, lookups + 2 + 2 * n)[0]
        kind, _, count = _u16(table, lookup, 3)
        for subtable in (lookup + offset for offset in _u16(table, lookup + 6, count)):
            if kind == _MARK_TO_BASE:
                yield subtable
            elif kind == _EXTENSION and _u16(table, subtable + 2)[0] == _MARK_TO_BASE:
                yield subtable + struct.unpack_from(">I", table, subtable + 4)[0]


def _coverage(table: bytearray, offset: int) -> dict[int, int]:
    """From glyph to its index in a Coverage table."""
    form, count = _u16(table, offset, 2)
    if form == 1:
        return {glyph: index for index, glyph in enumerate(_u16(table, offset + 4, count))}
    ranges = (_u16(table, offset + 4 + 6 * n, 3) for n in range(count))
    return {glyph: start + glyph - first for first, last, start in ranges for glyph in range(first, last + 1)}


def _anchor(table: bytearray, bases: int, offset: int) -> tuple[int, int]:
    x, y = struct.unpack_from(">hh", table, bases + _u16(table, offset)[0] + 2)
    return x, y
