"""Which language a reader gets: the one chosen on the page, else what the browser asks for; nothing is remembered.

A choice stands in the address alone (`?lang=th`), and the pages' own links carry it on.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Request
from msgspec import Struct

from verifier.language import LANGUAGES, Words, chosen_language, words_in


class Choice(Struct, frozen=True):
    """A language in which a page can be read."""

    name: str  # in itself
    language: str
    chosen: bool


class Reader(Struct, frozen=True):
    """Whoever asks: their words, and the language that they chose on a page, if any."""

    words: Words
    chosen: str

    def link(self, path: str) -> str:
        """A link to another page of this verifier, in the language chosen."""
        return f"{path}?lang={self.chosen}" if self.chosen else path

    @property
    def choices(self) -> tuple[Choice, ...]:
        return _choices(self.words.language)


@lru_cache(maxsize=len(LANGUAGES))
def _choices(chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(words_in(one).say("language.name"), one, one == chosen) for one in LANGUAGES)


def reader_of(request: Request) -> Reader:
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return Reader(words_in(asked), asked)
    return Reader(words_in(chosen_language(wish for wish, _ in request.accept_languages)), "")
