"""An add has the stop of what is held: its size and its words are by that one, and none comes behind it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Size, SizeKind
from tests.house import House, rails


@pytest.fixture
def risking(house: House) -> House:
    """80 rupees at risk, stop 1 %: nine held from 800 (the stop could be filled from 802.40), price 820."""
    house.strategy = replace(
        house.strategy,
        size=Size(SizeKind.RISK, Decimal(80)),
        rails=rails(max_quantity=1000),
        take_profit=(),
    )
    house.long()
    assert house.net() == 9
    house.price("820")
    house.run(1)
    return house


def test_an_add_risks_what_it_was_asked_to_beside_a_stop_at_a_price(risking: House) -> None:
    (bracket,) = risking.brackets()
    risking.command("protect", bracket=bracket.id, stop="800")
    risking.run(3)

    add = risking.signal("buy", price="820")
    risking.run(8)

    assert (risking.net(), risking.stopped()) == (12, 12)  # 3 of them lose 20 rupees each at 800, 22.45 at the most
    assert "stop 800" in (risking.ended(add).plan or "")
    assert {row["trigger"] for row in risking.working(type="STOPLOSS_LIMIT")} == {"800.00"}


def test_an_add_at_a_price_that_has_passed_the_stop_is_refused(risking: House) -> None:
    (bracket,) = risking.brackets()
    risking.command("protect", bracket=bracket.id, stop="815")
    risking.run(3)
    risking.fault("getOrderBook", "lag", seconds=5, times=20)

    risking.price("814")
    add = risking.signal("buy", price="814")
    risking.run(0.25)

    assert (risking.ended(add).outcome, risking.ended(add).code) == (Outcome.REFUSED, RefusalCode.STOP_WRONG_SIDE)


def test_an_add_beside_a_stop_by_percent_is_said_to_move_it(risking: House) -> None:
    add = risking.signal("buy", price="820")
    risking.run(8)

    assert (risking.net(), risking.stopped()) == (18, 18)
    assert {row["trigger"] for row in risking.working(type="STOPLOSS_LIMIT")} == {"801.90"}
    assert "stop 1 % from the new average" in (risking.ended(add).plan or "")


@pytest.mark.parametrize("told", [None, "791"])
def test_nothing_is_added_to_what_the_price_has_stopped_out(house: House, told: str | None) -> None:
    """Its stop has sold, which no book has shown yet: what was added would have been a position that nobody opened."""
    house.long()
    house.fault("getOrderBook", "lag", seconds=5, times=20)
    house.price("791")

    add = house.signal("buy", **({"price": told} if told else {}))
    house.run(4)

    assert (house.ended(add).outcome, house.ended(add).code) == (Outcome.REFUSED, RefusalCode.STOP_WRONG_SIDE)
    assert [row["side"] for row in house.orders() if row["status"] == "complete"] == ["BUY", "SELL"]
