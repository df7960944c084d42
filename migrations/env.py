"""Run migrations on the connection that executor/store/upgrade.py hands over."""

from __future__ import annotations

from alembic import context

from executor.store.schema import metadata


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
