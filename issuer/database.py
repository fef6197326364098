"""One transaction either happened or did not; two commands at once wait for each other.

SQLite runs in WAL mode: who reads is never stopped, who writes takes the lock before reading what it decides on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from issuer.models import SCHEMA, Base, SchemaVersion
from keys.errors import ConfigurationError, HandsealError

BUSY_SECONDS = 60
_READING = "handseal_reading"


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


def _engine(url: str, *, create: bool, busy_seconds: int) -> Engine:
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
        event.listen(engine, "connect", partial(_prepare_sqlite, busy_seconds))
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


def _prepare_sqlite(busy_seconds: int, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {busy_seconds * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an index that left the house must not be forgotten when the power fails
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    kind = "DEFERRED" if connection.get_execution_options().get(_READING) else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {kind}")


def _create_tables(connection: Connection) -> None:
    if inspect(connection).has_table(SchemaVersion.__tablename__):
        return
    Base.metadata.create_all(connection)
    connection.execute(insert(SchemaVersion).values(version=SCHEMA))


def _require_version(connection: Connection) -> None:
    if not inspect(connection).has_table(SchemaVersion.__tablename__):
        raise ConfigurationError("database: has no tables of Handseal", hint="handseal init makes them")
    version = connection.scalar(select(SchemaVersion.version))
    if version != SCHEMA:
        raise ConfigurationError(f"database: is of version {version}, this Handseal wants version {SCHEMA}")


@contextmanager
def _clean_errors() -> Iterator[None]:
    """The first line of what the database says, which names tables and columns, never values (D10)."""
    try:
        yield
    except DBAPIError as fault:
        reason = str(fault.orig).partition("\n")[0]
        raise HandsealError(f"database: {reason}", hint="nothing was changed; run the command again") from fault
