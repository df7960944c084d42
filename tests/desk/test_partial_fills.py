"""What works at the broker follows the filled quantity, never the wished one (F-29, F-32, F-33, F-34)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from executor.domain.bracket import BracketState
from executor.domain.signal import Outcome
from tests.house import House


def test_stop_and_target_grow_with_each_part_that_fills(house: House) -> None:
    house.resting_long()
    entry = house.orders()[0]
    filled = 0

    for part in (1, 1, 3, 5):
        house.fill(entry, part)
        filled += part
        house.run(2.25)

        assert house.stopped() == filled
    house.run(3)
    assert house.targeted() == 10


def test_the_stop_never_exceeds_what_has_filled(house: House) -> None:
    house.resting_long()
    entry = house.orders()[0]
    for part in (1, 2, 7):
        house.fill(entry, part)
        for _ in range(12):
            house.run(0.25)
            assert house.stopped() <= house.net()


@pytest.mark.parametrize("filled", [0, 1, 5])
def test_an_entry_that_its_life_ended_keeps_what_filled(house: House, filled: int) -> None:
    signal = house.resting_long()
    entry = house.orders()[0]
    if filled:
        house.fill(entry, filled)

    house.run(16)

    assert house.orders()[0]["status"] == "cancelled"
    assert (house.net(), house.stopped(), house.targeted()) == (filled, filled, filled)
    assert house.ended(signal).outcome is (Outcome.PARTLY_FILLED if filled else Outcome.NOT_FILLED)


def test_an_entry_cancelled_by_hand_keeps_what_filled(house: House) -> None:
    signal = house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 2)
    house.cancel(entry)

    house.run(6)

    assert (house.net(), house.stopped(), house.targeted()) == (2, 2, 2)
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED
    assert len(house.orders(side="BUY")) == 1


def test_an_entry_cancelled_by_hand_unfilled_closes_the_bracket(house: House) -> None:
    signal = house.resting_long()
    house.cancel(house.orders()[0])

    house.run(4)

    assert house.ended(signal).outcome is Outcome.NOT_FILLED
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_a_target_that_fills_in_part_reduces_the_stop(house: House) -> None:
    house.long()
    target = house.working(type="LIMIT")[0]

    house.fill(target, 4)
    house.run(5)

    assert (house.net(), house.stopped(), house.targeted()) == (6, 6, 6)


def test_a_stop_that_fills_in_part_reduces_the_target_and_is_walked_to_the_end(house: House) -> None:
    house.long()
    stop = house.working(type="STOPLOSS_LIMIT")[0]

    house.fill(stop, 4)
    house.run(2)
    reduced = house.targeted()
    house.run(12)

    assert reduced <= 6
    assert (house.net(), house.working()) == (0, [])
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_when_stop_and_target_both_fill_the_excess_is_bought_back_by_a_limit_order(house: House) -> None:
    house.long()
    stop, target = house.working(type="STOPLOSS_LIMIT")[0], house.working(type="LIMIT")[0]
    house.fill(stop, 10)
    house.fill(target, 10)

    house.run(10)

    assert house.net() == 0
    assert house.working() == []
    assert {row["type"] for row in house.orders()} == {"LIMIT", "STOPLOSS_LIMIT"}
    assert house.said("reversed")


def test_what_was_unprotected_and_is_reversed_then_is_told_both(house: House) -> None:
    """The stop that came to nothing arrives late after all, and fills beside the target before a book shows it."""
    house.long()
    stop, target = house.working(type="STOPLOSS_LIMIT")[0], house.working(type="LIMIT")[0]
    house.fault("placeOrder", "late", seconds=18, match={"ordertype": "STOPLOSS_LIMIT"})
    house.cancel(stop)
    house.run(3)
    house.fault("placeOrder", "cut_before", times=50, match={"ordertype": "STOPLOSS_LIMIT"})
    house.until(lambda: house.said("unprotected"), within=20)
    house.until(lambda: house.stopped(), within=5)
    house.fill(house.working(type="STOPLOSS_LIMIT")[0], 10)
    house.fill(target, 10)

    house.run(10)
    assert (house.net(), house.working()) == (0, [])
    assert house.said("reversed")


def test_a_buy_back_that_never_arrived_is_sent_again_within_10_s(house: House) -> None:
    house.long()
    stop, target = house.working(type="STOPLOSS_LIMIT")[0], house.working(type="LIMIT")[0]
    house.fault("placeOrder", "cut_before")
    house.fill(stop, 10)
    house.fill(target, 10)

    house.run(10)

    assert house.net() == 0
    assert house.working() == []


def test_a_buy_back_that_arrives_late_beside_its_second_is_sold_again(house: House) -> None:
    house.long()
    stop, target = house.working(type="STOPLOSS_LIMIT")[0], house.working(type="LIMIT")[0]
    house.fault("placeOrder", "late", seconds=8)
    house.fill(stop, 10)
    house.fill(target, 10)

    house.until(lambda: house.net() > 0, within=15)
    house.run(10)

    assert (house.net(), house.working()) == (0, [])


def test_a_buy_back_that_does_not_fill_at_once_is_walked_not_withdrawn(house: House) -> None:
    house.long()
    stop, target = house.working(type="STOPLOSS_LIMIT")[0], house.working(type="LIMIT")[0]
    house.fill(stop, 10)
    house.fill(target, 3)
    house.until(lambda: house.requests("getLtpData"), within=5)
    house.price("812")  # the price leaves while the buy-back is made
    house.run(12)

    assert (house.net(), house.working()) == (0, [])


def test_levels_lie_by_the_average_of_what_filled(house: House) -> None:
    house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 5, price="802.00")
    house.run(5)
    first = house.working(type="STOPLOSS_LIMIT")[0]
    house.fill(entry, 5, price="798.00")
    house.run(8)

    second = house.working(type="STOPLOSS_LIMIT")[0]
    assert (Decimal(first["trigger"]), Decimal(second["trigger"])) == (Decimal("794.00"), Decimal("792.00"))
    assert first["orderid"] == second["orderid"]
