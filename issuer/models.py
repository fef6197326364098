"""What the clinic remembers: a row keeps the signed bytes, its other columns only index them.

Types are those that SQLite and PostgreSQL share. Engine and sessions are the caller's (`issuer.database`).
"""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC, also where the database knows no time zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment has a time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment,
        date: Date,
        bytes: LargeBinary,
        str: Text,
    }


class Learner(Base):
    __tablename__ = "learner"

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str] = mapped_column(unique=True)  # the clinic's own
    name: Mapped[str]  # as printed, any script
    latin_name: Mapped[str | None]
    email: Mapped[str | None]
    wallet_did: Mapped[str | None]
    consent_page: Mapped[bool]  # a page may be opened by whoever has the id
    consent_share: Mapped[bool]
    mixed_script_reason: Mapped[str | None]  # why a word in look-alike scripts was accepted (I04)

    enrolments: Mapped[list[Enrolment]] = relationship(back_populates="learner", cascade="all, delete-orphan")


class Cohort(Base):
    __tablename__ = "cohort"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # the stem of the file it came from
    programme: Mapped[str] = mapped_column(String(40), index=True)  # slug

    enrolments: Mapped[list[Enrolment]] = relationship(back_populates="cohort", order_by="Enrolment.id")


class Enrolment(Base):
    """One learner in one cohort, from `start` to `end` (calendar dates)."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("cohort_id", "learner_id"),
        CheckConstraint('start <= "end"', name="enrolment_dates"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    learner_id: Mapped[int] = mapped_column(ForeignKey("learner.id"), index=True)
    start: Mapped[date]
    end: Mapped[date]

    cohort: Mapped[Cohort] = relationship(back_populates="enrolments")
    learner: Mapped[Learner] = relationship(back_populates="enrolments")
    attempts: Mapped[list[Attempt]] = relationship(
        back_populates="enrolment", cascade="all, delete-orphan", order_by="Attempt.attempt"
    )
    certificates: Mapped[list[CertificateRecord]] = relationship(
        back_populates="enrolment", cascade="all, delete-orphan", order_by="CertificateRecord.id"
    )


class Assessor(Base):
    """Who assesses, and from when to when the qualification is valid (both days included)."""

    __tablename__ = "assessor"

    id: Mapped[int] = mapped_column(primary_key=True)
    assessor_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    latin_name: Mapped[str | None]  # shows who assesses themselves under another spelling
    qualification: Mapped[str]
    issued_by: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]


class Attempt(Base):
    """One result of one learner in one criterion: a percentage or the id of a rubric's level, as written."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("enrolment_id", "criterion", "attempt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    criterion: Mapped[str] = mapped_column(String(40))
    attempt: Mapped[int]  # from 1
    result: Mapped[str]
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    date: Mapped[date]
    place: Mapped[str | None]
    evidence_url: Mapped[str | None]
    evidence_digest: Mapped[bytes | None]  # SHA-256 of a file that is not stored
    remark: Mapped[str | None]  # private
    moderator: Mapped[str | None]  # who moderated a live check from afar
    channel: Mapped[str | None]  # and by what means

    enrolment: Mapped[Enrolment] = relationship(back_populates="attempts")
    assessor: Mapped[Assessor | None] = relationship()
    gradings: Mapped[list[Grading]] = relationship(
        back_populates="attempt", cascade="all, delete-orphan", order_by="Grading.id"
    )


class Grading(Base):
    """How a key marked one attempt. Rows are only added: the newest gave the attempt its result, the others are why."""

    __tablename__ = "grading"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    result: Mapped[str]  # percent
    items: Mapped[bytes]  # JSON, from an item's id to its points as a decimal number in text
    sheet_digest: Mapped[bytes]  # SHA-256 of this learner's answers
    answers_digest: Mapped[bytes]  # SHA-256 of the answer file
    key_digest: Mapped[bytes]  # SHA-256 of the key file
    graded_at: Mapped[datetime]
    reason: Mapped[str | None]  # why it was graded again; none for the first

    attempt: Mapped[Attempt] = relationship(back_populates="gradings")


