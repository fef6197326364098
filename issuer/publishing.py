"""The published site on disk: every file is whole at every moment, and only what may be public is written.

formats.md section 8. The folder is the whole interface to verifiers; nothing here decides what is true.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from keys import names
from keys.credential import OB_CONTEXT, VC_CONTEXT, policy_context
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.files import PUBLIC, opened as opened, read_bounded, replace_file
from keys.syllabus import MAX_SYLLABUS_BYTES
from keys.trust import Key, Organisation, TrustList
from keys.trust_chain import TARGETS, ReadTrustFile, in_writing_order, is_trust_file
from verifier.published import certificate_card

MAX_SITE_FILE = 8 * 1024 * 1024
INDEX = "index.json"
_CERTIFICATES = "c"
_FOLDER_MODE = 0o755


class Folder:
    """A folder whose files are read up to a limit and replaced whole; paths are relative, with slashes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str, limit: int = MAX_SITE_FILE) -> bytes | None:
        """The bytes of a file, None where there is none."""
        path = self.path(name)
        if not os.path.lexists(path):
            return None
        return read_bounded(path, limit)

    def write(self, name: str, data: bytes, *, mode: int = PUBLIC, sync: bool = True) -> bool:
        """Puts `data` there; whether anything changed. The same bytes are left alone."""
        path = self.path(name)
        if not path.is_symlink() and _holds(path, data):
            return False
        make_folder(path.parent)
        replace_file(path, data, mode, sync=sync)
        return True

    def remove(self, name: str) -> bool:
        """Whether there was such a file; now there is none."""
        try:
            self.path(name).unlink()
        except FileNotFoundError:
            return False
        except OSError as fault:
            raise HandsealError(f"{self.path(name)}: {fault.strerror or 'cannot be removed'}") from fault
        return True

    def names(self, below: str = "") -> Iterator[str]:
        """Every file's path in order, without what is hidden or half written."""
        yield from _files(self.path(below) if below else self.folder, f"{below}/" if below else "")


def settle() -> None:
    """Waits until everything written so far is on the disk: once for a lot, where once for each file takes seconds."""
    os.sync()


def make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as fault:
        raise HandsealError(f"{path}: {fault.strerror or 'cannot be made'}") from fault


