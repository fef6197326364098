"""Text that is signed or shown can be read by a person in one way only (formats.md, Strings)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from idna.core import valid_contextj

from keys.errors import FormatError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by a spreadsheet: refused where it is read, disarmed where it is written (I01)."""

_PRINTABLE_ASCII = bytes(range(0x20, 0x7F))
# Invisible, yet in categories that are otherwise fine: combining grapheme joiner, fillers, blanks, Mongolian selectors.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Variation selectors choose a form of the character before; names in Han need them, nobody else does.
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_JOINERS = frozenset("\u200c\u200d")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})

# Assigned after Unicode 14 (up to 18): a newer Python knows them, but the verdict must not depend on the Python.
# fmt: off
ASSIGNED_AFTER_14 = (
    (0x558, 0x558), (0x58B, 0x58C), (0x5C8, 0x5C9), (0x88F, 0x88F), (0x897, 0x897), (0xB53, 0xB54), (0xC5C, 0xC5C),
    (0xCDC, 0xCDC), (0xCF3, 0xCF3), (0xECE, 0xECE), (0x1ACF, 0x1AF0), (0x1B4E, 0x1B4F), (0x1B7F, 0x1B7F),
    (0x1C89, 0x1C8A), (0x208F, 0x208F), (0x209D, 0x209F), (0x20C1, 0x20C4), (0x2427, 0x2429), (0x2B96, 0x2B96),
    (0x2E60, 0x2E63), (0x2FFC, 0x2FFF), (0x31E4, 0x31E5), (0x31EF, 0x31EF), (0xA7CB, 0xA7CF), (0xA7D2, 0xA7D2),
    (0xA7D4, 0xA7D4), (0xA7DA, 0xA7DD), (0xA7E2, 0xA7E2), (0xA7F1, 0xA7F1), (0xAB6C, 0xAB6D), (0xFBC3, 0xFBD2),
    (0xFD90, 0xFD91), (0xFDC8, 0xFDCE), (0x105C0, 0x105F3), (0x107BB, 0x107BF), (0x10940, 0x10959),
    (0x10D40, 0x10D65), (0x10D69, 0x10D85), (0x10D8E, 0x10D8F), (0x10EC2, 0x10EC7), (0x10EC9, 0x10EEE),
    (0x10EF0, 0x10EFF), (0x1123F, 0x11241), (0x11380, 0x11389), (0x1138B, 0x1138B), (0x1138E, 0x1138E),
    (0x11390, 0x113B5), (0x113B7, 0x113C0), (0x113C2, 0x113C2), (0x113C5, 0x113C5), (0x113C7, 0x113CA),
    (0x113CC, 0x113D5), (0x113D7, 0x113D8), (0x113E1, 0x113E2), (0x116D0, 0x116E3), (0x11B00, 0x11B0A),
    (0x11B60, 0x11B67), (0x11BC0, 0x11BE1), (0x11BF0, 0x11BF9), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9),
    (0x11DF0, 0x11DF1), (0x11F00, 0x11F10), (0x11F12, 0x11F3A), (0x11F3E, 0x11F5A), (0x1246F, 0x1246F),
    (0x12475, 0x1247F), (0x12550, 0x12686), (0x1342F, 0x1342F), (0x13439, 0x13455), (0x13460, 0x143FA),
    (0x16100, 0x16139), (0x16D40, 0x16D79), (0x16EA0, 0x16EB8), (0x16EBB, 0x16ED3), (0x16FF2, 0x16FF6),
    (0x187F8, 0x187FF), (0x18CD6, 0x18CDA), (0x18CFF, 0x18CFF), (0x18D09, 0x18D20), (0x18D80, 0x18DF2),
    (0x18E00, 0x19191), (0x191A0, 0x191D2), (0x1B123, 0x1B128), (0x1B132, 0x1B132), (0x1B155, 0x1B155),
    (0x1B168, 0x1B168), (0x1CC00, 0x1CCFC), (0x1CD00, 0x1CEB3), (0x1CEBA, 0x1CED0), (0x1CED2, 0x1CED4),
    (0x1CEDD, 0x1CEFD), (0x1D127, 0x1D128), (0x1D1EB, 0x1D1FF), (0x1D250, 0x1D281), (0x1D2C0, 0x1D2D3),
    (0x1D6A6, 0x1D6A6), (0x1DB00, 0x1DB1C), (0x1DF1F, 0x1DF81), (0x1DF90, 0x1DF96), (0x1DFCD, 0x1DFFF),
    (0x1E030, 0x1E06D), (0x1E08F, 0x1E08F), (0x1E4D0, 0x1E4F9), (0x1E5D0, 0x1E5FA), (0x1E5FF, 0x1E5FF),
    (0x1E6C0, 0x1E6DE), (0x1E6E0, 0x1E6F5), (0x1E6FE, 0x1E6FF), (0x1F1AE, 0x1F1AE), (0x1F6D8, 0x1F6D9),
    (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F77F), (0x1F7D9, 0x1F7DB), (0x1F7F1, 0x1F7FF), (0x1F8B2, 0x1F8BB),
    (0x1F8C0, 0x1F8C1), (0x1F8D0, 0x1F8D8), (0x1FA54, 0x1FA57), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA8F),
    (0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABF), (0x1FAC6, 0x1FAC6), (0x1FAC8, 0x1FAC8), (0x1FACC, 0x1FACF),
    (0x1FADA, 0x1FADD), (0x1FADF, 0x1FADF), (0x1FAE8, 0x1FAEB), (0x1FAEF, 0x1FAEF), (0x1FAF7, 0x1FAFA),
    (0x1FBCB, 0x1FBEF), (0x1FBFA, 0x1FBFA), (0x2B739, 0x2B73F), (0x2B81E, 0x2B81E), (0x2CEA2, 0x2CEAD),
    (0x2EBF0, 0x2EE5D), (0x31350, 0x33479), (0x3D000, 0x3FC3F),
)
# fmt: on

