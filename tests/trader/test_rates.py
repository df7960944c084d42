"""The broker says that calls came too fast: the pace is halved, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.store import Store
from tests.house import House


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> Iterator[House]:
    made = House(store, clock, ids)
    made.price("800")
    made.run(3)
    yield made


def times(house: House, route: str) -> list[float]:
    found = [datetime.fromisoformat(row["at"]).timestamp() for row in house.requests(route)]
    return [at - house.clock.now().timestamp() for at in found]


def test_an_entry_that_came_too_fast_is_sent_once_more_and_the_pace_is_halved(house: House) -> None:
    house.fault("placeOrder", "rate")

    signal = house.long()

    assert house.stored(signal).outcome == "FILLED"
    assert len(house.orders(side="BUY")) == 1
    assert house.stopped() == 10


def test_an_order_book_that_came_too_fast_is_read_half_as_often_for_a_while(house: House) -> None:
    house.long()
    house.fault("getOrderBook", "rate")
    house.run(25)
    slow = [at for at in times(house, "getOrderBook") if at > -20]
    house.run(40)
    normal = [at for at in times(house, "getOrderBook") if at > -20]

    assert len(slow) <= 10
    assert len(normal) >= 12
