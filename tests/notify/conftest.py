"""A trader in a house, a follower beside it, and a server behind each kind of address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from executor.bootstrap.notify import notifier_of
from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.config.charges import load_tariff
from executor.config.notices import labels, notify_addresses
from executor.config.reader import Reader
from executor.domain.ids import Ids
from executor.notify.channel import Channel
from executor.notify.follower import Follower
from executor.notify.states import States
from executor.store.notices import Notices, Progress, Turn
from executor.store.store import Store
from tests.house import House
from tests.notify import servers
from tests.notify.servers import Received


@dataclass
class Town:
    """`hear` lets time pass for the follower alone; `telegram`, `mail` and `hook` are what their servers got."""

    store: Store
    clock: ManualClock
    telegram: Received
    mail: Received
    hook: Received
    follower: Follower

    def hear(self, seconds: int = 5, *, every: int = 1) -> None:
        for _ in range(0, seconds, every):
            self.clock.advance(every)
            self.follower.round()

    def again(self) -> None:
        """The process ends and another one begins."""
        self.follower = a_follower(self.store, self.clock, ",".join(one.url for one in self.all))

    @property
    def all(self) -> list[Received]:
        return [self.telegram, self.mail, self.hook]

    def told(self, word: str) -> list[str]:
        """The texts with a word in them, the same at every address."""
        found = [[text for text in one.texts if word in text] for one in self.all]
        assert found[0] == found[1] == found[2]
        return found[0]

    def progress(self) -> dict[str, Progress]:
        return {one.label: one for one in Notices(self.store.database).progress().values()}


def a_follower(store: Store, clock: ManualClock, urls: str) -> Follower:
    notices = Notices(store.database)
    addresses = notify_addresses(Reader({"EXECUTOR_NOTIFY_URLS": urls}))
    channels = [
        Channel(f"mark {label}", notifier_of(address), notices, clock, Progress(label, 0))
        for label, address in zip(labels(addresses), addresses, strict=True)
    ]
    states = States(notices, store.pages, load_calendar(None), load_tariff(), clock, lambda account: ["BSX1! is X"])
    return Follower(
        channels=channels,
        heartbeat=None,
        notices=notices,
        pages=store.pages,
        states=states,
        turn=Turn(store.database),
        clock=clock,
        link="https://executor.example.com",
    )


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is asked of the store is tested on both (tests/store/test_notices.py)."""
    return sqlite_url


@pytest.fixture
def town(store: Store, clock: ManualClock) -> Iterator[Town]:
    with servers.telegram() as telegram, servers.smtp() as mail, servers.webhook() as hook:
        urls = ",".join(one.url for one in (telegram, mail, hook))
        yield Town(store, clock, telegram, mail, hook, a_follower(store, clock, urls))


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids, town: Town) -> House:
    """A trader with SBIN at 800; what its start said is not told."""
    house = House(store, clock, ids)
    house.price("800")
    house.run(3)
    town.hear(1)
    return house
