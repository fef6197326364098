"""A programme as the clinic writes it: what is taught, how it is assessed, who must co-sign.

`issuer.rules` says whether it is one that may be certified, `issuer.syllabuses` freezes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from issuer.config import Settings, read_toml
from keys import names
from keys.errors import FormatError
from keys.text import require_text

PILLARS = ("theory", "demonstration", "practice")

Texts = dict[str, str]
"""From language to text."""
HoursOf = Annotated[float, Meta(ge=0, le=1000)]
Pillar = Literal["theory", "demonstration", "practice"]
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Finding(Struct, frozen=True):
    """A broken rule, as `handseal check --json` writes it. Code MC00 is the form of the file itself."""

    code: str
    place: str
    text: str
    hint: str = ""


class Hours(Settings, frozen=True):
    theory: HoursOf = 0.0
    demonstration: HoursOf = 0.0
    practice: HoursOf = 0.0

    def minutes(self, pillar: str) -> int:
        hours: float = getattr(self, pillar)
        return round(hours * 60)


class AssessorTable(Settings, frozen=True):
    qualification: str | Texts = ""


class OutcomeTable(Settings, frozen=True):
    id: str
    text: Texts = field(default_factory=dict)
    at_work: Texts = field(default_factory=dict)
    within_days: int = 0
    touch: bool = False


class CriterionTable(Settings, frozen=True):
    """Passed from `passing` on: a percentage, or one of `levels` (ids, ascending)."""

    id: str
    pillar: Pillar
    kind: Literal["quiz", "video", "live"]
    name: Texts = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    minutes: int = 0
    passing: int | str | UnsetType = field(name="pass", default=UNSET)
    levels: tuple[str, ...] = ()
    level_names: dict[str, Texts] = field(default_factory=dict)  # optional; a level is called by its id otherwise


class Programme(Settings, frozen=True):
    """`programmes/<slug>.toml` (inputs.md). What is missing is empty, so that the rules can say all of it at once."""

    slug: str
    language: Annotated[str, Meta(max_length=35)]
    weeks: int = 0
    threshold: int = 0
    cosigners: tuple[str, ...] = ()  # slugs of the trust list
    validity_months: Annotated[int, Meta(ge=1, le=1200)] | UnsetType = UNSET
    title: Texts = field(default_factory=dict)
    summary: Texts = field(default_factory=dict)
    hours: Hours = Hours()
    assessor: AssessorTable = AssessorTable()
    outcomes: tuple[OutcomeTable, ...] = field(name="outcome", default=())
    criteria: tuple[CriterionTable, ...] = field(name="criterion", default=())

    @property
    def qualification(self) -> Texts:
        """The assessor's, by language."""
        given = self.assessor.qualification
        return {self.language: given} if isinstance(given, str) else given

    def level_name(self, criterion: CriterionTable, level: str) -> Texts:
        return criterion.level_names.get(level) or {self.language: level.replace("-", " ").capitalize()}


def read_programme(path: Path) -> tuple[Programme | None, tuple[Finding, ...]]:
    """A programme's file, or None and what is wrong with its form. ConfigurationError where it cannot be read."""
    programme, faults = read_toml(path, Programme)
    if programme is None:
        return None, tuple(Finding("MC00", fault.place, fault.text, fault.hint) for fault in faults)
    findings = tuple(_form(programme))
    return (None if findings else programme), findings


def _form(programme: Programme) -> Iterator[Finding]:
    """Ids, languages and texts that no published syllabus may have."""
    for place, slug in _slugs(programme):
        try:
            names.require_slug(slug, place)
        except FormatError as fault:
            yield Finding("MC00", place, str(fault), fault.hint)
    for place, texts in every_text(programme):
        yield from _texts(place, texts)
    if not _LANGUAGE.fullmatch(programme.language):
        yield Finding("MC00", "language", f"language: {programme.language!r} is not a language", 'write it as "en"')
    for kind, ids in (("outcome", programme.outcomes), ("criterion", programme.criteria)):
        seen: set[str] = set()
        for entry in ids:
            if entry.id in seen:
                yield Finding("MC00", f"{kind} {entry.id}", f"{kind} {entry.id}: is there twice")
            seen.add(entry.id)


def _slugs(programme: Programme) -> Iterator[tuple[str, str]]:
    yield "slug", programme.slug
    for slug in programme.cosigners:
        yield "cosigners", slug
    for outcome in programme.outcomes:
        yield f"outcome {outcome.id}: id", outcome.id
    for criterion in programme.criteria:
        yield f"criterion {criterion.id}: id", criterion.id
        for level in criterion.levels:
            yield f"criterion {criterion.id}: levels", level


def every_text(programme: Programme) -> Iterator[tuple[str, Texts]]:
    """Each text of the programme with its place."""
    yield "title", programme.title
    yield "summary", programme.summary
    yield "assessor.qualification", programme.qualification
    for outcome in programme.outcomes:
        yield f"outcome {outcome.id}: text", outcome.text
        yield f"outcome {outcome.id}: at-work", outcome.at_work
    for criterion in programme.criteria:
        yield f"criterion {criterion.id}: name", criterion.name
        for level, texts in criterion.level_names.items():
            yield f"criterion {criterion.id}: level-names.{level}", texts


def _texts(place: str, texts: Texts) -> Iterator[Finding]:
    for language, text in texts.items():
        where = f"{place}.{language}"
        if not _LANGUAGE.fullmatch(language):
            yield Finding("MC00", place, f"{place}: {language!r} is not a language", 'write it as "en"')
        if len(text) > 4000:
            yield Finding("MC00", where, f"{where}: is longer than 4000 characters")
        try:
            require_text(text, where)
        except FormatError as fault:
            yield Finding("MC00", where, str(fault), fault.hint)
