"""Before any process runs: the schema, the accounts, the instrument table. It alone needs the migrations' library."""

from __future__ import annotations

from executor.bootstrap import (
    clock_of,
    ensure_accounts,
    make_ids,
    open_store,
)
from executor.broker.smartapi.master import read_master
from executor.broker.smartapi.wire import download
from executor.config.environment import Settings
from executor.instruments.refresh import LoadReport, refresh
from executor.store.engine import open_database
from executor.store.store import Store
from executor.store.upgrade import upgrade


def upgrade_database(settings: Settings) -> str:
    """Bring the schema up to date and make the accounts that the settings name; returns the revision."""
    database = open_database(settings.database_url)
    revision = upgrade(database)
    database.close()
    store = open_store(settings)
    ensure_accounts(settings, store, at=clock_of(settings).now())
    store.database.close()
    return revision


def refresh_master(settings: Settings, store: Store) -> LoadReport:
    """Fetch the broker's instrument file and switch to it. Raises BrokerUnavailable; the old rows stay then."""
    clock = clock_of(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    path = settings.state_dir / "instruments.json"
    download(settings.master_url, path)
    try:
        return refresh(read_master(path), store.master, now=clock.now(), ids=make_ids(clock, store.recovery))
    finally:
        path.unlink(missing_ok=True)
