"""A file is read up to a limit, and written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from keys.encoding import Digest
from keys.errors import ConfigurationError, HandsealError

PUBLIC = 0o644
SECRET = 0o600
_PUBLIC_FOLDER = 0o755
_PART_BYTES = 6
_OF_WRITING = frozenset({errno.EPIPE, errno.ENOSPC})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    ConfigurationError where it is missing, unreadable or no file; HandsealError where it is too large.
    """
    with opened(path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise HandsealError(f"{path}: is larger than {limit} bytes")
    return data


def file_digest(path: Path) -> Digest:
    """SHA-256 of a regular file, however large; ConfigurationError as in `opened`."""
    with opened(path) as stream:
        return Digest(hashlib.file_digest(stream, "sha256").digest())


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file as a stream; ConfigurationError where it is missing, unreadable or something else."""
    try:
        with open(path, "rb", opener=_open_at_once) as stream:  # Path.open takes none
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ConfigurationError(f"{path}: is not a file")
            yield stream
    except OSError as fault:
        if fault.errno in _OF_WRITING:  # what was read is being printed: this is the answer's fault, not the file's
            raise
        raise ConfigurationError(f"{path}: {fault.strerror or 'cannot be read'}") from fault


def _open_at_once(path: str, flags: int) -> int:
    """Without waiting for a writer, where `path` is a named pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def require_absent(path: Path) -> None:
    """HandsealError where anything is there, a dangling link included (I10, K05)."""
    if os.path.lexists(path):
        raise HandsealError(f"{path}: exists already", hint="nothing is overwritten: choose another name or move it")


def unfinished(path: Path) -> list[Path]:
    """What stands beside `path` as it is while it is written: its process still runs, or was killed."""
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _PART_BYTES}}}\.part")
    return sorted(each for each in path.parent.glob("*.part") if name.fullmatch(each.name))


@contextmanager
def new_file(path: Path, mode: int = PUBLIC) -> Iterator[BinaryIO]:
    """A stream whose bytes become `path` when the block ends well; `path` must not exist, then or before."""
    require_absent(path)
    with _beside(path, mode) as (stream, beside):
        yield stream
        _settle(stream)
        try:
            _give_name(beside, path, mode)
        except FileExistsError as fault:
            raise HandsealError(f"{path}: exists already") from fault
        _sync_folder(path.parent)


def write_new(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """`data` as a new file; HandsealError where `path` exists."""
    with new_file(path, mode) as stream:
        stream.write(data)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when the block ends well and is gone otherwise; `path` must not exist."""
    require_absent(path)
    beside = _part_of(path)
    try:
        beside.mkdir()
        try:
            yield beside
            require_absent(path)
            beside.rename(path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as fault:
        raise HandsealError(f"{path}: {fault.strerror or 'cannot be written'}") from fault


def make_folder(path: Path) -> None:
    """A public folder is there, with those above it; HandsealError where it cannot be."""
    try:
        path.mkdir(mode=_PUBLIC_FOLDER, parents=True, exist_ok=True)
    except OSError as fault:
        raise HandsealError(f"{path}: {fault.strerror or 'cannot be made'}") from fault


def replace_file(path: Path, data: bytes, mode: int = PUBLIC, *, sync: bool = True) -> None:
    """`data` at `path`, whole at every moment: readers see the old or the new bytes."""
    _require_own(path)
    with _beside(path, mode) as (stream, beside):
        stream.write(data)
        if sync:
            _settle(stream)
        else:
            stream.flush()
        beside.replace(path)
        if sync:
            _sync_folder(path.parent)


def replace_files(files: Mapping[Path, bytes]) -> None:
    """As `replace_file` for each, but all or none: where one cannot be written, files and folders are as before.

    Each lies whole beside its place before the first one takes it, for a new name needs no room on the disk.
    """
    fresh = sorted({folder for path in files for folder in path.parents if not folder.exists()})
    with ExitStack() as undo, ExitStack() as beside_all:
        for folder in fresh:
            make_folder(folder)
            undo.callback(_remove_empty, folder)
        whole = []
        for path, data in files.items():
            _require_own(path)
            stream, beside = beside_all.enter_context(_beside(path, PUBLIC))
            stream.write(data)
            _settle(stream)
            whole.append((beside, path))
        for beside, path in whole:
            beside.replace(path)
        undo.pop_all()


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # somebody else put something there
        folder.rmdir()


def _require_own(path: Path) -> None:
    """HandsealError where something other than a file would be replaced, or one that lies elsewhere."""
    if path.is_symlink():
        raise HandsealError(f"{path}: is a symbolic link", hint="replace it by a file of its own")
    if path.is_dir():
        raise HandsealError(f"{path}: is a folder")


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(_PART_BYTES)}.part")


@contextmanager
def _beside(path: Path, mode: int) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file in the folder of `path`, gone when the block ends."""
    beside = _part_of(path)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, mode)
                yield stream, beside
        finally:
            beside.unlink(missing_ok=True)
    except OSError as fault:
        raise HandsealError(f"{path}: {fault.strerror or 'cannot be written'}") from fault


def _give_name(beside: Path, path: Path, mode: int) -> None:
    """`beside` as `path`; FileExistsError where something is there: a rename alone would replace it."""
    try:
        os.link(beside, path)
    except OSError as fault:
        if fault.errno not in _NO_LINKS:
            raise
        # A stick with FAT knows no second name for a file: take the name first, then fill it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode))
        beside.replace(path)


def _settle(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
