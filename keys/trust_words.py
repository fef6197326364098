"""A trust list and its changes in words that its holders can read before they sign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import UNSET

from keys.encoding import Digest, canonical, digest_words, format_time, sha256
from keys.private_key import ed25519_jwk
from keys.trust import Key, Organisation, Policy, Programme, TrustList, Use
from keys.trust_edit import Files, open_draft, progress
from keys.trust_metadata import HolderKey, RootFile

_DIGITS_SHOWN, _WORDS_SHOWN = 16, 4


def describe_files(files: Files, held: TrustList | None = None) -> tuple[str, ...]:
    """All that further signatures on this set would change, a line each; texts are as written, so escape them.

    Told is everything since `held`, the list that the reader verified last: lists in between bear no signature of their
    own, so a change could hide in one of them.
    """
    draft = open_draft(files)
    before, since = draft.list_before, list[str]()
    if held is not None and held.version < draft.list.version - 1:
        before, since = held, [f"What follows has changed since list {held.version}, the last one known here."]
    is_signed = progress(files)[0].complete
    root = describe_root(draft.root, None if is_signed else draft.root_before)
    if is_signed:
        root = (f"{root[0]} It has its signatures and stays as it is.", *root[1:])
    expiry = f"The list expires {_day(draft.targets.signed.expires)}."
    return (*_emergencies(before, draft.list), *root, *since, *describe_list(before, draft.list), expiry)


def describe_root(root: RootFile, before: RootFile | None) -> tuple[str, ...]:
    """Who signs trust lists, and until when; what is new is said to be new."""
    signed, roles = root.signed, root.signed.roles
    old = before.signed.keys if before else {}
    head = (
        f"Root {signed.version} expires {_day(signed.expires)}; signatures needed: "
        f"{roles.root.threshold} of {len(roles.root.keyids)} for a new root, "
        f"{roles.targets.threshold} of {len(roles.targets.keyids)} for a new list."
    )
    kept = [
        f"  {'NEW holder' if before and keyid not in old else 'Holder'}: {_holder(key)}{_part(root, keyid)}"
        for keyid, key in signed.keys.items()
    ]
    gone = [f"  REMOVED holder: {_holder(key)}" for keyid, key in old.items() if keyid not in signed.keys]
    fragile = [f"  EVERY holder must sign a new {name}: one lost key ends this trust list." for name in _fragile(root)]
    return (head, *sorted(kept), *gone, *fragile)


def _part(root: RootFile, keyid: str) -> str:
    """What a holder may not sign that others may; empty for the rule, which is both."""
    roles = {"new roots": root.signed.roles.root, "new lists": root.signed.roles.targets}
    signs = [name for name, role in roles.items() if keyid in role.keyids]
    return "" if len(signs) == len(roles) else f", signs {signs[0] if signs else 'nothing'} only"


def _fragile(root: RootFile) -> Iterator[str]:
    roles = root.signed.roles
    for name, role in (("root", roles.root), ("list", roles.targets)):
        if role.threshold == len(role.keyids):
            yield name


def describe_list(old: TrustList | None, new: TrustList) -> tuple[str, ...]:
    """What `new` holds that `old` does not; everything where there is no older list."""
    head = f"List {new.version}, issued {format_time(new.issued)}" + (":" if old else ", the first one:")
    lines = [*_organisations(old, new), *_programmes(old, new), *_frozen(old, new)]
    return (head, *(lines or ["  nothing changes but the dates"]))


def show_list(trust_list: TrustList) -> tuple[str, ...]:
    """All that a list holds, for whoever only wants to read it: nothing of it is new."""
    _, *lines = describe_list(None, trust_list)
    head = f"List {trust_list.version}, issued {format_time(trust_list.issued)}:"
    return (head, *(f"{line[: _indent(line)]}{line[_indent(line) :].removeprefix('NEW ')}" for line in lines))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _emergencies(old: TrustList | None, new: TrustList) -> Iterator[str]:
    """A key that falls is said before anything else, and cannot be overlooked."""
    known = {key.kid: key for organisation in old.organisations for key in organisation.keys} if old else {}
    for organisation in new.organisations:
        for key in organisation.keys:
            was = known[key.kid].compromised_since if key.kid in known else UNSET
            if key.compromised_since == was:
                continue
            name, does = organisation.name_at(new.issued), key.use.words.upper()
            yield f"EMERGENCY: THE KEY OF {name} TO {does} IS COMPROMISED SINCE {_time(key.compromised_since)}."
            yield "  WHAT IT SIGNED SINCE THEN COUNTS NO MORE; WHAT IT SIGNED BEFORE, ONLY BESIDE AN UNAFFECTED BODY."
            if not any(_is_sound(other, key.use, new.issued) for other in organisation.keys):
                yield "  THERE IS NO OTHER KEY FOR THIS."


def _is_sound(key: Key, use: Use, issued: datetime) -> bool:
    """Whether it may be used from this list on."""
    ended = isinstance(key.valid_until, datetime) and key.valid_until <= issued
    return key.use is use and key.compromised_since is UNSET and not ended


def fingerprint(key: HolderKey) -> Digest:
    """The RFC 7638 thumbprint of a holder's key, which `keygen` prints as hex and words."""
    return sha256(canonical(ed25519_jwk(bytes.fromhex(key.keyval.public))))


