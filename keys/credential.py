"""The one model of certificate and endorsement; closed, so nothing unknown is ever signed or shown.

Field for field formats.md sections 3 and 4. Texts were checked by the strict reader; `keys.profile` has the rules
that a type cannot say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from keys.encoding import MAX_INTEGER, Digest, Sri, Time, canonical, require_utc, sha256

VC_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
OB_CONTEXT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
MAX_ENDORSEMENTS = 8

VcContext = Literal["https://www.w3.org/ns/credentials/v2"]
ObContext = Literal["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Seconds = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Index = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,6})\Z")]


class Wire(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What travels as JSON: closed, camel-cased, immutable."""


class CosignerTerm(Wire, frozen=True):
    id: str = field(name="@id")
    type: Literal["@id"] = field(name="@type")


class PolicyTerms(Wire, frozen=True):
    threshold: str
    cosigner: CosignerTerm


class PolicyTerm(Wire, frozen=True):
    id: str = field(name="@id")
    context: PolicyTerms = field(name="@context")


class PolicyContext(Wire, frozen=True):
    """The JSON-LD terms of `CosignaturePolicy`, by value."""

    policy: PolicyTerm = field(name="CosignaturePolicy")


class Profile(Wire, frozen=True):
    id: str
    type: tuple[Literal["Profile"]]
    name: Name


class Identity(Wire, frozen=True):
    """A name as printed, or its transliteration (Open Badges IdentityObject)."""

    type: Literal["IdentityObject"]
    identity_type: Literal["name", "ext:latinName"]
    hashed: Literal[False]
    identity_hash: Name


class Criteria(Wire, frozen=True):
    id: str
    narrative: Text


class RubricLevel(Wire, frozen=True):
    id: str
    type: tuple[Literal["RubricCriterionLevel"]]
    name: Name


class ResultDescription(Wire, frozen=True):
    id: str
    type: tuple[Literal["ResultDescription"]]
    name: Name
    result_type: Literal["Percent", "RubricCriterionLevel", "Status"]
    value_min: Literal["0"] | UnsetType = UNSET
    value_max: Literal["100"] | UnsetType = UNSET
    required_value: Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]?|100)\Z")] | UnsetType = UNSET
    rubric_criterion_level: tuple[RubricLevel, ...] | UnsetType = UNSET  # ascending
    required_level: str | UnsetType = UNSET


class Achievement(Wire, frozen=True):
    id: str
    type: tuple[Literal["Achievement"]]
    achievement_type: Literal["MicroCredential"]
    name: Name
    description: Text
    in_language: Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
    criteria: Criteria
    result_description: Annotated[tuple[ResultDescription, ...], Meta(min_length=1, max_length=32)]


class Result(Wire, frozen=True):
    type: tuple[Literal["Result"]]
    result_description: str
    value: Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?\Z")] | UnsetType = UNSET
    achieved_level: str | UnsetType = UNSET
    status: Literal["Completed"] | UnsetType = UNSET


class Subject(Wire, frozen=True):
    id: str
    type: tuple[Literal["AchievementSubject"]]
    identifier: Annotated[tuple[Identity, ...], Meta(min_length=1, max_length=2)]
    activity_start_date: Time
    activity_end_date: Time
    achievement: Achievement
    result: Annotated[tuple[Result, ...], Meta(min_length=1, max_length=32)]

    def __post_init__(self) -> None:
        require_utc(self.activity_start_date, self.activity_end_date)


class Evidence(Wire, frozen=True):
    """What was seen of a criterion; `name` is the criterion's, `narrative` says by whom and when."""

    type: tuple[Literal["Evidence"]]
    name: Name
    id: Annotated[str, Meta(pattern=r"\Ahttps://[!-~]+\Z", max_length=500)] | UnsetType = UNSET
    narrative: Text | UnsetType = UNSET
    genre: Name | UnsetType = UNSET


class StatusEntry(Wire, frozen=True):
    id: str
    type: Literal["BitstringStatusListEntry"]
    status_purpose: Literal["revocation"]
    status_list_index: Index
    status_list_credential: str

    @property
    def index(self) -> int:
        return int(self.status_list_index)


