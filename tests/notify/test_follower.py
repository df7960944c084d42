from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event as Flag

import pytest

from executor.bootstrap import notify as wiring
from executor.clock import ManualClock
from executor.errors import NotifyFailed
from executor.notify.follower import HEARTBEAT, Heartbeat
from executor.store.notices import Notices
from executor.store.store import Store
from tests.house import House
from tests.notify.conftest import Town
from tests.notify.test_kinds import stand


@dataclass
class Called:
    times: list[float] = field(default_factory=list)
    fails: bool = False

    def __call__(self) -> None:
        if self.fails:
            raise NotifyFailed("it could not be reached")
        self.times.append(1)


def test_the_heartbeat_is_called_each_minute_while_ready_and_only_then(house: House, town: Town):
    called = Called()
    town.follower.heartbeat = Heartbeat(called, Notices(town.store.database), town.clock)

    for _ in range(170):
        stand(house, reconciled=True)
        town.hear(1)
    ready = len(called.times)
    for _ in range(170):
        stand(house, reconciled=False)
        town.hear(1)

    assert (ready, len(called.times)) == (3, 3)


def test_a_heartbeat_that_nobody_takes_is_seen(store: Store, clock: ManualClock):
    notices = Notices(store.database)
    beat = Heartbeat(Called(fails=True), notices, clock)

    beat.tend(is_ready=True)

    found = notices.progress()[HEARTBEAT]
    assert (found.failures, found.failure) == (1, "it could not be reached")


def test_notices_that_cannot_even_begin_end_their_thread_and_nothing_else(monkeypatch: pytest.MonkeyPatch):
    ended = []
    monkeypatch.setattr("threading.excepthook", lambda args: ended.append(args.exc_type))
    begun = Flag()

    def broken(settings: object) -> object:
        begun.set()
        raise ImportError("a library is missing")

    monkeypatch.setattr(wiring, "build_follower", broken)

    @dataclass
    class Settings:
        notify_addresses: tuple[str, ...] = ("x",)
        heartbeat_url: str | None = None

    wiring.start_notices(Settings(), Flag())  # type: ignore[arg-type]

    assert begun.wait(5)
