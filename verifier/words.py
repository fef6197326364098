"""How a syllabus is put into words on every page and in every comparison: one wording for each fact."""

from __future__ import annotations

from keys.syllabus import Attempts, Criterion, Price, Renewal, Syllabus

KINDS = {"quiz": "Quiz", "video": "Video judged against a rubric", "live": "Live, judged against a rubric"}
# What a reader who does not read codes calls them; any other language is shown by its code.
LANGUAGES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "km": "Khmer", "ko": "Korean", "lo": "Lao", "ms": "Malay", "my": "Burmese", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "ta": "Tamil", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese", "zh-Hans": "Chinese (simplified)",
    "zh-Hant": "Chinese (traditional)",
}  # fmt: skip


def hours(minutes: int) -> str:
    """`36 hours`, `1 hour 30 minutes`."""
    full, rest = divmod(minutes, 60)
    whole = f"{full} hour{'' if full == 1 else 's'}" if full or not rest else ""
    return " ".join(filter(None, (whole, f"{rest} minutes" if rest else "")))


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def price_words(price: Price) -> str:
    """`4,500 THB`."""
    whole, dot, part = price.amount.partition(".")
    return f"{int(whole):,}{dot}{part} {price.currency}"


def attempts_words(attempts: Attempts | None) -> str:
    """`the best of at most 3 attempts counts`."""
    if attempts is None:
        return "the best of any number of attempts counts"
    if attempts.most == 1:
        return "there is one attempt"
    number = f"at most {attempts.most}" if isinstance(attempts.most, int) else "any number of"
    return f"the {attempts.counts} of {number} attempts counts"


def renewal_words(syllabus: Syllabus) -> str:
    """What is assessed again and from when on; empty where nothing is said of it."""
    renewal = syllabus.renewal
    if not isinstance(renewal, Renewal):
        return ""
    named = {criterion.id: syllabus.text(criterion.name) for criterion in syllabus.criteria}
    again = ", ".join(named[identity] for identity in renewal.criteria)
    months = f"{renewal.within_months} month{'' if renewal.within_months == 1 else 's'}"
    return f"{again}, passed again at most {months} before the certificate expires"


def evidence_words(criterion: Criterion) -> str:
    return "a link or file is recorded" if criterion.evidence is True else ""


def remote_words(criterion: Criterion) -> str:
    return "may be moderated from afar" if criterion.remote is True else ""


def duration_words(seconds: int) -> str:
    """`1 min 30 s`."""
    minutes, rest = divmod(seconds, 60)
    return " ".join(filter(None, (f"{minutes} min" if minutes else "", f"{rest} s" if rest else "")))
