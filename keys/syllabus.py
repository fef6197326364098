"""A published syllabus: exactly what a certificate was earned against, by digest (formats.md section 3, Syllabus)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from keys import names
from keys.credential import MAX_ENDORSEMENTS, Achievement, Criteria, ResultDescription, RubricLevel, Text, Wire
from keys.encoding import Sri, parse
from keys.errors import FormatError

MAX_SYLLABUS_BYTES = 256 * 1024

Texts = dict[str, Text]
"""From language to text; has the main language."""
Slug = Annotated[str, Meta(pattern=r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=40)]
Link = Annotated[str, Meta(pattern=r"\Ahttps://[!-~]+\Z", max_length=500)]
Minutes = Annotated[int, Meta(ge=0, le=100_000)]
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Pillars(Wire, frozen=True):
    """Minutes per pillar."""

    theory: Minutes
    demonstration: Minutes
    practice: Minutes

    @property
    def total(self) -> int:
        return self.theory + self.demonstration + self.practice


class Outcome(Wire, frozen=True):
    """What a learner can do, and when and how they use it at work."""

    id: Slug
    text: Texts
    at_work: Texts
    within_days: Annotated[int, Meta(ge=1, le=366)]
    touch: bool


class Level(Wire, frozen=True):
    id: Slug
    name: Texts


class Percent(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="Percent"):
    """Passed from `passing` per cent on."""

    passing: Annotated[int, Meta(ge=0, le=100)] = field(name="pass")


class Rubric(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="Rubric"):
    """Levels in ascending order; passed from level `passing` on."""

    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=12)]
    passing: Slug = field(name="pass")


class Criterion(Wire, frozen=True):
    """What is assessed and when it counts as passed."""

    id: Slug
    pillar: Literal["theory", "demonstration", "practice"]
    kind: Literal["quiz", "video", "live"]
    name: Texts
    outcomes: Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=32)]
    minutes: Minutes
    scale: Percent | Rubric
    evidence: bool | UnsetType = UNSET  # true: a link or a file must be recorded; absent: it may
    remote: bool | UnsetType = UNSET  # true: a live check may be moderated from afar; absent: it may not


class AssessorRequirement(Wire, frozen=True):
    qualification: Texts
    shown: Literal["name", "qualification"] | UnsetType = UNSET  # what certificates say of the assessor; absent: name


class Recognition(Wire, frozen=True):
    """The partner bodies and how many of them must co-sign; equal to the trust list's policy."""

    threshold: Annotated[int, Meta(ge=1, le=MAX_ENDORSEMENTS)]
    cosigners: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_ENDORSEMENTS)]


class Attempts(Wire, frozen=True):
    """Which attempt at a criterion counts, and how many there may be."""

    counts: Literal["best", "last"]
    most: Annotated[int, Meta(ge=1, le=99)] | UnsetType = UNSET


class Renewal(Wire, frozen=True):
    """What is assessed again, at most so many months before a certificate expires, for a new one."""

    criteria: Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=32)]
    within_months: Annotated[int, Meta(ge=1, le=120)]


class Price(Wire, frozen=True):
    """`amount` in `currency` (ISO 4217)."""

    amount: Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?\Z")]
    currency: Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]


class CallToAction(Wire, frozen=True):
    text: Texts
    url: Link


class Captions(Wire, frozen=True):
    """Captions of a film in one language, for one region where it matters (ISO 3166-1, as `TH`)."""

    language: str
    url: Link
    digest_sri: Sri = field(name="digestSRI")
    region: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] | UnsetType = UNSET


class Documentary(Wire, frozen=True):
    """A short film about the work that was learned."""

    url: Link
    digest_sri: Sri = field(name="digestSRI")
    seconds: Annotated[int, Meta(ge=1, le=7200)]
    captions: Annotated[tuple[Captions, ...], Meta(max_length=64)]


class Story(Wire, frozen=True):
    """Whom the course helped, and how: shown on the programme's page and on its share cards."""

    situation: Texts
    outcome: Texts
    call_to_action: CallToAction | UnsetType = UNSET
    documentary: Documentary | UnsetType = UNSET


