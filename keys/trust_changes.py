"""What people write down about a trust list becomes the list itself, or the next one (formats.md section 5).

The closed shapes of the two TOML files of `handseal-ceremony trust`, and pure functions from them to lists. Whoever
adds a key has shown possession of it: keys come as `PublicKeyFile`s only (K11).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from msgspec import UNSET, Meta, UnsetType, field
from msgspec.structs import replace

from keys.encoding import Time, canonical, sha256, sri
from keys.errors import FormatError
from keys.names import organisation_id, programme_id, require_base_url, require_slug
from keys.possession import PublicKeyFile
from keys.private_key import OkpJwk
from keys.settings import Settings
from keys.trust import FrozenStatus, Key, NameFrom, Organisation, Policy, Programme, Texts, TrustList, Use
from keys.trust_chain import load_trust
from keys.trust_edit import MIN_THRESHOLD, Files, Holder, open_draft, propose, propose_root, root_digest
from keys.trust_leaving import require_freezable, without_part
from keys.trust_rules import require_trust_list

Days = Annotated[int, Meta(ge=1, le=400)]
Threshold = Annotated[int, Meta(ge=1, le=16)]

ReadKey = Callable[[str], PublicKeyFile]
"""From the file name that a TOML file mentions to the public key there."""
ReadBytes = Callable[[str], bytes]


class NewOrganisation(Settings, frozen=True):
    """`base` is the organisation's own base URL; absent: the site of the list."""

    slug: str
    name: Annotated[Texts, Meta(min_length=1)]
    keys: tuple[str, ...] = ()
    base: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    website: str | UnsetType = UNSET


class NewPolicy(Settings, frozen=True):
    """A programme, or a further policy of one; parties by slug, in any order."""

    slug: str
    issuers: tuple[str, ...]
    threshold: int
    cosigners: tuple[str, ...]
    since: Time | UnsetType = field(name="from", default=UNSET)


class NewKey(Settings, frozen=True):
    """A further key of an organisation of the list, named by its slug."""

    organisation: str
    file: str
    valid_from: Time | UnsetType = UNSET
    valid_until: Time | UnsetType = UNSET


class KeyEnd(Settings, frozen=True):
    kid: str
    until: Time


class Compromise(Settings, frozen=True):
    kid: str
    since: Time


class ProgrammeEnd(Settings, frozen=True):
    """No co-signature after `until` counts for the programme's newest policy."""

    slug: str
    until: Time


class Leave(Settings, frozen=True):
    """The organisation takes no further part: all its keys end at `until`. What it signed before stays as it is."""

    organisation: str
    until: Time | UnsetType = UNSET


class Freeze(Settings, frozen=True):
    """The status list `id`, as the bytes of `file`, is accepted for ever, and no other of its organisation."""

    id: str
    file: str


class Rename(Settings, frozen=True):
    organisation: str
    name: Annotated[Texts, Meta(min_length=1)]
    since: Time | UnsetType = field(name="from", default=UNSET)


class Address(Settings, frozen=True):
    organisation: str
    contact: str | UnsetType = UNSET
    website: str | UnsetType = UNSET


class RootChange(Settings, frozen=True):
    """Who signs trust lists from now on: all holders, also those that stay."""

    holders: tuple[str, ...]
    root_threshold: Threshold = MIN_THRESHOLD
    targets_threshold: Threshold = MIN_THRESHOLD


class Founding(Settings, frozen=True):
    """The TOML file of `trust init`."""

    site: str
    holders: tuple[str, ...]
    organisation: Annotated[tuple[NewOrganisation, ...], Meta(min_length=1)]
    programme: tuple[NewPolicy, ...] = ()
    root_threshold: Threshold = MIN_THRESHOLD
    targets_threshold: Threshold = MIN_THRESHOLD
    expiry_days: Days = 400


class Changes(Settings, frozen=True):
    """The TOML file of `trust propose`; an empty one only makes the list expire later."""

    site: str | UnsetType = UNSET  # only a list without programmes has to be told
    organisation: tuple[NewOrganisation, ...] = ()
    key: tuple[NewKey, ...] = ()
    programme: tuple[NewPolicy, ...] = ()
    end_key: tuple[KeyEnd, ...] = ()
    compromised: tuple[Compromise, ...] = ()
    end_programme: tuple[ProgrammeEnd, ...] = ()
    leave: tuple[Leave, ...] = ()
    freeze: tuple[Freeze, ...] = ()
    rename: tuple[Rename, ...] = ()
    address: tuple[Address, ...] = ()
    root: RootChange | UnsetType = UNSET
    expiry_days: Days = 400


