"""What the page shows of a published syllabus: what is learned, how it is used at work, and what counts as passed."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from keys.encoding import sha256, sri
from keys.syllabus import Criterion, Percent, Syllabus
from keys.trust import Trust
from verifier.dates import day
from verifier.pages import Row
from verifier.words import KINDS, hours

_PILLARS = {"theory": "Theory", "demonstration": "Demonstration", "practice": "Practice"}


class SyllabusPage(Struct, frozen=True):
    title: str
    language: str
    other_titles: tuple[tuple[str, str], ...]  # language and text
    summary: str
    clinic: str
    version: int
    published: str
    facts: tuple[str, ...]
    hours: tuple[Row, ...]
    outcomes: tuple[Row, ...]
    criteria: tuple[Row, ...]
    qualification: str
    threshold: int
    partners: tuple[str, ...]
    validity: str
    digest: str
    path: str


def syllabus_page(data: bytes, syllabus: Syllabus, trust: Trust | None, now: datetime) -> SyllabusPage:
    """The page on a published syllabus and its exact bytes; organisations by their names in the trust list."""
    texts, minutes = syllabus.text, syllabus.minutes
    outcomes = {outcome.id: texts(outcome.text) for outcome in syllabus.outcomes}
    months = syllabus.validity_months
    pillars = (("theory", minutes.theory), ("demonstration", minutes.demonstration), ("practice", minutes.practice))

    def name(organisation: str) -> str:
        return trust.name(organisation, now) if trust else organisation

    return SyllabusPage(
        title=texts(syllabus.title),
        language=syllabus.language,
        other_titles=tuple((lang, t) for lang, t in sorted(syllabus.title.items()) if lang != syllabus.language),
        summary=texts(syllabus.summary),
        clinic=name(syllabus.issuer),
        version=syllabus.version,
        published=day(syllabus.published),
        facts=(f"{syllabus.weeks} weeks", hours(minutes.total)),
        hours=tuple(Row(_PILLARS[pillar], hours(amount)) for pillar, amount in pillars),
        outcomes=tuple(
            Row(texts(outcome.text), f"At work, within {outcome.within_days} days", texts(outcome.at_work))
            for outcome in syllabus.outcomes
        ),
        criteria=tuple(_criterion_row(syllabus, criterion, outcomes) for criterion in syllabus.criteria),
        qualification=texts(syllabus.assessor.qualification),
        threshold=syllabus.recognition.threshold,
        partners=tuple(map(name, syllabus.recognition.cosigners)),
        validity=f"{months} months" if isinstance(months, int) else "without limit",
        digest=sri(sha256(data)),
        path=urlsplit(syllabus.id).path,
    )


def _criterion_row(syllabus: Syllabus, criterion: Criterion, outcomes: dict[str, str]) -> Row:
    scale = criterion.scale
    if isinstance(scale, Percent):
        needed, levels = f"pass mark {scale.passing} %", ""
    else:
        steps = ", ".join(syllabus.text(level.name) for level in scale.levels)
        passing = next(level.name for level in scale.levels if level.id == scale.passing)
        needed = f"from “{syllabus.text(passing)}” on"
        levels = f" Levels: {steps}."
    covers = "; ".join(outcomes[identity] for identity in criterion.outcomes)
    how = f"{_PILLARS[criterion.pillar]}, {KINDS[criterion.kind].lower()}, {criterion.minutes} minutes"
    return Row(syllabus.text(criterion.name), needed, f"{how}. Shows: {covers}.{levels}")
