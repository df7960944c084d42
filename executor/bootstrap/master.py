"""Taking the broker's instrument file, wired."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from executor.bootstrap import clock_of, make_ids
from executor.broker.smartapi.master import read_master
from executor.broker.smartapi.wire import download
from executor.clock import Clock
from executor.config.environment import Settings
from executor.domain.instrument import Instrument, LeftOut
from executor.instruments.refresh import LoadReport, refresh
from executor.store.chain import Seen, unseen
from executor.store.loads import Among, Loads
from executor.store.store import Store

#: So many times as long as a portion of rows took, the next one waits: where a person waits for the end, and where
#: nobody does.
SHORT_REST, LONG_REST = 0.5, 3.0


def refresh_master(settings: Settings, store: Store, *, seen: Seen = unseen, rest: float = SHORT_REST) -> LoadReport:
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

    loads = Loads(store.database, among=among_others(clock, rest))
    return refresh(fetch, loads, now=clock.now(), ids=make_ids(clock, store.recovery), seen=seen)


def among_others(clock: Clock, rest: float) -> Among:
    """Let alerts commit between two portions: who waits for SQLite's write lock asks for it now and then only."""
    never = Event()

    @contextmanager
    def among() -> Iterator[None]:
        began = clock.monotonic()
        yield
        never.wait(rest * (clock.monotonic() - began))

    return among
