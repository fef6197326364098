"""What one reading of a published site gives: a trust list in use, status lists or why not, and syllabuses.

formats.md sections 5, 6 and 8. Everything is verified on the way in and held against what was seen before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from keys import names
from keys.encoding import sha256, sri
from keys.errors import HandsealError
from keys.status import MAX_LIST_BYTES, StatusList, open_status_list
from keys.syllabus import MAX_SYLLABUS_BYTES
from keys.trust import Trust
from keys.trust_chain import MAX_LIST_BYTES as MAX_TRUST_BYTES, ReadTrustFile, list_name, load_trust, root_name
from keys.trust_metadata import parse_root
from verifier.files import Reading
from verifier.seen import NOTHING_SEEN, Seen, SeenList, newer_date, with_list, with_revocations

MAX_LISTS = 256
MAX_SYLLABUSES = 1000
NO_SITE = "the site has no trust list: its folder is missing, or is not a published site"

_NUMBERED = re.compile(r"([1-9][0-9]{0,8})\.(jwt|json)")


class Alarm(Struct, frozen=True):
    """Something for the operator of this verifier to look into."""

    text: str
    grave: bool = False  # whether nothing may be called valid meanwhile


class TrustRead(Struct, frozen=True):
    """The trust list in use and where it came from."""

    trust: Trust | None
    fault: str  # why there is none; else empty
    alarms: tuple[Alarm, ...]
    files: Mapping[str, bytes]  # its chain as the site has it; empty where the last good one is in use


class ListsRead(Struct, frozen=True):
    lists: Mapping[str, StatusList | str]
    alarms: tuple[Alarm, ...]
    seen: Mapping[str, SeenList]  # what is remembered of the lists now


def read_trust(reading: Reading, root: str, seen: Seen | None, last_good: ReadTrustFile) -> TrustRead:
    """The site's trust list; the last good one, with an alarm, where the site's cannot be used (R03, R10, R15, R19)."""
    files: dict[str, bytes] = {}
    try:
        trust = load_trust(_recorder(reading, files), root_digest=root)
        backwards = _backwards(trust, files, seen) or _rewritten_root(files, seen, last_good)
    except HandsealError as fault:
        trouble = str(fault) if root_name(1) in files else NO_SITE
        return _fall_back(trouble, root, seen, last_good, grave=False)
    if backwards:
        return _fall_back(backwards, root, seen, last_good, grave=True)
    return TrustRead(trust, "", (), files)


def read_lists(reading: Reading, trust: Trust, seen: Mapping[str, SeenList], now: datetime) -> ListsRead:
    """Every status list of the site's organisations, accepted at `now` or with the reason why not, by id."""
    lists: dict[str, StatusList | str] = {}
    alarms: list[Alarm] = []
    remembered = dict(seen)
    for list_id, path in _list_files(reading, trust):
        if len(lists) == MAX_LISTS:
            alarms.append(Alarm(f"The site has more than {MAX_LISTS} status lists; the others are not used."))
            break
        try:
            status_list = open_status_list(_read(reading, path), list_id, trust=trust, now=now)
        except HandsealError as fault:
            lists[list_id] = _reason(str(fault), list_id)
            continue
        before = remembered.get(list_id, NOTHING_SEEN)
        newest = None if status_list.frozen else newer_date(before, status_list, trust)
        if newest is not None:
            lists[list_id] = f"it is older than one that was seen before, of {newest:%Y-%m-%d}"
            alarms.append(Alarm(f"{path} went back to {status_list.valid_from:%Y-%m-%d}: {lists[list_id]}."))
            continue
        lists[list_id] = kept = with_revocations(before, status_list, trust)
        if kept is not status_list:
            alarms.append(Alarm(f"{path} takes revocations back; they stay in force here."))
        remembered[list_id] = with_list(before, status_list)
    return ListsRead(lists, tuple(alarms), remembered)


