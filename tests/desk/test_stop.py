"""A working stop behind every position: restored, grown, walked, made anew; from state, whatever happened to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.clock import IST
from executor.domain.bracket import BracketState, Goal
from executor.domain.intent import PermitClass
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Product
from tests.house import House


def test_a_stop_cancelled_by_hand_is_restored_with_an_alarm(house: House) -> None:
    house.long()
    house.cancel(house.working(type="STOPLOSS_LIMIT")[0])

    house.run(6)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert len(house.said("taken_away")) == 1


def test_a_target_cancelled_by_hand_is_restored_once_and_then_given_up(house: House) -> None:
    house.long()
    house.cancel(house.working(type="LIMIT")[0])
    house.run(6)
    restored = house.targeted()

    house.cancel(house.working(type="LIMIT")[0])
    house.run(20)

    assert restored == 10
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 0)


def test_a_stop_that_fills_takes_the_target_with_it(house: House) -> None:
    house.long()

    house.price("791.50")
    house.run(5)

    assert [row["status"] for row in house.orders()] == ["complete", "complete", "cancelled"]
    assert house.net() == 0
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]


def test_a_stop_that_triggered_and_did_not_fill_is_walked(house: House) -> None:
    house.long()

    house.price("780")  # beyond the stop's limit of 784.10
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders()) == 3


def test_a_walked_stop_follows_a_falling_price(house: House) -> None:
    house.long()
    for price in ("780", "775", "770", "765", "760"):
        house.price(price)
        house.run(1.5)

    house.run(10)

    assert (house.net(), house.working()) == (0, [])


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_stop_whose_change_has_no_effect_grows_all_the_same(house: House, lost: int) -> None:
    house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 4)
    house.run(3)
    house.fault("modifyOrder", "drop", times=lost, match={"ordertype": "STOPLOSS_LIMIT"})
    house.fill(entry, 6)

    house.run(30)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert len(house.orders(type="STOPLOSS_LIMIT")) == (1 if lost == 1 else 2)


@pytest.mark.parametrize("late", [0.0, 0.25, 0.5, 0.75, 1.0, 1.25])
def test_a_stop_has_grown_within_five_seconds_though_its_first_change_had_no_effect(house: House, late: float) -> None:
    """By books alone, whenever the fill comes between two of them."""
    house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 1)
    house.run(3 + late)
    house.fault("modifyOrder", "drop", match={"ordertype": "STOPLOSS_LIMIT"})
    house.fill(entry, 2)

    house.until(lambda: house.stopped() == 3, within=5)

    assert len(house.said("no_effect")) == 1


@pytest.mark.parametrize("lag", [3, 6])
def test_a_book_that_lags_costs_a_change_twice_and_no_stop(house: House, lag: int) -> None:
    house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 4)
    house.run(3)
    house.fault("getOrderBook", "lag", seconds=lag, times=30)
    house.fill(entry, 6)

    house.run(40)

    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 1


def test_a_stop_made_anew_is_absent_for_a_few_seconds_only(house: House) -> None:
    house.resting_long()
    entry = house.orders()[0]
    house.fill(entry, 4)
    house.run(3)
    house.fault("modifyOrder", "drop", times=2, match={"ordertype": "STOPLOSS_LIMIT"})
    house.fill(entry, 6)

    absent = 0.0
    for _ in range(120):
        house.run(0.25)
        absent += 0.25 if house.stopped() == 0 else 0

    assert absent <= 3
    assert house.stopped() == 10


def test_a_stop_modified_by_hand_is_put_back(house: House) -> None:
    house.long()
    stop = house.working(type="STOPLOSS_LIMIT")[0]
    house.modify_by_hand(stop, 3)

    house.run(6)

    assert (house.net(), house.stopped()) == (10, 10)


def test_no_stop_rests_while_nothing_is_held(house: House) -> None:
    house.strategy = replace(house.strategy, take_profit=())
    house.resting_long()

    house.run(8)

    assert house.orders(type="STOPLOSS_LIMIT") == []


def test_the_close_ends_the_stop_without_alarm_or_exit(house: House) -> None:
    house.strategy = replace(house.strategy, product=Product.DELIVERY)
    house.long()
    house.clock.set(house.clock.now().astimezone(IST).replace(hour=15, minute=29, second=50))
    house.run(60)

    assert house.working() == []
    assert house.net() == 10
    assert [bracket.goal for bracket in house.brackets()] == [Goal.OPEN]
    assert [*house.said("taken_away"), *house.said("unprotected"), *house.said("forced_exit")] == []


def test_an_add_that_is_still_coming_when_the_stop_has_sold_all_is_withdrawn(house: House) -> None:
    house.long()
    add = house.signal("buy", price="800", order={"type": "limit", "limit": "786"})  # below the stop's trigger of 792
    house.run(2)

    house.price("791.50")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]
    assert house.ended(add).outcome is Outcome.NOT_FILLED


def test_what_such_an_add_fills_all_the_same_leaves(house: House) -> None:
    house.long()
    add = house.signal("buy", price="800", order={"type": "limit", "limit": "786"})
    house.run(2)
    (resting,) = house.working(type="LIMIT", side="BUY")
    house.fault("cancelOrder", "drop", times=2)

    house.price("791.50")
    house.until(lambda: house.brackets()[0].goal is Goal.FLAT, within=5)
    house.fill(resting, 10)
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert [bracket.state for bracket in house.brackets()] == [BracketState.CLOSED]
    assert house.ended(add).outcome is Outcome.FILLED


def test_an_add_that_was_never_sent_ends_with_what_it_was_meant_for(house: House) -> None:
    house.long()
    house.permits.take([PermitClass.ENTER] * 8, house.clock.now())  # nothing leaves until they have landed
    add = house.signal("buy", price="800")
    house.run(0.5)

    house.price("791.50")
    house.run(4)
    house.permits.landed(8, house.clock.now())
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert (house.ended(add).outcome, house.ended(add).code) == (Outcome.SUPERSEDED, RefusalCode.SUPERSEDED)


def test_a_stop_that_cannot_be_cancelled_is_an_alarm_once_before_it_opens_a_short(house: House) -> None:
    house.long()
    refusal = {"kind": "refuse", "times": 12, "code": "AB1007", "message": "Invalid something"}
    house.control("fault", {"route": "cancelOrder", **refusal})
    house.price("817")  # the target sells all
    house.run(12)
    (stop,) = house.working()

    told = [text for text in house.said("refused") if f"order {stop['orderid']} rests after 3 cancels" in text]
    assert (house.net(), len(told), len(house.said("refused"))) == (0, 1, 4)

    house.run(180)
    assert (house.net(), house.working()) == (0, [])


def test_cancels_in_vain_are_an_alarm_also_where_one_of_them_was_taken(house: House) -> None:
    house.long()
    refusal = {"kind": "refuse", "code": "AB1007", "message": "Invalid something"}
    house.control("fault", {"route": "cancelOrder", **refusal, "times": 2})
    house.control("fault", {"route": "cancelOrder", "kind": "drop", "times": 1})
    house.control("fault", {"route": "cancelOrder", **refusal, "times": 12})
    house.price("817")
    house.run(40)

    assert len([text for text in house.said("refused") if "rests after 3 cancels" in text]) == 1