class RelatedResource(Wire, frozen=True):
    id: str
    digest_sri: Sri = field(name="digestSRI")
    media_type: Name


class CosignaturePolicy(Wire, frozen=True):
    """Who must co-sign, as repeated inside the signed certificate."""

    type: Literal["CosignaturePolicy"]
    threshold: Annotated[int, Meta(ge=1, le=MAX_ENDORSEMENTS)]
    cosigner: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_ENDORSEMENTS)]


class Certificate(Wire, frozen=True):
    """An Open Badges 3.0 AchievementCredential of this profile; a core is one without `endorsement_jwt`."""

    context: tuple[VcContext, ObContext, PolicyContext] = field(name="@context")
    id: str
    type: tuple[Literal["VerifiableCredential"], Literal["OpenBadgeCredential"]]
    name: Name
    issuer: Profile
    valid_from: Time
    awarded_date: Time
    credential_subject: Subject
    credential_status: StatusEntry
    related_resource: Annotated[tuple[RelatedResource, ...], Meta(min_length=1, max_length=32)]
    terms_of_use: tuple[CosignaturePolicy]
    iss: str
    sub: str
    jti: str
    nbf: Seconds
    valid_until: Time | UnsetType = UNSET
    exp: Seconds | UnsetType = UNSET
    evidence: Annotated[tuple[Evidence, ...], Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    endorsement_jwt: Annotated[tuple[str, ...], Meta(max_length=MAX_ENDORSEMENTS)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        require_utc(self.valid_from, self.awarded_date, self.valid_until)

    @property
    def printed_name(self) -> str:
        return next(i.identity_hash for i in self.credential_subject.identifier if i.identity_type == "name")

    @property
    def latin_name(self) -> str | None:
        names_ = (i.identity_hash for i in self.credential_subject.identifier if i.identity_type == "ext:latinName")
        return next(names_, None)

    @property
    def endorsements(self) -> tuple[str, ...]:
        """The co-signatures; none where the member is absent."""
        return self.endorsement_jwt or ()

    @property
    def programme(self) -> str:
        """The id of the programme: the achievement's without its version."""
        return self.credential_subject.achievement.id.rpartition("/")[0]

    @property
    def syllabus_digest(self) -> str:
        """`digestSRI` of the syllabus this was earned against."""
        return self.related_resource[0].digest_sri


class EndorsementSubject(Wire, frozen=True):
    id: str
    type: tuple[Literal["EndorsementSubject"]]
    endorsement_comment: Text


class Endorsement(Wire, frozen=True):
    """A co-signature: an Open Badges EndorsementCredential of formats.md section 4."""

    context: tuple[VcContext, ObContext] = field(name="@context")
    id: str
    type: tuple[Literal["VerifiableCredential"], Literal["EndorsementCredential"]]
    name: Name
    issuer: Profile
    valid_from: Time
    credential_subject: EndorsementSubject
    related_resource: tuple[RelatedResource]
    credential_status: StatusEntry
    iss: str
    sub: str
    jti: str
    nbf: Seconds

    def __post_init__(self) -> None:
        require_utc(self.valid_from)


def core_of(certificate: Certificate) -> Certificate:
    """The certificate without its co-signatures: what partners sign."""
    return structs.replace(certificate, endorsement_jwt=UNSET)


def content_digest(certificate: Certificate) -> Digest:
    """SHA-256 of JCS(core): the identity of a certificate. A token string never is one."""
    return sha256(canonical(core_of(certificate)))


def policy_context(site: str) -> PolicyContext:
    """The third `@context` of a certificate of `site`."""
    cosigner = CosignerTerm(id=f"{site}/ns#cosigner", type="@id")
    terms = PolicyTerms(threshold=f"{site}/ns#threshold", cosigner=cosigner)
    return PolicyContext(policy=PolicyTerm(id=f"{site}/ns#CosignaturePolicy", context=terms))


def calendar_date(moment: datetime) -> str:
    """The first ten characters, never converted to another zone (formats.md, calendar dates)."""
    return moment.date().isoformat()
