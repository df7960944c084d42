"""What a feed may do to us: nothing is told though pings are answered, or all of it twice and in any order.

All is asserted from the exchange's own books.
"""

from __future__ import annotations

import json
from random import Random

import pytest

from executor.broker.smartapi.order_feed import OrderFrames
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.messages import FeedTold
from executor.simulator.simulation import Simulation
from executor.simulator.wire.frames import order_frame
from executor.store.store import Store
from executor.trader.loop import SWEEP_S
from tests.fed import FedHouse
from tests.house import Watched

#: When something happens, in the five seconds between two order books.
PHASES = pytest.mark.parametrize("phase", [0.0, 2.0, 4.75])
_FOR_EVER = 3600


@pytest.fixture
def house(sqlite_store: Store, clock: ManualClock, ids: Ids) -> FedHouse:
    """A reconciled trader at 09:20 with SBIN at 800 and both feeds up."""
    house = FedHouse(sqlite_store, clock, ids)
    house.price("800")
    house.run(4)
    return house


def after_a_book(house: FedHouse, phase: float) -> None:
    """Wait for the next order book, and so much longer."""
    read = house.books()
    house.until(lambda: house.books() > read, within=6)
    house.run(phase)


@PHASES
def test_a_fill_that_only_the_book_shows_is_protected_within_ten_seconds(house: FedHouse, phase: float) -> None:
    house.resting_long()
    after_a_book(house, phase)
    house.fault("order_feed", "silence", seconds=_FOR_EVER)

    house.fill(house.orders()[0], 10)
    house.until(lambda: house.stopped() == 10, within=10)
    house.run(20)

    assert len(house.orders(type="STOPLOSS_LIMIT")) == 1
    assert house.net() == house.stopped() == 10


@PHASES
def test_a_stop_cancelled_only_in_the_book_is_restored_once_within_fifteen_seconds(
    house: FedHouse, phase: float
) -> None:
    house.long()
    after_a_book(house, phase)
    house.fault("order_feed", "silence", seconds=_FOR_EVER)

    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.until(lambda: house.stopped() == 10, within=15)
    house.run(20)

    assert len(house.orders(type="STOPLOSS_LIMIT")) == 2
    assert house.net() == house.stopped() == 10


@pytest.mark.parametrize("seed", range(3))
def test_frames_doubled_in_any_order_count_nothing_twice(house: FedHouse, seed: int) -> None:
    random, watched = Random(seed), Watched(house)
    house.resting_long()
    entry = house.orders()[0]
    house.fault("order_feed", "lose", times=1000)
    for units in (1, 2, 3, 4):
        house.fill(entry, units)
    told = all_frames(house)

    heard = random.sample(told * 2, 2 * len(told))  # so the cumulative quantity falls and rises
    for frame in heard:
        report = OrderFrames().read(frame)
        assert report is not None
        house.inbox.put(FeedTold(report))
        house.run(random.choice((0, SWEEP_S)))
    house.run(30)

    assert house.net() == house.stopped() == 10
    assert watched.beyond["stops"] <= 0


def all_frames(house: FedHouse) -> list[str]:
    """Every version of every order, as the feed would have told it."""
    simulation: Simulation = house.app.extensions["simulation"]
    frames = [order_frame(order, "S1") for order in simulation.exchange.book.versions_from(0)]
    assert len({json.loads(frame)["orderData"]["filledshares"] for frame in frames}) >= 4
    return frames
