"""A folder of small public files, each whole at every moment, and the index by which others copy it.

formats.md section 8. The clinic publishes into one, and a mirror keeps one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.files import PUBLIC, make_folder, read_bounded, replace_file, replace_files

MAX_SITE_FILE = 8 * 1024 * 1024
MAX_DEPTH = 64  # folders within each other; a site has five
INDEX = "index.json"
_CERTIFICATES = "c"


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
        if _holds(path, data):
            return False
        make_folder(path.parent)
        replace_file(path, data, mode, sync=sync)
        return True

    def write_all(self, files: Mapping[str, bytes]) -> int:
        """Puts `files` there, all or none of them, and none by a link to elsewhere; how many changed."""
        changed = {self.path(name): data for name, data in files.items() if not _holds(self.path(name), data)}
        for inner in {self.path(str(parent)) for name in files for parent in PurePosixPath(name).parents[:-1]}:
            if inner.is_symlink():
                raise HandsealError(f"{inner}: is a symbolic link")
        replace_files(changed)
        return len(changed)

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
        """Every file's path in order, without what is hidden or half written.

        HandsealError for folders within each other beyond MAX_DEPTH.
        """
        yield from _files(self.path(below) if below else self.folder, f"{below}/" if below else "")


def settle() -> None:
    """Waits until everything written so far is on the disk: once for a lot, where once for each file takes seconds."""
    os.sync()


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


def _files(folder: Path, prefix: str) -> Iterator[str]:
    if prefix.count("/") > MAX_DEPTH:
        raise HandsealError(f"{folder}: lies deeper than {MAX_DEPTH} folders")
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
        return not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