class Syllabus(Wire, frozen=True):
    """What a version of a programme teaches, assesses and asks for. Optional members are absent, never empty."""

    id: str
    programme: str
    version: Annotated[int, Meta(ge=1, le=999_999_999)]
    issuer: str
    published: date
    language: str
    title: Texts
    summary: Texts
    weeks: Annotated[int, Meta(ge=1, le=520)]
    minutes: Pillars
    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1, max_length=32)]
    criteria: Annotated[tuple[Criterion, ...], Meta(min_length=1, max_length=32)]
    assessor: AssessorRequirement
    recognition: Recognition
    previous: Sri | UnsetType = UNSET  # absent in version 1
    validity_months: Annotated[int, Meta(ge=1, le=1200)] | UnsetType = UNSET
    mode: Literal["cohort", "rolling"] | UnsetType = UNSET  # a group together, or each at their own time
    taught_in: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)] | UnsetType = UNSET  # languages
    attempts: Attempts | UnsetType = UNSET  # absent: the best of any number
    renewal: Renewal | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    call_to_action: CallToAction | UnsetType = UNSET
    story: Story | UnsetType = UNSET

    def text(self, texts: Texts) -> str:
        """`texts` in the main language."""
        return texts[self.language]


def parse_syllabus(data: bytes, place: str = "syllabus") -> Syllabus:
    """The exact published bytes as a syllabus; FormatError names what does not fit."""
    syllabus = parse(data, Syllabus, place, limit=MAX_SYLLABUS_BYTES)
    programme, version = names.parse_version_id(syllabus.id, f"{place}: id")
    if (programme, version) != (syllabus.programme, syllabus.version):
        raise FormatError(f"{place}: id: is not programme and version")
    issuer = names.parse_organisation_id(syllabus.issuer, f"{place}: issuer")
    if names.parse_programme_id(programme, f"{place}: programme")[0] != issuer.base:
        raise FormatError(f"{place}: programme: is not the issuer's")
    if (syllabus.version == 1) != (syllabus.previous is UNSET):
        raise FormatError(f"{place}: previous: names the version before, and version 1 has none")
    _require_languages(syllabus, place)
    _require_language_codes(syllabus, place)
    _require_references(syllabus, place)
    return syllabus


def achievement_of(syllabus: Syllabus) -> Achievement:
    """The achievement that each certificate of this syllabus carries: review refuses any other (C25)."""
    lines = [_outcome_line(syllabus, outcome) for outcome in syllabus.outcomes]
    return Achievement(
        id=syllabus.id,
        type=("Achievement",),
        achievement_type="MicroCredential",
        name=syllabus.text(syllabus.title),
        description=syllabus.text(syllabus.summary),
        in_language=syllabus.language,
        criteria=Criteria(id=syllabus.id, narrative="\n".join(lines)),
        result_description=tuple(_describe(syllabus, criterion) for criterion in syllabus.criteria),
    )


def valid_until(syllabus: Syllabus, awarded: date) -> datetime | UnsetType:
    """The last second of a certificate awarded on that day: so many months on, at most the last day of the month.

    UNSET where the programme's certificates do not expire. Review refuses any other.
    """
    if isinstance(syllabus.validity_months, UnsetType):
        return UNSET
    years, month = divmod(awarded.month - 1 + syllabus.validity_months, 12)
    year = awarded.year + years
    day = min(awarded.day, calendar.monthrange(year, month + 1)[1])
    return datetime.combine(date(year, month + 1, day), time(23, 59, 59), UTC)


def _outcome_line(syllabus: Syllabus, outcome: Outcome) -> str:
    """What can be done, and how it is used at work from when on."""
    at_work = syllabus.text(outcome.at_work)
    return f"- {syllabus.text(outcome.text)} (at work within {outcome.within_days} days: {at_work})"


