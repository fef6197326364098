"""What the page shows of a published syllabus: whom it helped, what is learned, and what counts as passed.

Texts stand in the language that the reader chose, where the syllabus has it; fixed words are English.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct, UnsetType

from keys.encoding import sha256, sri
from keys.syllabus import (
    Attempts,
    CallToAction,
    Captions,
    Criterion,
    Documentary,
    Outcome,
    Percent,
    Price,
    Story,
    Syllabus,
    Texts,
)
from keys.trust import Trust
from verifier.comparison import Change
from verifier.dates import day
from verifier.pages import Row
from verifier.words import (
    KINDS,
    attempts_words,
    duration_words,
    evidence_words,
    hours,
    language_name,
    price_words,
    remote_words,
    renewal_words,
)

_PILLARS = {"theory": "Theory", "demonstration": "Demonstration", "practice": "Practice"}
_MODES = {"cohort": "in a group", "rolling": "begin at any time"}


class Said(Struct, frozen=True):
    """A text and the language it is in."""

    text: str
    language: str


class Link(Struct, frozen=True):
    text: Said
    url: str


class Choice(Struct, frozen=True):
    """A language in which the page can be read."""

    name: str
    language: str
    chosen: bool


class OutcomeRow(Struct, frozen=True):
    text: Said
    within: str
    at_work: Said


class CriterionRow(Struct, frozen=True):
    name: Said
    needed: str
    how: str
    shows: tuple[Said, ...]
    notes: tuple[str, ...]


class FilmShown(Struct, frozen=True):
    """A link: nothing of the film is fetched or embedded."""

    url: str
    length: str
    digest: str
    captions: tuple[Row, ...]  # what, digest as the note, link


class StoryShown(Struct, frozen=True):
    situation: Said
    outcome: Said
    action: Link | None
    film: FilmShown | None


class SyllabusPage(Struct, frozen=True):
    title: Said
    choices: tuple[Choice, ...]  # none where there is one language
    other_titles: tuple[Said, ...]
    summary: Said
    clinic: str
    version: int
    published: str
    facts: tuple[str, ...]
    action: Link | None
    story: StoryShown | None
    hours: tuple[Row, ...]
    outcomes: tuple[OutcomeRow, ...]
    criteria: tuple[CriterionRow, ...]
    qualification: Said
    rules: tuple[Row, ...]  # attempts, renewal, validity
    threshold: int
    partners: tuple[str, ...]
    newest: int  # the number of a newer version; 0 where this is the newest
    newest_path: str
    changes: tuple[Change, ...]  # since the version before
    digest: str
    path: str


class Neighbours(Struct, frozen=True):
    """Other versions that the site has: the newest where it is not this one, and what this one changed."""

    newest: Syllabus | None = None
    changes: tuple[Change, ...] = ()


def syllabus_page(
    data: bytes, syllabus: Syllabus, trust: Trust | None, now: datetime, *, language: str, beside: Neighbours
) -> SyllabusPage:
    """The page on a published syllabus and its exact bytes; organisations by their names in the trust list."""

    def say(texts: Texts) -> Said:
        chosen = language if language in texts else syllabus.language
        return Said(texts[chosen], chosen)

    shown = say(syllabus.title)

    def name(organisation: str) -> str:
        return trust.name(organisation, now, shown.language) if trust else organisation

    pillars = ((pillar, getattr(syllabus.minutes, pillar)) for pillar in _PILLARS)
    return SyllabusPage(
        title=shown,
        choices=_choices(syllabus, shown.language),
        other_titles=tuple(Said(t, lang) for lang, t in sorted(syllabus.title.items()) if lang != shown.language),
        summary=say(syllabus.summary),
        clinic=name(syllabus.issuer),
        version=syllabus.version,
        published=day(syllabus.published),
        facts=_facts(syllabus),
        action=_link(syllabus.call_to_action, say),
        story=_story(syllabus, say),
        hours=tuple(Row(_PILLARS[pillar], hours(amount)) for pillar, amount in pillars),
        outcomes=tuple(_outcome_row(outcome, say) for outcome in syllabus.outcomes),
        criteria=tuple(_criterion_row(syllabus, criterion, say) for criterion in syllabus.criteria),
        qualification=say(syllabus.assessor.qualification),
        rules=_rules(syllabus),
        threshold=syllabus.recognition.threshold,
        partners=tuple(map(name, syllabus.recognition.cosigners)),
        newest=beside.newest.version if beside.newest else 0,
        newest_path=urlsplit(beside.newest.id).path if beside.newest else "",
        changes=beside.changes,
        digest=sri(sha256(data)),
        path=urlsplit(syllabus.id).path,
    )


def _choices(syllabus: Syllabus, chosen: str) -> tuple[Choice, ...]:
    """The languages of the title, the main one first; none where there is only one."""
    languages = sorted(syllabus.title, key=lambda language: (language != syllabus.language, language))
    return tuple(Choice(language_name(one), one, one == chosen) for one in languages) if len(languages) > 1 else ()


def _facts(syllabus: Syllabus) -> tuple[str, ...]:
    facts = [f"{syllabus.weeks} weeks", hours(syllabus.minutes.total)]
    if isinstance(syllabus.mode, str):
        facts.append(_MODES[syllabus.mode])
    if isinstance(syllabus.taught_in, tuple):
        facts.append(f"in {_listed([language_name(language) for language in syllabus.taught_in])}")
    if isinstance(syllabus.price, Price):
        facts.append(price_words(syllabus.price))
    return tuple(facts)


def _listed(words: list[str]) -> str:
    """`Thai and English`, `Thai, Lao and English`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _rules(syllabus: Syllabus) -> tuple[Row, ...]:
    attempts = syllabus.attempts if isinstance(syllabus.attempts, Attempts) else None
    months = syllabus.validity_months
    valid = f"{months} months from the day it is awarded" if isinstance(months, int) else "without limit"
    rows = [Row("Attempts", attempts_words(attempts)), Row("A certificate is valid", valid)]
    renewal = renewal_words(syllabus)
    return (*rows, Row("Renewal", renewal)) if renewal else tuple(rows)


