"""How often certificates were checked: a number for each day, programme and verdict, and nothing of who or which.

No id, name, address or hour is taken in, so none can be lost. A month is one file of one folder, shared by several
processes: each adds what it counted, under a lock, at most once a minute and when it ends. Days are those of UTC.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated

from msgspec import Meta, Struct

from keys.encoding import canonical, parse
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.files import SECRET, replace_file
from verifier.files import Reading
from verifier.report import Report, Verdict
from verifier.state import locked, make_private

OTHER = "other"  # no slug a clinic would give: what was checked names no published programme, or there are too many
COUNTS = "counts"  # the subfolder of the months
MAX_PROGRAMMES = 100  # in a month
MAX_BYTES = 4 * 1024 * 1024  # 31 days of 100 programmes and 9 verdicts, each with a number of six digits
MAX_WAITING = 31 * (MAX_PROGRAMMES + 1) * len(Verdict)  # numbers in memory while the folder cannot be written
EVERY = timedelta(minutes=1)

Key = tuple[date, str, str]
"""Day, programme and verdict."""
_WORDS = frozenset(verdict.word for verdict in Verdict)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}\.json")
_log = logging.getLogger(__name__)


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """How many checks of one programme ended in one verdict on one day."""

    day: date
    programme: str
    verdict: str
    count: Annotated[int, Meta(ge=1)]


class _Month(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `counts/2026-11.json`."""

    month: str
    counts: tuple[Count, ...]  # in the order of their days, programmes and verdicts


class Tally:
    """Counts for one folder. ConfigurationError where the folder cannot serve; afterwards counting never fails."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        make_private(folder / COUNTS)
        with locked(folder):
            for _ in read_tally(folder):  # a damaged file is said now, not when somebody asks for a report
                pass
        self._folder = folder
        self._guard = Lock()
        self._waiting: Counter[Key] = Counter()
        self._written: datetime | None = None

    def count(self, report: Report) -> None:
        """One more check, on the day of its clock; at most once a minute this waits for the disk."""
        with self._guard:
            key = (report.checked.date(), programme_of(report), report.verdict.word)
            if key in self._waiting or len(self._waiting) < MAX_WAITING:
                self._waiting[key] += 1
            if self._written is None or abs(report.checked - self._written) >= EVERY:
                self._written = report.checked
                self._write()

    def write(self) -> None:
        """Adds what is not in the files yet; to be called when the program ends."""
        with self._guard:
            self._write()

    def _write(self) -> None:
        """What cannot be written is kept for the next time."""
        try:
            with locked(self._folder):
                for month in sorted({_month(day) for day, _, _ in self._waiting}):
                    counted = {key: count for key, count in self._waiting.items() if _month(key[0]) == month}
                    _add(self._folder, month, counted)
                    for key in counted:
                        del self._waiting[key]
        except HandsealError as fault:
            _log.error("checks could not be counted: %s", fault)


def programme_of(report: Report) -> str:
    """The slug of the published programme that a report is about; an upload cannot invent one."""
    return report.syllabus.programme.rpartition("/")[2] if report.syllabus else OTHER


def read_tally(folder: Path) -> Iterator[Count]:
    """All counts of a folder, day by day. ConfigurationError where it is none or a file in it is damaged."""
    reading = Reading(folder)
    if reading.read("lock", 0) is None:
        raise ConfigurationError(f"{folder}: holds no counts", hint="handseal-verify serve --tally DIR keeps them")
    for name in reading.names(COUNTS):
        if _MONTH.fullmatch(name):
            yield from _read(reading, folder, name).counts


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _add(folder: Path, month: str, counted: Mapping[Key, int]) -> None:
    before = _read(Reading(folder), folder, f"{month}.json")
    known = Counter({(row.day, row.programme, row.verdict): row.count for row in before.counts})
    slugs = {slug for _, slug, _ in known}
    for (day, slug, verdict), count in sorted(counted.items()):
        listed = slug if slug in slugs or len(slugs) < MAX_PROGRAMMES else OTHER
        slugs.add(listed)
        known[day, listed, verdict] += count
    rows = tuple(Count(day, slug, verdict, count) for (day, slug, verdict), count in sorted(known.items()))
    replace_file(folder / COUNTS / f"{month}.json", canonical(_Month(month, rows)), SECRET)


def _read(reading: Reading, folder: Path, name: str) -> _Month:
    month = name.removesuffix(".json")
    data = reading.read(f"{COUNTS}/{name}", MAX_BYTES)
    if data is None:
        return _Month(month, ())
    try:
        found = parse(data, _Month, str(folder / COUNTS / name), limit=MAX_BYTES)
    except FormatError as fault:
        raise _damaged(folder / COUNTS / name) from fault
    if found.month != month or not all(_month(row.day) == month and row.verdict in _WORDS for row in found.counts):
        raise _damaged(folder / COUNTS / name)
    return found


def _damaged(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path}: is damaged", hint="move it away, or bring it back from a copy")
