"""What differs between two versions of a syllabus, in words: the same answer for a clinic and for an employer.

Pure: two syllabuses in, sentences out. Whether either of them may be believed is the caller's question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct, UnsetType
from msgspec.structs import replace

from keys.names import parse_organisation_id
from keys.syllabus import (
    Attempts,
    CallToAction,
    Criterion,
    Outcome,
    Percent,
    Price,
    Rubric,
    Story,
    Syllabus,
    Texts,
)
from verifier.language import DEFAULT_LANGUAGE, Words, words_in
from verifier.words import attempts_words, evidence_words, price_words, remote_words, renewal_words

T = TypeVar("T", Outcome, Criterion)
_PILLARS = ("theory", "demonstration", "practice")
NameOf = Callable[[str], str]


class Change(Struct, frozen=True):
    """One difference; `offer` is what wins learners (price, story, links) and says nothing about a certificate."""

    place: str  # `criterion quiz: pass mark`
    kind: str  # added, removed or changed
    text: str
    offer: bool = False


def compare(
    before: Syllabus, after: Syllabus, name: NameOf | None = None, words: Words | None = None
) -> tuple[Change, ...]:
    """What is different in `after`, in the order of a syllabus; `name` says what an organisation is called."""
    called = name or (lambda identity: parse_organisation_id(identity, "partner body").slug)
    found = tuple(_Comparison(before, after, called, words or words_in(DEFAULT_LANGUAGE)).changes())
    same = replace(after, id=before.id, version=before.version, previous=before.previous, published=before.published)
    if found or same == before:
        return found
    only_form = (words or words_in(DEFAULT_LANGUAGE)).say("change.form")
    return (Change("form", "changed", only_form, offer=True),)


def concerning_certificates(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Those that an employer may want to know of."""
    return tuple(change for change in changes if not change.offer)


