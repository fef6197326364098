"""A digest as people read it aloud and compare it by eye: words four to a line, hex digits four to a group.

The rows are those of the printed record, and fit a screen of 60 columns: none breaks inside a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keys.encoding import Digest, digest_words

_WORDS_IN_ROW = 4
_LONGEST_WORD = 8  # of the BIP-39 English list
_GROUP, _GROUPS_IN_ROW = 4, 8


def word_rows(words: Iterable[str]) -> tuple[str, ...]:
    """` 1 stock     2 tourist …`, in rows: nobody counts when the seventh is asked for."""
    cells = [f"{number:>2} {word:<{_LONGEST_WORD}}" for number, word in enumerate(words, start=1)]
    return tuple(" ".join(row).rstrip() for row in _in_rows(cells, _WORDS_IN_ROW))


def word_lines(label: str, words: Iterable[str]) -> Iterator[str]:
    """The rows under each other, behind a label."""
    return _behind(f"{label} ", word_rows(words))


def typed_words(text: str) -> tuple[str, ...]:
    """The words of what a person typed or copied, with their numbers or without."""
    return tuple(word for word in text.casefold().split() if not word.isdecimal())


def grouped(digits: str) -> str:
    """Hex digits in groups of four."""
    return " ".join(_groups(digits))


def ungrouped(digits: str) -> str:
    """Hex digits in one piece, however they were grouped and typed."""
    return "".join(digits.split()).lower()


def digest_lines(label: str, digits: str) -> Iterator[str]:
    """A digest in one piece, to be copied, and under it in groups, to be compared."""
    rows = [" ".join(row) for row in _in_rows(_groups(digits), _GROUPS_IN_ROW)]
    return _behind(f"{label} ", (digits, *rows))


def fingerprint_lines(digest: Digest) -> Iterator[str]:
    """A key's fingerprint, in hex and in words."""
    yield from digest_lines("fingerprint:", digest.hex())
    yield from word_lines("words:", digest_words(digest))


def _groups(digits: str) -> list[str]:
    return [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]


def _in_rows(cells: list[str], length: int) -> Iterator[list[str]]:
    return (cells[start : start + length] for start in range(0, len(cells), length))


def _behind(label: str, rows: Iterable[str]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"{' ' * len(label) if number else label}{row}"
