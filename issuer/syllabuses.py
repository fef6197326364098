"""A published version never changes: what was taught and who must co-sign is frozen with its digest."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import UNSET, Struct, structs
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.freezing import freeze
from issuer.models import SyllabusVersion
from issuer.programme import Programme
from keys import names
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.syllabus import Recognition, Syllabus, parse_syllabus
from keys.trust import Policy, Trust


class Publication(Struct, frozen=True):
    record: SyllabusVersion
    new: bool  # False where the content is that of the version before


def latest_version(session: Session, slug: str) -> SyllabusVersion | None:
    """The newest published syllabus of a programme."""
    newest = select(SyllabusVersion).where(SyllabusVersion.programme == slug)
    return session.scalars(newest.order_by(SyllabusVersion.version.desc()).limit(1)).one_or_none()


def require_version(session: Session, slug: str) -> SyllabusVersion:
    record = latest_version(session, slug)
    if record is None:
        raise HandsealError(
            f"programme {slug}: is not published", hint=f"handseal programme publish programmes/{slug}.toml"
        )
    return record


def open_syllabus(record: SyllabusVersion) -> Syllabus:
    """The syllabus in a row; HandsealError where its bytes are not those that were published (D06, D12)."""
    if sha256(record.body) != record.digest:
        raise HandsealError(f"database: {record.syllabus_id}: is not what was published")
    return parse_syllabus(record.body, record.syllabus_id)


def publish_version(
    session: Session, programme: Programme, *, organisation: str, trust: Trust, moment: datetime, today: date
) -> Publication:
    """The next version of a programme that keeps the rules, or the newest one where nothing changed.

    `organisation` is the clinic's id. HandsealError unless partners and threshold are those of the policy in force.
    """
    base = names.parse_organisation_id(organisation, "clinic").base
    identity = names.programme_id(base, programme.slug)
    policy = require_policy(programme, identity, organisation=organisation, trust=trust, moment=moment)
    recognition = Recognition(threshold=policy.threshold, cosigners=policy.cosigners)
    previous = latest_version(session, programme.slug)
    first = freeze(programme, identity, organisation=organisation, recognition=recognition, published=today)
    if previous is not None:
        before = open_syllabus(previous)
        again = structs.replace(
            first, id=before.id, version=before.version, previous=before.previous, published=before.published
        )
        if canonical(again) == previous.body:
            return Publication(previous, new=False)
        version = previous.version + 1
        first = structs.replace(
            first, id=names.version_id(identity, version), version=version, previous=sri(previous.digest)
        )
    body = canonical(first)
    parse_syllabus(body, first.id)  # what a verifier would refuse is not published
    record = SyllabusVersion(
        programme=programme.slug,
        version=first.version,
        syllabus_id=first.id,
        digest=sha256(body),
        body=body,
        published=today,
    )
    session.add(record)
    session.flush()
    return Publication(record, new=True)


def require_policy(programme: Programme, identity: str, *, organisation: str, trust: Trust, moment: datetime) -> Policy:
    """The trust list's policy in force for the programme; HandsealError where the programme says something else."""
    policy = trust.policy(identity, moment)
    hint = "change the programme, or propose a new trust list: handseal-ceremony trust propose"
    if policy is None or (policy.until is not UNSET and policy.until <= moment):
        raise HandsealError(f"programme {programme.slug}: the trust list has no policy in force for it", hint=hint)
    if organisation not in policy.issuers:
        raise HandsealError(f"programme {programme.slug}: by the trust list, the clinic may not issue it", hint=hint)
    listed = {names.parse_organisation_id(partner, "trust list").slug for partner in policy.cosigners}
    if set(programme.cosigners) != listed:
        raise HandsealError(
            f"programme {programme.slug}: cosigners: found {_listed(set(programme.cosigners))}, "
            f"the trust list has {_listed(listed)}",
            hint=hint,
        )
    if programme.threshold != policy.threshold:
        raise HandsealError(
            f"programme {programme.slug}: threshold: found {programme.threshold}, "
            f"the trust list has {policy.threshold}",
            hint=hint,
        )
    return policy


def _listed(slugs: set[str]) -> str:
    return ", ".join(sorted(slugs)) or "none"
