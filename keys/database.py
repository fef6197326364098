"""The state folder's one SQLite file: its tables, what brings an older one up to date, and all-or-nothing changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from keys.errors import HandsealError

WAIT = 30.0  # seconds for another ceremony on the same folder
MAX_LOT = 500  # SQLite takes some 32,000 parameters; small lots also keep a kill cheap
FILE = "state.sqlite3"
# One entry a version. What stands here never changes: a folder was made by any of them.
_VERSIONS = (
    """
    CREATE TABLE IF NOT EXISTS endorsement (
        kid TEXT NOT NULL, digest BLOB NOT NULL, list TEXT NOT NULL, place INTEGER NOT NULL,
        certificate TEXT NOT NULL, request BLOB NOT NULL, signed TEXT NOT NULL, token TEXT NOT NULL, withdrawn TEXT,
        PRIMARY KEY (kid, digest), UNIQUE (list, place)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS by_certificate ON endorsement (certificate);
    CREATE INDEX IF NOT EXISTS by_digest ON endorsement (digest);
    CREATE TABLE IF NOT EXISTS request (
        digest BLOB NOT NULL, kid TEXT NOT NULL, issuer TEXT NOT NULL, title TEXT NOT NULL, count INTEGER NOT NULL,
        signed TEXT NOT NULL, PRIMARY KEY (digest, kid)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
    """,
    """
    ALTER TABLE request ADD COLUMN programme TEXT;
    ALTER TABLE request ADD COLUMN syllabus BLOB;
    CREATE TABLE person (
        request BLOB NOT NULL, digest BLOB NOT NULL, certificate TEXT NOT NULL, name TEXT NOT NULL, latin_name TEXT,
        awarded TEXT NOT NULL, PRIMARY KEY (request, digest)) WITHOUT ROWID;
    CREATE INDEX person_by_digest ON person (digest)
    """,
)


class Database:
    """The open file, brought up to date. HandsealError where it is damaged, locked, or a newer Handseal's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._connection = sqlite3.connect(folder / FILE, timeout=WAIT, isolation_level=None)
            self._connection.execute("PRAGMA synchronous=FULL")
            made_by = self._version()
        except sqlite3.Error as fault:
            raise HandsealError(f"{folder}: its database cannot be opened: {fault}") from fault
        if made_by > len(_VERSIONS):
            raise HandsealError(f"{folder}: was made by a newer Handseal", hint="install that one here too")
        if made_by < len(_VERSIONS):
            self._bring_up_to_date()

    def close(self) -> None:
        self._connection.close()

    def execute(self, query: str, values: Sequence[str | bytes | int | None] = ()) -> sqlite3.Cursor:
        """One statement; HandsealError where it fails."""
        try:
            return self._connection.execute(query, values)
        except sqlite3.Error as fault:
            raise HandsealError(f"{self._folder}: {fault}") from fault

    def execute_many(self, statement: str, rows: Iterable[Sequence[str | bytes | int | None]]) -> None:
        """One statement for each of `rows`, inside a transaction."""
        self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and one ceremony at a time."""
        try:
            with self._connection:  # commits, or rolls back whatever was raised
                self._connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as fault:
            raise HandsealError(f"{self._folder}: {fault}") from fault

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _bring_up_to_date(self) -> None:
        with self.transaction():
            for script in _VERSIONS[self._version() :]:  # asked again: another program may have done it meanwhile
                for statement in script.split(";"):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {len(_VERSIONS)}")
