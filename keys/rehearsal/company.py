"""A clinic, partner bodies and holders in memory: throw-away keys, invented names, and any day that is played.

Lists, signatures and certificates are made by the code of the real commands; only the clock and the keys are staged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from keys import names
from keys.algorithms import Algorithm, PrivateKey, generate_private_key
from keys.body import LIST_NUMBER, require_body
from keys.cosignature import open_cosignature
from keys.credential import Certificate, content_digest
from keys.encoding import canonical
from keys.endorsement import Terms, endorse
from keys.errors import FormatError, HandsealError
from keys.jws import sign_token
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.quorum import Quorum, count
from keys.rehearsal import course
from keys.rehearsal.course import CLINIC_NAME, SLUG, Random
from keys.signer import MemorySigner
from keys.status import (
    COSIGNER_LIST_LIFE,
    ISSUER_LIST_LIFE,
    MIN_BITS,
    StatusList,
    TrustListReference,
    build_status_list,
    open_status_list,
    sign_status_list,
)
from keys.syllabus import parse_syllabus
from keys.trust import Trust, Use
from keys.trust_chain import load_trust
from keys.trust_changes import Changes, Founding, NewOrganisation, NewPolicy, first_list, holders_of, propose_changes
from keys.trust_edit import found, root_digest, sign

SITE = "https://rehearsal.example"
CLINIC, HARBOUR, NORTH, TTMA = (
    names.organisation_id(SITE, slug) for slug in ("river-clinic", "harbour-hospital", "north-college", "ttma")
)
PARTNERS = (HARBOUR, NORTH, TTMA)
NAMES = {
    CLINIC: CLINIC_NAME,
    HARBOUR: "Harbour Hospital (rehearsal)",
    NORTH: "North College (rehearsal)",
    TTMA: "Massage Association (rehearsal)",
}
HOLDERS = (CLINIC, HARBOUR, TTMA)
USES = {CLINIC: (Use.ISSUE, Use.STATUS)} | dict.fromkeys(PARTNERS, (Use.COSIGN,))


class Issued(Struct, frozen=True):
    """A certificate that left the clinic, and where the site keeps it."""

    name: str
    core: Certificate
    cosigned: Mapping[str, datetime]  # by body
    endorsements: tuple[str, ...]
    kid: str  # of the clinic's key
    token: str
    lookup_id: str


class Company:
    """All parties from `founded` (UTC, whole seconds) on: clinic, association and hospital hold the trust list."""

    def __init__(self, founded: datetime, random: Random) -> None:
        self.random = random
        private = {(owner, use): generate_private_key(Algorithm.ES256) for owner in USES for use in USES[owner]}
        self.signers = {part: MemorySigner(key, SITE) for part, key in private.items()}
        self.holders = {owner: Ed25519PrivateKey.generate() for owner in NAMES}
        self.public = _public_files(private, self.holders, founded)
        self.syllabus = course.make_syllabus(CLINIC, PARTNERS, threshold=2, published=founded.date())
        self.files = self._found(founded)
        self.root = root_digest(self.files)
        self.lists: dict[str, str] = {}
        self.issued: list[Issued] = []

    # -- the trust list ---------------------------------------------------------------------------------------------

    @property
    def trust(self) -> Trust:
        return load_trust(self.files.get, root_digest=self.root)

    def kid(self, owner: str, use: Use) -> str:
        return self.signers[owner, use].kid

    def change(self, changes: Changes, at: datetime, *, beside: Mapping[str, bytes] | None = None) -> None:
        """A further list, as `trust propose` makes it from `changes` and the files `beside` it; two holders sign."""
        read_bytes = (beside or {}).__getitem__
        draft = propose_changes(self.files, changes, self.public.__getitem__, read_bytes, issued=at)
        self.files = self._signed(draft, (HARBOUR, TTMA))

    def replace_key(self, owner: str, use: Use, at: datetime) -> str:
        """Makes this owner's next key, to be used from now on; the name of its public file, for `change`."""
        key, name = generate_private_key(Algorithm.ES256), f"new-{file_name(owner, use)}"
        self.public[name] = prove_possession(key, organisation=owner, use=KeyUse(use.value), created=at)
        self.signers[owner, use] = MemorySigner(key, SITE)
        return name

    def _found(self, at: datetime) -> dict[str, bytes]:
        organisations = tuple(
            NewOrganisation(_slug(owner), {"en": NAMES[owner]}, tuple(file_name(owner, use) for use in USES[owner]))
            for owner in NAMES
        )
        policy = NewPolicy(SLUG, (_slug(CLINIC),), 2, tuple(map(_slug, PARTNERS)))
        named = tuple(file_name(owner) for owner in HOLDERS)
        founding = Founding(SITE, named, organisations, (policy,))
        first = first_list(founding, self.public.__getitem__, issued=at)
        return self._signed(found(first, holders_of(named, self.public.__getitem__, first)), HOLDERS[:2])

    def _signed(self, draft: Mapping[str, bytes], signing: Iterable[str]) -> dict[str, bytes]:
        files = dict(draft)
        for owner in signing:
            files = sign(files, self.holders[owner])
        load_trust(files.get, root_digest=root_digest(files))
        return files

    # -- certificates -----------------------------------------------------------------------------------------------

    def certify(self, name: str, proposed: datetime, cosigned: Mapping[str, datetime]) -> Issued:
        """A certificate proposed at one moment, co-signed by each body at another, and closed by the clinic."""
        core = course.propose(name, self.syllabus, proposed, self.random)
        tokens = tuple(self._cosign(core, body, cosigned[body]) for body in sorted(cosigned))
        closed = replace(core, endorsement_jwt=tokens)
        signer = self.signers[CLINIC, Use.ISSUE]
        token = sign_token(canonical(closed), signer)
        lookup = names.lookup_id(self.random(names.LOOKUP_RANDOM_BYTES))
        self.issued.append(Issued(name, core, cosigned, tokens, signer.kid, token, lookup))
        return self.issued[-1]

    def _cosign(self, core: Certificate, owner: str, at: datetime) -> str:
        body = require_body(self.trust, self.kid(owner, Use.COSIGN), at)
        terms = Terms.of(body.known.organisation, parse_syllabus(self.syllabus), "A rehearsal.", body.list_id, at)
        place = int.from_bytes(self.random(4), "big") % MIN_BITS
        identity, signer = names.urn_uuid(self.random(16)), self.signers[owner, Use.COSIGN]
        return endorse(core, content_digest(core), terms, place=place, identity=identity, signer=signer)

    # -- status lists -----------------------------------------------------------------------------------------------

    def list_ids(self, owner: str) -> tuple[str, ...]:
        purposes = names.PURPOSES if owner == CLINIC else ("revocation",)
        return tuple(names.status_list_id(SITE, _slug(owner), purpose, LIST_NUMBER) for purpose in purposes)

    def publish_lists(self, owner: str, at: datetime) -> None:
        """Fresh lists of one organisation, in which nothing is revoked."""
        use, life = (Use.STATUS, ISSUER_LIST_LIFE) if owner == CLINIC else (Use.COSIGN, COSIGNER_LIST_LIFE)
        reference = TrustListReference.of(self.trust, SITE)
        for list_id in self.list_ids(owner):
            unsigned = build_status_list(
                list_id, bytes(MIN_BITS // 8), issuer=owner, now=at, life=life, trust_list=reference
            )
            self.lists[list_id] = sign_status_list(unsigned, self.signers[owner, use])

    def open_lists(self, at: datetime) -> dict[str, StatusList | str]:
        """Each published list as a verifier takes it at that moment, or why it does not."""
        return {list_id: self.open_list(list_id, at, self.trust) for list_id in self.lists}

    def open_list(self, list_id: str, at: datetime, trust: Trust) -> StatusList | str:
        """One of them, under this trust list."""
        try:
            return open_status_list(self.lists[list_id].encode(), list_id, trust=trust, now=at)
        except FormatError as fault:
            return str(fault).removeprefix(f"status list {list_id}: ")

    def count(self, issued: Issued, at: datetime) -> Quorum:
        """Which co-signatures of a certificate count at that moment."""
        core, trust = issued.core, self.trust
        policy = trust.policy(core.programme, core.valid_from)
        if policy is None:
            raise HandsealError(f"{core.programme}: the trust list has no policy for it")
        digest = content_digest(core)
        opened = [open_cosignature(token, core, digest, trust, issued.name) for token in issued.endorsements]
        return count([one for one in opened if one], core, policy, lists=self.open_lists(at), at=at)

    # -- the site ---------------------------------------------------------------------------------------------------

    def site(self) -> dict[str, bytes]:
        """The published site as it would be now, by path: all that a verifier reads."""
        lists = {names.status_list_path(names.parse_status_list_id(i, "list")): t for i, t in self.lists.items()}
        certificates = {names.certificate_path(one.lookup_id): one.token for one in self.issued}
        return {
            **{f"trust/{name}": data for name, data in self.files.items()},
            **{path: token.encode() for path, token in (lists | certificates).items()},
            names.syllabus_path(SLUG, 1): self.syllabus,
        }


def short_name(owner: str) -> str:
    """The invented name without the word that marks it."""
    return NAMES[owner].partition(" (")[0]


def file_name(owner: str, use: Use | KeyUse = KeyUse.TRUST) -> str:
    """What the public half of a key is called beside the TOML files of a ceremony."""
    return f"{_slug(owner)}.{use.value}.key.pub.json"


def _slug(owner: str) -> str:
    return names.parse_organisation_id(owner, "organisation").slug


def _public_files(
    private: Mapping[tuple[str, Use], PrivateKey], holders: Mapping[str, Ed25519PrivateKey], created: datetime
) -> dict[str, PublicKeyFile]:
    files = {
        file_name(owner, use): prove_possession(key, organisation=owner, use=KeyUse(use.value), created=created)
        for (owner, use), key in private.items()
    }
    return files | {
        file_name(owner): prove_possession(key, organisation=owner, use=KeyUse.TRUST, created=created)
        for owner, key in holders.items()
    }
