"""A host's clock that was ahead is set back while the trader runs: no wait may last until that time has come again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from executor.clock import IST, ManualClock
from executor.domain.ids import Ids
from executor.errors import ClockSetBack
from executor.store.store import Store
from executor.trader.loop import SWEEP_S
from tests.house import House

AHEAD = timedelta(minutes=2)


class HostClock(ManualClock):
    """A host's clock, `ahead` of the right time."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def right(self) -> datetime:
        return super().now()


class ExchangeClock(ManualClock):
    """The right time, by the same seconds."""

    def __init__(self, host: HostClock) -> None:
        super().__init__(host.right())
        self._host = host

    def now(self) -> datetime:
        return self._host.right()


class SteppedHouse(House):
    """A trader that begins anew as its seat would have it."""

    begun_anew = 0

    def clock_of_exchange(self) -> ManualClock:
        assert isinstance(self.clock, HostClock)
        return ExchangeClock(self.clock)

    def set(self, ahead: timedelta) -> None:
        assert isinstance(self.clock, HostClock)
        self.clock.ahead = ahead

    def sell_by_hand(self) -> None:
        """The hand in the broker's app sells ten, which trade at once."""
        order = {"variety": "NORMAL", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "exchange": "NSE"}
        order |= {"transactiontype": "SELL", "ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY"}
        self.control("order", order | {"price": "795", "quantity": "10"})

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / SWEEP_S)):
            try:
                super().run(SWEEP_S)
            except ClockSetBack:
                self.begun_anew += 1
                self.start()


@pytest.fixture
def house(store: Store, ids: Ids) -> SteppedHouse:
    made = SteppedHouse(store, HostClock(datetime(2026, 11, 25, 9, 20, tzinfo=IST)), ids)
    made.price("800")
    made.run(3)
    made.set(AHEAD)
    made.run(3)
    return made


def test_an_entry_after_the_clock_was_set_back_has_its_stop_as_soon_as_ever(house: SteppedHouse) -> None:
    house.set(timedelta(0))
    house.run(3)

    house.signal("buy", price="800")
    house.until(house.net, within=5)
    house.run(8)

    assert (house.net(), house.stopped()) == (10, 10)
    assert house.begun_anew == 1


def test_a_stop_that_was_in_doubt_then_is_settled_by_reads_from_now_on(house: SteppedHouse) -> None:
    """Its send was stamped with a time that has yet to come: no read is begun after that for two minutes."""
    house.resting_long()
    house.fault("placeOrder", "cut_before")
    house.fill(house.orders()[0], 10)
    house.until(lambda: house.said("unknown"), within=5)

    house.set(timedelta(0))
    house.run(10)

    assert (house.net(), house.stopped()) == (10, 10)
    assert house.store.pages.verify(None).entries


def test_a_small_step_is_not_worth_it(house: SteppedHouse) -> None:
    house.set(AHEAD - timedelta(seconds=1))

    house.run(5)

    assert house.begun_anew == 0


def test_what_a_hand_sold_while_the_clock_was_ahead_is_not_sold_again(house: SteppedHouse) -> None:
    """Day 3040: the bracket seemed to be opened after the hand's fill, whose time is the broker's."""
    house.long()
    for order in house.working():
        house.cancel(order)
    house.sell_by_hand()
    house.run(3)

    house.set(timedelta(0))
    house.signal("exit")
    house.run(25)

    assert (house.net(), house.working()) == (0, [])


def test_what_a_hand_sold_before_we_bought_closes_nothing_of_it_by_a_clock_that_is_behind(house: SteppedHouse) -> None:
    """Day 399: by the host's clock the bracket was opened before the hand's fill, whose time is the broker's."""
    house.set(timedelta(seconds=-4))
    house.run(3)
    house.sell_by_hand()
    house.run(2)

    house.long()
    house.run(10)

    assert not house.said("outside")
    assert (house.net(), house.stopped()) == (0, 10)
