"""A mirror is a copy that was checked before it took the place of the one before, and that forgets nothing but people.

formats.md section 8. Files that `verifier.published` knows are taken by the digests of `index.json`, verified as a
verifier would under the root that was told, and only then put in place. Trust lists, syllabuses and status lists stay
when their site drops them: a mirror has to answer when the clinic is gone. Certificates follow a folder's, so that who
was erased there is erased here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from keys import names
from keys.encoding import MAX_BYTES, Sri, parse, parse_sri, sha256, sri, strict_json
from keys.errors import FormatError, HandsealError
from keys.files import make_folder
from keys.status import StatusList
from keys.syllabus import parse_syllabus
from keys.trust_chain import in_writing_order
from verifier.files import Reading
from verifier.folder import INDEX, Folder, publish_index, settle, taking_turns
from verifier.origin import CertificateFile, Origin, is_certificate_file
from verifier.published import JSON, JWT, MAX_PICTURE_BYTES, PNG, is_png, is_syllabus, published
from verifier.snapshot import read_lists, read_trust
from verifier.sources import MAX_FILE_BYTES, Site
from verifier.state import State

MAX_INDEX_BYTES = 8 * 1024 * 1024
MAX_FILES = 20_000
MAX_COPY_BYTES = 1024 * 1024 * 1024
"""Of a copy without its certificates, over the years: who publishes a site must not fill the disk of who mirrors it."""
_BLOCK = 4096  # what the smallest file takes on a disk
_ATTEMPTS = 3
_LIMITS = {JSON: MAX_FILE_BYTES, JWT: MAX_FILE_BYTES, PNG: MAX_PICTURE_BYTES}


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """`index.json`: every file of a site but its certificates, with its digest."""

    files: dict[str, Sri]


class Mirrored(Struct, frozen=True):
    """What one run did; `refused` says of files why they stayed as they were, `alarms` what to look into."""

    copied: tuple[str, ...]
    refused: Mapping[str, str]
    alarms: tuple[str, ...]
    certificates: int | None  # new ones; None where they cannot be copied
    removed: int


def mirror(origin: Origin, folder: Path, *, root: str, state: State, now: datetime) -> Mirrored:
    """Brings the copy in `folder` up to date with `origin`.

    HandsealError where the trust list is not to be believed under `root` or goes back: then nothing was changed.
    UndecidedError where the origin cannot be reached. `state` remembers what was seen, beside the copy itself.
    """
    copy = Folder(folder)
    with taking_turns(copy), _staging(copy) as staged:
        changed = _fetch(origin, staged)
        trust_alarms, refused = _check(copy, staged, changed, root, state, now)
        good = [name for name in changed if name not in refused]
        for name in _in_order(good):
            make_folder(copy.path(name).parent)
            staged.path(name).replace(copy.path(name))
        found = origin.certificates()
        added, removed = (None, 0) if found is None else _follow(origin, copy, found)
        settle()
        Site(copy.folder, root, state).materials(now)  # what it holds now is what the state has to remember
    publish_index(copy)
    return Mirrored(tuple(sorted(good)), refused, trust_alarms, added, removed)


def parse_index(data: bytes) -> dict[str, str]:
    """Digests by path, of files that a site may have and a mirror copies; FormatError where it is no index."""
    index = parse(data, Index, INDEX, limit=MAX_INDEX_BYTES)
    if len(index.files) > MAX_FILES:
        raise FormatError(f"{INDEX}: names more than {MAX_FILES} files")
    for name, digest in index.files.items():
        parse_sri(digest, f"{INDEX}: {name[:100]}")
    return {name: digest for name, digest in index.files.items() if name != INDEX and media_type(name)}


def media_type(path: str) -> str:
    """What a mirror takes this path for; empty where it is no file of a site but a certificate's."""
    found = published(path)
    if found is not None and found.path == path:
        return found.media_type
    return JSON if is_syllabus(path) else ""


