"""A stop that triggered and was cancelled by somebody else: the position is past it, and leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.clock import IST
from executor.domain.order import Order
from executor.domain.strategy import Product
from tests.house import House


def trigger(house: House, *, seen: bool) -> None:
    """The price falls through stop and limit; then the exchange cancels what rests, as its self-trade prevention does.

    `seen`: a book showed it triggered before.
    """
    house.price("780")
    if seen:
        house.until(lambda: any(row.state == "TRIGGERED" for row in house.book.rows.tables[Order].values()), within=2)
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("later", ["780", "795"])
def test_a_triggered_stop_that_was_cancelled_is_an_exit(house: House, later: str, restart: bool) -> None:
    house.long()
    trigger(house, seen=True)
    house.price(later)
    if restart:
        house.start()

    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert [text for text in house.said("forced_exit") if "triggered" in text]
    assert house.said("stop_respected") == []


def test_the_price_is_asked_for_no_longer_than_stops_can_rest(house: House) -> None:
    house.strategy = replace(house.strategy, product=Product.DELIVERY)
    house.long()
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])
    house.run(5)
    asked = len(house.requests("getLtpData"))
    house.run(5)
    assert len(house.requests("getLtpData")) > asked

    house.clock.set(house.clock.now().astimezone(IST).replace(hour=15, minute=41))
    house.run(5)
    asked = len(house.requests("getLtpData"))
    house.run(20)

    assert len(house.requests("getLtpData")) == asked


def test_two_stops_that_the_price_had_passed_are_no_word_of_a_person(house: House) -> None:
    """Each was triggered and cancelled between two books."""
    house.long()
    trigger(house, seen=False)
    house.until(lambda: house.working(type="STOPLOSS_LIMIT"), within=10)
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])

    house.run(12)

    assert (house.net(), house.working()) == (0, [])
    assert house.said("forced_exit")
    assert house.said("stop_respected") == []
