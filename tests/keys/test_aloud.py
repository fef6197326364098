"""What is read aloud and compared by eye stays whole on a narrow screen, and is taken back as it was read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st
from mnemonic import Mnemonic

from keys.aloud import digest_lines, fingerprint_lines, grouped, typed_words, ungrouped, word_lines, word_rows
from keys.encoding import Digest, digest_words, sha256

LONGEST = sorted(Mnemonic("english").wordlist, key=len)[-12:]
DIGEST = sha256(b"a root")


def on_screen(line: str, columns: int) -> list[str]:
    """The line as a terminal shows it, which breaks wherever the edge is."""
    return [line[start : start + columns] for start in range(0, len(line), columns)]


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("label", ["Words:", "  Words:", "words:", "    words:"])
def test_no_screen_breaks_a_word(columns: int, label: str) -> None:
    shown = [part for line in word_lines(label, LONGEST) for part in on_screen(line, columns)]
    assert [cell for part in shown for cell in re.findall(r"\d+ [a-z]+", part)] == [
        f"{number} {word}" for number, word in enumerate(LONGEST, start=1)
    ]
    assert len(shown) == 3


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_no_screen_breaks_a_group_of_digits(columns: int) -> None:
    _, *rows = digest_lines("fingerprint:", DIGEST.hex())
    shown = [part for line in rows for part in on_screen(line, columns)]
    assert " ".join(shown).split() == grouped(DIGEST.hex()).split()
    assert len(shown) == 2


def test_a_digest_stands_there_to_be_copied_and_to_be_compared() -> None:
    assert list(digest_lines("Root:", "0123456789abcdef" * 4)) == [
        f"Root: {'0123456789abcdef' * 4}",
        "      0123 4567 89ab cdef 0123 4567 89ab cdef",
        "      0123 4567 89ab cdef 0123 4567 89ab cdef",
    ]
    lines = "\n".join(fingerprint_lines(DIGEST))
    assert f"fingerprint: {DIGEST.hex()}\n" in lines
    assert typed_words(lines.partition("words:")[2]) == digest_words(DIGEST)


@given(st.binary(min_size=32, max_size=32).map(Digest))
def test_what_is_read_is_taken_back(digest: Digest) -> None:
    words = digest_words(digest)
    assert typed_words(" ".join(words).upper()) == typed_words("\n".join(word_rows(words))) == words
    assert ungrouped(grouped(digest.hex())) == ungrouped(digest.hex()) == digest.hex()
