"""A syllabus says exactly what the programme's file says: nothing is added, and what is not written is absent."""

from __future__ import annotations

from datetime import date

from msgspec import UNSET, UnsetType

from issuer.programme import (
    PILLARS,
    ActionTable,
    AttemptsTable,
    CaptionsTable,
    CriterionTable,
    DocumentaryTable,
    PriceTable,
    Programme,
    RenewalTable,
    StoryTable,
)
from keys import names
from keys.credential import Achievement
from keys.encoding import canonical, parse
from keys.errors import FormatError
from keys.syllabus import (
    AssessorRequirement,
    Attempts,
    CallToAction,
    Captions,
    Criterion,
    Documentary,
    Level,
    Outcome,
    Percent,
    Pillars,
    Price,
    Recognition,
    Renewal,
    Rubric,
    Story,
    Syllabus,
    achievement_of,
    parse_syllabus,
)

_REHEARSAL = "https://clinic.example"
_SOME_DAY = date(2026, 1, 1)


def freeze(
    programme: Programme, identity: str, *, organisation: str, recognition: Recognition, published: date
) -> Syllabus:
    """The programme as its version 1; `identity` is the programme's id. Digests of its files are there already."""
    return Syllabus(
        id=names.version_id(identity, 1),
        programme=identity,
        version=1,
        issuer=organisation,
        published=published,
        language=programme.language,
        title=programme.title,
        summary=programme.summary,
        weeks=programme.weeks,
        minutes=Pillars(**{pillar: programme.hours.minutes(pillar) for pillar in PILLARS}),
        outcomes=tuple(
            Outcome(
                id=outcome.id,
                text=outcome.text,
                at_work=outcome.at_work,
                within_days=outcome.within_days,
                touch=outcome.touch,
            )
            for outcome in programme.outcomes
        ),
        criteria=tuple(_criterion(programme, criterion) for criterion in programme.criteria),
        assessor=AssessorRequirement(qualification=programme.qualification, shown=programme.assessor.shown),
        recognition=recognition,
        validity_months=programme.validity_months,
        mode=programme.mode,
        taught_in=programme.taught_in,
        attempts=_attempts(programme.attempts),
        renewal=_renewal(programme.renewal),
        price=_price(programme.price),
        call_to_action=_action(programme.call_to_action),
        story=_story(programme.story),
    )


def rehearse(programme: Programme) -> str:
    """Why a programme without other faults could still not be published; empty where it could."""
    partners = sorted(names.organisation_id(_REHEARSAL, slug) for slug in programme.cosigners)
    recognition = Recognition(threshold=programme.threshold, cosigners=tuple(partners))
    identity = names.programme_id(_REHEARSAL, programme.slug)
    clinic = names.organisation_id(_REHEARSAL, "clinic")
    frozen = freeze(programme, identity, organisation=clinic, recognition=recognition, published=_SOME_DAY)
    try:
        syllabus = parse_syllabus(canonical(frozen), "syllabus")
        parse(canonical(achievement_of(syllabus)), Achievement, "certificate")
    except FormatError as fault:
        return str(fault)
    return ""


def _criterion(programme: Programme, criterion: CriterionTable) -> Criterion:
    return Criterion(
        id=criterion.id,
        pillar=criterion.pillar,
        kind=criterion.kind,
        name=criterion.name,
        outcomes=criterion.outcomes,
        minutes=criterion.minutes,
        scale=_scale(programme, criterion),
        evidence=criterion.evidence,
        remote=criterion.remote,
    )


def _scale(programme: Programme, criterion: CriterionTable) -> Percent | Rubric:
    if isinstance(criterion.passing, int):
        return Percent(passing=criterion.passing)
    levels = (Level(id=level, name=programme.level_name(criterion, level)) for level in criterion.levels)
    return Rubric(levels=tuple(levels), passing=str(criterion.passing))


def _attempts(table: AttemptsTable | UnsetType) -> Attempts | UnsetType:
    return Attempts(counts=table.counts, most=table.most) if isinstance(table, AttemptsTable) else UNSET


def _renewal(table: RenewalTable | UnsetType) -> Renewal | UnsetType:
    if not isinstance(table, RenewalTable):
        return UNSET
    return Renewal(criteria=table.criteria, within_months=table.within_months)


def _price(table: PriceTable | UnsetType) -> Price | UnsetType:
    return Price(amount=str(table.amount), currency=table.currency) if isinstance(table, PriceTable) else UNSET


def _action(table: ActionTable | UnsetType) -> CallToAction | UnsetType:
    return CallToAction(text=table.text, url=table.url) if isinstance(table, ActionTable) else UNSET


def _story(table: StoryTable | UnsetType) -> Story | UnsetType:
    if not isinstance(table, StoryTable):
        return UNSET
    return Story(
        situation=table.situation,
        outcome=table.outcome,
        call_to_action=_action(table.call_to_action),
        documentary=_documentary(table.documentary),
    )


def _documentary(table: DocumentaryTable | UnsetType) -> Documentary | UnsetType:
    if not isinstance(table, DocumentaryTable):
        return UNSET
    captions = tuple(map(_captions, table.captions))
    return Documentary(url=table.url, digest_sri=_known(table.digest), seconds=table.seconds, captions=captions)


def _captions(table: CaptionsTable) -> Captions:
    return Captions(language=table.language, url=table.url, digest_sri=_known(table.digest), region=table.region)


def _known(digest: str | UnsetType) -> str:
    """`issuer.programme_form.with_digests` has put it there."""
    if not isinstance(digest, str):
        raise FormatError("story: a file's digest is missing")
    return digest
