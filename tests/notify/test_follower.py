from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event as Flag
from types import SimpleNamespace

import pytest

from executor.bootstrap import notify as wiring
from executor.clock import ManualClock
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind
from executor.errors import NotifyFailed, NotRecorded
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
        notify_urls: tuple[str, ...] = ("x",)
        heartbeat_url: str | None = None

    wiring.start_notices(Settings(), Flag())  # type: ignore[arg-type]

    assert begun.wait(5)


def test_notices_begin_when_the_database_is_there_again(monkeypatch: pytest.MonkeyPatch):
    """It was away in the moment in which the trader started: nobody would have been told anything until the next."""
    tries, running = iter([True, True]), Flag()

    class Told:
        def run(self, stop: Flag) -> None:
            running.set()
            stop.wait()

    def build(settings: object) -> Told:
        if next(tries, False):
            raise NotRecorded("the server is starting up")
        return Told()

    monkeypatch.setattr(wiring, "build_follower", build)
    monkeypatch.setattr(wiring, "_AGAIN_S", 0.01, raising=False)
    stop = Flag()

    wiring.start_notices(SimpleNamespace(notify_urls=("x",), heartbeat_url=None), stop)  # type: ignore[arg-type]

    assert running.wait(5)
    stop.set()


def test_an_account_that_nobody_trades_is_told_and_ends_the_heartbeat_whatever_the_others_do(house: House, town: Town):
    called = Called()
    town.follower.states.expected = lambda: ("default", "paper")
    town.follower.heartbeat = Heartbeat(called, Notices(town.store.database), town.clock)
    town.store.people.add_account(
        Account("paper", AccountKind.PAPER), by="test", at=town.clock.now(), new_id=house.ids.new
    )
    stand(house, reconciled=True)
    town.clock.advance(10)
    epoch = town.store.ledger.take_lease("paper", "h:1:x", at=town.clock.now(), follows=None)

    for _ in range(150):
        town.clock.advance(1)
        town.store.ledger.beat("paper", epoch, at=town.clock.now(), status={"session": True, "reconciled": True})
        town.follower.round()

    assert called.times == []
    assert any("default" in told and "no trader has it" in told for told in town.told("NOT READY"))


def test_who_begins_on_a_full_disk_tells_all_the_same(house: House, town: Town):
    """Where an address was left cannot be kept then: that is no reason to be silent."""
    reserve = town.store.database.reserve
    assert reserve is not None
    assert reserve.make()
    assert reserve.release()
    town.again()
    town.hear(1)

    halt = Halt("ALL", HaltKind.HALT, town.clock.now(), "what a person did", "person")
    town.store.ledger.set_halt(halt, at=town.clock.now())
    town.hear(15)

    assert len(town.told("what a person did")) == 1