def read_syllabuses(reading: Reading, trust: Trust) -> dict[str, bytes]:
    """The exact bytes of each published version of the trust list's programmes, by id."""
    found: dict[str, bytes] = {}
    for programme in trust.list.programmes:
        _, slug = names.parse_programme_id(programme.id, "programme")
        for version in _numbers(reading, f"programmes/{slug}", "json"):
            if len(found) == MAX_SYLLABUSES:
                return found
            try:
                data = reading.read(names.syllabus_path(slug, version), MAX_SYLLABUS_BYTES)
            except HandsealError:
                continue  # missing to whoever asks for it: the certificate is `unknown`
            if data is not None:
                found[names.version_id(programme.id, version)] = data
    return found


def _recorder(reading: Reading, files: dict[str, bytes]) -> Callable[[str], bytes | None]:
    """Reads a trust file of the site, and keeps its bytes: they become the last good ones."""

    def read(name: str) -> bytes | None:
        data = reading.read(f"trust/{name}", MAX_TRUST_BYTES)
        if data is not None:
            files[name] = data
        return data

    return read


def _backwards(trust: Trust, files: Mapping[str, bytes], seen: Seen | None) -> str:
    """How a good chain contradicts what was seen before; empty where it continues it."""
    if seen is None:
        return ""
    if trust.list.version < seen.list_version:
        return f"the site shows trust list {trust.list.version}, and list {seen.list_version} was seen before"
    if trust.root_version < seen.root_version:
        return f"the site shows root {trust.root_version}, and root {seen.root_version} was seen before"
    if seen.list_version and sri(sha256(files[list_name(seen.list_version)])) != seen.list_digest:
        return f"the site shows another trust list {seen.list_version} than was seen before"
    return ""


def _rewritten_root(files: Mapping[str, bytes], seen: Seen | None, last_good: ReadTrustFile) -> str:
    """Whether the newest root that was seen is another one now; a further signature on it makes no other root."""
    if seen is None or not seen.root_version:
        return ""
    name = root_name(seen.root_version)
    kept = last_good(name)
    if kept is None or parse_root(kept, name).signed == parse_root(files[name], name).signed:
        return ""
    return f"the site shows another root {seen.root_version} than was seen before"


def _fall_back(trouble: str, root: str, seen: Seen | None, last_good: ReadTrustFile, *, grave: bool) -> TrustRead:
    if seen is None or not seen.list_version:
        return TrustRead(None, trouble, (), {})
    files: dict[str, bytes] = {}

    def read(name: str) -> bytes | None:
        data = last_good(name)
        if data is not None:
            files[name] = data
        return data

    try:
        trust = load_trust(read, root_digest=root)
        worse = _backwards(trust, files, seen)
    except HandsealError as fault:
        worse = str(fault)
    if worse:
        return TrustRead(None, trouble, (Alarm(f"The last good trust list cannot be used either: {worse}."),), {})
    used = f"The last good one, list {trust.list.version}, is in use."
    return TrustRead(trust, "", (Alarm(f"The trust list is not to be used: {trouble}. {used}", grave),), {})


def _list_files(reading: Reading, trust: Trust) -> Iterator[tuple[str, str]]:
    """Id and path of the status lists that the site has of organisations of the trust list."""
    for organisation in trust.list.organisations:
        owner = names.parse_organisation_id(organisation.id, "organisation")
        for purpose in names.PURPOSES:
            for number in _numbers(reading, f"status/{owner.slug}/{purpose}", "jwt"):
                name = names.StatusListName(owner.base, owner.slug, purpose, number)
                yield names.status_list_id(owner.base, owner.slug, purpose, number), names.status_list_path(name)


def _numbers(reading: Reading, folder: str, ending: str) -> list[int]:
    """The n of the files `<n>.<ending>` in a folder, ascending; none where it cannot be listed."""
    try:
        found = [_NUMBERED.fullmatch(name) for name in reading.names(folder)]
    except HandsealError:
        return []
    return sorted(int(match[1]) for match in found if match and match[2] == ending)


def _read(reading: Reading, path: str) -> bytes:
    data = reading.read(path, MAX_LIST_BYTES)
    if data is None:
        raise HandsealError(f"{path}: is missing")
    return data


def _reason(fault: str, list_id: str) -> str:
    """The fault without its place, as part of a sentence."""
    reason = fault.removeprefix(f"status list {list_id}: ")
    return f"it {reason}" if reason.startswith(("is ", "may ")) else reason