def first_list(founding: Founding, read_key: ReadKey, *, issued: datetime) -> TrustList:
    """List 1: every key, name and policy holds from `issued` on unless it says otherwise."""
    site = require_base_url(founding.site, "site")
    empty = TrustList(version=1, issued=issued, organisations=(), programmes=(), frozen_status=())
    founded = _add_policies(_add_organisations(empty, founding.organisation, site, read_key), founding.programme, site)
    require_trust_list(founded, "trust list 1")
    return founded


def next_list(
    old: TrustList, changes: Changes, read_key: ReadKey, read_bytes: ReadBytes, *, issued: datetime
) -> TrustList:
    """The list after `old` with all `changes`, by the rules of one list.

    Whether it may follow `old` is for `keys.trust_edit.propose` to say.
    """
    site = old.site if isinstance(changes.site, UnsetType) else require_base_url(changes.site, "site")
    new = replace(old, version=old.version + 1, issued=issued, previous=sri(sha256(canonical(old))))
    new = _add_organisations(new, changes.organisation, site, read_key)
    for added in changes.key:
        new = _add_key(new, added, read_key)
    new = _add_policies(new, changes.programme, site)
    for end in changes.end_key:
        new = change_key(new, end.kid, valid_until=end.until)
    for fall in changes.compromised:
        new = change_key(new, fall.kid, compromised_since=fall.since)
    for close in changes.end_programme:
        new = _end_programme(new, close)
    for leave in changes.leave:
        leaving = _organisation_of(new, leave.organisation)
        new = _put(new, without_part(leaving, new, _or(leave.until, issued)))
    for frozen in changes.freeze:
        entry = FrozenStatus(id=frozen.id, digest_sri=sri(sha256(read_bytes(frozen.file))))
        new = replace(new, frozen_status=(*new.frozen_status, entry))
    for rename in changes.rename:
        new = _rename(new, rename)
    for address in changes.address:
        new = _readdress(new, address)
    require_trust_list(new, f"trust list {new.version}")
    return new


def propose_changes(
    files: Files, changes: Changes, read_key: ReadKey, read_bytes: ReadBytes, *, issued: datetime
) -> dict[str, bytes]:
    """The unsigned set that applies `changes` to a complete one: a further list, and a further root where asked."""
    life = timedelta(days=changes.expiry_days)
    if changes.freeze:
        held = load_trust(files.get, root_digest=root_digest(files))
        require_freezable({frozen.id: read_bytes(frozen.file) for frozen in changes.freeze}, held)
    new = next_list(open_draft(files).list, changes, read_key, read_bytes, issued=issued)
    draft = propose(files, new, life=life)
    if isinstance(changes.root, UnsetType):
        return draft
    return propose_root(
        draft,
        holders_of(changes.root.holders, read_key, new),
        root_threshold=changes.root.root_threshold,
        targets_threshold=changes.root.targets_threshold,
        made=issued,
        life=life,
    )


def holders_of(files: tuple[str, ...], read_key: ReadKey, trust_list: TrustList) -> tuple[Holder, ...]:
    """The holders in public files of trust-list keys; FormatError for an organisation that is not in the list."""
    known = {organisation.id for organisation in trust_list.organisations}
    holders = []
    for file in files:
        key = read_key(file)
        if key.organisation not in known:
            raise FormatError(f"{file}: {key.organisation} is not an organisation of the list")
        holders.append(Holder.of(key.organisation, key.ed25519))
    return tuple(holders)


def _add_key(trust_list: TrustList, added: NewKey, read_key: ReadKey) -> TrustList:
    """The list with a key of one of its organisations, among its keys in the order of their start."""
    owner = _organisation_of(trust_list, added.organisation)
    file = _key_of(owner.id, added.organisation, added.file, read_key)
    key = _key(file, _or(added.valid_from, trust_list.issued), added.valid_until)
    keys = sorted((*owner.keys, key), key=lambda key: key.valid_from)
    return _put(trust_list, replace(owner, keys=tuple(keys)))


def _key_of(identity: str, slug: str, name: str, read_key: ReadKey) -> PublicKeyFile:
    """The key in file `name`; FormatError where it is not a key of the organisation under which it is written."""
    file = read_key(name)
    if file.organisation != identity:
        raise FormatError(f"organisation {slug}: {name} is a key of {file.organisation}")
    return file


