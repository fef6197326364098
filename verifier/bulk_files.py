"""What is to be checked lies in files, folders, archives and tables; each is read when its turn comes.

Links are not followed and nothing of an archive is written to the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from keys.errors import ConfigurationError, HandsealError
from keys.files import opened, read_bounded
from verifier.asked import is_address
from verifier.bulk import Given
from verifier.carrier import MAX_CARRIER_BYTES, NOTHING, TOO_LARGE
from verifier.folder import Folder
from verifier.rows import MAX_BYTES, rows_of
from verifier.zip_files import ZIP_STARTS, Archive

MAX_INPUTS = 100_000
MAX_UNPACKED = 4 * 1024**3  # of an archive; it is read entry by entry
UNREADABLE = "unreadable"


class Kind(Enum):
    """By what a file begins with and is called; what a certificate lies in is for the check to find out."""

    FILE = "file"
    ARCHIVE = "archive"
    TABLE = "table"


class Batch(Struct, frozen=True):
    """Some inputs: how many there are, and a way to read them one by one."""

    length: int
    read: Callable[[], Iterator[Given]]


def batches_of(inputs: Sequence[str]) -> tuple[Batch, ...]:
    """What is at these paths, or the numbers and links themselves.

    ConfigurationError where one of them is not there or all are empty, FormatError for a table that cannot be read,
    HandsealError for more than MAX_INPUTS.
    """
    batches = tuple(batch for one in inputs for batch in _batches(one))
    length = sum(batch.length for batch in batches)
    if not length:
        raise ConfigurationError(f"{', '.join(inputs)}: holds nothing to check", hint="is this the right one?")
    if length > MAX_INPUTS:
        raise HandsealError(f"more than {MAX_INPUTS} inputs", hint="check them in several parts")
    return batches


def rows_given(data: bytes, name: str) -> Iterator[Given]:
    """Of each row of a table its first cell with a number or a link; a header is no row. FormatError as `rows_of`."""
    for count, (number, cells) in enumerate(rows_of(data, name)):
        found = next((cell.strip() for cell in cells if is_address(cell)), "")
        if found or (count and any(cell.strip() for cell in cells)):
            yield Given(f"{name}:{number}", found.encode("utf-8"))


def _batches(name: str) -> Iterator[Batch]:
    path = Path(name)
    if is_address(name) and not path.exists():
        yield _one(Given(name, name.encode("utf-8", "surrogateescape")))
    elif path.is_dir():
        yield from (_in_folder(path / below) for below in Folder(path).names())
    elif (kind := _kind(path)) is Kind.TABLE:
        rows = tuple(rows_given(read_bounded(path, MAX_BYTES), name))
        yield Batch(len(rows), lambda: iter(rows))
    else:
        yield _archive(path) if kind is Kind.ARCHIVE else _file(path)


def _in_folder(path: Path) -> Batch:
    """A table among the files of a folder is no list of what to check: somebody keeps notes there."""
    if path.is_symlink():
        return _one(Given(str(path), case=UNREADABLE))
    try:
        return _archive(path) if _kind(path) is Kind.ARCHIVE else _file(path)
    except ConfigurationError:
        return _one(Given(str(path), case=UNREADABLE))


def _kind(path: Path) -> Kind:
    """ConfigurationError where there is no file."""
    with opened(path) as stream:
        packed = stream.read(4).startswith(ZIP_STARTS)
    if path.suffix.lower() == ".csv" or (packed and path.suffix.lower() == ".xlsx"):
        return Kind.TABLE
    return Kind.ARCHIVE if packed else Kind.FILE


def _one(given: Given) -> Batch:
    return Batch(1, lambda: iter((given,)))


def _file(path: Path) -> Batch:
    return Batch(1, lambda: iter((_read(path),)))


def _read(path: Path) -> Given:
    try:
        return Given(str(path), read_bounded(path, MAX_CARRIER_BYTES))
    except ConfigurationError:
        return Given(str(path), case=UNREADABLE)
    except HandsealError:
        return Given(str(path), case=TOO_LARGE)


def _archive(path: Path) -> Batch:
    """Opened twice, to be counted and to be read: a folder of archives would hold too many of them open."""
    with opened(path) as stream:
        count = len(_archive_in(stream))
    return Batch(max(count, 1), lambda: _unpacked(path))


def _unpacked(path: Path) -> Iterator[Given]:
    with opened(path) as stream:
        yield from archived(_archive_in(stream), str(path))


def _archive_in(stream: BinaryIO) -> Archive:
    return Archive(stream, limit=MAX_UNPACKED, entry_limit=MAX_CARRIER_BYTES)


def archived(archive: Archive, name: str) -> Iterator[Given]:
    """Its files, or one line that says why there are none."""
    if not len(archive):
        yield Given(name, case=archive.case or NOTHING)
    for entry in archive.entries():
        yield Given(f"{name}/{entry.name}", entry.data, entry.case)
