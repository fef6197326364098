"""What is said in each language: sentences with places, plurals, dates, numbers and lists as its readers write them.

The texts are `templates/messages/<language>.toml`; which language a reader gets is the caller's choice.
"""

from __future__ import annotations

import pkgutil
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from markupsafe import Markup, escape

from keys.errors import HandsealError

DEFAULT_LANGUAGE = "en"
LANGUAGES = ("en", "ar", "de", "es", "fr", "hi", "ja", "ko", "th", "vi", "zh-Hans")
"""The default first, then by code; each names itself in its messages (`language.name`)."""
_REMEMBERED = 4096  # days and numbers in words, which cost far more to write than to keep
_LOCALES = {"en": "en_GB"}  # the day before the month, as on the paper
_RTL = frozenset({"R", "AL"})
_STOPS = ".。।"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # a name or number of the other direction moves nothing around it


class Words:
    """One language; made by `words_in` alone."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts  # by dotted key: `verdict.valid.title`
        self._locale = Locale.parse(_LOCALES.get(language, language), sep="_" if language in _LOCALES else "-")
        self._marked: dict[str, str] = {}  # escaped sentences, as a page has dozens of them
        self._days = lru_cache(maxsize=_REMEMBERED)(self._long_day)
        self._numbers = lru_cache(maxsize=_REMEMBERED)(partial(format_decimal, locale=self._locale))
        self.direction: str = self._locale.text_direction
        self._plural = self._locale.plural_form

    def say(self, key: str, **values: str | int | date) -> str:
        """The sentence with `values` in its places; KeyError for a key that no language has."""
        text = self.texts[key]
        return text.format(**{name: self._placed(value) for name, value in values.items()}) if values else text

    def markup(self, key: str, **values: str | int | date | Markup) -> Markup:
        """The same for a page, where a value may be markup, such as a link; everything else is escaped."""
        text = self._marked.get(key) or self._marked.setdefault(key, str(escape(self.texts[key])))
        placed = {name: v if isinstance(v, Markup) else escape(self._placed(v)) for name, v in values.items()}
        return Markup(text.format(**placed))  # noqa: S704  # escaped here

    def counted(self, key: str, number: int, **values: str) -> str:
        """`6 weeks`: the form that the language has for this number."""
        form = f"{key}.{self._plural(number)}"
        return self.say(form if form in self.texts else f"{key}.other", number=number, **values)

    def with_detail(self, sentence: str, detail: str) -> str:
        """`sentence: detail.`; details are technical and English in every language."""
        if not detail:
            return sentence
        stop = sentence[-1:] if sentence.endswith(tuple(_STOPS)) else ""
        return f"{sentence.rstrip(_STOPS)}{self.texts['sentence.joint']}{self._placed(detail.rstrip('.'))}{stop}"

    def day(self, moment: date) -> str:
        """`20 November 2026`: the date as written, never moved to another zone (formats.md, calendar dates)."""
        return self._days(moment.year, moment.month, moment.day)

    def minute(self, moment: datetime) -> str:
        """`22 November 2026, 09:00 UTC` of an aware moment in UTC."""
        return self.say("sentence.minute", day=self.day(moment), time=f"{moment:%H:%M}")

    def number(self, number: int) -> str:
        return self._numbers(number)

    def percent(self, number: str | int) -> str:
        return format_percent(Decimal(number) / 100, locale=self._locale, decimal_quantization=False)

    def price(self, amount: str, currency: str) -> str:
        """The currency by its code, which nobody takes for another; decimals as they are given."""
        _, dot, part = amount.partition(".")
        pattern = f"#,##0{dot}{'0' * len(part)} ¤¤"
        return format_currency(Decimal(amount), currency, pattern, locale=self._locale, currency_digits=False)

    def listed(self, words: Iterable[str]) -> str:
        """`Thai, Lao and English`."""
        return format_list(list(words), locale=self._locale)

    def language_name(self, code: str) -> str:
        """How readers call a language; the code itself where they have no word for it."""
        name: str = self._locale.languages.get(code.replace("-", "_"), code)
        return name

    def hours(self, minutes: int) -> str:
        """`36 hours`, `1 hour 30 minutes`."""
        full, rest = divmod(minutes, 60)
        parts = [self.counted("count.hours", full)] if full or not rest else []
        return " ".join([*parts, self.counted("count.minutes", rest)] if rest else parts)

    def _long_day(self, year: int, month: int, day: int) -> str:
        written: str = format_date(date(year, month, day), "long", locale=self._locale)
        return written

    def _placed(self, value: str | int | date) -> str:
        if isinstance(value, date):
            value = self.day(value)
        elif isinstance(value, int):
            value = self.number(value)
        return f"{_ISOLATE}{value}{_END_ISOLATE}" if self.direction == "rtl" else value


def chosen_language(wishes: Iterable[str]) -> str:
    """The first of these language tags, the most wanted first, in which there are messages; else the default one.

    A tag asks for its language wherever it is spoken: `zh-TW` gets Chinese rather than English.
    """
    for wish in wishes:
        primary = wish.lower().replace("_", "-").partition("-")[0]
        for language in LANGUAGES:
            if language.partition("-")[0] == primary:
                return language
    return DEFAULT_LANGUAGE


@lru_cache(maxsize=len(LANGUAGES))
def words_in(language: str) -> Words:
    """HandsealError for a language without messages."""
    data = pkgutil.get_data("templates", f"messages/{language}.toml") if language in LANGUAGES else None
    if data is None:
        raise HandsealError(f"messages: there are none in {language!r}")
    return Words(language, dict(_flat(msgspec.toml.decode(data))))


def is_rtl(text: str) -> bool:
    """Whether the first strong character is written from right to left (Unicode TR 9, P2)."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in (*_RTL, "L")), "L") in _RTL


def day(moment: date) -> str:
    """A date as a terminal and the clinic's own reports write it."""
    return words_in(DEFAULT_LANGUAGE).day(moment)


def _flat(table: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