def _key(file: PublicKeyFile, valid_from: datetime, valid_until: datetime | UnsetType = UNSET) -> Key:
    if isinstance(file.jwk, OkpJwk):
        raise FormatError(f"{file.kid}: is a key for trust lists", hint="name it under holders")
    use = Use(file.use.value)
    return Key(kid=file.kid, jwk=file.jwk, alg=file.alg, use=use, valid_from=valid_from, valid_until=valid_until)


def _add_organisations(
    trust_list: TrustList, added: tuple[NewOrganisation, ...], site: str, read_key: ReadKey
) -> TrustList:
    organisations = [_organisation(new, site, read_key, trust_list.issued) for new in added]
    return replace(trust_list, organisations=(*trust_list.organisations, *organisations))


def _organisation(new: NewOrganisation, site: str, read_key: ReadKey, issued: datetime) -> Organisation:
    base = site if new.base is UNSET else require_base_url(new.base, f"organisation {new.slug}: base")
    identity = organisation_id(base, require_slug(new.slug, "organisation"))
    files = [_key_of(identity, new.slug, name, read_key) for name in new.keys]
    return Organisation(
        id=identity,
        names=(NameFrom(since=issued, name=new.name),),
        keys=tuple(_key(file, issued) for file in files),
        website=new.website,
        contact=new.contact,
    )


def _add_policies(trust_list: TrustList, added: tuple[NewPolicy, ...], site: str) -> TrustList:
    programmes = {programme.id: programme for programme in trust_list.programmes}
    for new in added:
        identity = programme_id(site, require_slug(new.slug, "programme"))
        policy = Policy(
            since=_or(new.since, trust_list.issued),
            issuers=tuple(_organisation_of(trust_list, slug).id for slug in new.issuers),
            threshold=new.threshold,
            cosigners=tuple(sorted(_organisation_of(trust_list, slug).id for slug in new.cosigners)),
        )
        before = programmes[identity].policies if identity in programmes else ()
        programmes[identity] = Programme(id=identity, policies=(*before, policy))
    return replace(trust_list, programmes=tuple(programmes.values()))


def _end_programme(trust_list: TrustList, end: ProgrammeEnd) -> TrustList:
    programmes = list(trust_list.programmes)
    for number, programme in enumerate(programmes):
        if programme.id.endswith(f"/programmes/{end.slug}"):
            last = replace(programme.policies[-1], until=end.until)
            programmes[number] = replace(programme, policies=(*programme.policies[:-1], last))
            return replace(trust_list, programmes=tuple(programmes))
    raise FormatError(f"programme {end.slug}: is not in the list")


def change_key(trust_list: TrustList, kid: str, **changes: datetime | UnsetType) -> TrustList:
    """The list with other dates of one key, named by its id or the last part of it; FormatError where it has none."""
    for organisation in trust_list.organisations:
        named = [key for key in organisation.keys if kid in (key.kid, key.kid.rpartition("/")[2])]
        if named:
            keys = tuple(replace(key, **changes) if key in named else key for key in organisation.keys)
            return _put(trust_list, replace(organisation, keys=keys))
    raise FormatError(f"{kid}: is not a key of the list", hint="handseal-ceremony trust show prints them")


def _rename(trust_list: TrustList, rename: Rename) -> TrustList:
    organisation = _organisation_of(trust_list, rename.organisation)
    entry = NameFrom(since=_or(rename.since, trust_list.issued), name=rename.name)
    return _put(trust_list, replace(organisation, names=(*organisation.names, entry)))


def _readdress(trust_list: TrustList, address: Address) -> TrustList:
    organisation = _organisation_of(trust_list, address.organisation)
    contact, website = _or(address.contact, organisation.contact), _or(address.website, organisation.website)
    return _put(trust_list, replace(organisation, contact=contact, website=website))


def _put(trust_list: TrustList, changed: Organisation) -> TrustList:
    organisations = (changed if o.id == changed.id else o for o in trust_list.organisations)
    return replace(trust_list, organisations=tuple(organisations))


def _organisation_of(trust_list: TrustList, slug: str) -> Organisation:
    """Slugs are unique within a list."""
    for organisation in trust_list.organisations:
        if organisation.id.endswith(f"/orgs/{slug}"):
            return organisation
    raise FormatError(f"organisation {slug}: is not in the list")


T = TypeVar("T")
D = TypeVar("D")


def _or(value: T | UnsetType, default: D) -> T | D:
    return default if isinstance(value, UnsetType) else value