def _organisations(old: TrustList | None, new: TrustList) -> Iterator[str]:
    before = {organisation.id: organisation for organisation in old.organisations} if old else {}
    for organisation in new.organisations:
        was = before.get(organisation.id)
        if was is None:
            yield f"  NEW organisation {organisation.id}"
        changes = list(_organisation(was, organisation))
        if organisation.names != (was.names if was else ()):
            changes += [f"is CALLED LIKE {other}" for other in _namesakes(organisation, new)]
        if was is not None and changes:
            yield f"  Organisation {organisation.id} ({organisation.name_at(new.issued)})"
        yield from (f"    {line}" for line in changes)


def _namesakes(organisation: Organisation, trust_list: TrustList) -> Iterator[str]:
    """Other bodies that bear one of its names: one moved to another address, or somebody else (R07)."""
    own = set(_folded(organisation))
    for other in trust_list.organisations:
        if other.id != organisation.id and not own.isdisjoint(_folded(other)):
            yield other.id


def _folded(organisation: Organisation) -> Iterator[str]:
    return (" ".join(name.casefold().split()) for entry in organisation.names for name in entry.name.values())


def _organisation(was: Organisation | None, now: Organisation) -> Iterator[str]:
    for entry in now.names[len(was.names) if was else 0 :]:
        names = ", ".join(f"{language} {name!r}" for language, name in sorted(entry.name.items()))
        yield f"{'is called' if was is None else 'RENAMED to'} {names} from {format_time(entry.since)}"
    for what, before, after in (
        ("contact", was.contact if was else UNSET, now.contact),
        ("website", was.website if was else UNSET, now.website),
    ):
        if before != after:
            yield f"{what} {after}" if was is None else f"{what} CHANGED to {'none' if after is UNSET else after}"
    keys = {key.kid: key for key in was.keys} if was else {}
    for key in now.keys:
        yield from _key(keys.get(key.kid), key)


def _key(was: Key | None, now: Key) -> Iterator[str]:
    name = f"key {now.kid.rpartition('/')[2]}"
    if was is None:
        yield f"NEW {name} ({now.alg}) to {now.use.words}, from {format_time(now.valid_from)}, words {_words(now)} …"
    if now.valid_until != (was.valid_until if was else UNSET):
        yield f"{name} ENDS {_time(now.valid_until)}"
    if now.compromised_since != (was.compromised_since if was else UNSET):
        yield f"{name} is declared COMPROMISED since {_time(now.compromised_since)}"


def _words(key: Key) -> str:
    """The first of those that `keygen` printed and its record shows."""
    return " ".join(digest_words(sha256(canonical(key.jwk)))[:_WORDS_SHOWN])


def _programmes(old: TrustList | None, new: TrustList) -> Iterator[str]:
    before = {programme.id: programme for programme in old.programmes} if old else {}
    for programme in new.programmes:
        was = before.get(programme.id)
        changes = list(_policies(was, programme))
        if changes:
            yield f"  {'NEW programme' if was is None else 'Programme'} {programme.id}"
        yield from (f"    {line}" for line in changes)


def _policies(was: Programme | None, now: Programme) -> Iterator[str]:
    known = was.policies if was else ()
    for number, policy in enumerate(now.policies):
        if number >= len(known):
            yield _policy(policy)
            if number and now.policies[number - 1].until is UNSET:
                before = format_time(now.policies[number - 1].since)
                yield f"the policy of {before} stays OPEN: for 180 days more, back-dated certificates can go by it"
        elif policy.until != known[number].until:
            yield f"the policy of {format_time(policy.since)} ENDS {_time(policy.until)}"


def _policy(policy: Policy) -> str:
    cosigners = ", ".join(_slug(cosigner) for cosigner in policy.cosigners)
    issuers = ", ".join(_slug(issuer) for issuer in policy.issuers)
    end = "" if policy.until is UNSET else f" until {_time(policy.until)}"
    return (
        f"NEW policy from {format_time(policy.since)}{end}: issued by {issuers}, "
        f"co-signed by {policy.threshold} of {cosigners}"
    )


def _frozen(old: TrustList | None, new: TrustList) -> Iterator[str]:
    known = old.frozen_status if old else ()
    for frozen in new.frozen_status:
        if frozen not in known:
            yield f"  FROZEN for ever: status list {frozen.id} ({frozen.digest_sri})"


def _holder(key: HolderKey) -> str:
    """With as much of the fingerprint as two people compare aloud; the draft's own words cover all of the key."""
    digest, holder = fingerprint(key), "not named" if key.holder is UNSET else key.holder
    words = " ".join(digest_words(digest)[:_WORDS_SHOWN])
    return f"{holder}, fingerprint {digest.hex()[:_DIGITS_SHOWN]}…, words {words} …"


def _slug(organisation: str) -> str:
    return organisation.rpartition("/orgs/")[2]


def _time(moment: object) -> str:
    return format_time(moment) if isinstance(moment, datetime) else "never"


def _day(moment: datetime) -> str:
    return format_time(moment)[:10]