@contextmanager
def taking_turns(site: Folder) -> Iterator[None]:
    """One command at a time between looking at what is on the site and replacing it; the kernel lets go of a dead one.

    Where a newer file lies, an older one that was verified at the same time must not land on it.
    """
    make_folder(site.folder)
    descriptor = os.open(site.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_folder(path: Path) -> bool:
    return path.is_dir()


def is_published(site: Folder, name: str) -> bool:
    return site.path(name).is_file()


def mode_of(path: Path) -> int | None:
    """The permission bits, None where there is nothing."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except OSError:
        return None


# -- what belongs on the site ------------------------------------------------------------------------------------------


def publish_certificates(site: Folder, tokens: Mapping[str, bytes]) -> int:
    """By lookup id, for learners who agreed to a page; nobody else's certificate is ever on the site.

    Returns how many files were written; `settle` waits until they are on the disk.
    """
    return sum(site.write(names.certificate_path(lookup_id), token, sync=False) for lookup_id, token in tokens.items())


def withdraw_certificate(site: Folder, lookup_id: str) -> bool:
    """Takes one certificate and its card away; whether there was any of it."""
    without_card = withdraw_card(site, lookup_id)
    return site.remove(names.certificate_path(lookup_id)) or without_card


def published_certificates(site: Folder) -> Iterator[str]:
    """The lookup ids whose certificate has a file."""
    return _lookup_ids(site, ".jwt")


def withdraw_card(site: Folder, lookup_id: str) -> bool:
    """Takes a certificate's card away, and with it all that says that its learner agreed to sharing."""
    return site.remove(certificate_card(lookup_id))


def published_cards(site: Folder) -> Iterator[str]:
    """The lookup ids of certificates that have a card."""
    return _lookup_ids(site, ".png")


def _lookup_ids(site: Folder, ending: str) -> Iterator[str]:
    for name in site.names(_CERTIFICATES):
        if name.endswith(ending):
            yield name.rpartition("/")[2].removesuffix(ending)


def publish_syllabus(site: Folder, syllabus_id: str, body: bytes) -> bool:
    """The exact bytes. HandsealError where the site has others under this version: a version never changes."""
    programme, version = names.parse_version_id(syllabus_id, "syllabus")
    name = names.syllabus_path(names.parse_programme_id(programme, "syllabus")[1], version)
    old = site.read(name, MAX_SYLLABUS_BYTES)
    if old is not None and old != body:
        raise HandsealError(
            f"{site.path(name)}: is not what was published as this version",
            hint="a version never changes: move the file away and run handseal publish, or publish a new version",
        )
    return site.write(name, body)


def publish_status_list(site: Folder, list_id: str, token: bytes) -> bool:
    return site.write(names.status_list_path(names.parse_status_list_id(list_id, "status list")), token)


def read_status_list(site: Folder, list_id: str) -> bytes | None:
    return site.read(names.status_list_path(names.parse_status_list_id(list_id, "status list")))


def trust_reader(site: Folder, newer: Mapping[str, bytes] | None = None) -> ReadTrustFile:
    """What `keys.trust_chain.load_trust` reads from: the site's trust files, `newer` ones before them."""
    files = newer or {}
    return lambda name: files.get(name) or site.read(f"trust/{name}")


def trust_files(folder: Path) -> dict[str, bytes]:
    """The trust files in `folder` or in its subfolder `trust`, by name."""
    inner = folder / "trust"
    source = Folder(inner if inner.is_dir() else folder)
    return {name: data for name in source.names() if is_trust_file(name) and (data := source.read(name)) is not None}


def publish_trust(site: Folder, files: Mapping[str, bytes]) -> bool:
    """Verified trust files, in the order in which a reader may meet them.

    HandsealError where a numbered file would change.
    """
    changed = False
    for name in in_writing_order(files):
        old = site.read(f"trust/{name}")
        if name != TARGETS and old is not None and old != files[name]:
            raise HandsealError(f"{site.path(f'trust/{name}')}: has other bytes than the one to be published")
        changed |= site.write(f"trust/{name}", files[name])
    return changed


def publish_documents(site: Folder, base: str, trust_list: TrustList) -> bool:
    """What other people's verifiers look up: organisations, keys and the terms of `CosignaturePolicy`."""
    changed = site.write("ns.json", canonical({"@context": policy_context(base)}))
    for organisation in trust_list.organisations:
        slug = names.parse_organisation_id(organisation.id, "trust list").slug
        changed |= site.write(f"orgs/{slug}.json", canonical(_profile(organisation)))
        for key in organisation.keys:
            thumbprint = names.parse_key_id(key.kid, "trust list")[1]
            changed |= site.write(f"keys/{thumbprint}.json", canonical(_public_jwk(key)))
    return changed


def publish_index(site: Folder) -> bool:
    """`index.json`: every file but the certificates with its digest, for mirrors over HTTP.

    Certificates are left out: an index of them would publish every learner.
    """
    digests = {}
    with taking_turns(site):
        for name in site.names():
            if name != INDEX and not name.startswith(f"{_CERTIFICATES}/"):
                data = site.read(name)
                if data is not None:
                    digests[name] = sri(sha256(data))
        return site.write(INDEX, canonical({"files": digests}))


def _profile(organisation: Organisation) -> dict[str, object]:
    """An Open Badges profile under the organisation's newest name."""
    latest = organisation.names[-1].since
    profile: dict[str, object] = {
        "@context": [VC_CONTEXT, OB_CONTEXT],
        "id": organisation.id,
        "type": ["Profile"],
        "name": organisation.name_at(latest),
    }
    if isinstance(organisation.website, str):
        profile["url"] = organisation.website
    return profile


def _public_jwk(key: Key) -> dict[str, object]:
    jwk = key.jwk
    members = {name: getattr(jwk, name) for name in jwk.__struct_fields__}
    return {**members, "kty": jwk.__struct_config__.tag, "kid": key.kid, "alg": key.alg, "use": "sig"}


def _files(folder: Path, prefix: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(folder / entry.name, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}"


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
