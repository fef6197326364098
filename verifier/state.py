"""What was seen survives a restart: one private folder, written whole, shared by several processes.

It holds `state.json` and, in a folder of its own below `trust/`, the last good trust list with its chain. That folder
is complete before `state.json` names it: a process that dies in between leaves the list before. Without a folder the
same is kept until the program ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from keys.encoding import canonical, parse, sha256
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.files import SECRET, new_folder, read_bounded, replace_file, write_new
from keys.trust_chain import MAX_LIST_BYTES, in_writing_order
from verifier.files import Reading, Stamp
from verifier.seen import Seen, merge

MAX_STATE_BYTES = 64 * 1024 * 1024
_DAMAGED = "bring the folder back from a copy; removing all of it forgets what was seen"


class State:
    """The memory of one verifier, for one root. ConfigurationError where the folder cannot serve.

    `fault` says why what another process wrote since cannot be used; meanwhile nothing may be called valid.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.seen: Seen | None = None
        self.fault = ""
        self._files: dict[str, bytes] = {}
        self._stamp: Stamp | None = None
        self.behind = False  # whether the folder knows less than this process
        if folder is not None:
            make_private(folder)
            with locked(folder):
                self.refresh()
            if _stamp(folder / "state.json") is None and Reading(folder).names("trust"):
                raise ConfigurationError(f"{folder / 'state.json'}: is missing", hint=_DAMAGED)
            if self.fault:
                raise ConfigurationError(self.fault, hint=_DAMAGED)

    @property
    def lasting(self) -> bool:
        """Whether it outlives the program."""
        return self.folder is not None

    def require_root(self, root: str) -> None:
        """ConfigurationError where this folder belongs to another root (hex digest of 1.root.json)."""
        if self.seen is not None and self.seen.root != root:
            raise ConfigurationError(
                f"{self.folder}: belongs to another trust list", hint="use another --state folder for this --root"
            )

    def refresh(self) -> bool:
        """Adds what another process wrote; whether it had. What this one knows it never forgets."""
        if self.folder is None or self._stamp == (stamp := _stamp(self.folder / "state.json")):
            return False
        self._stamp = stamp
        if stamp is not None:
            self.fault = self._take_in(self.folder / "state.json")
        return True

    def trust_file(self, name: str) -> bytes | None:
        """A file of the last good trust list, as `keys.trust_chain.ReadTrustFile`."""
        if self.folder is None:
            return self._files.get(name)
        if self.seen is None or not self.seen.kept:
            return None
        return Reading(self.folder).read(f"trust/{self.seen.kept}/{name}", MAX_LIST_BYTES)

    def learn(self, seen: Seen, trust_files: Mapping[str, bytes]) -> None:
        """Keeps `seen` beside what is known; writes only what is new. HandsealError where it cannot be written.

        `trust_files` are a verified chain; they replace the last good one unless another process knows a newer one.
        """
        folder = self.folder
        if folder is None:
            self.seen = seen if self.seen is None else merge(self.seen, seen)
            self._files.update(trust_files)
            return
        with locked(folder):
            self.refresh()
            self.require_root(seen.root)
            if self.fault:
                raise HandsealError(self.fault)
            if self.seen is None:
                self._write(folder, Seen(root=seen.root, clock=seen.clock, since=seen.since))
            known = self.seen
            if trust_files and (known is None or seen.list_version >= known.list_version):
                seen = replace(seen, kept=_keep(folder, trust_files))
            together = seen if known is None else merge(known, seen)
            if together != known or self.behind:
                self._write(folder, together)
            _forget_others(folder, together.kept)

    def _take_in(self, path: Path) -> str:
        """Reads the file; why it cannot be used, else empty."""
        try:
            read = parse(read_bounded(path, MAX_STATE_BYTES), Seen, str(path), limit=MAX_STATE_BYTES)
        except FormatError:
            return f"{path}: is damaged"
        except HandsealError as fault:
            return str(fault)
        if self.seen is not None and self.seen.root != read.root:
            return f"{path}: belongs to another trust list now"
        self.seen = read if self.seen is None else merge(self.seen, read)
        self.behind = self.seen != read
        return ""

    def _write(self, folder: Path, seen: Seen) -> None:
        path = folder / "state.json"
        replace_file(path, canonical(seen), SECRET)
        self._stamp, self.seen, self.behind = _stamp(path), seen, False


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time in a folder; the kernel lets go of a dead one. ConfigurationError where none may write."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, SECRET)
    except OSError as fault:
        raise ConfigurationError(f"{folder}: {fault.strerror or 'cannot be written'}") from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """The folder is there and its owner's alone to write; ConfigurationError where it cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o022:
            raise ConfigurationError(f"{folder}: may be written by others", hint=f"chmod 700 {folder}")
    except OSError as fault:
        raise ConfigurationError(f"{folder}: {fault.strerror or 'cannot be used'}") from fault


def _keep(folder: Path, files: Mapping[str, bytes]) -> str:
    """A folder with these files and nothing else, whole or not at all; its name, which follows from the files."""
    digests = b"".join(sha256(name.encode() + b"\n" + data) for name, data in sorted(files.items()))
    name = sha256(digests).hex()[:32]
    place = folder / "trust" / name
    place.parent.mkdir(mode=0o700, exist_ok=True)
    if not _holds(place, files):
        shutil.rmtree(place, ignore_errors=True)
        with new_folder(place) as beside:
            beside.chmod(0o700)
            for file in in_writing_order(files):
                write_new(beside / file, files[file], SECRET)
    return name


def _forget_others(folder: Path, kept: str) -> None:
    """Older trust lists, and what a process that died had not finished: nobody else writes now."""
    for path in (*(folder / "trust").glob("*"), *folder.glob(".*.part")):
        if path.name != kept:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _stamp(path: Path) -> Stamp | None:
    try:
        return Stamp.of(path.stat())
    except FileNotFoundError:
        return None


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether a folder has these files with these bytes."""
    reading = Reading(folder)
    try:
        return all(reading.read(name, MAX_LIST_BYTES) == data for name, data in files.items())
    except HandsealError:
        return False
