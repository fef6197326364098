"""Each language says everything that English says, in its own words, with the same places and all its plurals."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel import Locale

import verifier
from verifier.language import LANGUAGES, Words, chosen_language, words_in
from verifier.report import CODES, Check, Outcome, PartnerOutcome, Verdict

ENGLISH = words_in("en")
OTHERS = [language for language in LANGUAGES if language != "en"]
PLACE = re.compile(r"\{(\w+)\}")
SCRIPTS = {
    "ar": ("ARABIC",),
    "hi": ("DEVANAGARI",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "th": ("THAI",),
    "zh-Hans": ("CJK",),
}
SAME_WORD = {
    "es": {"change.no", "course.film-length", "course.film-seconds"},
    "fr": {"certificate.questions", "change.minutes", "course.film-length", "course.film-seconds"},
}
"""Keys whose words are the same in English; of the scripts above none is."""


def letters(text: str) -> str:
    return "".join(character for character in PLACE.sub("", text) if character.isalpha())


def plain_keys(words: Words) -> set[str]:
    return {key for key in words.texts if not key.startswith("count.")}


@pytest.mark.parametrize("language", OTHERS)
def test_the_same_is_said(language: str) -> None:
    assert plain_keys(words_in(language)) == plain_keys(ENGLISH)


@pytest.mark.parametrize("language", OTHERS)
def test_the_places_are_the_same(language: str) -> None:
    texts = words_in(language).texts
    differing = [key for key in plain_keys(ENGLISH) if set(PLACE.findall(texts[key])) != places(key)]
    assert differing == []


def places(key: str) -> set[str]:
    return set(PLACE.findall(ENGLISH.texts[key]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_a_form(language: str) -> None:
    texts = words_in(language).texts
    tags = Locale.parse(language, sep="-").plural_form.tags | {"other"}
    for unit in ("weeks", "hours", "minutes", "days", "months"):
        forms = {key.rpartition(".")[2] for key in texts if key.startswith(f"count.{unit}.")}
        assert forms == tags, unit
        assert "{number}" in texts[f"count.{unit}.other"]


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    texts = words_in(language).texts
    same = {key for key in plain_keys(ENGLISH) if texts[key] == ENGLISH.texts[key] and letters(texts[key])}
    assert same <= SAME_WORD.get(language, set()) | {"sentence.minute"}


@pytest.mark.parametrize(("language", "scripts"), SCRIPTS.items())
def test_every_sentence_is_in_its_script(language: str, scripts: tuple[str, ...]) -> None:
    for key, text in words_in(language).texts.items():
        own = any(unicodedata.name(character, "").startswith(scripts) for character in text)
        assert own or not letters(text) or key == "sentence.minute", key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said(language: str) -> None:
    words = words_in(language)
    for key in words.texts:
        said = words.say(key, **dict.fromkeys(PLACE.findall(words.texts[key]), "§"))
        assert said.strip(), key
        assert "{" not in said, key
        assert said.count("§") == len(PLACE.findall(words.texts[key])), key


COMPUTED = {"cosignature.quorum", "state.rollback", "status.suspension", "status.superseded"}
"""Checks whose code or case is put together."""


def cases_in_the_source() -> Iterator[tuple[str, str]]:
    """Code and case of each finding that the verifier's source names literally."""
    usual = {"passed": "pass", "failed": "fail", "unknown": "unknown"}
    for path in sorted(Path(verifier.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if not texts or texts[0] not in CODES:
                continue
            if name == "_step":
                yield from ((texts[0], "pass"), (texts[0], "fail"))
            elif name in usual:
                yield texts[0], (texts[1:] or [usual[name]])[0]


def test_the_source_is_read() -> None:
    found = set(cases_in_the_source())
    assert {("token.form", "fail"), ("key.validity", "retired"), ("trust.fresh", "expired")} <= found
    assert {code for code, _ in found} >= set(CODES) - COMPUTED


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_of_every_check_has_a_sentence(language: str) -> None:
    texts = words_in(language).texts
    assert [f"{code}.{case}" for code, case in cases_in_the_source() if f"check.{code}.{case}" not in texts] == []
    endings = [f"{code}.{ending}" for code in COMPUTED for ending in ("pass", "fail", "unknown")]
    endings += [f"cosignature.quorum.{case}" for case in ("pass-stranger", "fail-stranger", "withdrawn")]
    endings += [f"state.rollback.{case}" for case in ("since", "pass-noted", "since-noted")]
    assert [case for case in endings if f"check.{case}" not in texts] == ["state.rollback.fail"]
    for code in CODES:
        assert Check(code, Outcome.NOT_RUN, "not-run").sentence(words_in(language))
    for verdict in Verdict:
        assert all(f"verdict.{verdict.word}.{part}" in texts for part in ("title", "meaning", "action"))
    assert all(f"partner.{outcome.value}" in texts for outcome in PartnerOutcome)


DAYS = {
    "en": "20 November 2026",
    "ar": "20 نوفمبر 2026",
    "de": "20. November 2026",
    "es": "20 de noviembre de 2026",
    "fr": "20 novembre 2026",
    "hi": "20 नवंबर 2026",
    "ja": "2026年11月20日",
    "ko": "2026년 11월 20일",
    "th": "20 พฤศจิกายน ค.ศ. 2026",
    "vi": "20 tháng 11, 2026",
    "zh-Hans": "2026年11月20日",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_is_the_calendar_date_in_the_readers_form(language: str) -> None:
    """As written, whatever the clock's zone: a certificate's date is a day, not a moment."""
    words = words_in(language)
    for moment in (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)):
        assert words.day(moment).replace("\u200f", "") == DAYS[language]
    assert words.day(date(2026, 11, 20)) == words.day(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "أسبوع واحد"), (2, "أسبوعان"), (6, "6 أسابيع"), (11, "11 أسبوعًا"), (100, "100 أسبوع"), (0, "0 أسبوع")],
)
def test_arabic_counts_in_six_forms(number: int, said: str) -> None:
    counted = words_in("ar").counted("count.weeks", number)
    assert counted.replace("\u2068", "").replace("\u2069", "") == said


def test_what_is_put_into_a_right_to_left_sentence_is_isolated() -> None:
    said = words_in("ar").say("sentence.contact", name="River Clinic", how="+66 53 000 000")
    assert said == "\u2068River Clinic\u2069: \u2068+66 53 000 000\u2069"
    assert ENGLISH.say("sentence.contact", name="River Clinic", how="+66") == "River Clinic: +66"


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (["th"], "th"),
        (["lo", "fr-CA", "th"], "fr"),
        (["zh-TW"], "zh-Hans"),
        (["ZH_hant_HK"], "zh-Hans"),
        (["xx", "*"], "en"),
        ([], "en"),
        (["en-US", "de"], "en"),
    ],
)
def test_the_first_wish_that_can_be_met_is(wishes: list[str], language: str) -> None:
    assert chosen_language(wishes) == language
