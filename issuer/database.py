"""One transaction either happened or did not; two commands at once wait for each other.

SQLite runs in WAL mode: who reads is never stopped, who writes takes the lock before reading what it decides on.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from issuer.migrations import FIRST, HEAD
from issuer.models import Base
from keys.errors import ConfigurationError, HandsealError

BUSY_SECONDS = 60
_READING = "handseal_reading"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_AGAIN = "end the other commands and run handseal doctor --compact"


def open_database(url: str, *, create: bool = False, busy_seconds: int = BUSY_SECONDS) -> Engine:
    """The engine of a database with the tables of `issuer.models`; `create` makes them where there are none.

    `url` is absolute (`Workspace.database_url`); a locked SQLite file is waited for so many seconds.
    ConfigurationError where there is no such database, or it is of another version of Handseal.
    """
    engine = _engine(url, create=create, busy_seconds=busy_seconds)
    if create:
        with _clean_errors(), engine.begin() as connection:
            _create_tables(connection)
    with _clean_errors(), engine.execution_options(**{_READING: True}).connect() as connection:
        _require_version(connection)
    return engine


class Migrated(Struct, frozen=True):
    """From which version to which, and the copy that was made before; None where the database is on a server."""

    before: str
    after: str
    copy: Path | None


def migrate_database(url: str, now: datetime) -> Migrated | None:
    """Brings an older database up to this version, all of it or nothing; None where it is of this version.

    A copy of an SQLite file is laid beside it first. ConfigurationError where there is no database of Handseal.
    """
    engine = _engine(url, create=False, busy_seconds=BUSY_SECONDS, foreign_keys=False)
    with _clean_errors(), engine.execution_options(**{_READING: True}).connect() as connection:
        before = _version(connection)
        if not before or before > HEAD:
            _require_version(connection)
        if before == HEAD:
            return None
    copy = _copy(engine, before, now)
    with _clean_errors(), engine.begin() as connection:
        if _version(connection) != before:
            raise HandsealError("database: another command changed it meanwhile", hint="run the command again")
        _upgrade(connection, before)
        if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise HandsealError("database: a row refers to one that is not there", hint="nothing was changed")
    engine.dispose()
    return Migrated(before, HEAD, copy)


def take_turns(session: Session) -> None:
    """Waits until no other command is between here and the end of its transaction; SQLite's writers wait anyway."""
    session.execute(select(_VERSION).with_for_update())


def _copy(engine: Engine, version: str, now: datetime) -> Path | None:
    """The file as it is, under a name of its own, for its owner alone."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    path = Path(engine.url.database)
    copy = path.with_name(f"{path.stem}-version-{version}-{now:%Y%m%dT%H%M%SZ}{path.suffix}")
    _require_file(copy, create=True)
    with _clean_errors(), engine.connect() as connection:
        plain: Any = connection.connection.dbapi_connection
        try:
            with closing(sqlite3.connect(copy)) as target:
                plain.backup(target)
        except sqlite3.Error as fault:
            raise HandsealError(f"database: {copy}: {fault}", hint="nothing was changed") from fault
    return copy


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in one transaction: committed when the block ends well, else as if nothing had been done."""
    with _clean_errors(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment of the database and is never stopped by a writer."""
    with _clean_errors(), Session(engine.execution_options(**{_READING: True})) as session:
        yield session


def forget(engine: Engine) -> None:
    """Leaves nothing in the file of what was deleted: neither in free pages nor in the journal.

    SQLite only; elsewhere rows that were deleted go when the server vacuums. HandsealError while another command reads.
    """
    if engine.dialect.name != "sqlite":
        return
    with _clean_errors(), engine.connect() as connection:
        plain: Any = connection.connection.dbapi_connection
        try:
            plain.execute("VACUUM")
            (busy, *_) = plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as fault:
            raise HandsealError(f"database: {fault}", hint=_AGAIN) from fault
    if busy:
        raise HandsealError(
            "database: another command reads it, so that deleted data stays in its journal", hint=_AGAIN
        )


def _engine(url: str, *, create: bool, busy_seconds: int, foreign_keys: bool = True) -> Engine:
    try:
        address = make_url(url)
        engine = create_engine(address)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as fault:
        raise ConfigurationError(
            "database: url: is not one that can be opened", hint='url = "sqlite:///handseal.db"'
        ) from fault
    if engine.dialect.name == "sqlite":
        if address.database and address.database != ":memory:":
            _require_file(Path(address.database), create=create)
        event.listen(engine, "connect", partial(_prepare_sqlite, busy_seconds, foreign_keys))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _require_file(path: Path, *, create: bool) -> None:
    """The file holds names: it is made for its owner alone."""
    if path.exists():
        return
    if not create:
        raise ConfigurationError(f"database: {path}: does not exist", hint="handseal init makes it")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as fault:
        raise ConfigurationError(f"database: {path}: {fault.strerror}") from fault


def _prepare_sqlite(busy_seconds: int, foreign_keys: bool, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {busy_seconds * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an index that left the house must not be forgotten when the power fails
        f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",  # off: a table may be made anew under its references
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    kind = "DEFERRED" if connection.get_execution_options().get(_READING) else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {kind}")


def _create_tables(connection: Connection) -> None:
    """The newest version at once, where there is none: what all migrations come to, by test."""
    if not inspect(connection).get_table_names():
        Base.metadata.create_all(connection)
        _VERSION.create(connection)
        connection.execute(insert(_VERSION).values(version_num=HEAD))


def _require_version(connection: Connection) -> None:
    version = _version(connection)
    if version == HEAD:
        return
    if not version:
        raise ConfigurationError("database: has no tables of Handseal", hint="handseal init makes them")
    older = version < HEAD
    raise ConfigurationError(
        f"database: is of version {version}, this Handseal wants version {HEAD}",
        hint="handseal doctor --migrate keeps a copy and brings it up to date" if older else "update Handseal",
    )


def _version(connection: Connection) -> str:
    """Of the tables; empty where there are none."""
    tables = inspect(connection).get_table_names()
    if _VERSION.name in tables:
        return connection.scalar(select(_VERSION.c.version_num)) or ""
    return FIRST if "schema_version" in tables else ""  # written before there were migrations


def _upgrade(connection: Connection, since: str) -> None:
    """Brings the tables to HEAD within the connection's transaction."""
    from alembic import command, config as alembic_config  # half as long again to start, for a thing done once

    settings = alembic_config.Config()
    settings.set_main_option("script_location", "issuer:migrations")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    if since == FIRST:
        command.stamp(settings, FIRST)
    command.upgrade(settings, "head")


@contextmanager
def _clean_errors() -> Iterator[None]:
    """The first line of what the database says, which names tables and columns, never values (D10)."""
    try:
        yield
    except DBAPIError as fault:
        reason = str(fault.orig).partition("\n")[0]
        raise HandsealError(f"database: {reason}", hint="nothing was changed; run the command again") from fault