def _describe(syllabus: Syllabus, criterion: Criterion) -> ResultDescription:
    identity = f"{syllabus.id}#{criterion.id}"
    name = syllabus.text(criterion.name)
    if isinstance(criterion.scale, Percent):
        return ResultDescription(
            id=identity,
            type=("ResultDescription",),
            name=name,
            result_type="Percent",
            value_min="0",
            value_max="100",
            required_value=str(criterion.scale.passing),
        )
    return ResultDescription(
        id=identity,
        type=("ResultDescription",),
        name=name,
        result_type="RubricCriterionLevel",
        rubric_criterion_level=tuple(
            RubricLevel(id=f"{identity}.{level.id}", type=("RubricCriterionLevel",), name=syllabus.text(level.name))
            for level in criterion.scale.levels
        ),
        required_level=f"{identity}.{criterion.scale.passing}",
    )


def _texts(syllabus: Syllabus) -> Iterator[tuple[str, Texts]]:
    yield "title", syllabus.title
    yield "summary", syllabus.summary
    yield "assessor.qualification", syllabus.assessor.qualification
    yield from _campaign_texts(syllabus)
    for outcome in syllabus.outcomes:
        yield f"outcome {outcome.id}: text", outcome.text
        yield f"outcome {outcome.id}: atWork", outcome.at_work
    for criterion in syllabus.criteria:
        yield f"criterion {criterion.id}: name", criterion.name
        if isinstance(criterion.scale, Rubric):
            for level in criterion.scale.levels:
                yield f"criterion {criterion.id}: level {level.id}", level.name


def _campaign_texts(syllabus: Syllabus) -> Iterator[tuple[str, Texts]]:
    """The texts that win learners and employers over."""
    actions = [("callToAction", syllabus.call_to_action)]
    if isinstance(syllabus.story, Story):
        yield "story.situation", syllabus.story.situation
        yield "story.outcome", syllabus.story.outcome
        actions.append(("story.callToAction", syllabus.story.call_to_action))
    for where, action in actions:
        if isinstance(action, CallToAction):
            yield f"{where}.text", action.text


def _require_languages(syllabus: Syllabus, place: str) -> None:
    for where, texts in _texts(syllabus):
        if syllabus.language not in texts:
            raise FormatError(f"{place}: {where}: has no text in the main language {syllabus.language!r}")
        if not all(_LANGUAGE.fullmatch(language) for language in texts):
            raise FormatError(f"{place}: {where}: has a member that is not a language")


def _require_language_codes(syllabus: Syllabus, place: str) -> None:
    codes = [*(syllabus.taught_in or ())]
    if isinstance(syllabus.story, Story) and isinstance(syllabus.story.documentary, Documentary):
        codes += [captions.language for captions in syllabus.story.documentary.captions]
    for code in codes:
        if not _LANGUAGE.fullmatch(code):
            raise FormatError(f"{place}: {code[:40]!r} is not a language")


def _require_references(syllabus: Syllabus, place: str) -> None:
    outcomes = [outcome.id for outcome in syllabus.outcomes]
    criteria = [criterion.id for criterion in syllabus.criteria]
    if len(set(outcomes)) != len(outcomes) or len(set(criteria)) != len(criteria):
        raise FormatError(f"{place}: ids of outcomes and criteria are unique")
    for criterion in syllabus.criteria:
        if not set(criterion.outcomes) <= set(outcomes):
            raise FormatError(f"{place}: criterion {criterion.id}: covers an outcome that does not exist")
        scale = criterion.scale
        if isinstance(scale, Rubric) and scale.passing not in {level.id for level in scale.levels}:
            raise FormatError(f"{place}: criterion {criterion.id}: its passing level does not exist")
    if isinstance(syllabus.renewal, Renewal) and not set(syllabus.renewal.criteria) <= set(criteria):
        raise FormatError(f"{place}: renewal: names a criterion that does not exist")
    names_ = [syllabus.text(criterion.name) for criterion in syllabus.criteria]
    if len(set(names_)) != len(names_):
        raise FormatError(f"{place}: names of criteria are unique")
    cosigners = syllabus.recognition.cosigners
    if list(cosigners) != sorted(set(cosigners)) or syllabus.recognition.threshold > len(cosigners):
        raise FormatError(f"{place}: recognition: co-signers are sorted, unique and at least the threshold")
