"""Alembic runs this for each command: on the connection that `issuer.database` gives, in its transaction."""

from alembic import context

from issuer.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
