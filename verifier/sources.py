"""A published site is one consistent snapshot at a time, and nothing in it goes backwards unnoticed.

The folder of formats.md section 8 with the memory of sections 5 and 6. `state.rollback` is decided here: by trust
lists, status lists and the clock.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import UNSET, Struct
from msgspec.structs import replace

from keys import names
from keys.aloud import ungrouped
from keys.cosignature import CLOCK_GRACE
from keys.encoding import MAX_BYTES
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.status import StatusList
from verifier.files import Reading
from verifier.materials import Materials
from verifier.published import MAX_PICTURE_BYTES, is_png
from verifier.report import Check, Outcome
from verifier.seen import Seen, SeenList, merge
from verifier.snapshot import Alarm, ListsRead, TrustRead, read_lists, read_syllabuses, read_trust
from verifier.state import State

MAX_FILE_BYTES = 16 * 1024 * 1024
SNAPSHOT_LIFE = timedelta(minutes=1)
"""After it the lists are opened again at the latest: what was dated in the future may be acceptable now."""
CLOCK_STEP = timedelta(minutes=10)
"""The clock alone is written to the state this seldom."""
_ATTEMPTS = 3
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_CHECKED = Check("state.rollback", Outcome.NOT_RUN, "not-run")


class _Snapshot(Struct, frozen=True):
    materials: Materials
    alarms: tuple[Alarm, ...]
    trust_read: TrustRead
    trust_reading: Reading
    lists_read: ListsRead
    reading: Reading
    taken: datetime
    until: datetime

    def serves(self, now: datetime) -> bool:
        return self.taken <= now <= self.until and self.unchanged()

    def unchanged(self) -> bool:
        return self.trust_reading.unchanged() and self.reading.unchanged()


class Site:
    """A published site, believed under one root (hex SHA-256 of 1.root.json); may be asked from several threads.

    ConfigurationError where the root is no such digest, or `state` belongs to another one.
    """

    def __init__(self, folder: Path, root_digest: str, state: State | None) -> None:
        self.folder = folder
        self.root_digest = require_root_digest(root_digest)
        self._state = State(None) if state is None else state
        self._state.require_root(self.root_digest)
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._taught: TrustRead | None = None  # the chain that the state has
        self._unwritten = ""  # why the state could not be written
        self._clock: datetime | None = None  # the latest that was ever seen

    def materials(self, now: datetime) -> Materials:
        """What a verification at `now`, the real clock, looks at; from memory while no file has changed."""
        with self._lock:
            snapshot = self._current(now)
            return replace(snapshot.materials, rollback=self._rollback(snapshot, now))

    def alarms(self, now: datetime) -> tuple[str, ...]:
        """What the operator should look into: for the health page and the terminal."""
        with self._lock:
            return tuple(alarm.text for alarm in self._alarms(self._current(now), now))

    @property
    def address(self) -> str:
        """The site's own, as its trust list had it when it was last looked at; empty where there was none."""
        trust = self._snapshot.materials.trust if self._snapshot else None
        return trust.list.site if trust else ""

    def certificate(self, lookup_id: str) -> bytes | None:
        """The published token with this lookup id, in any spelling; None where there is none."""
        try:
            path = names.certificate_path(names.parse_lookup_id(lookup_id))
        except FormatError:
            return None
        return self._published(path, MAX_BYTES)

    def file(self, path: str) -> bytes | None:
        """A published file by its path below the folder; None for certificates and for what is not plainly there."""
        return None if path[:2].lower() == "c/" else self._published(path, MAX_FILE_BYTES)

    def picture(self, path: str) -> bytes | None:
        """A published PNG by its path below the folder, a certificate's card included; None for anything else."""
        data = self._published(path, MAX_PICTURE_BYTES)
        return data if data is not None and is_png(data) else None

    def _published(self, path: str, limit: int) -> bytes | None:
        try:
            return Reading(self.folder).read(path, limit)
        except HandsealError:
            return None

    def _current(self, now: datetime) -> _Snapshot:
        told = self._state.refresh()
        snapshot = self._snapshot
        if snapshot is None or told or not snapshot.serves(now):
            snapshot = self._snapshot = self._settled(now, None if told else snapshot)
            self._learn(snapshot, now)
        self._clock = max(moment for moment in (now, self._clock, self._seen_clock()) if moment is not None)
        return snapshot

    def _settled(self, now: datetime, before: _Snapshot | None) -> _Snapshot:
        """A snapshot of files of which none changed while they were read."""
        snapshot = self._take(now, before)
        for _ in range(_ATTEMPTS - 1):
            if snapshot.unchanged():
                break
            snapshot = self._take(now, before)
        return snapshot

    def _take(self, now: datetime, before: _Snapshot | None) -> _Snapshot:
        seen = self._state.seen
        if before is not None and before.trust_reading.unchanged():
            trust_read, trust_reading = before.trust_read, before.trust_reading
        else:
            trust_reading = Reading(self.folder)
            trust_read = read_trust(trust_reading, self.root_digest, seen, self._state.trust_file)
        reading, trust = Reading(self.folder), trust_read.trust
        seen_lists: dict[str, SeenList] = seen.lists if seen else {}
        lists_read = ListsRead({}, (), seen_lists) if trust is None else read_lists(reading, trust, seen_lists, now)
        materials = Materials(
            trust=trust,
            trust_fault=trust_read.fault,
            lists=lists_read.lists,
            syllabuses={} if trust is None else read_syllabuses(reading, trust),
            rollback=_NOT_CHECKED,
        )
        return _Snapshot(
            materials=materials,
            alarms=(*trust_read.alarms, *lists_read.alarms),
            trust_read=trust_read,
            trust_reading=trust_reading,
            lists_read=lists_read,
            reading=reading,
            taken=now,
            until=_until(lists_read, now),
        )

    def _learn(self, snapshot: _Snapshot, now: datetime) -> None:
        """Tells the state what is new; the clock alone is not, until CLOCK_STEP has passed (W13)."""
        known, trust, read = self._state.seen, snapshot.materials.trust, snapshot.trust_read
        if trust is None:
            return
        clock = now.astimezone(UTC).replace(microsecond=0)
        learned = Seen(
            root=self.root_digest,
            clock=clock,
            since=clock,
            root_version=trust.root_version,
            list_version=trust.list.version,
            list_digest=trust.digest,
            lists=dict(snapshot.lists_read.seen),
        )
        if known is not None:
            learned = merge(known, learned)
            if learned.clock - known.clock < CLOCK_STEP:
                learned = replace(learned, clock=known.clock)
        files = read.files if read is not self._taught else {}
        if learned == known and not files and not self._unwritten and not self._state.behind:
            return
        try:
            self._state.learn(learned, files)
            self._taught, self._unwritten = read, ""
        except HandsealError as fault:
            self._unwritten = str(fault)

    def _seen_clock(self) -> datetime | None:
        return self._state.seen.clock if self._state.seen else None

    def _alarms(self, snapshot: _Snapshot, now: datetime) -> tuple[Alarm, ...]:
        alarms = list(snapshot.alarms)
        if self._clock is not None and self._clock - now > CLOCK_GRACE:
            text = f"The clock of this verifier went back: it was {self._clock:%Y-%m-%d %H:%M} UTC before."
            alarms.append(Alarm(text, grave=True))
        if self._state.fault:
            alarms.append(Alarm(f"What was seen before cannot be used: {self._state.fault}.", grave=True))
        if self._unwritten:
            alarms.append(Alarm(f"What was seen could not be kept: {self._unwritten}."))
        return tuple(alarms)

    def _rollback(self, snapshot: _Snapshot, now: datetime) -> Check:
        alarms = self._alarms(snapshot, now)
        grave = [alarm.text for alarm in alarms if alarm.grave]
        if grave:
            return Check("state.rollback", Outcome.UNKNOWN, "unknown", " ".join(grave))
        if not self._state.lasting:
            return _NOT_CHECKED
        began = self._state.seen.since if self._state.seen else UNSET
        moment = (("date", began),) if isinstance(began, datetime) else ()
        case = f"{'since' if moment else 'pass'}{'-noted' if alarms else ''}"
        return Check("state.rollback", Outcome.PASS, case, " ".join(alarm.text for alarm in alarms), moment)


def require_root_digest(text: str) -> str:
    """The SHA-256 of 1.root.json in lower-case hex; ConfigurationError for anything else."""
    digest = ungrouped(text)
    if not _SHA256.fullmatch(digest):
        raise ConfigurationError("root: is not a SHA-256 digest", hint="64 hex digits, as printed at the founding")
    return digest


def _until(lists_read: ListsRead, now: datetime) -> datetime:
    ends = (s.valid_until for s in lists_read.lists.values() if isinstance(s, StatusList) and not s.frozen)
    return min((now + SNAPSHOT_LIFE, *ends))