class SyllabusVersion(Base):
    """A published syllabus; `body` are the exact bytes that `digest` is of."""

    __tablename__ = "syllabus_version"
    __table_args__ = (UniqueConstraint("programme", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme: Mapped[str] = mapped_column(String(40))  # slug
    version: Mapped[int]
    syllabus_id: Mapped[str] = mapped_column(unique=True)  # SITE/programmes/<slug>/<version>
    digest: Mapped[bytes] = mapped_column(unique=True)
    body: Mapped[bytes]
    published: Mapped[date]


class State(enum.Enum):
    """How far a certificate came in the clinic; what happens after `issued` is said by the status bits alone."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ISSUED = "issued"
    RECALLED = "recalled"


class StatusRecord(Base):
    """One index of the clinic's status lists and its bits. It outlives its certificate, so no index is used twice."""

    __tablename__ = "status_record"
    __table_args__ = (UniqueConstraint("list_number", "list_index"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_number: Mapped[int]  # from 1; the <n> of the list's id
    list_index: Mapped[int]
    revoked: Mapped[bool] = mapped_column(default=False)
    suspended: Mapped[bool] = mapped_column(default=False)
    superseded: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None]  # of the latest change
    changed_at: Mapped[datetime | None]


class CertificateRecord(Base):
    """A certificate from its draft on.

    At most one that is not recalled and not a successor per enrolment and syllabus, and at most one successor each.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        Index(
            "one_certificate",
            "enrolment_id",
            "syllabus_id",
            unique=True,
            sqlite_where=text("state <> 'recalled' AND supersedes_id IS NULL"),
            postgresql_where=text("state <> 'recalled' AND supersedes_id IS NULL"),
        ),
        Index(
            "one_successor",
            "supersedes_id",
            unique=True,
            sqlite_where=text("state <> 'recalled'"),
            postgresql_where=text("state <> 'recalled'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    syllabus_id: Mapped[int] = mapped_column(ForeignKey("syllabus_version.id"))
    status_id: Mapped[int] = mapped_column(ForeignKey("status_record.id"), unique=True)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    state: Mapped[State] = mapped_column(
        Enum(State, native_enum=False, length=16, values_callable=lambda states: [state.value for state in states]),
        index=True,
    )
    certificate_id: Mapped[str] = mapped_column(unique=True)  # urn:uuid
    lookup_id: Mapped[str] = mapped_column(String(26), unique=True)
    core: Mapped[bytes]  # JCS of the core: what partners sign
    digest: Mapped[bytes] = mapped_column(unique=True)  # the content digest
    request_digest: Mapped[bytes | None] = mapped_column(index=True)  # the request it travelled in
    token: Mapped[bytes | None]  # the signed certificate
    pdf_digest: Mapped[bytes | None]
    proposed_at: Mapped[datetime]  # validFrom of the core
    issued_at: Mapped[datetime | None]

    enrolment: Mapped[Enrolment] = relationship(back_populates="certificates")
    syllabus: Mapped[SyllabusVersion] = relationship()
    status: Mapped[StatusRecord] = relationship()
    supersedes: Mapped[CertificateRecord | None] = relationship(
        remote_side="CertificateRecord.id", back_populates="successors"
    )
    successors: Mapped[list[CertificateRecord]] = relationship(back_populates="supersedes")  # recalled ones included

    @property
    def superseded_by(self) -> CertificateRecord | None:
        """The successor that was not recalled."""
        return next((record for record in self.successors if record.state is not State.RECALLED), None)


class CosignatureRecord(Base):
    """An endorsement as it was received; kept also when it came after the certificate was closed."""

    __tablename__ = "cosignature"
    __table_args__ = (UniqueConstraint("certificate_digest", "organisation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_digest: Mapped[bytes]
    organisation: Mapped[str]  # its id
    token: Mapped[bytes]
    received_at: Mapped[datetime]


class RequestRecord(Base):
    """A request that left the clinic; its rows are the certificates that name its digest."""

    __tablename__ = "request"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    created: Mapped[datetime]

    cohort: Mapped[Cohort] = relationship()


class Event(Base):
    """Who was touched by which command, when and why; never a name."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    moment: Mapped[datetime]
    command: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)  # lookup id, cohort, or what the command names
    reason: Mapped[str | None]
