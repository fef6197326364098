"""The tables of the first version: programmes to certificates."""

import sqlalchemy as sa
from alembic import op

from issuer.models import Moment

revision = "0001"
down_revision = None

_TABLES = sa.MetaData()
sa.Table(
    "assessor",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("assessor_id", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("qualification", sa.Text(), nullable=False),
    sa.Column("issued_by", sa.Text(), nullable=False),
    sa.Column("valid_from", sa.Date(), nullable=False),
    sa.Column("valid_until", sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("assessor_id"),
)
sa.Table(
    "cohort",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("programme", sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("name"),
    sa.Index("ix_cohort_programme", "programme", unique=False),
)
sa.Table(
    "cosignature",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("certificate_digest", sa.LargeBinary(), nullable=False),
    sa.Column("organisation", sa.Text(), nullable=False),
    sa.Column("token", sa.LargeBinary(), nullable=False),
    sa.Column("received_at", Moment(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("certificate_digest", "organisation"),
)
sa.Table(
    "event",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("moment", Moment(), nullable=False),
    sa.Column("command", sa.Text(), nullable=False),
    sa.Column("subject", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint("id"),
    sa.Index("ix_event_subject", "subject", unique=False),
)
sa.Table(
    "learner",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("learner_id", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("latin_name", sa.Text(), nullable=True),
    sa.Column("email", sa.Text(), nullable=True),
    sa.Column("wallet_did", sa.Text(), nullable=True),
    sa.Column("consent_page", sa.Boolean(), nullable=False),
    sa.Column("consent_share", sa.Boolean(), nullable=False),
    sa.Column("mixed_script_reason", sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("learner_id"),
)
sa.Table(
    "schema_version",
    _TABLES,
    sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint("version"),
)
sa.Table(
    "status_record",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("list_number", sa.Integer(), nullable=False),
    sa.Column("list_index", sa.Integer(), nullable=False),
    sa.Column("revoked", sa.Boolean(), nullable=False),
    sa.Column("suspended", sa.Boolean(), nullable=False),
    sa.Column("superseded", sa.Boolean(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=True),
    sa.Column("changed_at", Moment(), nullable=True),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("list_number", "list_index"),
)
sa.Table(
    "syllabus_version",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("programme", sa.String(length=40), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.Column("syllabus_id", sa.Text(), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("published", sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("digest"),
    sa.UniqueConstraint("programme", "version"),
    sa.UniqueConstraint("syllabus_id"),
)
sa.Table(
    "enrolment",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("cohort_id", sa.Integer(), nullable=False),
    sa.Column("learner_id", sa.Integer(), nullable=False),
    sa.Column("start", sa.Date(), nullable=False),
    sa.Column("end", sa.Date(), nullable=False),
    sa.CheckConstraint('start <= "end"', name="enrolment_dates"),
    sa.ForeignKeyConstraint(
        ["cohort_id"],
        ["cohort.id"],
    ),
    sa.ForeignKeyConstraint(
        ["learner_id"],
        ["learner.id"],
    ),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("cohort_id", "learner_id"),
    sa.Index("ix_enrolment_learner_id", "learner_id", unique=False),
)
sa.Table(
    "request",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("cohort_id", sa.Integer(), nullable=False),
    sa.Column("created", Moment(), nullable=False),
    sa.Column("path", sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(
        ["cohort_id"],
        ["cohort.id"],
    ),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("digest"),
    sa.Index("ix_request_cohort_id", "cohort_id", unique=False),
)
sa.Table(
    "attempt",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("enrolment_id", sa.Integer(), nullable=False),
    sa.Column("criterion", sa.String(length=40), nullable=False),
    sa.Column("attempt", sa.Integer(), nullable=False),
    sa.Column("result", sa.Text(), nullable=False),
    sa.Column("assessor_id", sa.Integer(), nullable=True),
    sa.Column("date", sa.Date(), nullable=False),
    sa.Column("place", sa.Text(), nullable=True),
    sa.Column("evidence_url", sa.Text(), nullable=True),
    sa.Column("evidence_digest", sa.LargeBinary(), nullable=True),
    sa.Column("remark", sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(
        ["assessor_id"],
        ["assessor.id"],
    ),
    sa.ForeignKeyConstraint(
        ["enrolment_id"],
        ["enrolment.id"],
    ),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("enrolment_id", "criterion", "attempt"),
)
sa.Table(
    "certificate",
    _TABLES,
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("enrolment_id", sa.Integer(), nullable=False),
    sa.Column("syllabus_id", sa.Integer(), nullable=False),
    sa.Column("status_id", sa.Integer(), nullable=False),
    sa.Column("supersedes_id", sa.Integer(), nullable=True),
    sa.Column(
        "state",
        sa.Enum("draft", "proposed", "issued", "recalled", name="state", native_enum=False, length=16),
        nullable=False,
    ),
    sa.Column("certificate_id", sa.Text(), nullable=False),
    sa.Column("lookup_id", sa.String(length=26), nullable=False),
    sa.Column("core", sa.LargeBinary(), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("request_digest", sa.LargeBinary(), nullable=True),
    sa.Column("token", sa.LargeBinary(), nullable=True),
    sa.Column("pdf_digest", sa.LargeBinary(), nullable=True),
    sa.Column("proposed_at", Moment(), nullable=False),
    sa.Column("issued_at", Moment(), nullable=True),
    sa.ForeignKeyConstraint(
        ["enrolment_id"],
        ["enrolment.id"],
    ),
    sa.ForeignKeyConstraint(
        ["status_id"],
        ["status_record.id"],
    ),
    sa.ForeignKeyConstraint(
        ["supersedes_id"],
        ["certificate.id"],
    ),
    sa.ForeignKeyConstraint(
        ["syllabus_id"],
        ["syllabus_version.id"],
    ),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("certificate_id"),
    sa.UniqueConstraint("digest"),
    sa.UniqueConstraint("lookup_id"),
    sa.UniqueConstraint("status_id"),
    sa.Index("ix_certificate_enrolment_id", "enrolment_id", unique=False),
    sa.Index("ix_certificate_request_digest", "request_digest", unique=False),
    sa.Index("ix_certificate_state", "state", unique=False),
    sa.Index(
        "one_certificate",
        "enrolment_id",
        "syllabus_id",
        unique=True,
        sqlite_where=sa.text("state <> 'recalled' AND supersedes_id IS NULL"),
        postgresql_where=sa.text("state <> 'recalled' AND supersedes_id IS NULL"),
    ),
    sa.Index(
        "one_successor",
        "supersedes_id",
        unique=True,
        sqlite_where=sa.text("state <> 'recalled'"),
        postgresql_where=sa.text("state <> 'recalled'"),
    ),
)


def upgrade() -> None:
    _TABLES.create_all(op.get_bind())