class _Comparison:
    """Two versions and the words for what differs between them."""

    def __init__(self, before: Syllabus, after: Syllabus, name: NameOf, words: Words) -> None:
        self.before, self.after = before, after
        self.name, self.words = name, words

    def changes(self) -> Iterator[Change]:
        yield from self._head()
        yield from self._hours()
        yield from self._outcomes()
        yield from self._criteria()
        yield from self._conditions()
        yield from self._partners()
        for change in self._offer():
            yield replace(change, offer=True)

    def _head(self) -> Iterator[Change]:
        before, after = self.before, self.after
        languages = (before.language, after.language)
        yield from self._value("language", self._say("language"), *map(self.words.language_name, languages))
        yield from self._text("title", self._say("title"), before.title, after.title)
        yield from self._text("summary", self._say("summary"), before.summary, after.summary)
        yield from self._value("weeks", self._say("weeks"), before.weeks, after.weeks)
        yield from self._both("mode", "mode", lambda s: self._course(s.mode) if isinstance(s.mode, str) else "")
        yield from self._both("taught in", "taught-in", lambda s: self._languages(s.taught_in))
        if before.issuer != after.issuer:
            yield from self._both("issuer", "issuer", lambda s: self.name(s.issuer))

    def _hours(self) -> Iterator[Change]:
        for pillar in (*_PILLARS, "total"):
            old, new = (getattr(s.minutes, pillar) for s in (self.before, self.after))
            place = "hours" if pillar == "total" else f"hours {pillar}"
            label = self._say("total") if pillar == "total" else self._course(pillar)
            if old != new:
                yield from self._value(place, label, self.words.hours(old), self.words.hours(new))

    def _outcomes(self) -> Iterator[Change]:
        for old, new in _paired(self.before.outcomes, self.after.outcomes):
            if old is None or new is None:
                syllabus, outcome = (self.after, new) if new else (self.before, old)
                yield from self._come_or_gone("outcome", outcome, self._outcome_sentence(syllabus, outcome), bool(new))
                continue
            place = f"outcome {old.id}"
            label = self._say("outcome-named", text=self._quoted(self.after.text(new.text)))
            yield from self._text(place, self._say("outcome"), old.text, new.text)
            yield from self._text(f"{place}: at work", self._of(label, "at-work"), old.at_work, new.at_work)
            days = self._of(label, "within-days")
            yield from self._value(f"{place}: within days", days, old.within_days, new.within_days)
            touch = (self._say("yes" if outcome.touch else "no") for outcome in (old, new))
            yield from self._value(f"{place}: touch", self._of(label, "touch"), *touch)

    def _outcome_sentence(self, syllabus: Syllabus, outcome: Outcome | None) -> str:
        text = self._quoted(syllabus.text(outcome.text)) if outcome else ""
        return self._say("new-value", label=self._say("outcome"), after=text)

    def _criteria(self) -> Iterator[Change]:
        for old, new in _paired(self.before.criteria, self.after.criteria):
            if old is not None and new is not None:
                yield from self._criterion(old, new)
                continue
            syllabus, criterion = (self.after, new) if new else (self.before, old)
            if criterion:
                named, scale = syllabus.text(criterion.name), self._scale(syllabus, criterion)
                sentence = self._say("criterion-scale", criterion=named, scale=scale)
                yield from self._come_or_gone("criterion", criterion, sentence, bool(new))

    def _criterion(self, old: Criterion, new: Criterion) -> Iterator[Change]:
        place, label = f"criterion {old.id}", self.after.text(new.name)
        yield from self._text(f"{place}: name", self._say("criterion"), old.name, new.name)
        yield from self._marks(place, label, old, new)
        for part in ("kind", "pillar"):
            values = (self._course(getattr(criterion, part)) for criterion in (old, new))
            yield from self._value(f"{place}: {part}", self._of(label, part), *values)
        yield from self._value(f"{place}: minutes", self._of(label, "minutes"), old.minutes, new.minutes)
        if set(old.outcomes) != set(new.outcomes):
            shows = (_shown(syllabus, c) for syllabus, c in ((self.before, old), (self.after, new)))
            yield from self._value(f"{place}: outcomes", self._of(label, "shows"), *shows)
        for part, in_words in (("evidence", evidence_words), ("remote", remote_words)):
            values = (in_words(criterion, self.words) for criterion in (old, new))
            yield from self._value(f"{place}: {part}", self._of(label, part), *values)

    def _marks(self, place: str, label: str, old: Criterion, new: Criterion) -> Iterator[Change]:
        """What counts as passed, and the levels between which an assessor chooses."""
        scale = "pass-mark" if isinstance(new.scale, Percent) else "passing-level"
        needed = (self._scale(self.before, old), self._scale(self.after, new))
        yield from self._value(f"{place}: {scale.replace('-', ' ')}", self._of(label, scale), *needed)
        levels = (_levels(self.before, old), _levels(self.after, new))
        yield from self._value(f"{place}: levels", self._of(label, "levels"), *levels)
        if isinstance(old.scale, Rubric) and isinstance(new.scale, Rubric) and levels[0] == levels[1]:
            names = {level.id: level.name for level in old.scale.levels}
            for level in new.scale.levels:
                if level.name != names.get(level.id, level.name):
                    text = self._say("level-wording", label=label, level=level.id)
                    yield Change(f"{place}: levels", "changed", text)

    def _conditions(self) -> Iterator[Change]:
        asked = (s.assessor.qualification for s in (self.before, self.after))
        yield from self._text("assessor", self._say("assessor"), *asked)
        yield from self._both("assessor: shown", "shown", self._assessor_shown)
        yield from self._both("attempts", "attempts", self._attempts)
        yield from self._both("validity", "validity", self._months)
        yield from self._both("renewal", "renewal", lambda s: renewal_words(s, self.words))

    def _partners(self) -> Iterator[Change]:
        old, new = self.before.recognition, self.after.recognition
        for partner in sorted(set(old.cosigners) - set(new.cosigners)):
            yield Change("partners", "removed", self._say("partner-gone", name=self.name(partner)))
        for partner in sorted(set(new.cosigners) - set(old.cosigners)):
            yield Change("partners", "added", self._say("partner-new", name=self.name(partner)))
        yield from self._value("threshold", self._say("threshold"), old.threshold, new.threshold)

    def _offer(self) -> Iterator[Change]:
        yield from self._both(
            "price", "price", lambda s: price_words(s.price, self.words) if isinstance(s.price, Price) else ""
        )
        yield from self._both("call to action", "action", self._action)
        if self.before.story != self.after.story:
            kind = _kind(*(isinstance(s.story, Story) for s in (self.before, self.after)))
            case = {"added": "story-new", "changed": "story-changed", "removed": "story-gone"}[kind]
            yield Change("story", kind, self._say(case))

    def _come_or_gone(self, what: str, entry: Outcome | Criterion | None, text: str, new: bool) -> Iterator[Change]:
        if entry:
            kind, said = ("added", "new") if new else ("removed", "gone")
            yield Change(f"{what} {entry.id}", kind, self._say(said, what=text))

    def _text(self, place: str, label: str, old: Texts, new: Texts) -> Iterator[Change]:
        """The main language's text, then translations by their languages alone."""
        first, second = self.before.text(old), self.after.text(new)
        if first != second:
            yield from self._value(place, label, self._quoted(first), self._quoted(second))
        others = [
            language
            for language in sorted({*old, *new} - {self.before.language, self.after.language})
            if old.get(language) != new.get(language)
        ]
        if others:
            named = self.words.listed(map(self.words.language_name, others))
            yield Change(place, "changed", self._say("wording", label=label, languages=named))

    def _both(self, place: str, label: str, said: Callable[[Syllabus], str]) -> Iterator[Change]:
        yield from self._value(place, self._say(label), said(self.before), said(self.after))

    def _value(self, place: str, label: str, old: str | int, new: str | int) -> Iterator[Change]:
        """Empty text means that a version says nothing of it."""
        if old != new:
            kind = _kind(old != "", new != "")
            case = {"added": "new-value", "changed": "changed", "removed": "gone-value"}[kind]
            yield Change(place, kind, self._say(case, label=label, before=old, after=new))

    def _say(self, key: str, **values: str | int) -> str:
        return self.words.say(f"change.{key}", **values)

    def _of(self, what: str, label: str) -> str:
        return self._say("of", what=what, label=self._say(label))

    def _course(self, word: str) -> str:
        return self.words.say(f"course.{word}")

    def _quoted(self, text: str) -> str:
        return self.words.say("sentence.quoted", text=text)

    def _languages(self, codes: tuple[str, ...] | UnsetType) -> str:
        return self.words.listed(map(self.words.language_name, codes)) if isinstance(codes, tuple) else ""

    def _assessor_shown(self, syllabus: Syllabus) -> str:
        shown = syllabus.assessor.shown
        return self._course(f"{shown if isinstance(shown, str) else 'name'}-shown")

    def _attempts(self, syllabus: Syllabus) -> str:
        return attempts_words(syllabus.attempts if isinstance(syllabus.attempts, Attempts) else None, self.words)

    def _months(self, syllabus: Syllabus) -> str:
        months = syllabus.validity_months
        return self.words.counted("count.months", months) if isinstance(months, int) else self._say("unlimited")

    def _action(self, syllabus: Syllabus) -> str:
        action = syllabus.call_to_action
        if not isinstance(action, CallToAction):
            return ""
        return f"{self._quoted(syllabus.text(action.text))} ({action.url})"

    def _scale(self, syllabus: Syllabus, criterion: Criterion) -> str:
        scale = criterion.scale
        if isinstance(scale, Percent):
            return self.words.percent(scale.passing)
        return self._quoted(next(syllabus.text(level.name) for level in scale.levels if level.id == scale.passing))


def _paired(before: tuple[T, ...], after: tuple[T, ...]) -> Iterator[tuple[T | None, T | None]]:
    """By id, in the order of the new version, then what is gone."""
    old = {entry.id: entry for entry in before}
    for entry in after:
        yield old.pop(entry.id, None), entry
    for gone in old.values():
        yield gone, None


def _shown(syllabus: Syllabus, criterion: Criterion) -> str:
    return "; ".join(syllabus.text(outcome.text) for outcome in syllabus.outcomes if outcome.id in criterion.outcomes)


def _levels(syllabus: Syllabus, criterion: Criterion) -> str:
    scale = criterion.scale
    return ", ".join(syllabus.text(level.name) for level in scale.levels) if isinstance(scale, Rubric) else ""


def _kind(old: bool, new: bool) -> str:
    return "changed" if old and new else "added" if new else "removed"
