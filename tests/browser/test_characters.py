"""The browser reads texts by the same rules as Python, character by character and joiner by joiner."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from keys.errors import FormatError
from keys.text import mixed_script_words, require_text
from tests.browser.characters import FILE, table
from tests.browser.scripts import page_in

# Every plane in which there are characters, and some points of each other one; a lone surrogate is no text.
PLANES = (*range(0xD800), *range(0xE000, 0x34000), *range(0x34000, 0xE0000, 997), *range(0xE0000, 0xE1000))
POINTS = [*PLANES, *range(0xE1000, 0x110000, 997)]
# Letters that join or not, marks, a virama, joiners, variation selectors, Han, kana, Cyrillic and Latin look-alikes.
TRICKY = (
    "ab1 .аоАΑ中漢々かカー한ابدرאشไทक्षि्\u0301\u0308\u0327\u0650\u200c\u200d\ufe00\U000e0100\u07ca\ua872\u094dé\u212b\n"
)
SAMPLES = 3000


@pytest.fixture(scope="module")
def reading(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_in(tmp_path_factory.mktemp("stick")))
    page.evaluate("""() => {
      globalThis.reads = (text, narrative) => {
        try { Handseal.requireText(text, "text", narrative); return true; }
        catch (error) { if (error instanceof Handseal.Fault) return false; throw error; }
      };
    }""")
    yield page
    context.close()


def reads(text: str, narrative: bool) -> bool:
    try:
        require_text(text, "text", narrative=narrative)
    except FormatError:
        return False
    return True


def test_the_table_is_made_from_the_rules() -> None:
    assert FILE.read_text("utf-8") == table(), "write it anew: python -m tests.browser.characters"


def test_every_character_by_itself(reading: Page) -> None:
    told = reading.evaluate(
        """(points) => {
          Error.stackTraceLimit = 0;  // most characters are refused
          return points.filter((point) => reads(String.fromCodePoint(point), false));
        }""",
        POINTS,
    )
    assert told == [point for point in POINTS if reads(chr(point), False)]


def test_tricky_neighbours(reading: Page) -> None:
    chance = random.Random(5)
    texts = ["".join(chance.choices(TRICKY, k=chance.randint(1, 9))) for _ in range(SAMPLES)]
    told = reading.evaluate("(texts) => texts.map((text) => [reads(text, true), reads(text, false)])", texts)
    assert told == [[reads(text, True), reads(text, False)] for text in texts]
    assert 200 < sum(first for first, _ in told) < SAMPLES - 200
    mixed = reading.evaluate("(texts) => texts.map((text) => Handseal.mixedWord(text) ?? null)", texts)
    assert mixed == [next(iter(mixed_script_words(text)), None) for text in texts]
    assert len(set(mixed)) > 200


def test_joiners_look_no_further_than_python(reading: Page) -> None:
    mark, letter, joiner = "\u0650", "ب", "\u200c"
    lengths = (0, 29, 30, 31, 32, 33)
    reach = [letter + mark * before + joiner + mark * after + letter for before in lengths for after in lengths]
    assert reading.evaluate("(texts) => texts.map((text) => reads(text, false))", reach) == [
        reads(text, False) for text in reach
    ]
    assert {reads(text, False) for text in reach} == {True, False}
