"""Parts that leave one behind the other, and sells that are larger than they need be."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, SignalState
from executor.domain.strategy import Short, Size, SizeKind
from tests.desk.test_exit import position
from tests.house import House, Watched, rails


def test_a_reduction_by_position_is_of_what_another_one_leaves(house: House) -> None:
    house.long()

    first = house.signal("sell", price="800", position=position(10, 5))
    second = house.signal("sell", price="800", position=position(5, 2))
    house.run(12)

    assert (house.net(), house.stopped()) == (2, 2)
    assert {house.ended(one).outcome for one in (first, second)} == {Outcome.FILLED}


def test_of_a_part_that_has_filled_in_part_only_the_rest_counts_as_leaving(house: House) -> None:
    house.long()
    house.price("794")
    house.signal("sell", price="800", size={"quantity": "6"})  # its limit is 796: it rests
    house.until(lambda: ("796.00", 6) in house.leaving(), within=4)
    house.fill(house.orders()[-1], 3)
    house.run(1.25)
    house.signal("sell", size={"quantity": "2"})
    house.run(20)

    assert (house.net(), house.stopped()) == (2, 2)


def test_a_sell_larger_than_any_order_may_be_still_closes(house: House) -> None:
    house.strategy = replace(house.strategy, rails=rails(max_quantity=10))
    house.long()

    signal = house.signal("sell", size={"quantity": "30"})
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_sell_through_zero_larger_than_any_order_may_be_closes_and_does_not_enter(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH, rails=rails(max_quantity=15))
    house.long()

    signal = house.signal("sell", price="800", size={"quantity": "30"})
    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert (house.ended(signal).outcome, house.ended(signal).code) == (
        Outcome.PARTLY_FILLED,
        RefusalCode.SIZE_OVER_LIMIT,
    )


@pytest.mark.parametrize("size", [{"notional": "16000"}, {"lots": "20"}])
def test_what_is_left_of_a_larger_sell_is_counted_in_units(house: House, size: Any) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH, rails=rails(max_quantity=100_000))
    house.long()

    house.signal("sell", price="800", size=size)
    house.run(12)

    assert (house.net(), house.stopped()) == (-10, 10)


def test_what_risks_nothing_any_more_leaves_whole(house: House) -> None:
    house.strategy = replace(house.strategy, size=Size(SizeKind.RISK, Decimal(80)))
    house.long()
    house.price("810")
    house.signal("modify", stop_loss={"price": "800"})
    house.run(4)

    signal = house.signal("sell")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_larger_sell_by_risk_closes_only(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH, rails=rails(max_quantity=100_000))
    house.long()  # 8 rupees at risk a unit

    house.signal("sell", price="800", size={"risk": "160"})
    house.run(12)

    assert (house.net(), house.working()) == (0, [])


def test_a_part_leaves_only_when_a_stop_that_is_growing_is_shown(house: House) -> None:
    """A change on its way counts as done: the stop would be for more than is held otherwise."""
    watched = Watched(house)
    house.price("803")
    house.signal("buy", price="800")  # its limit is 802.40: it rests
    house.run(2)
    (entry,) = house.orders(side="BUY")
    house.fill(entry, 4)
    house.until(lambda: house.stopped() == 4, within=5)
    house.run(2)
    watched.beyond["stops"] = -1000
    house.latency = lambda: 3.0
    house.fill(entry, 6)
    house.until(lambda: len(house.requests("modifyOrder")) >= 1, within=8)

    house.signal("sell", price="803", size={"quantity": "6"})
    house.run(10)

    assert watched.beyond["stops"] <= 0


@pytest.mark.parametrize(("filled", "stays"), [(0, 0), (4, 4), (8, 5)])
def test_a_reduction_counts_what_is_still_to_come_and_withdraws_it(house: House, filled: int, stays: int) -> None:
    """Else the rest of the entry came in whole, and more was held than the chart held."""
    house.resting_long()
    entry = house.orders()[0]
    if filled:
        house.fill(entry, filled)
    house.run(2)

    part = house.signal("sell", price="800", position=position(10, 5))
    house.run(2)
    for rest in house.working(side="BUY"):
        house.fill(rest, rest["quantity"] - rest["filled"])
    house.run(8)

    assert (house.net(), house.stopped(), house.targeted()) == (stays, stays, stays)
    assert house.working(side="BUY") == []
    assert house.stored(part).state is SignalState.ENDED


def test_a_reduction_of_an_add_that_is_still_filling_leaves_what_the_chart_holds(house: House) -> None:
    house.long()
    house.price("803")
    add = house.signal("buy", price="800", position=position(10, 20))
    house.run(1)
    house.fill(house.working(side="BUY")[0], 4)
    house.run(1)

    part = house.signal("sell", price="800", position=position(20, 10))
    house.run(10)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert [house.ended(one).outcome for one in (add, part)] == [Outcome.PARTLY_FILLED, Outcome.FILLED]
