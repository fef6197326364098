"""The table of characters that the browser's verifier reads by, made from the rules that Python verifies by.

`python -m tests.browser.characters` writes it anew; `test_characters` holds the one that is checked in against it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from idna.core import _joining_type

import templates
from keys import text, trust_rules

FILE = Path(templates.__file__).parent / "static" / "verify" / "characters.js"
_HEAD = """\
// Which characters a text may hold, up to Unicode 14, and of which script its letters are: generated from keys/text.py
// and keys/trust_rules.py.
//
// Ranges of code points: the gap before a run and the length of the run, in turn, in base 36.
// Scripts are numbered; those that a rule names come first.
"use strict";

globalThis.Handseal.characters = {
"""
NAMED = "CJK HIRAGANA KATAKANA BOPOMOFO HANGUL".split()
"""The scripts that a rule names; of the others it only matters that they differ."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WIDTH = 110


def table() -> str:
    """The whole file."""
    plain = [point for point in range(0x110000) if text._is_plain(chr(point))]
    letters = [(point, script) for point in plain if (script := text._script(chr(point)))]
    scripts = [*NAMED, *sorted({script for _, script in letters} - {*NAMED})]
    runs = list(_script_runs(letters))
    categories = {point: unicodedata.category(chr(point))[0] for point in plain}
    ranges = {
        "plain": plain,
        "selectors": sorted(map(ord, text._SELECTORS)),
        "virama": [point for point in plain if unicodedata.combining(chr(point)) == 9],
        "marks": [point for point in plain if categories[point] == "M"],
        "looksLatin": [point for point in plain if trust_rules._passes_for_latin(chr(point))],
        "commonLetters": [p for p in plain if categories[p] == "L" and not text._script(chr(p))],
    }
    for joining in "TDLR":
        ranges[f"joining{joining}"] = [point for point in plain if _joining_type(point) == joining]
    lines = [_member(name, _steps(_runs(points))) for name, points in ranges.items()]
    lines.append(_member("letters", _steps((first, last) for first, last, _ in runs)))
    lines.append(_member("letterScripts", [_base36(scripts.index(script)) for _, _, script in runs]))
    lines.append(_member("scripts", NAMED))
    return _HEAD + "".join(lines) + "};\n"


def _runs(points: Iterable[int]) -> Iterator[tuple[int, int]]:
    for first, last, _ in _script_runs((point, "") for point in points):
        yield first, last


def _script_runs(points: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """First, last and script of each run of neighbours of one script."""
    run: tuple[int, int, str] | None = None
    for point, script in points:
        if run and run[1] == point - 1 and run[2] == script:
            run = (run[0], point, script)
        else:
            if run:
                yield run
            run = (point, point, script)
    if run:
        yield run


def _steps(runs: Iterable[tuple[int, int]]) -> list[str]:
    steps, position = [], 0
    for first, last in runs:
        steps += [_base36(first - position), _base36(last + 1 - first)]
        position = last + 1
    return steps


def _base36(number: int) -> str:
    digits = ""
    while number >= 36:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return _DIGITS[number] + digits


def _member(name: str, words: Iterable[str]) -> str:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = ""
        line += f"{word} "
    lines.append(line.rstrip())
    return f"  {name}:\n" + " +\n".join(f'    "{line}"' for line in lines) + ",\n"


if __name__ == "__main__":
    FILE.write_text(table(), "utf-8")