# Scripts that are written together in one word (UTS 39, highly restrictive).
_WRITTEN_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"CJK", "BOPOMOFO"}),
    frozenset({"CJK", "HANGUL"}),
)
# First words of character names that say nothing about the script.
_COMMON = frozenset({"MODIFIER", "COMBINING", "FEMININE", "MASCULINE", "MICRO", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"})


def require_text(text: str, place: str, *, narrative: bool = False) -> str:
    """`text` itself, or FormatError naming `place` and the first character that is not allowed.

    A `narrative` may hold newlines.
    """
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _PRINTABLE_ASCII).decode("utf-8", "surrogatepass")
    if not all(map(_is_plain, set(beyond))):
        for index in range(len(text)):
            _require_character(text, index, place, narrative)
    if not unicodedata.is_normalized("NFC", text):
        raise FormatError(f"{place}: is not in Unicode normal form NFC", hint="save the file again as NFC")
    return text


def describe_character(character: str) -> str:
    """`U+202E (RIGHT-TO-LEFT OVERRIDE)`: safe to print whatever the character does."""
    name = unicodedata.name(character, "no name")
    return f"U+{ord(character):04X} ({name})"


def mixed_script_words(text: str) -> tuple[str, ...]:
    """The words of `text` whose letters come from scripts that nobody writes in one word (attack I04)."""
    return tuple(word for word in _words(text) if not _one_script(word))


def _require_character(text: str, index: int, place: str, narrative: bool) -> None:
    character = text[index]
    if character == "\n" and narrative:
        return
    if character in _JOINERS:
        if _joiner_fits(text, index):
            return
    elif character in _SELECTORS:
        if index and _script(text[index - 1]) == "CJK":
            return
    elif not _is_refused(character):
        return
    raise FormatError(
        f"{place}: character {index + 1} is {describe_character(character)}, which is not allowed",
        hint="remove the character; names and texts hold only what can be seen",
    )


@lru_cache(maxsize=65536)
def _is_plain(character: str) -> bool:
    """Whether `character` is fine wherever it stands; joiners never are."""
    return not _is_refused(character)


def _is_refused(character: str) -> bool:
    if character in _INVISIBLE or character in _SELECTORS or unicodedata.category(character) in _REFUSED_CATEGORIES:
        return True
    point = ord(character)
    return any(first <= point <= last for first, last in ASSIGNED_AFTER_14)


def _joiner_fits(text: str, index: int) -> bool:
    """RFC 5892 A.1 and A.2, on the neighbours only (the library bounds the length of a label)."""
    start = max(0, index - 32)
    try:
        return valid_contextj(text[start : index + 32], index - start)
    except ValueError:  # an unnamed neighbour, or a label the library refuses
        return False


def _words(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        if unicodedata.category(character)[0] in "LM" or character in _JOINERS:
            word += character
        elif word:
            yield word
            word = ""
    if word:
        yield word


def _one_script(word: str) -> bool:
    scripts = {script for character in word if (script := _script(character))}
    return len(scripts) <= 1 or any(scripts <= together for together in _WRITTEN_TOGETHER)


def _script(character: str) -> str:
    """The script as the first word of the character's name; empty for what all scripts share."""
    if not unicodedata.category(character).startswith("L"):
        return ""
    first = unicodedata.name(character, "").split(" ", 1)[0]
    return "" if first in _COMMON else first
