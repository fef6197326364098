"""What the database itself refuses, whatever the code above it does; and how its sessions behave."""

import stat
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session

from issuer.database import open_database, reading, writing
from issuer.models import (
    CertificateRecord,
    Cohort,
    CosignatureRecord,
    Enrolment,
    Event,
    Learner,
    State,
    StatusRecord,
    SyllabusVersion,
)
from keys.errors import ConfigurationError, HandsealError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'handseal.db'}", create=True)


def enrolment(session: Session) -> Enrolment:
    learner = Learner(learner_id="RC-1", name="Ana", consent_page=True, consent_share=False)
    made = Enrolment(
        cohort=Cohort(name="autumn", programme="deep"), learner=learner, start=date(2026, 10, 5), end=date(2026, 11, 15)
    )
    session.add(made)
    return made


def syllabus(version: int = 1) -> SyllabusVersion:
    identity = f"https://v.example/programmes/deep/{version}"
    body = identity.encode()
    return SyllabusVersion(
        programme="deep",
        version=version,
        syllabus_id=identity,
        digest=body[-32:].rjust(32),
        body=body,
        published=date(2026, 9, 1),
    )


def certificate(
    number: int, enrolled: Enrolment, taught: SyllabusVersion, state: State = State.ISSUED
) -> CertificateRecord:
    return CertificateRecord(
        enrolment=enrolled,
        syllabus=taught,
        status=StatusRecord(list_number=1, list_index=number),
        state=state,
        certificate_id=f"urn:uuid:{number}",
        lookup_id=f"{number:026}",
        core=b"{}",
        digest=bytes([number]) * 32,
        proposed_at=NOW,
    )


def test_one_certificate_per_enrolment_and_syllabus(engine: Engine) -> None:
    with writing(engine) as session:
        enrolled, taught = enrolment(session), syllabus()
        session.add_all([certificate(1, enrolled, taught, State.RECALLED), certificate(2, enrolled, taught)])
        session.add(certificate(3, enrolled, syllabus(2)))
    with pytest.raises(HandsealError, match=r"certificate\.enrolment_id"), writing(engine) as session:
        session.add(certificate(4, session.scalars(select(Enrolment)).one(), session.get_one(SyllabusVersion, 1)))


def test_one_successor_that_is_not_recalled(engine: Engine) -> None:
    with writing(engine) as session:
        enrolled, taught = enrolment(session), syllabus()
        first, recalled, second = (certificate(n, enrolled, taught) for n in (1, 2, 3))
        recalled.state = State.RECALLED
        recalled.supersedes = second.supersedes = first
        session.add_all([first, recalled, second])
        session.flush()
        assert first.superseded_by is second
        assert second.superseded_by is None
    third = certificate(4, enrolled, taught)
    third.supersedes_id = first.id
    with pytest.raises(HandsealError, match=r"certificate\.supersedes_id"), writing(engine) as session:
        session.merge(third)


def test_an_index_is_used_once_even_after_its_certificate_is_gone(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(certificate(1, enrolment(session), syllabus()))
    with writing(engine) as session:
        session.delete(session.scalars(select(Learner)).one())
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(CertificateRecord)) == 0
        assert session.scalars(select(StatusRecord.list_index)).all() == [1]
    with pytest.raises(HandsealError, match=r"status_record\.list_number"), writing(engine) as session:
        session.add(StatusRecord(list_number=1, list_index=1))


def test_one_cosignature_of_an_organisation(engine: Engine) -> None:
    def cosignature() -> CosignatureRecord:
        return CosignatureRecord(certificate_digest=b"d" * 32, organisation="o", token=b"t", received_at=NOW)

    with writing(engine) as session:
        session.add(cosignature())
    with pytest.raises(HandsealError, match="cosignature"), writing(engine) as session:
        session.add(cosignature())


def test_a_course_does_not_end_before_it_starts(engine: Engine) -> None:
    with pytest.raises(HandsealError, match="enrolment_dates"), writing(engine) as session:
        enrolment(session).end = date(2026, 10, 4)


def test_references_hold(engine: Engine) -> None:
    with writing(engine) as session:
        enrolment(session)
    with pytest.raises(HandsealError, match="FOREIGN KEY"), writing(engine) as session:
        session.execute(delete(Cohort))


def test_moments_come_back_in_utc_and_need_a_zone(engine: Engine) -> None:
    bangkok = NOW.astimezone(timezone(timedelta(hours=7)))
    with writing(engine) as session:
        session.add(Event(moment=bangkok, command="enrol", subject="autumn"))
    with reading(engine) as session:
        assert session.scalars(select(Event.moment)).one().isoformat() == "2026-11-22T09:00:00+00:00"
    with pytest.raises(Exception, match="time zone"), writing(engine) as session:
        session.add(Event(moment=NOW.replace(tzinfo=None), command="enrol", subject="autumn"))


def test_a_failed_block_changes_nothing(engine: Engine) -> None:
    with pytest.raises(HandsealError), writing(engine) as session:
        enrolment(session).cohort.name = None  # type: ignore[assignment]  # the database refuses it
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Cohort)) == 0


def test_a_reader_sees_one_moment_while_another_writes(engine: Engine) -> None:
    count = select(func.count()).select_from(Cohort)
    with reading(engine) as early:
        assert early.scalar(count) == 0
        with writing(engine) as session:
            session.add(Cohort(name="autumn", programme="deep"))
        assert early.scalar(count) == 0
    with reading(engine) as late:
        assert late.scalar(count) == 1


def test_a_second_writer_is_told_that_the_database_is_locked(tmp_path: Path, engine: Engine) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'handseal.db'}", busy_seconds=0)
    with writing(engine) as session:
        session.scalars(select(Cohort)).all()
        with pytest.raises(HandsealError, match="database is locked"), writing(other) as second:
            second.scalars(select(Cohort)).all()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'new.db'}", create=True)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_opening_again_keeps_what_is_there(tmp_path: Path, engine: Engine) -> None:
    with writing(engine) as session:
        session.add(Cohort(name="autumn", programme="deep"))
    again = open_database(f"sqlite:///{tmp_path / 'handseal.db'}", create=True)
    with reading(again) as session:
        assert session.scalars(select(Cohort.name)).all() == ["autumn"]


def test_no_database_an_empty_one_and_one_of_another_version_are_refused(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_database(f"sqlite:///{tmp_path / 'none.db'}")
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigurationError, match="has no tables"):
        open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    with writing(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="is of version 9999"):
        open_database(f"sqlite:///{tmp_path / 'handseal.db'}")


def test_what_is_no_database_is_refused_cleanly(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_bytes(b"learner_id,name\n" * 100)
    with pytest.raises(HandsealError, match="not a database"):
        open_database(f"sqlite:///{tmp_path / 'text.db'}")
    for url in ("nonsense", "oracle9://x", f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"):
        with pytest.raises(ConfigurationError):
            open_database(url, create=True)


def test_the_tables_can_be_made_in_postgresql() -> None:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    from issuer.models import Base

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    for table in Base.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=dialect))
        assert "TIMESTAMP WITHOUT" not in made
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


def test_who_writes_takes_the_lock_before_reading(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