@contextmanager
def _staging(copy: Folder) -> Iterator[Folder]:
    """A folder beside the copy, on the same disk, with the files the copy has but its certificates; gone at the end."""
    make_folder(copy.folder)
    beside = Path(tempfile.mkdtemp(prefix=f".{copy.folder.name}.", suffix=".part", dir=copy.folder.absolute().parent))
    try:
        staged = Folder(beside)
        for name in copy.names():
            if media_type(name):
                make_folder(staged.path(name).parent)
                shutil.copyfile(copy.path(name), staged.path(name), follow_symlinks=False)
        yield staged
    except OSError as fault:
        raise HandsealError(f"{copy.folder}: {fault.strerror or 'cannot be written'}") from fault
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fetch(origin: Origin, staged: Folder) -> list[str]:
    """Puts into `staged` what the index lists with another digest; the paths.

    A site that is being published meanwhile is read again; HandsealError where its files never are what it lists.
    """
    changed: set[str] = set()
    left = MAX_COPY_BYTES - sum(max(staged.path(name).stat().st_size, _BLOCK) for name in staged.names())
    unlike = ""
    for _ in range(_ATTEMPTS):
        data = origin.read(INDEX, MAX_INDEX_BYTES)
        if data is None:
            raise HandsealError(f"{INDEX}: is missing", hint="SITE is the address or folder of a published site")
        unlike = ""
        for name, digest in parse_index(data).items():
            if _digest(staged, name) == digest:
                continue
            content = origin.read(name, _LIMITS[media_type(name)])
            if content is None or sri(sha256(content)) != digest:
                unlike = name
                continue
            left -= max(len(content), _BLOCK)
            if left < 0:
                raise HandsealError(
                    f"{INDEX}: lists more than a copy may hold, {MAX_COPY_BYTES // 2**20} MiB with what it has",
                    hint="nothing was copied; ask who publishes the site",
                )
            staged.write(name, content, sync=False)
            changed.add(name)
        if not unlike:
            return sorted(changed)
    raise HandsealError(
        f"{unlike}: is not what {INDEX} lists", hint="the site was being changed, or is damaged: try again later"
    )


def _digest(folder: Folder, name: str) -> str | None:
    data = folder.read(name, MAX_FILE_BYTES)
    return None if data is None else sri(sha256(data))


def _check(
    copy: Folder, staged: Folder, changed: Iterable[str], root: str, state: State, now: datetime
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Alarms, and the changed files that are not to be taken, with the reason."""
    before = Site(copy.folder, root, state)
    if before.materials(now).trust is None:
        state.require_root(root)
    reading = Reading(staged.folder)
    trust_read = read_trust(reading, root, state.seen, state.trust_file)
    if trust_read.trust is None or not trust_read.files:
        reason = trust_read.fault or " ".join(alarm.text for alarm in trust_read.alarms)
        raise HandsealError(f"trust list: {reason}", hint="nothing was copied; ask who publishes the site")
    lists = read_lists(reading, trust_read.trust, state.seen.lists if state.seen else {}, now)
    faults = {
        names.status_list_path(names.parse_status_list_id(identity, "status list")): status_list
        for identity, status_list in lists.lists.items()
        if not isinstance(status_list, StatusList)
    }
    refused = {}
    for name in changed:
        data = staged.read(name, MAX_FILE_BYTES) or b""
        reason = faults.get(name) or _fault(name, data) or _rewritten(name, data, copy)
        if reason:
            refused[name] = reason
    return tuple(alarm.text for alarm in lists.alarms), refused


def _fault(name: str, data: bytes) -> str:
    """Why a file that no verifier believes by its signature is not of its form; else empty."""
    try:
        if is_syllabus(name):
            identity = parse_syllabus(data).id
            if not identity.endswith(f"/{name.removesuffix('.json')}"):
                return f"is syllabus {identity}"
        elif media_type(name) == JSON and not name.startswith("trust/"):
            strict_json(data, name, limit=MAX_FILE_BYTES)
        elif media_type(name) == PNG and not is_png(data):
            return "is no PNG"
    except HandsealError as fault:
        return str(fault)
    return ""


def _rewritten(name: str, data: bytes, copy: Folder) -> str:
    """A published syllabus never changes: another one would undo every certificate that was earned against it."""
    before = copy.read(name, MAX_FILE_BYTES) if is_syllabus(name) else None
    return "" if before in (None, data) else "is another syllabus than was copied before, and a published one stays"


def _in_order(changed: Iterable[str]) -> list[str]:
    """Whoever reads meanwhile finds keys before their lists, and each trust list before `targets.json` names it."""
    every = list(changed)
    trust = [f"trust/{name}" for name in in_writing_order(n.removeprefix("trust/") for n in every if n[:6] == "trust/")]
    status = sorted(name for name in every if name.startswith("status/"))
    return [*sorted({*every} - {*trust, *status}), *trust, *status]


def _follow(origin: Origin, copy: Folder, found: Iterator[CertificateFile]) -> tuple[int, int]:
    """Certificates and cards as the origin has them now: how many are new, how many went."""
    added, theirs = 0, set()
    for file in found:
        theirs.add(file.path)
        here = copy.path(file.path)
        if here.is_file() and (here.stat().st_size, here.stat().st_mtime_ns) == (file.size, file.modified):
            continue
        data = origin.read(file.path, MAX_BYTES if file.path.endswith(".jwt") else MAX_PICTURE_BYTES)
        if data is None:
            theirs.discard(file.path)  # erased since it was listed
            continue
        added += copy.write(file.path, data, sync=False)
        os.utime(here, ns=(file.modified, file.modified))
    mine = [name for name in copy.names("c") if is_certificate_file(name) and name not in theirs]
    return added, sum(copy.remove(name) for name in mine)
