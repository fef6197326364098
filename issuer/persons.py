"""Two spellings of one name are one person, and a word that a form left behind is nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Letters with a stroke or a hook, or two in one, which no normal form takes apart.
_LETTERS = str.maketrans({
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "ß": "ss", "ə": "e", "ŋ": "n", "ƙ": "k", "ɓ": "b", "ɗ": "d", "ʻ": "", "ʼ": "",
})  # fmt: skip
_ACCENTS = re.compile("[\u0300-\u036f]")  # of Latin, Greek and Cyrillic: a vowel sign of Thai is no accent
_JOINING = re.compile(r"[-\u2010-\u2015\u2212'\u2018\u2019`´.·・]")
_TITLES = frozenset("mr mrs ms miss mx dr prof professor sir".split())
_NOBODY = frozenset(
    "undefined null none nan na nil void unknown anonymous anon tbd tba tbc todo xxx xx asdf qwerty abc "
    "test tests testing tester testuser user demo example sample dummy foo bar placeholder "
    "name fullname firstname lastname surname first last full given family learner student person "
    "ทดสอบ ตัวอย่าง ชื่อ นามสกุล 测试 測試 テスト 테스트 тест".split()
)
_PART = re.compile(r"[^\s\d.,;:/()\[\]{}<>_?!*#\"'-]+")


def without_accents(text: str) -> str:
    """`text` in lower case without the accents of Latin, Greek and Cyrillic letters; other scripts stay as they are."""
    if text.isascii():
        return text.casefold()
    taken_apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", taken_apart))


@lru_cache(maxsize=1024)  # assessors come again and again, learners do not
def spellings(name: str) -> frozenset[str]:
    """What stays the same of a name whatever its case, accents, width, titles, hyphens, spaces and order of words."""
    folded = without_accents(unicodedata.normalize("NFKC", name))
    together = _words(_JOINING.sub("", folded))
    apart = _words(_JOINING.sub(" ", folded)) if _JOINING.search(folded) else together
    keys = {"".join(sorted(together)), "".join(sorted(apart)), "".join(together)}
    return frozenset(keys - {""})


def same_person(first: Iterable[str | None], second: Iterable[str | None]) -> bool:
    """Whether any name of the one (in the original script, in Latin letters) is a spelling of one of the other's."""
    theirs = [spellings(name) for name in second if name]
    return any(not spellings(name).isdisjoint(known) for name in first if name for known in theirs)


def name_doubts(name: str, latin_name: str) -> list[tuple[str, str]]:
    """What is odd about the names of one person, as column and reason; none where nothing is."""
    doubts = []
    for column, text in (("name", name), ("latin_name", latin_name)):
        if text and is_nobody(text):
            doubts.append((column, "is what a form or a test leaves behind, not a person's name"))
    if name and latin_name:
        if _is_latin(name) and not _is_latin(latin_name):
            doubts.append(("latin_name", "looks exchanged with the name: this one is not in Latin letters"))
        elif not _is_latin(latin_name):
            doubts.append(("latin_name", "is not in Latin letters"))
        elif _is_reordered(name, latin_name):
            doubts.append(("latin_name", "has the words of the name in another order: first and last exchanged?"))
    return doubts


def is_nobody(name: str) -> bool:
    """Whether no word of a name is anybody's: `undefined`, `N/A`, `Test User 3`, `-`."""
    words = _PART.findall(unicodedata.normalize("NFKC", name).casefold().replace("n/a", "na"))
    return all(word in _NOBODY for word in words)


def _words(text: str) -> list[str]:
    words = text.replace(",", " ").split()
    return [word for word in words if word not in _TITLES] or words


def _is_latin(text: str) -> bool:
    letters = [character for character in text if unicodedata.category(character).startswith("L")]
    return all(unicodedata.name(letter, "").startswith(("LATIN", "MODIFIER", "FULLWIDTH LATIN")) for letter in letters)


def _is_reordered(name: str, latin_name: str) -> bool:
    ours, theirs = (without_accents(unicodedata.normalize("NFKC", text)).split() for text in (name, latin_name))
    return ours != theirs and sorted(ours) == sorted(theirs)
