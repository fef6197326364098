"""An in-memory world made by the product itself: a clinic, three partner bodies, a trust list, a clock.

One mutation, one expected code: every builder takes what it should do differently.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from keys import names
from keys.algorithms import Algorithm, generate_private_key, jwk_of
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
from keys.encoding import canonical, sha256, sri
from keys.jws import sign_token
from keys.signer import MemorySigner
from keys.status import (
    COSIGNER_LIST_LIFE,
    ISSUER_LIST_LIFE,
    MIN_BITS,
    StatusList,
    TrustListReference,
    build_status_list,
    open_status_list,
    set_bits,
    sign_status_list,
)
from keys.syllabus import Syllabus, achievement_of
from keys.trust import Key, NameFrom, Organisation, Policy, Programme, Trust, TrustList, Use
from verifier.materials import Materials
from verifier.report import Check, Outcome, Report
from verifier.verify import verify

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
NOT_RUN = Check("state.rollback", Outcome.NOT_RUN, "Rollback was not checked.")


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


@dataclass
class World:
    """Everything in one place; change a field, then ask for tokens, lists and reports."""

    algorithm: Algorithm = Algorithm.ES256
    threshold: int = 2
    now: datetime = NOW
    trust_expires: datetime = NOW + timedelta(days=300)
    revoked: dict[str, set[int]] = field(default_factory=dict)  # by list id
    list_overrides: dict[str, StatusList | str | None] = field(default_factory=dict)
    change_list: Callable[[TrustList], TrustList] = lambda trust_list: trust_list
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.issue_key = self.new_signer()
        self.status_key = self.new_signer()
        self.partner_keys = {partner: self.new_signer() for partner in PARTNERS}
        self.syllabus = make_syllabus(self.threshold)
        self.syllabus_bytes = canonical(self.syllabus)

    def new_signer(self, algorithm: Algorithm | None = None) -> MemorySigner:
        private = generate_private_key(algorithm or self.algorithm)
        signer = MemorySigner(private, SITE)
        signer.jwk = jwk_of(private)  # type: ignore[attr-defined]  # the tests publish it
        return signer

    def key(self, signer: MemorySigner, use: Use, **changes: Any) -> Key:
        jwk = signer.jwk  # type: ignore[attr-defined]  # set by new_signer
        plain = Key(kid=signer.kid, jwk=jwk, alg=signer.algorithm.value, use=use, valid_from=FOUNDED)
        return replace(plain, **changes)

    # -- the trust list ---------------------------------------------------------------------------------------------

    def trust_list(self) -> TrustList:
        clinic_keys = (self.key(self.issue_key, Use.ISSUE), self.key(self.status_key, Use.STATUS))
        organisations = [organisation(CLINIC, "River Clinic", clinic_keys, contact="+66 53 000 000")]
        for partner, name in PARTNERS.items():
            organisations.append(organisation(partner, name, (self.key(self.partner_keys[partner], Use.COSIGN),)))
        policy = Policy(since=FOUNDED, issuers=(CLINIC,), threshold=self.threshold, cosigners=tuple(sorted(PARTNERS)))
        return self.change_list(
            TrustList(
                version=1,
                issued=FOUNDED,
                organisations=tuple(organisations),
                programmes=(Programme(id=PROGRAMME, policies=(policy,)),),
                frozen_status=(),
            )
        )

    def trust(self) -> Trust:
        trust_list = self.trust_list()
        digest = sri(sha256(canonical(trust_list)))
        return Trust(trust_list, digest=digest, root_version=1, root_digest="00" * 32, expires=self.trust_expires)

    # -- certificates -----------------------------------------------------------------------------------------------

    def core(self, name: str = "สมชาย ปิ่นทอง", latin: str | None = "Somchai Pinthong", **changes: Any) -> Certificate:
        number = next(iter(self._numbers))
        identifier = f"urn:uuid:00000000-0000-4000-8000-{number:012x}"
        return replace(make_core(self.syllabus, self.syllabus_bytes, identifier, number, name, latin), **changes)

    def endorsement(self, core: Certificate, partner: str = TTMA, **changes: Any) -> Endorsement:
        signed = changes.pop("valid_from", SIGNED)
        number = next(iter(self._numbers))
        return replace(make_endorsement(core, partner, f"{number:012x}", number, signed), **changes)

    def endorse(
        self, core: Certificate, partner: str = TTMA, signer: MemorySigner | None = None, **changes: Any
    ) -> str:
        endorsement = self.endorsement(core, partner, **changes)
        return sign_token(canonical(endorsement), signer or self.partner_keys[partner])

    def close(self, core: Certificate, endorsements: Iterable[str], **changes: Any) -> bytes:
        """The certificate: core and endorsements as given, signed by the clinic."""
        certificate = replace(core, endorsement_jwt=tuple(endorsements), **changes)
        return self.sign(canonical(certificate))

    def sign(self, payload: bytes, signer: MemorySigner | None = None) -> bytes:
        return sign_token(payload, signer or self.issue_key).encode()

    def issue(self, *partners: str, core: Certificate | None = None, name: str = "สมชาย ปิ่นทอง") -> bytes:
        """A whole certificate, co-signed by these partners (two of three unless told)."""
        core = core or self.core(name)
        return self.close(core, [self.endorse(core, p) for p in sorted(partners or (HARBOUR, TTMA))])

    # -- status -----------------------------------------------------------------------------------------------------

    def status_token(self, list_id: str, *, signer: MemorySigner | None = None, **changes: Any) -> str:
        named = names.parse_status_list_id(list_id, "list")
        issuer = names.organisation_id(named.base, named.slug)
        mine = issuer == CLINIC
        credential = build_status_list(
            list_id,
            set_bits(bytes(MIN_BITS // 8), self.revoked.get(list_id, set())),
            issuer=issuer,
            now=changes.pop("dated", self.now - timedelta(hours=1)),
            life=changes.pop("life", ISSUER_LIST_LIFE if mine else COSIGNER_LIST_LIFE),
            trust_list=TrustListReference(id=f"{SITE}/trust/1.list.json", digest_sri=self.trust().digest),
        )
        key = signer or (self.status_key if mine else self.partner_keys[issuer])
        return sign_status_list(replace(credential, **changes), key)

    def list_ids(self) -> list[str]:
        mine = [f"{SITE}/status/river-clinic/{purpose}/1" for purpose in names.PURPOSES]
        return [*mine, *(list_of(partner) for partner in PARTNERS)]

    def lists(self) -> dict[str, StatusList | str]:
        trust = self.trust()
        opened: dict[str, StatusList | str] = {}
        for list_id in self.list_ids():
            override = self.list_overrides.get(list_id, UNSET)
            if override is UNSET:
                token = self.status_token(list_id).encode()
                opened[list_id] = open_status_list(token, list_id, trust=trust, now=self.now)
            elif override is not None:
                opened[list_id] = override
        return opened

    def revoke(self, list_id: str, *indices: int) -> None:
        self.revoked.setdefault(list_id, set()).update(indices)

    # -- the answer -------------------------------------------------------------------------------------------------

    def materials(self, **changes: Any) -> Materials:
        plain = Materials(
            trust=self.trust(),
            trust_fault="",
            lists=self.lists(),
            syllabuses={self.syllabus.id: self.syllabus_bytes},
            rollback=NOT_RUN,
        )
        return replace(plain, **changes)

    def verify(self, token: bytes, at: datetime | None = None) -> Report:
        return verify(token, self.materials(), at=at or self.now, now=self.now)


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
        credential_subject=Subject(
            id=subject_id,
            type=("AchievementSubject",),
            identifier=identities(name, latin),
            activity_start_date=midnight("2026-10-05"),
            activity_end_date=midnight("2026-11-15"),
            achievement=achievement_of(syllabus),
            result=make_results(syllabus),
        ),
        evidence=(
            Evidence(
                type=("Evidence",),
                name="Live skill check",
                narrative="Assessed by Niran Chai, Licensed massage practitioner, on 13 November 2026",
                genre="live",
            ),
        ),
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
