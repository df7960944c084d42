"""An exit that nobody takes: the last price of what hardly trades is a thing of the past, the other side is not."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from executor.domain.bracket import BracketState
from tests.house import House


def spread(house: House, **sides: str) -> None:
    house.control("spread", {"exchange": "NSE", "token": "3045", **sides})


def limits(house: House, order: Any) -> list[Decimal]:
    """The prices at which an order rested as a LIMIT, one after the other."""
    prices = [Decimal(row["price"]) for row in order["history"] if row["type"] == "LIMIT"]
    return list(dict.fromkeys(prices))


def test_an_exit_that_rests_goes_on_to_the_best_bid(house: House) -> None:
    house.long()
    spread(house, bid="785", ask="815")

    house.signal("exit")
    house.run(12)

    assert house.net() == 0
    sold = next(row for row in house.orders() if row["side"] == "SELL" and row["filled"])
    assert sold["average"] == "785.00"
    steps = limits(house, sold)
    assert steps == sorted(steps, reverse=True)
    assert all(after >= before * Decimal("0.985") for before, after in pairwise(steps[1:]))
    assert house.brackets()[0].state is BracketState.CLOSED


def test_a_triggered_stop_goes_on_to_the_best_bid(house: House) -> None:
    house.long()
    spread(house, bid="770", ask="800")

    house.price("791")
    house.run(20)

    assert house.net() == 0


def test_a_lone_absurd_bid_is_come_near_in_steps_while_the_stop_protects(house: House) -> None:
    house.long()
    spread(house, bid="100", ask="815")

    house.signal("exit")
    house.run(20)

    exit_ = next(row for row in house.working() if row["side"] == "SELL" and row["type"] == "LIMIT")
    assert house.net() == 10
    assert Decimal(exit_["price"]) > Decimal("650")
    assert house.stopped() == 10


def test_an_exit_that_fills_at_once_reads_no_quote(house: House) -> None:
    house.long()
    before = len(house.requests("quote"))

    house.signal("exit")
    house.run(8)

    assert house.net() == 0
    assert len(house.requests("quote")) == before


def test_where_nobody_bids_the_exit_rests(house: House) -> None:
    house.long()
    house.control("band", {"exchange": "NSE", "token": "3045", "low": "800", "high": "900"})

    house.signal("exit")
    house.run(10)

    assert house.net() == 10
    assert len(limits(house, house.orders()[-1])) <= 2
