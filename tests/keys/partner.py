"""A clinic, three partner bodies and a cohort as they stand in a request: material for the ceremony's tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from keys.algorithms import Algorithm, generate_private_key
from keys.credential import (
    OB_CONTEXT,
    VC_CONTEXT,
    Certificate,
    CosignaturePolicy,
    Identity,
    Profile,
    RelatedResource,
    Result,
    StatusEntry,
    Subject,
    policy_context,
)
from keys.encoding import Digest, canonical, sha256, sri
from keys.names import organisation_id, programme_id, status_list_id, urn_uuid
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.request import write_request
from keys.signer import MemorySigner
from keys.syllabus import (
    AssessorRequirement,
    Criterion,
    Level,
    Outcome,
    Percent,
    Pillars,
    Recognition,
    Rubric,
    Syllabus,
    achievement_of,
    parse_syllabus,
    valid_until,
)
from keys.trust import Key, NameFrom, Organisation, Policy, Programme, Trust, TrustList, Use

SITE = "https://verify.riverclinic.example"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
CLINIC = organisation_id(SITE, "river-clinic")
PARTNERS = tuple(organisation_id(SITE, slug) for slug in ("harbour-hospital", "north-college", "ttma"))
TTMA = PARTNERS[2]
PROGRAMME = programme_id(SITE, "deep-tissue")
NAMES = ("สมชาย ใจดี", "Ada Lovelace", "José Álvarez", "王小明", "Ada Lovelace")
KEYS = {name: MemorySigner(generate_private_key(Algorithm.ES256), SITE) for name in (*PARTNERS, CLINIC)}


def build_syllabus(*, title: str = "Deep Tissue Foundations", months: int | None = 36) -> bytes:
    """The exact bytes of a small syllabus."""
    level = [Level(id=name, name={"en": name.title()}) for name in ("developing", "competent")]
    syllabus = Syllabus(
        id=f"{PROGRAMME}/1",
        programme=PROGRAMME,
        version=1,
        issuer=CLINIC,
        published=date(2026, 9, 1),
        language="en",
        title={"en": title, "th": "พื้นฐานการนวด"},
        summary={"en": "Firm, slow work on deeper layers."},
        weeks=6,
        minutes=Pillars(theory=600, demonstration=480, practice=1440),
        outcomes=(
            Outcome(
                id="screen", text={"en": "Screen a client"}, at_work={"en": "Intake form"}, within_days=14, touch=True
            ),
        ),
        criteria=(
            Criterion("quiz", "theory", "quiz", {"en": "Theory quiz"}, ("screen",), 45, Percent(80)),
            Criterion(
                "live", "practice", "live", {"en": "Live check"}, ("screen",), 60, Rubric((*level,), "competent")
            ),
        ),
        assessor=AssessorRequirement(qualification={"en": "Licensed massage practitioner"}),
        recognition=Recognition(threshold=2, cosigners=PARTNERS),
        validity_months=UNSET if months is None else months,
    )
    return canonical(syllabus)


SYLLABUS = build_syllabus()


def build_core(
    number: int, name: str, *, syllabus: bytes = SYLLABUS, now: datetime = NOW, index: int = -1
) -> Certificate:
    """Core `number` of a cohort."""
    achievement, day = achievement_of(parse_syllabus(syllabus)), now.replace(hour=0, minute=0, second=0)
    until = valid_until(parse_syllabus(syllabus), day.date())
    identity, subject = (urn_uuid(sha256(f"{kind} {number}".encode())[:16]) for kind in ("certificate", "subject"))
    status = status_list_id(SITE, "river-clinic", "revocation", 1)
    place = str(index if index >= 0 else 1000 + number)
    live = f"{achievement.id}#live"
    return Certificate(
        context=(VC_CONTEXT, OB_CONTEXT, policy_context(SITE)),
        id=identity,
        type=("VerifiableCredential", "OpenBadgeCredential"),
        name=achievement.name,
        issuer=Profile(id=CLINIC, type=("Profile",), name="River Clinic"),
        valid_from=now,
        awarded_date=day,
        credential_subject=Subject(
            id=subject,
            type=("AchievementSubject",),
            identifier=(Identity("IdentityObject", "name", False, name),),
            activity_start_date=day - timedelta(days=42),
            activity_end_date=day,
            achievement=achievement,
            result=(
                Result(("Result",), f"{achievement.id}#quiz", value="92"),
                Result(("Result",), live, achieved_level=f"{live}.competent"),
            ),
        ),
        credential_status=StatusEntry(f"{status}#{place}", "BitstringStatusListEntry", "revocation", place, status),
        related_resource=(RelatedResource(achievement.id, sri(sha256(syllabus)), "application/json"),),
        terms_of_use=(CosignaturePolicy("CosignaturePolicy", 2, PARTNERS),),
        iss=CLINIC,
        sub=subject,
        jti=identity,
        nbf=int(now.timestamp()),
        valid_until=until,
        exp=UNSET if isinstance(until, UnsetType) else int(until.timestamp()),
    )


def build_cores(names: Iterable[str] = NAMES, *, now: datetime = NOW) -> list[Certificate]:
    return [build_core(number, name, now=now) for number, name in enumerate(names)]


def build_request(
    cores: Iterable[Certificate | bytes] | None = None, *, syllabus: bytes = SYLLABUS, created: datetime = NOW
) -> bytes:
    """A whole request as bytes."""
    stream = BytesIO()
    rows = (
        core if isinstance(core, bytes) else canonical(core) for core in (build_cores() if cores is None else cores)
    )
    write_request(stream, issuer=CLINIC, created=created, syllabus=syllabus, cores=rows)
    return stream.getvalue()


def listed(organisation: str, signer: MemorySigner, use: Use) -> PublicKeyFile:
    """The public half of a key held in memory."""
    return prove_possession(signer._key, organisation=organisation, use=KeyUse(use.value), created=FOUNDED)


PUBLIC = {name: listed(name, KEYS[name], Use.ISSUE if name == CLINIC else Use.COSIGN) for name in KEYS}


def build_list(public: Mapping[str, PublicKeyFile] = PUBLIC, **changes: Any) -> TrustList:
    """A first trust list of the clinic and its partners; `policy` and `key` are changes of those."""
    policy = Policy(FOUNDED, (CLINIC,), 2, PARTNERS)
    organisations = tuple(
        Organisation(
            id=name,
            names=(NameFrom(FOUNDED, {"en": name.rpartition("/")[2].replace("-", " ").title()}),),
            keys=(replace(_key(public[name]), **(changes.get("key", {}) if name == TTMA else {})),),
        )
        for name in sorted(public)
    )
    programme = Programme(changes.get("programme", PROGRAMME), (replace(policy, **changes.get("policy", {})),))
    return TrustList(1, FOUNDED, organisations, (programme,), changes.get("frozen", ()))


def build_trust(trust_list: TrustList | None = None, *, expires: datetime = NOW + timedelta(days=365)) -> Trust:
    """A trust list as if its chain had been verified."""
    known = build_list() if trust_list is None else trust_list
    digest = sri(sha256(canonical(known)))
    return Trust(
        known,
        digest=digest,
        root_version=1,
        root_digest="0" * 64,
        root_signed=Digest(bytes(32)),
        root_expires=expires,
        list_expires=expires,
    )


def _key(shown: PublicKeyFile) -> Key:
    return Key(kid=shown.kid, jwk=shown.jwk, alg=shown.alg, use=Use(shown.use.value), valid_from=FOUNDED)
