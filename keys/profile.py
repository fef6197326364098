"""What types cannot say of a certificate: ids, dates, results, digests and order (formats.md section 3)."""

from __future__ import annotations

from datetime import time, timedelta

from msgspec import UNSET

from keys import names
from keys.credential import (
    Certificate,
    CosignaturePolicy,
    Result,
    ResultDescription,
    StatusEntry,
    Subject,
    policy_context,
)
from keys.encoding import MAX_BYTES, parse, parse_sri
from keys.errors import FormatError


def parse_certificate(payload: bytes, place: str = "certificate") -> Certificate:
    """A signed payload, or a core in a request, as the closed profile; FormatError names what does not fit."""
    certificate = parse(payload, Certificate, place, limit=MAX_BYTES)
    require_profile(certificate, place)
    return certificate


def require_profile(certificate: Certificate, place: str) -> None:
    """What types cannot say of formats.md section 3: ids, dates, results, digests, order. FormatError names it."""
    issuer = names.parse_organisation_id(certificate.issuer.id, f"{place}: issuer.id")
    if certificate.context[2] != policy_context(issuer.base):
        raise FormatError(f"{place}: @context: is not the issuer's")
    names.require_urn_uuid(certificate.id, f"{place}: id")
    names.require_subject_id(certificate.credential_subject.id, f"{place}: credentialSubject.id")
    _require_names(certificate, place)
    _require_dates(certificate, place)
    _require_achievement(certificate, issuer.base, place)
    _require_results(certificate.credential_subject, place)
    require_status_entry(certificate.credential_status, issuer, place)
    _require_resources(certificate, place)
    _require_policy(certificate.terms_of_use[0], place)


def require_claims(certificate: Certificate, place: str = "certificate") -> None:
    """Each JWT claim equals its twin in the credential (step 6)."""
    exp = UNSET if certificate.valid_until is UNSET else int(certificate.valid_until.timestamp())
    twins = (
        ("iss", certificate.iss, certificate.issuer.id),
        ("sub", certificate.sub, certificate.credential_subject.id),
        ("jti", certificate.jti, certificate.id),
        ("nbf", certificate.nbf, int(certificate.valid_from.timestamp())),
        ("exp", certificate.exp, exp),
    )
    for name, claim, twin in twins:
        if claim != twin:
            raise FormatError(f"{place}: {name}: differs from its twin in the credential")


def _require_names(certificate: Certificate, place: str) -> None:
    kinds = [identity.identity_type for identity in certificate.credential_subject.identifier]
    if kinds not in (["name"], ["name", "ext:latinName"]):
        raise FormatError(f"{place}: identifier: holds one name, then at most one transliteration")


def _require_dates(certificate: Certificate, place: str) -> None:
    subject = certificate.credential_subject
    start, end, awarded = subject.activity_start_date, subject.activity_end_date, certificate.awarded_date
    if any(moment.time() != time.min for moment in (start, end, awarded)):
        raise FormatError(f"{place}: a calendar date is written with T00:00:00Z")
    if not start <= end <= awarded or awarded - certificate.valid_from > timedelta(days=1):
        raise FormatError(f"{place}: dates are not in order: start, end, award, proposal")
    until = certificate.valid_until
    if until is UNSET:
        return
    if until.time() != time(23, 59, 59):
        raise FormatError(f"{place}: validUntil: ends with T23:59:59Z")
    if until < awarded:
        raise FormatError(f"{place}: validUntil: is before the award")


def _require_achievement(certificate: Certificate, site: str, place: str) -> None:
    achievement = certificate.credential_subject.achievement
    programme, _ = names.parse_version_id(achievement.id, f"{place}: achievement.id")
    if not programme.startswith(f"{site}/programmes/"):
        raise FormatError(f"{place}: achievement.id: is not the issuer's")
    if achievement.criteria.id != achievement.id:
        raise FormatError(f"{place}: criteria.id: differs from achievement.id")
    if certificate.name != achievement.name:
        raise FormatError(f"{place}: name: differs from the achievement's")
    ids = [description.id for description in achievement.result_description]
    if len(set(ids)) != len(ids):
        raise FormatError(f"{place}: resultDescription: ids are unique")
    for identity in ids:
        achievement_id, _, criterion = identity.partition("#")
        names.require_slug(criterion, f"{place}: resultDescription.id")
        if achievement_id != achievement.id:
            raise FormatError(f"{place}: resultDescription.id: is not the achievement's")
    for description in achievement.result_description:
        _require_description(description, f"{place}: {description.id}")


def _require_description(description: ResultDescription, place: str) -> None:
    percent = description.required_value is not UNSET
    bounds = description.value_min is not UNSET and description.value_max is not UNSET
    no_bounds = description.value_min is UNSET and description.value_max is UNSET
    levels = [level.id for level in description.rubric_criterion_level or ()]
    rubric = len(set(levels)) == len(levels) and description.required_level in levels
    no_rubric = description.rubric_criterion_level is UNSET and description.required_level is UNSET
    fits = {
        "Percent": percent and bounds and no_rubric,
        "RubricCriterionLevel": rubric and no_bounds and not percent,
        "Status": no_rubric and no_bounds and not percent,
    }
    if not fits[description.result_type]:
        raise FormatError(f"{place}: does not fit its resultType")


def _require_results(subject: Subject, place: str) -> None:
    descriptions = subject.achievement.result_description
    if [result.result_description for result in subject.result] != [description.id for description in descriptions]:
        raise FormatError(f"{place}: result: there is one per criterion, in the criteria's order")
    for result, description in zip(subject.result, descriptions, strict=True):
        given = [m for m in (result.value, result.achieved_level, result.status) if m is not UNSET]
        if len(given) != 1 or not _passes(result, description):
            raise FormatError(f"{place}: result of {description.id}: does not reach the pass criterion")


def _passes(result: Result, description: ResultDescription) -> bool:
    if description.result_type == "Percent":
        return (
            isinstance(result.value, str)
            and isinstance(description.required_value, str)
            and float(description.required_value) <= float(result.value) <= 100
        )
    if description.result_type == "RubricCriterionLevel":
        levels = [level.id for level in description.rubric_criterion_level or ()]
        return result.achieved_level in levels[levels.index(str(description.required_level)) :]
    return result.status == "Completed"


def require_status_entry(entry: StatusEntry, owner: names.OrganisationName, place: str) -> None:
    named = names.parse_status_list_id(entry.status_list_credential, f"{place}: statusListCredential")
    if (named.base, named.slug, named.purpose) != (owner.base, owner.slug, "revocation"):
        raise FormatError(f"{place}: statusListCredential: is not the revocation list of {owner.slug}")
    if entry.id != f"{entry.status_list_credential}#{entry.status_list_index}":
        raise FormatError(f"{place}: credentialStatus.id: is not list and index")


def _require_resources(certificate: Certificate, place: str) -> None:
    resources = certificate.related_resource
    first = resources[0]
    if (first.id, first.media_type) != (certificate.credential_subject.achievement.id, "application/json"):
        raise FormatError(f"{place}: relatedResource: the first is the syllabus")
    if len({resource.id for resource in resources}) != len(resources):
        raise FormatError(f"{place}: relatedResource: ids are unique")
    for resource in resources:
        parse_sri(resource.digest_sri, f"{place}: digestSRI")


def _require_policy(policy: CosignaturePolicy, place: str) -> None:
    if list(policy.cosigner) != sorted(set(policy.cosigner)) or policy.threshold > len(policy.cosigner):
        raise FormatError(f"{place}: termsOfUse: co-signers are sorted, unique and at least the threshold")
