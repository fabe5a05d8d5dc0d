"""Run by Alembic: migrates over the connection, and within the transaction, that `migrate.upgrade` hands over."""

from alembic import context

from selftaught.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,
)
context.run_migrations()
