"""What makes a trust list sound, and what a newer one may change of it (formats.md section 5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from keys.algorithms import Algorithm, Jwk, public_key, thumbprint
from keys.credential import MAX_ENDORSEMENTS
from keys.encoding import canonical, sha256, sri
from keys.errors import FormatError
from keys.names import key_id, organisation_id, parse_organisation_id, parse_programme_id, parse_status_list_id
from keys.text import describe_character, mixed_script_words, require_text
from keys.trust import FrozenStatus, Key, NameFrom, Organisation, Policy, Programme, TrustList
from keys.trust_metadata import require_year

MIN_RSA_BITS = 3072
_WEBSITE = re.compile(r"https://[a-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?(/[!-~]{0,200})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Whole words in these pass for Latin ones: in an English name they are never honest (R07).
_LOOK_ALIKE = frozenset(
    "ARMENIAN BAMUM CANADIAN CARIAN CHEROKEE COPTIC CYRILLIC DESERET ELBASAN GOTHIC GREEK LISU LYCIAN LYDIAN OLD OSAGE "
    "RUNIC TIFINAGH VAI WARANG".split()
)

T = TypeVar("T")
Identified = TypeVar("Identified", Organisation, Programme, FrozenStatus)


def require_trust_list(trust_list: TrustList, place: str) -> None:
    """FormatError unless every rule of formats.md section 5 about one list holds; names the first that does not."""
    require_year(trust_list.issued, f"{place}: issued")
    if (trust_list.version == 1) != (trust_list.previous is UNSET):
        raise FormatError(f"{place}: previous: the first list has none, every other list names the one before it")
    _require_organisations(trust_list, place)
    _require_programmes(trust_list, place)
    _require_frozen(trust_list, place)


def require_successor(old: TrustList, new: TrustList) -> None:
    """FormatError unless `new` follows `old` and changes only what a newer list may change (R19)."""
    place = f"trust/{new.version}.list.json"
    if new.version != old.version + 1 or new.previous != sri(sha256(canonical(old))):
        raise FormatError(f"{place}: does not follow list {old.version}: its version or `previous` is another")
    if new.issued < old.issued:
        raise FormatError(f"{place}: issued: is before list {old.version} was")
    _require_organisations_kept(old, new, place)
    _require_programmes_kept(old, new, place)
    for here, frozen, now in _kept(_by_id(old.frozen_status), _by_id(new.frozen_status), f"{place}: frozenStatus"):
        if frozen != now:
            raise FormatError(f"{here}: was changed")


def _require_organisations(trust_list: TrustList, place: str) -> None:
    organisations = trust_list.organisations
    owners = [parse_organisation_id(organisation.id, f"{place}: organisation") for organisation in organisations]
    _require_unique((owner.slug for owner in owners), f"{place}: organisation slug")
    _require_unique((thumbprint(key.jwk) for o in organisations for key in o.keys), f"{place}: key")
    for organisation, owner in zip(organisations, owners, strict=True):
        here = f"{place}: organisation {owner.slug}"
        _require_names(organisation.names, here)
        if organisation.website is not UNSET and not _WEBSITE.fullmatch(organisation.website):
            raise FormatError(f"{here}: website: is not an https address")
        if organisation.contact is not UNSET:
            require_text(organisation.contact, f"{here}: contact")
        _require_ascending((key.valid_from for key in organisation.keys), f"{here}: keys", strictly=False)
        for key in organisation.keys:
            _require_key(key, owner.base, trust_list.issued, f"{here}: key {key.kid.rpartition('/')[2][:12]}")


def _require_names(names: tuple[NameFrom, ...], place: str) -> None:
    _require_ascending((entry.since for entry in names), f"{place}: names")
    for entry in names:
        require_year(entry.since, f"{place}: name: from")
        for language, name in entry.name.items():
            if not _LANGUAGE.fullmatch(language):
                raise FormatError(f"{place}: name: {language[:20]!r} is not a language")
            _require_name(name, language, f"{place}: name ({language})")


def _require_name(name: str, language: str, place: str) -> None:
    require_text(name, place)
    if name != name.strip():
        raise FormatError(f"{place}: starts or ends with a space")
    mixed = mixed_script_words(name)
    if mixed:
        raise FormatError(f"{place}: {mixed[0]!r} mixes scripts", hint="write each word in the letters of one script")
    if language.split("-")[0] == "en":
        for character in name:
            if _passes_for_latin(character):
                raise FormatError(f"{place}: {describe_character(character)} only looks like a Latin letter")


def _passes_for_latin(character: str) -> bool:
    """A letter of another script, or an ordinary one in another dress: full width, mathematical bold, circled."""
    if character.isascii():
        return False
    dressed = unicodedata.normalize("NFKC", character)
    return unicodedata.name(character, "").split(" ", 1)[0] in _LOOK_ALIKE or (dressed.isascii() and dressed.isalnum())


def _require_key(key: Key, base: str, issued: datetime, place: str) -> None:
    if key.kid != key_id(base, thumbprint(key.jwk)):
        raise FormatError(f"{place}: kid: is not the organisation's base and the thumbprint of the key")
    _require_algorithm(key.alg, key.jwk, place)
    for moment in (key.valid_from, key.valid_until, key.compromised_since):
        if isinstance(moment, datetime):
            require_year(moment, place)
    if isinstance(key.valid_until, datetime) and not key.valid_from < key.valid_until:
        raise FormatError(f"{place}: validUntil: is not after validFrom")
    compromised = key.compromised_since
    if isinstance(compromised, datetime) and not key.valid_from <= compromised <= max(issued, key.valid_from):
        raise FormatError(f"{place}: compromisedSince: is before the key was valid, or after the list was issued")


def _require_algorithm(alg: str, jwk: Jwk, place: str) -> None:
    try:
        public = public_key(jwk)
    except FormatError as fault:
        raise FormatError(f"{place}: {fault}") from fault
    if alg != public.algorithm.value:
        raise FormatError(f"{place}: alg: does not fit the key")
    if public.algorithm is Algorithm.RS256 and public.bits < MIN_RSA_BITS:
        raise FormatError(f"{place}: an RSA key has at least {MIN_RSA_BITS} bits")


def _require_programmes(trust_list: TrustList, place: str) -> None:
    slugs = [parse_programme_id(programme.id, f"{place}: programme")[1] for programme in trust_list.programmes]
    _require_unique(slugs, f"{place}: programme slug")
    known = {organisation.id for organisation in trust_list.organisations}
    for programme, slug in zip(trust_list.programmes, slugs, strict=True):
        here = f"{place}: programme {slug}"
        _require_ascending((policy.since for policy in programme.policies), f"{here}: policies")
        for policy in programme.policies:
            _require_policy(policy, known, here)


def _require_policy(policy: Policy, known: set[str], place: str) -> None:
    require_year(policy.since, f"{place}: from")
    if isinstance(policy.until, datetime):
        require_year(policy.until, f"{place}: until")
        if not policy.since < policy.until:
            raise FormatError(f"{place}: until: is not after from")
    if not 1 <= policy.threshold <= len(policy.cosigners) or len(policy.cosigners) > MAX_ENDORSEMENTS:
        raise FormatError(
            f"{place}: threshold {policy.threshold} of {len(policy.cosigners)} co-signers",
            hint=f"1 <= threshold <= co-signers <= {MAX_ENDORSEMENTS}",
        )
    if list(policy.cosigners) != sorted(set(policy.cosigners)):
        raise FormatError(f"{place}: cosigners: are not sorted, or one stands twice")
    _require_unique(policy.issuers, f"{place}: issuer")
    for party in (*policy.issuers, *policy.cosigners):
        if party not in known:
            raise FormatError(f"{place}: {party[:100]} is not an organisation of the list")
    if not set(policy.issuers).isdisjoint(policy.cosigners):
        raise FormatError(f"{place}: an issuer is among its own co-signers")


def _require_frozen(trust_list: TrustList, place: str) -> None:
    known = {organisation.id for organisation in trust_list.organisations}
    _require_unique((frozen.id for frozen in trust_list.frozen_status), f"{place}: frozen status list")
    for frozen in trust_list.frozen_status:
        owner = parse_status_list_id(frozen.id, f"{place}: frozenStatus")
        if organisation_id(owner.base, owner.slug) not in known:
            raise FormatError(f"{place}: frozenStatus: {frozen.id} belongs to no organisation of the list")


def _require_unique(values: Iterable[str], place: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise FormatError(f"{place}: {value[:100]} stands there twice")
        seen.add(value)


def _require_ascending(moments: Iterable[datetime], place: str, *, strictly: bool = True) -> None:
    for earlier, later in pairwise(moments):
        if later < earlier or (strictly and later == earlier):
            raise FormatError(f"{place}: are not in ascending order of their start")


def _kept(old: Mapping[str, T], new: Mapping[str, T], place: str) -> Iterator[tuple[str, T, T]]:
    """Place, old and new form of every entry there was; FormatError for one that was dropped."""
    for identity, entry in old.items():
        if identity not in new:
            raise FormatError(f"{place}: {identity} was dropped")
        yield f"{place}: {identity}", entry, new[identity]


def _by_id(entries: Iterable[Identified]) -> dict[str, Identified]:
    return {entry.id: entry for entry in entries}


def _by_kid(organisation: Organisation | None) -> dict[str, Key]:
    return {key.kid: key for key in organisation.keys} if organisation else {}


def _require_organisations_kept(old: TrustList, new: TrustList, place: str) -> None:
    was, now = _by_id(old.organisations), _by_id(new.organisations)
    for here, before, after in _kept(was, now, f"{place}: organisation"):
        if after.names[: len(before.names)] != before.names:
            raise FormatError(f"{here}: a name was changed or dropped")
        for key_place, key, key_now in _kept(_by_kid(before), _by_kid(after), f"{here}: key"):
            _require_key_kept(key, key_now, new.issued, key_place)
    for identity, after in now.items():
        before_it = was.get(identity)
        names = after.names[len(before_it.names) :] if before_it else after.names
        added = [key for kid, key in _by_kid(after).items() if kid not in _by_kid(before_it)]
        _require_starts([entry.since for entry in names], new.issued, f"{place}: {identity}: name")
        _require_starts([key.valid_from for key in added], new.issued, f"{place}: {identity}: key")


def _require_key_kept(was: Key, now: Key, issued: datetime, place: str) -> None:
    _require_end(was.valid_until, now.valid_until, issued, f"{place}: validUntil")
    if was.compromised_since is not UNSET and (
        now.compromised_since is UNSET or now.compromised_since > was.compromised_since
    ):
        raise FormatError(f"{place}: compromisedSince: was taken away or moved later")
    if replace(was, valid_until=UNSET, compromised_since=UNSET) != replace(
        now, valid_until=UNSET, compromised_since=UNSET
    ):
        raise FormatError(f"{place}: was changed")


def _require_programmes_kept(old: TrustList, new: TrustList, place: str) -> None:
    was, now = _by_id(old.programmes), _by_id(new.programmes)
    for here, before, after in _kept(was, now, f"{place}: programme"):
        if len(after.policies) < len(before.policies):
            raise FormatError(f"{here}: a policy was dropped")
        for policy, policy_now in zip(before.policies, after.policies, strict=False):
            if replace(policy, until=UNSET) != replace(policy_now, until=UNSET):
                raise FormatError(f"{here}: a policy was changed")
            _require_end(policy.until, policy_now.until, new.issued, f"{here}: until")
    for identity, after in now.items():
        known = len(was[identity].policies) if identity in was else 0
        _require_starts([p.since for p in after.policies[known:]], new.issued, f"{place}: {identity}: policy")


def _require_end(was: datetime | UnsetType, now: datetime | UnsetType, issued: datetime, place: str) -> None:
    """An end may be set where there was none, and not in the past of the list that sets it."""
    if was == now:
        return
    if was is not UNSET or (isinstance(now, datetime) and now < issued):
        raise FormatError(f"{place}: was changed, or set to before the list was issued")


def _require_starts(moments: Iterable[datetime], issued: datetime, place: str) -> None:
    if any(moment < issued for moment in moments):
        raise FormatError(f"{place}: starts before the list that adds it was issued")
