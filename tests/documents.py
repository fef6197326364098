"""Documents of the in-memory world: a syllabus, certificates and endorsements as the product's own structs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from keys import names
from keys.credential import (
    Certificate,
    CosignaturePolicy,
    Endorsement,
    EndorsementSubject,
    Evidence,
    Identity,
    Profile,
    RelatedResource,
    Result,
    StatusEntry,
    Subject,
    content_digest,
    policy_context,
)
from keys.encoding import sha256, sri
from keys.syllabus import Syllabus, achievement_of
from keys.trust import Key, NameFrom, Organisation

SITE = "https://verify.river.example"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PROPOSED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SIGNED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
CLINIC = f"{SITE}/orgs/river-clinic"
PARTNERS = {
    f"{SITE}/orgs/harbour-hospital": "Harbour Hospital Rehabilitation",
    f"{SITE}/orgs/north-college": "North College",
    f"{SITE}/orgs/ttma": "Thai Traditional Massage Association",
}
HARBOUR, NORTH, TTMA = PARTNERS
PROGRAMME = f"{SITE}/programmes/deep-tissue-foundations"
EVIDENCE = Evidence(
    type=("Evidence",),
    name="Live skill check",
    narrative="Assessed by Niran Chai, Licensed massage practitioner, on 13 November 2026",
    genre="live",
)


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def list_of(organisation_id: str, purpose: str = "revocation") -> str:
    owner = names.parse_organisation_id(organisation_id, "organisation")
    return names.status_list_id(owner.base, owner.slug, purpose, 1)


def organisation(identity: str, name: str, keys: tuple[Key, ...], **changes: Any) -> Organisation:
    plain = Organisation(id=identity, names=(NameFrom(since=FOUNDED, name={"en": name}),), keys=keys)
    return replace(plain, website="https://www.example.org", **changes)


def make_syllabus(threshold: int = 2) -> Syllabus:
    """Deep Tissue Foundations, version 1."""
    document = {
        "id": f"{PROGRAMME}/1",
        "programme": PROGRAMME,
        "version": 1,
        "issuer": CLINIC,
        "published": date(2026, 9, 1),
        "language": "en",
        "title": {"en": "Deep Tissue Foundations", "th": "พื้นฐานการนวดเนื้อเยื่อส่วนลึก"},
        "summary": {"en": "Safe deep-tissue work on the back and legs for practising therapists."},
        "weeks": 6,
        "minutes": {"theory": 600, "demonstration": 480, "practice": 1080},
        "outcomes": [
            outcome("screen", "Screen a client for contraindications and refer where needed", touch=False),
            outcome("strokes", "Apply four deep-tissue strokes at a pressure agreed with the client"),
            outcome("session", "Plan and record a 45-minute session for lower-back tension"),
        ],
        "criteria": [
            criterion("quiz", "theory", "quiz", "Theory quiz", {"type": "Percent", "pass": 80}),
            criterion("video", "demonstration", "video", "Video demonstration", rubric()),
            criterion("live", "practice", "live", "Live skill check", rubric()),
        ],
        "assessor": {"qualification": {"en": "Licensed massage practitioner"}},
        "recognition": {"threshold": threshold, "cosigners": sorted(PARTNERS)},
        "validityMonths": 36,
    }
    return msgspec.convert(document, Syllabus)


def outcome(identity: str, text: str, *, touch: bool = True) -> dict[str, Any]:
    at_work = {"en": "Uses it with the next new client"}
    return {"id": identity, "text": {"en": text}, "atWork": at_work, "withinDays": 14, "touch": touch}


def criterion(identity: str, pillar: str, kind: str, name: str, scale: dict[str, Any]) -> dict[str, Any]:
    covered = ["screen"] if kind == "quiz" else ["strokes", "session"]
    texts = {"id": identity, "pillar": pillar, "kind": kind, "name": {"en": name}, "outcomes": covered}
    return {**texts, "minutes": 45, "scale": scale}


def rubric() -> dict[str, Any]:
    levels = [{"id": level, "name": {"en": level.capitalize()}} for level in ("developing", "competent", "proficient")]
    return {"type": "Rubric", "levels": levels, "pass": "competent"}


def make_core(
    syllabus: Syllabus, syllabus_bytes: bytes, identity: str, index: int, name: str, latin: str | None
) -> Certificate:
    subject_id = identity.replace("-4000-", "-4001-")
    until = midnight("2029-11-19") + timedelta(hours=23, minutes=59, seconds=59)
    status = list_of(CLINIC)
    return Certificate(
        context=(
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            policy_context(SITE),
        ),
        id=identity,
        type=("VerifiableCredential", "OpenBadgeCredential"),
        name=syllabus.text(syllabus.title),
        issuer=Profile(id=CLINIC, type=("Profile",), name="River Clinic"),
        valid_from=PROPOSED,
        awarded_date=midnight("2026-11-19"),
        credential_subject=make_subject(syllabus, subject_id, name, latin),
        evidence=(EVIDENCE,),
        credential_status=entry(status, index),
        related_resource=(
            RelatedResource(id=syllabus.id, digest_sri=sri(sha256(syllabus_bytes)), media_type="application/json"),
        ),
        terms_of_use=(
            CosignaturePolicy(
                type="CosignaturePolicy",
                threshold=syllabus.recognition.threshold,
                cosigner=syllabus.recognition.cosigners,
            ),
        ),
        iss=CLINIC,
        sub=subject_id,
        jti=identity,
        nbf=int(PROPOSED.timestamp()),
        valid_until=until,
        exp=int(until.timestamp()),
    )


def make_subject(syllabus: Syllabus, identity: str, name: str, latin: str | None) -> Subject:
    return Subject(
        id=identity,
        type=("AchievementSubject",),
        identifier=identities(name, latin),
        activity_start_date=midnight("2026-10-05"),
        activity_end_date=midnight("2026-11-15"),
        achievement=achievement_of(syllabus),
        result=make_results(syllabus),
    )


def identities(name: str, latin: str | None) -> tuple[Identity, ...]:
    printed = Identity(type="IdentityObject", identity_type="name", hashed=False, identity_hash=name)
    if latin is None:
        return (printed,)
    return printed, Identity(type="IdentityObject", identity_type="ext:latinName", hashed=False, identity_hash=latin)


def make_results(syllabus: Syllabus) -> tuple[Result, ...]:
    quiz, video, live = (f"{syllabus.id}#{criterion.id}" for criterion in syllabus.criteria)
    return (
        Result(type=("Result",), result_description=quiz, value="92"),
        Result(type=("Result",), result_description=video, achieved_level=f"{video}.competent"),
        Result(type=("Result",), result_description=live, achieved_level=f"{live}.proficient"),
    )


def make_endorsement(core: Certificate, partner: str, unique: str, index: int, signed: datetime) -> Endorsement:
    identity = f"urn:uuid:00000000-0000-4002-8000-{unique}"
    name = PARTNERS.get(partner, "River Clinic")
    return Endorsement(
        context=("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"),
        id=identity,
        type=("VerifiableCredential", "EndorsementCredential"),
        name=f"Co-signature: {core.name}",
        issuer=Profile(id=partner, type=("Profile",), name=name),
        valid_from=signed,
        credential_subject=EndorsementSubject(
            id=core.id, type=("EndorsementSubject",), endorsement_comment=f"{name} reviewed and co-signs this."
        ),
        related_resource=(
            RelatedResource(id=f"{core.id}#core", digest_sri=sri(content_digest(core)), media_type="application/json"),
        ),
        credential_status=entry(list_of(partner), index),
        iss=partner,
        sub=core.id,
        jti=identity,
        nbf=int(signed.timestamp()),
    )


def entry(status_list: str, index: int) -> StatusEntry:
    return StatusEntry(
        id=f"{status_list}#{index}",
        type="BitstringStatusListEntry",
        status_purpose="revocation",
        status_list_index=str(index),
        status_list_credential=status_list,
    )
