"""How attempts were graded and moderated; the version of the tables is kept by the migrations themselves."""

import sqlalchemy as sa
from alembic import op

from issuer.models import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "grading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("sheet_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answers_digest", sa.LargeBinary(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("graded_at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["attempt.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("grading") as batch_op:
        batch_op.create_index(batch_op.f("ix_grading_attempt_id"), ["attempt_id"], unique=False)
    op.drop_table("schema_version")
    with op.batch_alter_table("assessor") as batch_op:
        batch_op.add_column(sa.Column("latin_name", sa.Text(), nullable=True))
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.add_column(sa.Column("moderator", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.Text(), nullable=True))
    with op.batch_alter_table("request") as batch_op:
        batch_op.drop_column("path")
