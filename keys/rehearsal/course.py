"""A small course and its certificates, as a clinic would propose them, for people whom nobody has met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from keys.credential import (
    OB_CONTEXT,
    VC_CONTEXT,
    Achievement,
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
from keys.encoding import canonical, sha256, sri
from keys.names import parse_organisation_id, programme_id, status_list_id, urn_uuid, version_id
from keys.profile import require_claims, require_profile
from keys.status import MIN_BITS
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
)

SLUG = "rehearsal-course"
CLINIC_NAME = "River Clinic (rehearsal)"
LEARNERS = ("Ada Example", "José Ejemplo", "สมชาย ตัวอย่าง", "Mai Ví Dụ", "Amina Mfano", "Björn Exempel", "Lin Esempio")

Random = Callable[[int], bytes]
"""From a number to so many random bytes."""


def make_syllabus(clinic: str, cosigners: Sequence[str], *, threshold: int, published: date) -> bytes:
    """The exact bytes of version 1; its certificates do not expire."""
    programme = programme_id(parse_organisation_id(clinic, "clinic").base, SLUG)
    levels = tuple(Level(id=name, name={"en": name.title()}) for name in ("developing", "competent"))
    massage = Outcome("massage", {"en": "Give a calm hand massage"}, {"en": "Gives it to two residents"}, 14, True)
    quiz = Criterion("quiz", "theory", "quiz", {"en": "Theory quiz"}, ("massage",), 20, Percent(80))
    live = Criterion(
        "live", "practice", "live", {"en": "Live skill check"}, ("massage",), 30, Rubric(levels, "competent")
    )
    syllabus = Syllabus(
        id=version_id(programme, 1),
        programme=programme,
        version=1,
        issuer=clinic,
        published=published,
        language="en",
        title={"en": "Hand Massage (rehearsal)"},
        summary={"en": "An invented course. Its certificates are worth nothing."},
        weeks=3,
        minutes=Pillars(theory=240, demonstration=180, practice=480),
        outcomes=(massage,),
        criteria=(quiz, live),
        assessor=AssessorRequirement(qualification={"en": "Licensed massage practitioner"}),
        recognition=Recognition(threshold, tuple(sorted(cosigners))),
    )
    return canonical(syllabus)


def propose(name: str, syllabus: bytes, moment: datetime, random: Random) -> Certificate:
    """The core of one certificate, proposed at `moment` (UTC, whole seconds)."""
    course = parse_syllabus(syllabus)
    site, achievement = parse_organisation_id(course.issuer, "issuer"), achievement_of(course)
    awarded = moment.replace(hour=0, minute=0, second=0)
    identity, subject = urn_uuid(random(16)), urn_uuid(random(16))
    place = str(int.from_bytes(random(4), "big") % MIN_BITS)
    revocation = status_list_id(site.base, site.slug, "revocation", 1)
    core = Certificate(
        context=(VC_CONTEXT, OB_CONTEXT, policy_context(site.base)),
        id=identity,
        type=("VerifiableCredential", "OpenBadgeCredential"),
        name=achievement.name,
        issuer=Profile(id=course.issuer, type=("Profile",), name=CLINIC_NAME),
        valid_from=moment,
        awarded_date=awarded,
        credential_subject=_subject(subject, name, achievement, awarded),
        credential_status=StatusEntry(
            f"{revocation}#{place}", "BitstringStatusListEntry", "revocation", place, revocation
        ),
        related_resource=(RelatedResource(achievement.id, sri(sha256(syllabus)), "application/json"),),
        terms_of_use=(
            CosignaturePolicy("CosignaturePolicy", course.recognition.threshold, course.recognition.cosigners),
        ),
        iss=course.issuer,
        sub=subject,
        jti=identity,
        nbf=int(moment.timestamp()),
    )
    require_profile(core, f"certificate of {name}")
    require_claims(core, f"certificate of {name}")
    return core


def _subject(identity: str, name: str, achievement: Achievement, awarded: datetime) -> Subject:
    live = f"{achievement.id}#live"
    return Subject(
        id=identity,
        type=("AchievementSubject",),
        identifier=(Identity("IdentityObject", "name", False, name),),
        activity_start_date=awarded - timedelta(days=21),
        activity_end_date=awarded,
        achievement=achievement,
        result=(
            Result(("Result",), f"{achievement.id}#quiz", value="92"),
            Result(("Result",), live, achieved_level=f"{live}.competent"),
        ),
    )
