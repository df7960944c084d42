"""Taking the broker's instrument file, wired."""

from __future__ import annotations

from executor.bootstrap import clock_of, make_ids
from executor.broker.smartapi.master import read_master
from executor.broker.smartapi.wire import download
from executor.config.environment import Settings
from executor.instruments.refresh import LoadReport, refresh
from executor.store.store import Store


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
