"""A draft says exactly what the records say, under ids that nobody can guess, and is fixed before partners see it.

The core of formats.md section 3, from an enrolment, the attempts that passed, and the trust list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time

from msgspec import UNSET, Struct
from msgspec.structs import replace

from issuer.assessment import Standing
from issuer.models import Attempt
from keys import names
from keys.credential import (
    Certificate,
    CosignaturePolicy,
    Evidence,
    Identity,
    Profile,
    RelatedResource,
    Result,
    StatusEntry,
    Subject,
    policy_context,
)
from keys.encoding import sha256, sri
from keys.errors import HandsealError
from keys.profile import require_claims, require_profile
from keys.syllabus import Criterion, Percent, Syllabus, achievement_of, valid_until
from keys.trust import Policy, Trust
from verifier.language import day

Random = Callable[[int], bytes]
"""From a number to so many random bytes."""

_FILE = "application/octet-stream"


class Issue(Struct, frozen=True):
    """What all drafts of one `propose` share."""

    site: str
    organisation: str
    name: str  # of the clinic, as the trust list has it now
    syllabus: Syllabus
    syllabus_bytes: bytes
    policy: Policy
    moment: datetime  # validFrom of each


class Identifiers(Struct, frozen=True):
    """What is drawn at random for one certificate."""

    certificate: str
    subject: str
    lookup: str
    list_number: int
    list_index: int


def plan_issue(
    site: str, organisation: str, syllabus: Syllabus, syllabus_bytes: bytes, *, trust: Trust, now: datetime
) -> Issue:
    """HandsealError where the trust list does not let this clinic issue this syllabus now."""
    programme, clinic = trust.programme(syllabus.programme), trust.organisation(organisation)
    policy = trust.policy(syllabus.programme, now)
    if programme is None or clinic is None or policy is None or organisation not in policy.issuers:
        raise HandsealError(
            f"{syllabus.programme}: the trust list does not let {organisation} issue this programme",
            hint="have it added: handseal-ceremony trust propose",
        )
    if isinstance(policy.until, datetime) and policy.until < now:
        raise HandsealError(f"{syllabus.programme}: the trust list closed this programme on {policy.until:%Y-%m-%d}")
    recognition = syllabus.recognition
    if (policy.threshold, policy.cosigners) != (recognition.threshold, recognition.cosigners):
        raise HandsealError(
            f"{syllabus.id}: names other partner bodies or another threshold than the trust list",
            hint="publish a new version of the programme with the partners of the trust list",
        )
    name = clinic.name_at(now, syllabus.language)
    return Issue(site, organisation, name, syllabus, syllabus_bytes, policy, now)


def draw_index(taken: set[int], bits: int, random: Random) -> int:
    """A random free index of a list of `bits` (a power of two), added to `taken` (S11)."""
    if len(taken) >= bits:
        raise HandsealError("status list: has no free place", hint="propose so large a cohort in parts")
    while True:
        index = int.from_bytes(random(4), "big") % bits
        if index not in taken:
            taken.add(index)
            return index


def draw_identifiers(wallet: str | None, list_number: int, list_index: int, random: Random) -> Identifiers:
    return Identifiers(
        certificate=names.urn_uuid(random(16)),
        subject=wallet or names.urn_uuid(random(16)),
        lookup=names.lookup_id(random(names.LOOKUP_RANDOM_BYTES)),
        list_number=list_number,
        list_index=list_index,
    )


def build_core(
    issue: Issue, standing: Standing, drawn: Identifiers, *, renews: Certificate | None = None
) -> Certificate:
    """The core for one learner who passed. HandsealError or FormatError names the learner where it cannot be one.

    One that `renews` another keeps the time of the course, and is awarded on the day of the last assessment.
    """
    syllabus, place = issue.syllabus, f"learner {standing.enrolment.learner.learner_id}"
    if not standing.passed:
        raise HandsealError(f"{place}: {'; '.join(standing.missing)}")
    start, end, awarded = _days(standing, renews)
    until = valid_until(syllabus, awarded)
    core = Certificate(
        context=(
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            policy_context(issue.site),
        ),
        id=drawn.certificate,
        type=("VerifiableCredential", "OpenBadgeCredential"),
        name=syllabus.text(syllabus.title),
        issuer=_clinic(issue),
        valid_from=issue.moment,
        awarded_date=_midnight(awarded),
        credential_subject=_subject(issue, standing, drawn, start, end),
        credential_status=_status(issue, drawn),
        related_resource=_resources(issue, standing.results, drawn),
        terms_of_use=_terms(issue),
        iss=issue.organisation,
        sub=drawn.subject,
        jti=drawn.certificate,
        nbf=int(issue.moment.timestamp()),
        valid_until=until,
        exp=UNSET if until is UNSET else int(until.timestamp()),
        evidence=_evidence(syllabus, standing.results) or UNSET,
    )
    require_profile(core, place)
    require_claims(core, place)
    return core


def correct_core(
    issue: Issue, earlier: Certificate, drawn: Identifiers, *, name: str, latin_name: str | None
) -> Certificate:
    """What `earlier` says, of the same version, under other ids and these names. FormatError where it cannot be."""
    subject = replace(
        earlier.credential_subject,
        id=drawn.subject,
        identifier=_identifier(name, latin_name),
        achievement=achievement_of(issue.syllabus),
    )
    resources = tuple(
        replace(each, id=each.id.replace(earlier.id, drawn.certificate, 1)) for each in earlier.related_resource
    )
    core = replace(
        earlier,
        id=drawn.certificate,
        credential_subject=subject,
        credential_status=_status(issue, drawn),
        related_resource=resources,
        sub=drawn.subject,
        jti=drawn.certificate,
    )
    return date_core(issue, core)


def date_core(issue: Issue, draft: Certificate) -> Certificate:
    """A draft as it is proposed at this moment, under the policy and the clinic's name in force now."""
    core = replace(
        draft,
        issuer=_clinic(issue),
        valid_from=issue.moment,
        nbf=int(issue.moment.timestamp()),
        terms_of_use=_terms(issue),
    )
    require_profile(core, f"certificate {core.id}")
    require_claims(core, f"certificate {core.id}")
    return core


