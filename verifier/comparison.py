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
    Renewal,
    Rubric,
    Story,
    Syllabus,
    Texts,
)
from verifier.words import KINDS, attempts_words, evidence_words, hours, price_words, remote_words, renewal_words

T = TypeVar("T", Outcome, Criterion)
_MODES = {"cohort": "in a group", "rolling": "each at their own time"}
_SHOWN = {"name": "name and qualification", "qualification": "qualification alone"}
_PILLARS = ("theory", "demonstration", "practice")
NameOf = Callable[[str], str]


class Change(Struct, frozen=True):
    """One difference; `offer` is what wins learners (price, story, links) and says nothing about a certificate."""

    place: str  # `criterion quiz: pass mark`
    kind: str  # added, removed or changed
    text: str
    offer: bool = False


def compare(before: Syllabus, after: Syllabus, name: NameOf | None = None) -> tuple[Change, ...]:
    """What is different in `after`, in the order of a syllabus; `name` says what an organisation is called."""
    called = name or (lambda identity: parse_organisation_id(identity, "partner body").slug)
    found = (
        *_head(before, after),
        *_issuer(before, after, called),
        *_hours(before, after),
        *_outcomes(before, after),
        *_criteria(before, after),
        *_conditions(before, after),
        *_partners(before, after, called),
        *_offer(before, after),
    )
    same = replace(after, id=before.id, version=before.version, previous=before.previous, published=before.published)
    if found or same == before:
        return found
    return (Change("form", "changed", "Only order or wording of what is said already", offer=True),)


