"""How a syllabus is put into words on every page and in every comparison: one wording for each fact."""

from __future__ import annotations

from keys.syllabus import Attempts, Criterion, Price, Renewal, Syllabus
from verifier.language import Words


def price_words(price: Price, words: Words) -> str:
    """`4,500 THB`."""
    return words.price(price.amount, price.currency)


def attempts_words(attempts: Attempts | None, words: Words) -> str:
    """`the best of at most 3 attempts counts`."""
    if attempts is None:
        return words.say("course.attempts-any")
    if not isinstance(attempts.most, int):
        return words.say("course.attempts-any" if attempts.counts == "best" else "course.attempts-last-any")
    if attempts.most == 1:
        return words.say("course.attempts-one")
    return words.say(f"course.attempts-{attempts.counts}", number=attempts.most)


def renewal_words(syllabus: Syllabus, words: Words) -> str:
    """What is assessed again and from when on; empty where nothing is said of it."""
    renewal = syllabus.renewal
    if not isinstance(renewal, Renewal):
        return ""
    named = {criterion.id: syllabus.text(criterion.name) for criterion in syllabus.criteria}
    again = words.listed(named[identity] for identity in renewal.criteria)
    return words.say("course.renewal", criteria=again, months=words.counted("count.months", renewal.within_months))


def evidence_words(criterion: Criterion, words: Words) -> str:
    return words.say("course.evidence") if criterion.evidence is True else ""


def remote_words(criterion: Criterion, words: Words) -> str:
    return words.say("course.remote") if criterion.remote is True else ""


def duration_words(seconds: int, words: Words) -> str:
    """`1 min 30 s`."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return words.say("course.film-seconds", seconds=rest)
    return words.say("course.film-length", minutes=minutes, seconds=rest)
