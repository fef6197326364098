"""The trust list: which organisations, keys and co-signature policies hold, from when, and since when not.

The model of formats.md section 5 and the questions asked of it. `keys.trust_chain` is the way to one that is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from keys.algorithms import Jwk, PublicKey, public_key
from keys.credential import MAX_ENDORSEMENTS, Name, Wire
from keys.encoding import Digest, Sri, Time, require_utc, sha256, sri
from keys.errors import FormatError
from keys.names import parse_organisation_id

Texts = dict[str, Name]


class Use(Enum):
    """What a key may sign; one key, one use."""

    ISSUE = "issue"
    STATUS = "status"
    COSIGN = "cosign"

    @property
    def words(self) -> str:
        """What such a key is there to do."""
        return {"issue": "sign certificates", "status": "sign status lists", "cosign": "co-sign certificates"}[
            self.value
        ]


class NameFrom(Wire, frozen=True):
    """What an organisation is called, from a moment on."""

    since: Time = field(name="from")
    name: Annotated[Texts, Meta(min_length=1)]

    def __post_init__(self) -> None:
        require_utc(self.since)


class Key(Wire, frozen=True):
    kid: str
    jwk: Jwk
    alg: str
    use: Use
    valid_from: Time
    valid_until: Time | UnsetType = UNSET
    compromised_since: Time | UnsetType = UNSET

    def __post_init__(self) -> None:
        require_utc(self.valid_from, self.valid_until, self.compromised_since)


class Organisation(Wire, frozen=True):
    id: str
    names: Annotated[tuple[NameFrom, ...], Meta(min_length=1)]  # ascending by `since`
    keys: tuple[Key, ...]
    website: str | UnsetType = UNSET
    contact: Name | UnsetType = UNSET

    def names_at(self, moment: datetime) -> Texts:
        """The names in force at `moment`, by language; the first ones ever for a moment before them."""
        in_force = [entry.name for entry in self.names if entry.since <= moment]
        return in_force[-1] if in_force else self.names[0].name

    def name_at(self, moment: datetime, language: str = "en") -> str:
        names = self.names_at(moment)
        return names.get(language) or names.get("en") or next(iter(names.values()))


class Policy(Wire, frozen=True):
    """Who must co-sign a programme's certificates, from a moment on."""

    since: Time = field(name="from")
    issuers: Annotated[tuple[str, ...], Meta(min_length=1)]
    threshold: Annotated[int, Meta(ge=1, le=MAX_ENDORSEMENTS)]
    cosigners: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_ENDORSEMENTS)]  # sorted
    until: Time | UnsetType = UNSET

    def __post_init__(self) -> None:
        require_utc(self.since, self.until)


class Programme(Wire, frozen=True):
    id: str
    policies: Annotated[tuple[Policy, ...], Meta(min_length=1)]  # ascending by `since`


class FrozenStatus(Wire, frozen=True):
    id: str
    digest_sri: Sri = field(name="digestSRI")


class TrustList(Wire, frozen=True):
    """`trust/<version>.list.json`."""

    version: Annotated[int, Meta(ge=1, le=999_999_999)]
    issued: Time
    organisations: tuple[Organisation, ...]
    programmes: tuple[Programme, ...]
    frozen_status: tuple[FrozenStatus, ...]
    previous: Sri | UnsetType = UNSET  # absent in version 1

    def __post_init__(self) -> None:
        require_utc(self.issued)

    @property
    def site(self) -> str:
        """Base URL of the site it is published on: that of its programmes; while there is none, the first owner's."""
        for programme in self.programmes:
            return programme.id.partition("/programmes/")[0]
        return parse_organisation_id(self.organisations[0].id, "trust list").base


class KnownKey(Struct, frozen=True):
    """A key of the trust list with its owner."""

    organisation: Organisation
    key: Key
    public: PublicKey


class Trust:
    """A trust list whose chain of signatures was verified: the only source of names, keys and policies.

    Made by `keys.trust_chain`.
    """

    def __init__(
        self,
        trust_list: TrustList,
        *,
        digest: str,
        root_version: int,
        root_digest: str,
        root_signed: Digest,
        root_expires: datetime,
        list_expires: datetime,
    ) -> None:
        self.list = trust_list
        self.digest = digest  # digestSRI of the list's bytes
        self.root_version = root_version
        self.root_digest = root_digest  # hex, of 1.root.json
        self.root_signed = root_signed  # SHA-256 of what holders signed as the newest root
        self.root_expires = root_expires
        self.list_expires = list_expires  # as its targets say

    @property
    def expires(self) -> datetime:
        """From then on nothing that rests on it is valid."""
        return min(self.root_expires, self.list_expires)

    @cached_property
    def _keys(self) -> dict[str, KnownKey]:
        return {
            key.kid: KnownKey(organisation, key, public_key(key.jwk))
            for organisation in self.list.organisations
            for key in organisation.keys
        }

    @cached_property
    def _organisations(self) -> dict[str, Organisation]:
        return {organisation.id: organisation for organisation in self.list.organisations}

    @cached_property
    def _programmes(self) -> dict[str, Programme]:
        return {programme.id: programme for programme in self.list.programmes}

    @cached_property
    def _frozen(self) -> dict[str, str]:
        return {frozen.id: frozen.digest_sri for frozen in self.list.frozen_status}

    def key(self, kid: str) -> KnownKey | None:
        """By exact string."""
        return self._keys.get(kid)

    def keys_of(self, organisation: str, use: Use) -> Iterator[KnownKey]:
        return (k for k in self._keys.values() if k.organisation.id == organisation and k.key.use is use)

    def organisation(self, identity: str) -> Organisation | None:
        return self._organisations.get(identity)

    def programme(self, identity: str) -> Programme | None:
        return self._programmes.get(identity)

    def policy(self, programme: str, moment: datetime) -> Policy | None:
        """The newest policy whose `from` is not after `moment`."""
        known = self.programme(programme)
        in_force = [p for p in known.policies if p.since <= moment] if known else []
        return in_force[-1] if in_force else None

    def name(self, organisation: str, moment: datetime, language: str = "en") -> str:
        """The organisation's name, or its id where it is not in the list."""
        known = self.organisation(organisation)
        return known.name_at(moment, language) if known else organisation

    def frozen_digest(self, list_id: str) -> str | None:
        return self._frozen.get(list_id)

    def has_frozen(self, organisation: str) -> bool:
        """Whether this organisation closed: only its frozen lists are accepted."""
        base, _, slug = organisation.rpartition("/orgs/")
        return any(list_id.startswith(f"{base}/status/{slug}/") for list_id in self._frozen)

    def require_frozen(self, list_id: str, token: bytes, place: str) -> None:
        if self._frozen.get(list_id) != sri(sha256(token)):
            raise FormatError(f"{place}: the organisation closed, and this is not the list frozen by the trust list")