def concerning_certificates(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Those that an employer may want to know of."""
    return tuple(change for change in changes if not change.offer)


def _head(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    yield from _value("language", "Main language", before.language, after.language)
    yield from _text("title", "Title", before, before.title, after, after.title)
    yield from _text("summary", "Summary", before, before.summary, after, after.summary)
    yield from _value("weeks", "Weeks", before.weeks, after.weeks)
    mode = [_MODES[s.mode] if isinstance(s.mode, str) else "" for s in (before, after)]
    yield from _value("mode", "Taught", *mode)
    languages = [", ".join(s.taught_in) if isinstance(s.taught_in, tuple) else "" for s in (before, after)]
    yield from _value("taught in", "Languages it is taught in", *languages)


def _issuer(before: Syllabus, after: Syllabus, name: NameOf) -> Iterator[Change]:
    if before.issuer != after.issuer:
        yield Change("issuer", "changed", f"Issued by: {name(before.issuer)} → {name(after.issuer)}")


def _hours(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    for pillar in _PILLARS:
        old, new = getattr(before.minutes, pillar), getattr(after.minutes, pillar)
        if old != new:
            yield Change(f"hours {pillar}", "changed", f"{pillar.capitalize()}: {hours(old)} → {hours(new)}")
    if before.minutes.total != after.minutes.total:
        total = f"In total: {hours(before.minutes.total)} → {hours(after.minutes.total)}"
        yield Change("hours", "changed", total)


def _outcomes(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    def sentence(syllabus: Syllabus, outcome: Outcome) -> str:
        return f"Outcome: {_quoted(syllabus.text(outcome.text))}"

    for old, new in _paired(before.outcomes, after.outcomes):
        if old is None or new is None:
            yield from _come_or_gone(
                "outcome",
                (old.id, sentence(before, old)) if old else None,
                (new.id, sentence(after, new)) if new else None,
            )
            continue
        place, label = f"outcome {old.id}", f"Outcome {_quoted(after.text(new.text))}"
        yield from _text(place, "Outcome", before, old.text, after, new.text)
        yield from _text(f"{place}: at work", f"{label}, at work", before, old.at_work, after, new.at_work)
        yield from _value(f"{place}: within days", f"{label}, days until use", old.within_days, new.within_days)
        touch = [_yes(outcome.touch) for outcome in (old, new)]
        yield from _value(f"{place}: touch", f"{label}, touches a client", *touch)


def _criteria(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    for old, new in _paired(before.criteria, after.criteria):
        if old is None or new is None:
            yield from _come_or_gone(
                "criterion",
                (old.id, f"{before.text(old.name)}, {_scale(before, old)}") if old else None,
                (new.id, f"{after.text(new.name)}, {_scale(after, new)}") if new else None,
            )
            continue
        yield from _criterion(before, old, after, new)


def _criterion(before: Syllabus, old: Criterion, after: Syllabus, new: Criterion) -> Iterator[Change]:
    place, label = f"criterion {old.id}", after.text(new.name)
    yield from _text(f"{place}: name", "Criterion", before, old.name, after, new.name)
    scale = "pass mark" if isinstance(new.scale, Percent) else "passing level"
    yield from _value(f"{place}: {scale}", f"{label}, {scale}", _scale(before, old), _scale(after, new))
    levels = [_levels(before, old), _levels(after, new)]
    yield from _value(f"{place}: levels", f"{label}, levels", *levels)
    if isinstance(old.scale, Rubric) and isinstance(new.scale, Rubric):
        names = {level.id: level.name for level in old.scale.levels}
        for level in new.scale.levels:
            if level.name != names.get(level.id, level.name) and levels[0] == levels[1]:
                yield Change(f"{place}: levels", "changed", f"{label}, level {level.id}: other wording")
    yield from _value(f"{place}: kind", f"{label}, kind", KINDS[old.kind].lower(), KINDS[new.kind].lower())
    yield from _value(f"{place}: pillar", f"{label}, pillar", old.pillar, new.pillar)
    yield from _value(f"{place}: minutes", f"{label}, minutes", old.minutes, new.minutes)
    shows = [
        "; ".join(s.text(o.text) for o in s.outcomes if o.id in c.outcomes) for s, c in ((before, old), (after, new))
    ]
    if set(old.outcomes) != set(new.outcomes):
        yield from _value(f"{place}: outcomes", f"{label}, shows", *shows)
    yield from _value(f"{place}: evidence", f"{label}, evidence", evidence_words(old), evidence_words(new))
    yield from _value(f"{place}: remote", f"{label}, from afar", remote_words(old), remote_words(new))


def _conditions(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    asked = [s.assessor.qualification for s in (before, after)]
    yield from _text("assessor", "Assessor's qualification", before, asked[0], after, asked[1])
    shown = [_SHOWN[s.assessor.shown if isinstance(s.assessor.shown, str) else "name"] for s in (before, after)]
    yield from _value("assessor: shown", "What certificates say of the assessor", *shown)
    attempts = [attempts_words(s.attempts if isinstance(s.attempts, Attempts) else None) for s in (before, after)]
    yield from _value("attempts", "Attempts", *attempts)
    validity = [_months(s.validity_months) for s in (before, after)]
    yield from _value("validity", "Certificates are valid", *validity)
    renewal = [renewal_words(s) if isinstance(s.renewal, Renewal) else "" for s in (before, after)]
    yield from _value("renewal", "Renewal", *renewal)


def _partners(before: Syllabus, after: Syllabus, name: NameOf) -> Iterator[Change]:
    old, new = before.recognition, after.recognition
    for partner in sorted(set(old.cosigners) - set(new.cosigners)):
        yield Change("partners", "removed", f"Partner body no longer asked: {name(partner)}")
    for partner in sorted(set(new.cosigners) - set(old.cosigners)):
        yield Change("partners", "added", f"New partner body: {name(partner)}")
    yield from _value("threshold", "Partner bodies that must co-sign", old.threshold, new.threshold)


def _offer(before: Syllabus, after: Syllabus) -> Iterator[Change]:
    prices = [price_words(s.price) if isinstance(s.price, Price) else "" for s in (before, after)]
    for change in _value("price", "Price", *prices):
        yield Change(change.place, change.kind, change.text, offer=True)
    actions = [_action(s, s.call_to_action) for s in (before, after)]
    for change in _value("call to action", "Call to action", *actions):
        yield Change(change.place, change.kind, change.text, offer=True)
    if before.story != after.story:
        kind = _kind(isinstance(before.story, Story), isinstance(after.story, Story))
        yield Change("story", kind, f"The story is {'new' if kind == 'added' else kind}", offer=True)


def _paired(before: tuple[T, ...], after: tuple[T, ...]) -> Iterator[tuple[T | None, T | None]]:
    """By id, in the order of the new version, then what is gone."""
    old = {entry.id: entry for entry in before}
    for entry in after:
        yield old.pop(entry.id, None), entry
    for gone in old.values():
        yield gone, None


def _come_or_gone(what: str, old: tuple[str, str] | None, new: tuple[str, str] | None) -> Iterator[Change]:
    if new:
        yield Change(f"{what} {new[0]}", "added", f"New: {new[1]}")
    elif old:
        yield Change(f"{what} {old[0]}", "removed", f"No longer: {old[1]}")


def _text(place: str, label: str, before: Syllabus, old: Texts, after: Syllabus, new: Texts) -> Iterator[Change]:
    """The main language's text, then translations by their languages alone."""
    first, second = before.text(old), after.text(new)
    if first != second:
        yield Change(place, "changed", f"{label}: {_quoted(first)} → {_quoted(second)}")
    others = [
        language
        for language in sorted({*old, *new} - {before.language, after.language})
        if old.get(language) != new.get(language)
    ]
    if others:
        yield Change(place, "changed", f"{label}: other wording in {', '.join(others)}")


def _value(place: str, label: str, old: str | int, new: str | int) -> Iterator[Change]:
    """Empty text means that a version says nothing of it."""
    if old == new:
        return
    kind = _kind(old != "", new != "")
    if kind == "changed":
        yield Change(place, kind, f"{label}: {old} → {new}")
    else:
        yield Change(place, kind, f"{label}: {new}" if kind == "added" else f"{label}: no longer {old}")


def _kind(old: bool, new: bool) -> str:
    return "changed" if old and new else "added" if new else "removed"


def _scale(syllabus: Syllabus, criterion: Criterion) -> str:
    scale = criterion.scale
    if isinstance(scale, Percent):
        return f"{scale.passing} %"
    return _quoted(next(syllabus.text(level.name) for level in scale.levels if level.id == scale.passing))


def _levels(syllabus: Syllabus, criterion: Criterion) -> str:
    scale = criterion.scale
    return ", ".join(syllabus.text(level.name) for level in scale.levels) if isinstance(scale, Rubric) else ""


def _action(syllabus: Syllabus, action: CallToAction | UnsetType) -> str:
    return f"{_quoted(syllabus.text(action.text))} ({action.url})" if isinstance(action, CallToAction) else ""


def _months(months: int | UnsetType) -> str:
    return f"{months} months" if isinstance(months, int) else "without limit"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _quoted(text: str) -> str:
    return f"“{text}”"
