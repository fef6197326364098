"""What was seen survives a restart: one private folder, written whole, shared by several processes.

It holds `state.json` and, under `trust/`, the last good trust list with its chain. Without a folder the same is kept
until the program ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from keys.encoding import canonical, parse
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.files import SECRET, read_bounded, replace_file
from keys.trust_chain import MAX_LIST_BYTES, in_writing_order
from verifier.files import Reading, Stamp
from verifier.seen import Seen, merge

MAX_STATE_BYTES = 64 * 1024 * 1024


class State:
    """The memory of one verifier, for one root. ConfigurationError where the folder cannot serve."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.seen: Seen | None = None
        self._files: dict[str, bytes] = {}
        self._stamp: Stamp | None = None
        if folder is not None:
            make_private(folder)
            self.refresh()

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
        """Reads again what another process wrote; whether it had."""
        if self.folder is None or self._stamp == (stamp := _stamp(self.folder / "state.json")):
            return False
        self._stamp = stamp
        if stamp is not None:
            self.seen = self._read(self.folder / "state.json")
        return True

    def trust_file(self, name: str) -> bytes | None:
        """A file of the last good trust list, as `keys.trust_chain.ReadTrustFile`."""
        if self.folder is None:
            return self._files.get(name)
        return Reading(self.folder).read(f"trust/{name}", MAX_LIST_BYTES)

    def learn(self, seen: Seen, trust_files: Mapping[str, bytes]) -> None:
        """Keeps `seen` beside what is known; writes only what is new. HandsealError where it cannot be written.

        `trust_files` are a verified chain; they replace the last good one unless another process knows a newer one.
        """
        if self.folder is None:
            self.seen = seen if self.seen is None else merge(self.seen, seen)
            self._files.update(trust_files)
            return
        path = self.folder / "state.json"
        with locked(self.folder):
            self.refresh()
            self.require_root(seen.root)
            known = self.seen
            self.seen = seen if known is None else merge(known, seen)
            if trust_files and (known is None or seen.list_version >= known.list_version):
                self._write_trust(self.folder / "trust", trust_files)
            if self.seen != known:
                replace_file(path, canonical(self.seen), SECRET)
                self._stamp = _stamp(path)

    def _read(self, path: Path) -> Seen:
        try:
            return parse(read_bounded(path, MAX_STATE_BYTES), Seen, str(path), limit=MAX_STATE_BYTES)
        except FormatError as fault:
            raise ConfigurationError(
                f"{path}: is damaged", hint="bring it back from a copy; removing it forgets what was seen"
            ) from fault

    def _write_trust(self, folder: Path, files: Mapping[str, bytes]) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in in_writing_order(files):
            if self.trust_file(name) != files[name]:
                replace_file(folder / name, files[name], SECRET)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time in a folder; the kernel lets go when a process ends. HandsealError where it cannot be."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, SECRET)
    except OSError as fault:
        raise HandsealError(f"{folder}: {fault.strerror or 'cannot be written'}") from fault
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
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"{folder}: cannot be written")


def _stamp(path: Path) -> Stamp | None:
    try:
        return Stamp.of(path.stat())
    except FileNotFoundError:
        return None