Say = Callable[[Texts], Said]


def _outcome_row(outcome: Outcome, say: Say) -> OutcomeRow:
    return OutcomeRow(say(outcome.text), f"At work, within {outcome.within_days} days", say(outcome.at_work))


def _criterion_row(syllabus: Syllabus, criterion: Criterion, say: Say) -> CriterionRow:
    scale, notes = criterion.scale, []
    if isinstance(scale, Percent):
        needed = f"pass mark {scale.passing} %"
    else:
        levels = {level.id: say(level.name).text for level in scale.levels}
        needed = f"from “{levels[scale.passing]}” on"
        notes.append(f"Levels: {', '.join(levels.values())}.")
    for words in (evidence_words(criterion), remote_words(criterion)):
        if words:
            notes.append(f"{words[:1].upper()}{words[1:]}.")
    covers = tuple(say(outcome.text) for outcome in syllabus.outcomes if outcome.id in criterion.outcomes)
    how = f"{_PILLARS[criterion.pillar]}, {KINDS[criterion.kind].lower()}, {criterion.minutes} minutes."
    return CriterionRow(say(criterion.name), needed, how, covers, tuple(notes))


def _link(action: CallToAction | UnsetType, say: Say) -> Link | None:
    return Link(say(action.text), action.url) if isinstance(action, CallToAction) else None


def _story(syllabus: Syllabus, say: Say) -> StoryShown | None:
    story = syllabus.story
    if not isinstance(story, Story):
        return None
    film = story.documentary
    return StoryShown(
        situation=say(story.situation),
        outcome=say(story.outcome),
        action=_link(story.call_to_action, say),
        film=_film(film) if isinstance(film, Documentary) else None,
    )


def _film(film: Documentary) -> FilmShown:
    captions = tuple(Row(_captioned(one), note=one.digest_sri, link=one.url) for one in film.captions)
    return FilmShown(film.url, duration_words(film.seconds), film.digest_sri, captions)


def _captioned(captions: Captions) -> str:
    name = language_name(captions.language)
    return f"{name} ({captions.region})" if isinstance(captions.region, str) else name