def _clinic(issue: Issue) -> Profile:
    return Profile(id=issue.organisation, type=("Profile",), name=issue.name)


def _terms(issue: Issue) -> tuple[CosignaturePolicy]:
    policy = issue.policy
    return (CosignaturePolicy(type="CosignaturePolicy", threshold=policy.threshold, cosigner=policy.cosigners),)


def _days(standing: Standing, renews: Certificate | None) -> tuple[date, date, date]:
    """The course's first and last day, and that of the award."""
    enrolment, last = standing.enrolment, max(attempt.date for attempt in standing.results.values())
    if renews is None:
        return enrolment.start, enrolment.end, max(enrolment.end, last)
    course = renews.credential_subject
    return course.activity_start_date.date(), course.activity_end_date.date(), last


def _identifier(name: str, latin_name: str | None) -> tuple[Identity, ...]:
    printed = Identity(type="IdentityObject", identity_type="name", hashed=False, identity_hash=name)
    if not latin_name:
        return (printed,)
    return (
        printed,
        Identity(type="IdentityObject", identity_type="ext:latinName", hashed=False, identity_hash=latin_name),
    )


def _subject(issue: Issue, standing: Standing, drawn: Identifiers, start: date, end: date) -> Subject:
    learner = standing.enrolment.learner
    return Subject(
        id=drawn.subject,
        type=("AchievementSubject",),
        identifier=_identifier(learner.name, learner.latin_name),
        activity_start_date=_midnight(start),
        activity_end_date=_midnight(end),
        achievement=achievement_of(issue.syllabus),
        result=tuple(_result(issue.syllabus, each, standing.results[each.id]) for each in issue.syllabus.criteria),
    )


def _result(syllabus: Syllabus, criterion: Criterion, attempt: Attempt) -> Result:
    identity = f"{syllabus.id}#{criterion.id}"
    if isinstance(criterion.scale, Percent):
        return Result(type=("Result",), result_description=identity, value=attempt.result)
    return Result(type=("Result",), result_description=identity, achieved_level=f"{identity}.{attempt.result}")


def _evidence(syllabus: Syllabus, results: Mapping[str, Attempt]) -> tuple[Evidence, ...]:
    """Of what a person saw, on video or live: by whom, when and where; never the private remark."""
    return tuple(
        Evidence(
            type=("Evidence",),
            name=syllabus.text(criterion.name),
            id=results[criterion.id].evidence_url or UNSET,
            narrative=_assessed(syllabus, results[criterion.id]),
            genre=criterion.kind,
        )
        for criterion in syllabus.criteria
        if criterion.kind != "quiz"
    )


def _assessed(syllabus: Syllabus, attempt: Attempt) -> str:
    """`Assessed by …, on … at …; moderated remotely by … via …`, of the assessor what the programme shows."""
    by = at = moderated = ""
    if attempt.assessor is not None:
        only = syllabus.assessor.shown == "qualification"
        who = "" if only else f"{attempt.assessor.name}, "
        by = f" by {who}{attempt.assessor.qualification},"
    if attempt.place:
        at = f" at {attempt.place}"
    if attempt.moderator:
        moderated = f"; moderated remotely by {attempt.moderator} via {attempt.channel}"
    return f"Assessed{by} on {day(attempt.date)}{at}{moderated}"


def _resources(issue: Issue, results: Mapping[str, Attempt], drawn: Identifiers) -> tuple[RelatedResource, ...]:
    """The syllabus, then each evidence file whose digest is known; ids are unique."""
    syllabus = issue.syllabus
    digest = sri(sha256(issue.syllabus_bytes))
    resources = {syllabus.id: RelatedResource(id=syllabus.id, digest_sri=digest, media_type="application/json")}
    for criterion in syllabus.criteria:
        attempt = results[criterion.id]
        if criterion.kind != "quiz" and attempt.evidence_digest:
            identity = attempt.evidence_url or f"{drawn.certificate}#{criterion.id}"
            resource = RelatedResource(id=identity, digest_sri=sri(attempt.evidence_digest), media_type=_FILE)
            resources.setdefault(identity, resource)
    return tuple(resources.values())


def _status(issue: Issue, drawn: Identifiers) -> StatusEntry:
    owner = names.parse_organisation_id(issue.organisation, "clinic")
    listed = names.status_list_id(owner.base, owner.slug, "revocation", drawn.list_number)
    return StatusEntry(
        id=f"{listed}#{drawn.list_index}",
        type="BitstringStatusListEntry",
        status_purpose="revocation",
        status_list_index=str(drawn.list_index),
        status_list_credential=listed,
    )


def _midnight(day: date) -> datetime:
    """A calendar date as it is written: never converted to a zone."""
    return datetime.combine(day, time.min, UTC)
