"""Every version of the tables leads to the one that the models say, with what was in it."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, select, text

from issuer.cli import main
from issuer.database import migrate_database, open_database, reading
from issuer.migrations import FIRST, HEAD
from issuer.migrations.versions import v0001_release
from issuer.models import Base, Cohort, Learner, RequestRecord
from keys.errors import ConfigurationError, HandsealError
from tests.issuer.desk import open_desk, run

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
COPY = "handseal-version-0001-20261122T090000Z.db"


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'handseal.db'}"


def first_version(folder: Path) -> None:
    """A database as the first version of Handseal made it, with a learner and a request."""
    engine = create_engine(url(folder))
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001_release.upgrade()
        for statement in (
            "INSERT INTO schema_version VALUES (1)",
            "INSERT INTO cohort VALUES (1, 'autumn', 'deep')",
            "INSERT INTO learner VALUES (1, 'RC-1', 'สมชาย', NULL, NULL, NULL, 1, 0, NULL)",
            "INSERT INTO enrolment VALUES (1, 1, 1, '2026-10-05', '2026-11-15')",
            "INSERT INTO assessor VALUES (1, 'A1', 'Niran', 'Licensed', 'Board', '2020-01-01', '2030-01-01')",
            "INSERT INTO attempt VALUES (1, 1, 'live', 1, 'competent', 1, '2026-11-10', NULL, NULL, NULL, NULL)",
            "INSERT INTO request VALUES (1, x'00', 1, '2026-11-16 00:00:00.000000', '/stick/request.jsonl')",
        ):
            connection.execute(text(statement))
    engine.dispose()


def shape(engine: Engine) -> dict[str, object]:
    """Columns, keys, checks and indices of every table, in an order of their own."""
    found = inspect(engine)
    parts = ("columns", "foreign_keys", "unique_constraints", "check_constraints", "indexes")
    return {
        table: {part: sorted(map(_plain, getattr(found, f"get_{part}")(table))) for part in parts}
        for table in found.get_table_names()
    }


def _plain(fact: dict[str, object]) -> str:
    return str({key: _plain(value) if isinstance(value, dict) else str(value) for key, value in fact.items()})


def test_the_head_is_the_newest_migration() -> None:
    settings = Config()
    settings.set_main_option("script_location", "issuer:migrations")
    settings.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(settings)
    assert (scripts.get_bases(), scripts.get_current_head()) == ([FIRST], HEAD)


def test_migrations_and_models_agree(tmp_path: Path) -> None:
    first_version(tmp_path)
    migrate_database(url(tmp_path), NOW)
    migrated = create_engine(url(tmp_path))
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert shape(migrated) == shape(open_database(url(fresh), create=True))


def test_an_older_database_is_copied_and_keeps_its_rows(tmp_path: Path) -> None:
    first_version(tmp_path)
    with pytest.raises(ConfigurationError, match="is of version 0001") as told:
        open_database(url(tmp_path))
    assert "handseal doctor --migrate" in told.value.hint
    done = migrate_database(url(tmp_path), NOW)
    assert done is not None
    assert (done.before, done.after, done.copy) == ("0001", HEAD, tmp_path / COPY)
    assert stat.S_IMODE((tmp_path / COPY).stat().st_mode) == 0o600
    with create_engine(f"sqlite:///{tmp_path / COPY}").connect() as old:
        assert old.execute(text("SELECT path FROM request")).scalar_one() == "/stick/request.jsonl"
    with reading(open_database(url(tmp_path))) as session:
        assert session.scalars(select(Learner.name)).one() == "สมชาย"
        assert session.scalars(select(RequestRecord)).one().cohort.name == "autumn"
        attempt = session.scalars(select(Cohort)).one().enrolments[0].attempts[0]
        assert (attempt.assessor.name if attempt.assessor else "", attempt.moderator) == ("Niran", None)
    assert migrate_database(url(tmp_path), NOW) is None


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    first_version(tmp_path)
    with create_engine(url(tmp_path)).begin() as connection:
        connection.execute(text("CREATE TABLE grading (id INTEGER)"))  # stands in the way of the new one
    with pytest.raises(HandsealError, match="grading"):
        migrate_database(url(tmp_path), NOW)
    with create_engine(url(tmp_path)).connect() as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).scalar_one() == 1
        assert "alembic_version" not in inspect(connection).get_table_names()
    assert (tmp_path / COPY).is_file()


def test_a_copy_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    first_version(tmp_path)
    (tmp_path / COPY).write_bytes(b"mine")
    with pytest.raises(HandsealError):
        migrate_database(url(tmp_path), NOW)
    assert (tmp_path / COPY).read_bytes() == b"mine"


def test_nothing_and_a_newer_one_are_not_migrated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        migrate_database(url(tmp_path), NOW)
    (tmp_path / "handseal.db").touch()
    with pytest.raises(ConfigurationError, match="has no tables"):
        migrate_database(url(tmp_path), NOW)
    (tmp_path / "handseal.db").unlink()
    engine = open_database(url(tmp_path), create=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="is of version 9999") as told:
        migrate_database(url(tmp_path), NOW)
    assert told.value.hint == "update Handseal"


def test_doctor_offers_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path)
    clinic.engine.dispose()
    for path in clinic.workspace.folder.glob("handseal.db*"):
        path.unlink()
    first_version(clinic.workspace.folder)
    assert run(clinic, "list") == 2
    assert "handseal doctor --migrate" in capsys.readouterr().err
    run(clinic, "doctor", "--migrate")
    assert f"version 0001 is version {HEAD} now; a copy of the old one:" in capsys.readouterr().err
    assert run(clinic, "list") == 0


def test_init_makes_the_newest(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "clinic"), "--no-keys"]) == 0
    assert migrate_database(url(tmp_path / "clinic"), NOW) is None
