"""What a partner body must never forget: every endorsement it made, withdrawn ones, and the newest trust list seen.

One folder of mode 0700, to be backed up with the key. An endorsement is committed here before it leaves: killed and
run again, a ceremony returns the same tokens, and no place in a status list is used twice.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from keys.answered import Answered
from keys.database import MAX_LOT, Database
from keys.encoding import Digest, canonical, format_time, parse_time, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded, replace_file
from keys.request import RequestRow
from keys.status import MAX_BITS, MIN_BITS, set_bits
from keys.trust import Trust
from keys.trust_chain import Chain, load_chain, load_trust
from keys.trust_metadata import RootFile, signed_bytes

MAX_TRUST_FILE = 16 * 1024 * 1024
_SELECT = "SELECT kid, digest, certificate, request, signed, withdrawn FROM endorsement"


class Signed(Struct, frozen=True):
    """One endorsement as it was kept."""

    kid: str
    digest: Digest
    certificate: str
    request: Digest
    signed: datetime
    withdrawn: datetime | None


class Home:
    """The state folder, made where it is missing; to be closed, or used in a `with`.

    HandsealError where others may enter it, or another ceremony keeps it locked.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transcripts = folder / "transcripts"
        self.records = folder / "records"
        self.trust = folder / "trust"
        try:
            for part in (folder, self.transcripts, self.records, self.trust):
                part.mkdir(mode=0o700, parents=part is folder, exist_ok=True)
        except OSError as fault:
            raise ConfigurationError(f"{folder}: {fault.strerror or 'cannot be made'}") from fault
        if folder.stat().st_mode & 0o077:
            raise HandsealError(f"{folder}: others may enter it", hint=f"chmod 700 {folder}")
        self._database = Database(folder)
        self.answered = Answered(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def endorse(
        self,
        kid: str,
        list_id: str,
        request: Digest,
        rows: Sequence[RequestRow],
        make: Callable[[RequestRow, int], str],
        now: datetime,
    ) -> None:
        """Sees to an endorsement of each row, at most `MAX_LOT` of them; committed on return.

        `make(row, place)` signs a row for that place of the status list; it is asked once per content ever. What
        was withdrawn stays so, also under a new key (C27).
        """
        with self._database.transaction():
            kept = self._tokens(kid, [row.digest for row in rows])
            places = self._free_places(list_id, len(rows) - len(kept))
            for row in rows:
                if row.digest not in kept:
                    place = next(places)
                    token, signed = make(row, place), format_time(now)
                    self._keep((kid, row.digest, list_id, place, row.core.id, request, signed, token))

    def tokens(self, kid: str, digests: Sequence[Digest]) -> Iterator[str]:
        """The endorsement JWTs kept for these contents, in their order."""
        for start in range(0, len(digests), MAX_LOT):
            lot = digests[start : start + MAX_LOT]
            kept = self._tokens(kid, lot)
            yield from (kept[digest] for digest in lot)

    def signed(self) -> Iterator[Signed]:
        """All endorsements ever made, oldest first; of one moment as in their request, which ascends by digest."""
        return map(_signed, self._database.execute(f"{_SELECT} ORDER BY signed, request, digest, kid"))

    def signed_certificates(self, certificates: Iterable[str]) -> list[Signed]:
        """The endorsements of these certificate ids."""
        return self._find("certificate", certificates)

    def signed_contents(self, digests: Iterable[Digest]) -> list[Signed]:
        """The endorsements of these content digests, by whichever key."""
        return self._find("digest", digests)

    def withdraw(self, digests: Iterable[Digest], now: datetime) -> int:
        """Marks every endorsement of these contents; how many were not withdrawn before."""
        with self._database.transaction():
            changed = 0
            for digest in digests:
                changed += self._database.execute(
                    "UPDATE endorsement SET withdrawn = ? WHERE digest = ? AND withdrawn IS NULL",
                    (format_time(now), digest),
                ).rowcount
        return changed

    def status_bits(self, list_id: str) -> bytes:
        """The bits of a status list: set where withdrawn."""
        rows = self._database.execute(
            "SELECT place FROM endorsement WHERE list = ? AND withdrawn IS NOT NULL", (list_id,)
        )
        return set_bits(bytes(self._length(list_id, 0) // 8), {row[0] for row in rows})

    def note(self, name: str) -> str | None:
        """A remembered value: `root`, `trust`, `clock`."""
        row = self._database.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        with self._database.transaction():
            self._database.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def require_owner(self, organisation: str) -> None:
        """HandsealError where this folder is another body's: one body, one folder."""
        if self.note("owner") not in (None, organisation):
            raise HandsealError(f"{self.folder}: belongs to {self.note('owner')}", hint="give this body its own --home")
        self.remember("owner", organisation)

    def require_clock(self, now: datetime) -> None:
        """HandsealError where the clock stands before the last ceremony that was finished here (K07)."""
        last = self.note("clock")
        if last is not None and now < parse_time(last):
            raise HandsealError(
                f"clock: shows {format_time(now)}, but the last ceremony here was at {last}",
                hint="set this machine's clock; if it is right and was ahead then: handseal-ceremony clock --help",
            )

    @contextmanager
    def new_transcript(self, name: str, now: datetime) -> Iterator[tuple[Path, Callable[[bytes], None]]]:
        """A new transcript's path, and what appends a line to it: on disk before it returns."""
        stem = f"{now:%Y%m%dT%H%M%SZ}-{name}"
        path = self.transcripts / f"{stem}-{secrets.token_hex(3)}.jsonl"
        with path.open("xb", buffering=0) as file:
            path.chmod(0o600)

            def append(line: bytes) -> None:
                left = memoryview(line)
                try:
                    while left:  # a full disk may take a part
                        left = left[file.write(left) :]
                    os.fsync(file.fileno())
                except OSError as fault:
                    raise HandsealError(f"{path}: {fault.strerror or 'cannot be written'}") from fault

            yield path, append

    def take_trust(self, source: Path, root_digest: str | None) -> Trust:
        """The trust list in folder `source` (a site, or its `trust/`), verified, kept and returned.

        HandsealError where the root is not the one remembered from the first time, or list or newest root are older
        than those kept, or rewrite them.
        """
        known_root, kept = self.note("root"), self.note("trust")
        root = root_digest or known_root
        if root is None:
            raise ConfigurationError(
                "trust list: its root is not known yet", hint="add --root HEX, as it was read aloud"
            )
        if known_root not in (None, root):
            raise HandsealError("trust list: its root is not the one remembered here")
        folder = source / "trust" if (source / "trust").is_dir() else source
        read = _TrustFolder(folder)
        chain = load_chain(read, root_digest=root)
        version, digest = chain.lists[-1].version, sri(chain.list_digest)
        if kept is not None:
            _require_not_older(kept, chain)
        # A folder each: killed here, the one before stays whole.
        name = f"{version}-{len(chain.roots)}-{_root_digest(chain.roots[-1])}"
        place = self.trust / name
        place.mkdir(mode=0o700, exist_ok=True)
        for file, data in read.files.items():
            replace_file(place / file, data)
        self.remember("root", root)
        self.remember("trust", f"{version} {digest} {name}")
        return chain.trust(root)

    def last_trust(self) -> Trust:
        """The newest trust list ever taken; ConfigurationError where there is none."""
        root, kept = self.note("root"), self.note("trust")
        if root is None or kept is None:
            raise ConfigurationError("trust list: none is known yet", hint="add --trust DIR --root HEX")
        return load_trust(_TrustFolder(self.trust / kept.split(" ")[2]), root_digest=root)

    def _tokens(self, kid: str, digests: Sequence[Digest]) -> dict[Digest, str]:
        marks = ",".join("?" * len(digests))
        rows = self._database.execute(
            f"SELECT digest, token FROM endorsement WHERE kid = ? AND digest IN ({marks})",  # noqa: S608 - marks only
            (kid, *digests),
        )
        return {Digest(digest): token for digest, token in rows}

    def _free_places(self, list_id: str, wanted: int) -> Iterator[int]:
        """Random places that were never given away (S11)."""
        length = self._length(list_id, wanted)
        query = "SELECT 1 FROM endorsement WHERE list = ? AND place = ?"
        while True:
            place = secrets.randbelow(length)
            if self._database.execute(query, (list_id, place)).fetchone() is None:
                yield place

    def _length(self, list_id: str, wanted: int) -> int:
        """Bits of the list: it doubles once half of it is in use, so that a free place is found quickly."""
        count = self._database.execute("SELECT count(*) FROM endorsement WHERE list = ?", (list_id,)).fetchone()[0]
        length = MIN_BITS
        while length < 2 * (count + wanted):
            length *= 2
        if length > MAX_BITS:
            raise HandsealError(f"{list_id}: is full", hint="this body needs a second status list")
        return length

    def _keep(self, endorsement: tuple[str, Digest, str, int, str, Digest, str, str]) -> None:
        """Adds one; what was withdrawn under another key is withdrawn under this one."""
        self._database.execute(
            "INSERT INTO endorsement VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
            " (SELECT max(withdrawn) FROM endorsement WHERE digest = ?2 AND list = ?3))",
            endorsement,
        )

    def _find(self, column: str, values: Iterable[str | Digest]) -> list[Signed]:
        wanted, found = list(values), list[Signed]()
        for start in range(0, len(wanted), MAX_LOT):
            lot = wanted[start : start + MAX_LOT]
            marks = ",".join("?" * len(lot))
            found += map(_signed, self._database.execute(f"{_SELECT} WHERE {column} IN ({marks})", lot))
        return found


class _TrustFolder:
    """Reads the files of a trust folder once, and keeps what it read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, bytes] = {}

    def __call__(self, name: str) -> bytes | None:
        if name not in self.files:
            path = self._folder / name
            if not path.is_file():
                return None
            self.files[name] = read_bounded(path, MAX_TRUST_FILE)
        return self.files[name]


def _signed(row: tuple[str, bytes, str, bytes, str, str | None]) -> Signed:
    kid, digest, certificate, request, signed, withdrawn = row
    return Signed(
        kid=kid,
        digest=Digest(digest),
        certificate=certificate,
        request=Digest(request),
        signed=parse_time(signed),
        withdrawn=None if withdrawn is None else parse_time(withdrawn),
    )


def _root_digest(root: RootFile) -> str:
    """Of what was signed: a root stays the same one when a further holder signs it."""
    return sha256(signed_bytes(root)).hex()[:32]


def _require_not_older(kept: str, chain: Chain) -> None:
    """The kept list and root are the offered ones, or of those they grew from (R03, R19)."""
    version, digest, name = kept.split(" ")
    if int(version) > len(chain.lists):
        raise HandsealError(f"trust list: version {len(chain.lists)} is older than version {version} kept here")
    if sri(sha256(canonical(chain.lists[int(version) - 1]))) != digest:
        raise HandsealError(f"trust list: its version {version} is not the one kept here: someone rewrote it")
    _, root, root_digest = name.split("-")
    if int(root) > len(chain.roots):
        raise HandsealError(f"trust list: root {len(chain.roots)} is older than root {root} kept here")
    if _root_digest(chain.roots[int(root) - 1]) != root_digest:
        raise HandsealError(f"trust list: its root {root} is not the one kept here: someone rewrote it")
