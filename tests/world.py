"""An in-memory world made by the product itself: a clinic, three partner bodies, a trust list, a clock.

One mutation, one expected code: every builder takes what it should do differently.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from keys import names
from keys.algorithms import Algorithm, PrivateKey, generate_private_key, jwk_of
from keys.credential import (
    Certificate,
    Endorsement,
)
from keys.encoding import Digest, canonical, sha256, sri
from keys.jws import sign_token
from keys.signer import MemorySigner, Signer
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
from keys.trust import Key, Policy, Programme, Trust, TrustList, Use
from tests.documents import (
    CLINIC as CLINIC,
    FOUNDED as FOUNDED,
    HARBOUR as HARBOUR,
    NORTH as NORTH,
    NOW as NOW,
    PARTNERS as PARTNERS,
    PROGRAMME as PROGRAMME,
    PROPOSED as PROPOSED,
    SIGNED as SIGNED,
    SITE as SITE,
    TTMA as TTMA,
    criterion as criterion,
    entry as entry,
    identities as identities,
    list_of as list_of,
    make_core as make_core,
    make_endorsement as make_endorsement,
    make_results as make_results,
    make_subject as make_subject,
    make_syllabus as make_syllabus,
    midnight as midnight,
    organisation as organisation,
    outcome as outcome,
    rubric as rubric,
)
from verifier.materials import Materials
from verifier.report import Check, Outcome, Report
from verifier.verify import verify

NOT_RUN = Check("state.rollback", Outcome.NOT_RUN, "not-run")


class ListedSigner(MemorySigner):
    """A signer that knows its public key, for a trust list to name."""

    def __init__(self, private: PrivateKey, base: str) -> None:
        super().__init__(private, base)
        self.jwk = jwk_of(private)


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

    def new_signer(self, algorithm: Algorithm | None = None) -> ListedSigner:
        return ListedSigner(generate_private_key(algorithm or self.algorithm), SITE)

    def key(self, signer: ListedSigner, use: Use, **changes: Any) -> Key:
        plain = Key(kid=signer.kid, jwk=signer.jwk, alg=signer.alg, use=use, valid_from=FOUNDED)
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
        return Trust(
            trust_list,
            digest=digest,
            root_version=1,
            root_digest="00" * 32,
            root_signed=Digest(bytes(32)),
            root_expires=self.trust_expires,
            list_expires=self.trust_expires,
        )

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

    def sign(self, payload: bytes, signer: Signer | None = None) -> bytes:
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
