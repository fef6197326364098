"""Files below one folder are read with a limit, following no link and never leaving it; changes are noticed."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from msgspec import Struct

import templates
from keys.errors import HandsealError

MAX_PATH = 250
MAX_NAMES = 10_000
STATIC_ENDINGS = frozenset({".css", ".js", ".svg", ".wasm", ".woff2"})
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EISDIR, errno.ENXIO})
_BENEATH = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Stamp(Struct, frozen=True):
    """Which file it is, and when it was changed last."""

    device: int
    inode: int
    size: int
    modified: int  # nanoseconds
    changed: int  # nanoseconds

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class Reading:
    """Reads below `folder` (which itself may be a link, so that a whole site can be swapped) and remembers of what."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._stamps: dict[str, Stamp | None] = {}

    def read(self, path: str, limit: int) -> bytes | None:
        """The file's bytes; None where there is none of that name or it is not a plain file.

        HandsealError where it cannot be read or is larger than `limit` bytes.
        """
        descriptor = self._open(path)
        if descriptor is None:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise HandsealError(f"{path}: is larger than {limit} bytes")
        return data

    def names(self, path: str) -> tuple[str, ...]:
        """What is in a folder, sorted, at most MAX_NAMES; nothing where there is no such folder."""
        descriptor = self._open(path)
        if descriptor is None:
            return ()
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                return ()
            names = os.listdir(descriptor)  # noqa: PTH208  # a Path cannot list an open folder
            return tuple(sorted(names)[:MAX_NAMES])
        finally:
            os.close(descriptor)

    def unchanged(self) -> bool:
        """Whether all that was read, looked for or listed is as it was then."""
        return all(self._look(path) == stamp for path, stamp in self._stamps.items())

    def _open(self, path: str) -> int | None:
        parts = path.split("/")
        if len(path) > MAX_PATH or not all(_PART.fullmatch(part) for part in parts):
            return None
        full = f"{self._folder}/{path}"
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            for part in parts:
                above = descriptor
                try:
                    descriptor = os.open(part, _BENEATH, dir_fd=above)
                finally:
                    os.close(above)
        except OSError as fault:
            if fault.errno not in _ABSENT:
                raise HandsealError(f"{path}: {fault.strerror or 'cannot be read'}") from fault
            self._stamps.setdefault(full, None)
            return None
        self._stamps.setdefault(full, Stamp.of(os.fstat(descriptor)))
        return descriptor

    @staticmethod
    def _look(full: str) -> Stamp | None:
        try:
            return Stamp.of(os.stat(full, follow_symlinks=False))  # noqa: PTH116  # a Path takes twice as long
        except OSError:
            return None


def static_files() -> dict[str, bytes]:
    """The parts of the pages by path, all in memory, half a megabyte: no request ever names a path on the disk."""
    folder = Path(templates.__file__).parent / "static"
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in STATIC_ENDINGS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
