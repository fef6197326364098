"""An archive that anybody may have made is read entry by entry, in memory and within bounds; no name in it is a path.

How much is inflated depends on what comes out, never on what the archive says of itself.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from msgspec import Struct

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # the second one is an archive of nothing
MAX_ENTRIES = 10_000
MAX_RATIO = 100
"""How much larger than its packed bytes an entry may come out; a PDF hardly shrinks at all."""
FREE_BYTES = 1024 * 1024  # of an entry, whatever its ratio
_CHUNK = 64 * 1024
_MAX_DIRECTORY = 4 * 1024 * 1024  # the list of entries is read whole: it has to be small
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _MAX_COMMENT = 22, 20, 65_535
_FAULTS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, EOFError, OSError)
_MORE_FAULTS = (ValueError, struct.error, UnicodeDecodeError, KeyError, IndexError)

# Why an entry, or the archive as a whole, was not read: cases of `token.form` in the messages.
DAMAGED, TOO_MUCH, ENCRYPTED, NESTED = "zip-damaged", "zip-too-much", "zip-encrypted", "zip-nested"


class Entry(Struct, frozen=True):
    """One file in an archive; `name` is what it says, to be shown and nothing else."""

    name: str
    data: bytes = b""
    case: str = ""  # why there is no data


class Archive:
    """The files of a ZIP; `case` says why there are none, where it cannot be read as a whole."""

    def __init__(self, stream: IO[bytes], *, limit: int, entry_limit: int) -> None:
        """Of `limit` bytes together and `entry_limit` each, unpacked."""
        self.case = ""
        self._left, self._entry_limit = limit, entry_limit
        self._listed: tuple[zipfile.ZipInfo, ...] = ()
        try:
            if not _is_small(stream):
                self.case = TOO_MUCH
                return
            self._zip = zipfile.ZipFile(stream)
        except (*_FAULTS, *_MORE_FAULTS):
            self.case = DAMAGED
            return
        self._listed = tuple(info for info in self._zip.infolist() if _is_wanted(info))
        if len(self._listed) > MAX_ENTRIES:
            self.case, self._listed = TOO_MUCH, ()

    def __len__(self) -> int:
        return len(self._listed)

    def entries(self) -> Iterator[Entry]:
        """Each file, unpacked when its turn comes."""
        for info in self._listed:
            yield self._entry(info)

    def _entry(self, info: zipfile.ZipInfo) -> Entry:
        if info.flag_bits & 1:
            return Entry(info.filename, case=ENCRYPTED)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return Entry(info.filename, case=DAMAGED)
        allowed = max(FREE_BYTES, MAX_RATIO * info.compress_size)
        limit = min(self._left, self._entry_limit, allowed)
        try:
            data = self._inflated(info, limit)
        except (*_FAULTS, *_MORE_FAULTS):
            return Entry(info.filename, case=DAMAGED)
        self._left -= min(len(data), limit)
        if len(data) > limit:
            return Entry(info.filename, case=TOO_MUCH)
        return Entry(info.filename, case=NESTED) if data.startswith(ZIP_STARTS) else Entry(info.filename, data)

    def _inflated(self, info: zipfile.ZipInfo, limit: int) -> bytes:
        """No more than a byte beyond `limit`."""
        collected = io.BytesIO()
        with self._zip.open(info) as stream:
            while collected.tell() <= limit and (chunk := stream.read(min(_CHUNK, limit + 1 - collected.tell()))):
                collected.write(chunk)
        return collected.getvalue()


def _is_small(stream: IO[bytes]) -> bool:
    """Whether the list of entries is; one in the form for huge archives (ZIP64) is not."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _END_BYTES - _LOCATOR_BYTES - _MAX_COMMENT))
    tail = stream.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise zipfile.BadZipFile
    (listed,) = struct.unpack_from("<I", tail, end + 12)
    return listed <= _MAX_DIRECTORY and tail[max(0, end - _LOCATOR_BYTES) : end][:4] != _END_64


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    """Neither a folder nor what a system leaves beside a person's files."""
    parts = info.filename.split("/")
    return not info.is_dir() and not parts[-1].startswith(".") and parts[0] != "__MACOSX"
