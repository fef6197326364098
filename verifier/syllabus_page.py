"""What the page shows of a published syllabus: whom it helped, what is learned, and what counts as passed.

Texts stand in the language that the reader chose, where the syllabus has it; fixed words in one that Handseal has.
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
from verifier.comparison import Change, NameOf
from verifier.language import Words
from verifier.pages import Row
from verifier.reader import Choice
from verifier.words import (
    attempts_words,
    duration_words,
    evidence_words,
    price_words,
    remote_words,
    renewal_words,
)

_PILLARS = ("theory", "demonstration", "practice")


class Said(Struct, frozen=True):
    """A text and the language it is in."""

    text: str
    language: str


Say = Callable[[Texts], Said]


class Link(Struct, frozen=True):
    text: Said
    url: str


class OutcomeRow(Struct, frozen=True):
    text: Said
    within: str
    at_work: Said


class CriterionRow(Struct, frozen=True):
    name: Said
    needed: str
    shows: tuple[Said, ...]
    notes: tuple[str, ...]  # how it is assessed, first


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
    data: bytes,
    syllabus: Syllabus,
    trust: Trust | None,
    now: datetime,
    words: Words,
    *,
    language: str,
    beside: Neighbours,
) -> SyllabusPage:
    """The page on a published syllabus and its exact bytes; organisations by their names in the trust list.

    The syllabus's own texts are in `language` where it has them, everything else in the language of `words`.
    """

    say = _said_in(language, syllabus)
    shown = say(syllabus.title)
    name = _named_by(trust, now, shown.language)
    pillars = ((pillar, getattr(syllabus.minutes, pillar)) for pillar in _PILLARS)
    return SyllabusPage(
        title=shown,
        choices=_choices(syllabus, shown.language, words),
        other_titles=tuple(Said(t, lang) for lang, t in sorted(syllabus.title.items()) if lang != shown.language),
        summary=say(syllabus.summary),
        clinic=name(syllabus.issuer),
        version=syllabus.version,
        published=words.day(syllabus.published),
        facts=_facts(syllabus, words),
        action=_link(syllabus.call_to_action, say),
        story=_story(syllabus, say, words),
        hours=tuple(Row(words.say(f"course.{pillar}"), words.hours(amount)) for pillar, amount in pillars),
        outcomes=tuple(_outcome_row(outcome, say, words) for outcome in syllabus.outcomes),
        criteria=tuple(_criterion_row(syllabus, criterion, say, words) for criterion in syllabus.criteria),
        qualification=say(syllabus.assessor.qualification),
        rules=_rules(syllabus, words),
        threshold=syllabus.recognition.threshold,
        partners=tuple(map(name, syllabus.recognition.cosigners)),
        newest=beside.newest.version if beside.newest else 0,
        newest_path=urlsplit(beside.newest.id).path if beside.newest else "",
        changes=beside.changes,
        digest=sri(sha256(data)),
        path=urlsplit(syllabus.id).path,
    )


def _said_in(language: str, syllabus: Syllabus) -> Say:
    def say(texts: Texts) -> Said:
        chosen = language if language in texts else syllabus.language
        return Said(texts[chosen], chosen)

    return say


def _named_by(trust: Trust | None, now: datetime, language: str) -> NameOf:
    return lambda organisation: trust.name(organisation, now, language) if trust else organisation


def _choices(syllabus: Syllabus, chosen: str, words: Words) -> tuple[Choice, ...]:
    """The languages of the title, the main one first; none where there is only one."""
    languages = sorted(syllabus.title, key=lambda language: (language != syllabus.language, language))
    if len(languages) < 2:
        return ()
    return tuple(Choice(words.language_name(one), one, one == chosen) for one in languages)


def _facts(syllabus: Syllabus, words: Words) -> tuple[str, ...]:
    facts = [words.counted("count.weeks", syllabus.weeks), words.hours(syllabus.minutes.total)]
    if isinstance(syllabus.mode, str):
        facts.append(words.say(f"course.{syllabus.mode}"))
    if isinstance(syllabus.taught_in, tuple):
        languages = words.listed(map(words.language_name, syllabus.taught_in))
        facts.append(words.say("syllabus.taught-in", languages=languages))
    if isinstance(syllabus.price, Price):
        facts.append(price_words(syllabus.price, words))
    return tuple(facts)


def _rules(syllabus: Syllabus, words: Words) -> tuple[Row, ...]:
    attempts = syllabus.attempts if isinstance(syllabus.attempts, Attempts) else None
    valid = words.say("syllabus.validity-unlimited")
    if isinstance(syllabus.validity_months, int):
        valid = words.say("syllabus.validity-months", months=words.counted("count.months", syllabus.validity_months))
    rules = {"attempts": attempts_words(attempts, words), "validity": valid, "renewal": renewal_words(syllabus, words)}
    return tuple(Row(words.say(f"syllabus.{rule}"), text) for rule, text in rules.items() if text)


def _outcome_row(outcome: Outcome, say: Say, words: Words) -> OutcomeRow:
    within = words.say("syllabus.at-work", days=words.counted("count.days", outcome.within_days))
    return OutcomeRow(say(outcome.text), within, say(outcome.at_work))


def _criterion_row(syllabus: Syllabus, criterion: Criterion, say: Say, words: Words) -> CriterionRow:
    scale = criterion.scale
    notes = [words.say(f"course.{criterion.pillar}"), words.say(f"course.{criterion.kind}")]
    notes.append(words.counted("count.minutes", criterion.minutes))
    if isinstance(scale, Percent):
        needed = words.say("syllabus.pass-mark", mark=words.percent(scale.passing))
    else:
        levels = {level.id: say(level.name).text for level in scale.levels}
        passing = words.say("sentence.quoted", text=levels[scale.passing])
        needed = words.say("syllabus.passing-level", level=passing)
        notes.append(words.say("syllabus.levels", levels=words.say("sentence.comma").join(levels.values())))
    notes += filter(None, (evidence_words(criterion, words), remote_words(criterion, words)))
    covers = tuple(say(outcome.text) for outcome in syllabus.outcomes if outcome.id in criterion.outcomes)
    return CriterionRow(say(criterion.name), needed, covers, tuple(notes))


def _link(action: CallToAction | UnsetType, say: Say) -> Link | None:
    return Link(say(action.text), action.url) if isinstance(action, CallToAction) else None


def _story(syllabus: Syllabus, say: Say, words: Words) -> StoryShown | None:
    story = syllabus.story
    if not isinstance(story, Story):
        return None
    film = story.documentary
    return StoryShown(
        situation=say(story.situation),
        outcome=say(story.outcome),
        action=_link(story.call_to_action, say),
        film=_film(film, words) if isinstance(film, Documentary) else None,
    )


def _film(film: Documentary, words: Words) -> FilmShown:
    captions = tuple(Row(_captioned(one, words), note=one.digest_sri, link=one.url) for one in film.captions)
    return FilmShown(film.url, duration_words(film.seconds, words), film.digest_sri, captions)


def _captioned(captions: Captions, words: Words) -> str:
    name = words.language_name(captions.language)
    return f"{name} ({captions.region})" if isinstance(captions.region, str) else name
