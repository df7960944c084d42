"""Taking the broker's instrument file, wired."""

from __future__ import annotations

from collections.abc import Iterator

from executor.bootstrap import clock_of, make_ids
from executor.broker.smartapi.master import read_master
from executor.broker.smartapi.wire import download
from executor.config.environment import Settings
from executor.domain.instrument import Instrument, LeftOut
from executor.instruments.refresh import LoadReport, refresh
from executor.store.chain import Seen, unseen
from executor.store.store import Store


def refresh_master(settings: Settings, store: Store, *, seen: Seen = unseen) -> LoadReport:
    """Fetch the broker's instrument file and switch to it; the old rows stay while it is not good.

    Raises BrokerUnavailable, and NotRecorded when another process takes it at this moment.
    """
    clock = clock_of(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    path = settings.state_dir / "instruments.json"

    def fetch() -> Iterator[Instrument | LeftOut]:
        try:
            download(settings.master_url, path, clock=clock)
            yield from read_master(path)
        finally:
            path.unlink(missing_ok=True)

    return refresh(fetch, store.loads, now=clock.now(), ids=make_ids(clock, store.recovery), seen=seen)
