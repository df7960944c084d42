"""Before any process runs: the schema and the accounts."""

from __future__ import annotations

from executor.bootstrap import clock_of, ensure_accounts, open_store
from executor.config.environment import Settings, keep_key
from executor.store.engine import open_database
from executor.store.version import REVISION, is_current


def upgrade_database(settings: Settings) -> str:
    """Bring the schema up to date and make the accounts that the settings name; returns the revision."""
    keep_key(settings)
    database = open_database(settings.database_url)
    if not is_current(database):
        from executor.store.upgrade import upgrade  # a third of a start that has nothing to migrate

        upgrade(database)
    database.close()
    store = open_store(settings)
    ensure_accounts(settings, store, at=clock_of(settings).now())
    store.database.close()
    return REVISION
