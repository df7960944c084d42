"""What the morning shows of a carried position, and stocks that do not trade: told by the exchange."""

from __future__ import annotations

import json
from datetime import time
from decimal import Decimal

import pytest

from executor.domain.bracket import BracketState
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Product, Rails, Short, Size, SizeKind
from tests.desk.nights import FRIDAY, THURSDAY, WEDNESDAY, Make, Nights, ist

NO_HOLDINGS = '{"status":true,"message":"SUCCESS","errorcode":"","data":[]}'


# -- what the account shows --------------------------------------------------------------------------------------------


def test_shares_that_were_delivered_are_found_among_the_holdings(carried: Nights) -> None:
    carried.night(THURSDAY)
    carried.run(5)

    assert carried.requests("getHolding") != []
    assert (carried.stopped(), carried.said("missing")) == (10, [])


def empty_holdings(house: Nights) -> None:
    house.fault("getHolding", "status", status=200, body=NO_HOLDINGS, times=500)


def test_what_is_not_found_halts_its_lane_and_is_not_taken_for_flat(carried: Nights) -> None:
    empty_holdings(carried)
    carried.night(THURSDAY)
    entry = carried.signal("buy", price="800")
    carried.run(60)

    assert carried.writes(ist(THURSDAY, "09:00")) == []
    assert carried.brackets()[0].state is BracketState.OPEN
    assert carried.ended(entry).code is RefusalCode.HALTED
    assert "10 of 10 are not in the account's positions or holdings" in carried.said("missing")[0]
    assert len(carried.said("missing")) == 1


def test_a_person_ends_the_doubt_and_nothing_is_sold_that_is_not_there(carried: Nights) -> None:
    empty_holdings(carried)
    carried.night(THURSDAY)
    carried.run(20)

    carried.command("resume")
    carried.run(3)

    assert carried.writes(ist(THURSDAY, "09:00")) == []
    assert carried.brackets()[0].state is BracketState.CLOSED


def test_of_what_is_there_only_in_part_that_part_alone_is_sold(carried: Nights) -> None:
    row = {"exchange": "NSE", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "quantity": 6}
    body = json.dumps({"status": True, "message": "SUCCESS", "errorcode": "", "data": [row]})
    carried.fault("getHolding", "status", status=200, body=body, times=500)
    carried.night(THURSDAY)
    carried.run(20)
    waiting = carried.signal("exit")
    carried.run(5)
    before_a_person_spoke = carried.writes(ist(THURSDAY, "09:00"))

    carried.command("exit")
    carried.run(6)

    assert before_a_person_spoke == []
    assert [row["quantity"] for row in carried.writes(ist(THURSDAY, "09:00"))] == [6]
    assert carried.ended(waiting).outcome is Outcome.FILLED
    assert carried.brackets()[0].outside == 4


def test_a_lane_is_free_again_when_a_person_has_resumed(carried: Nights) -> None:
    empty_holdings(carried)
    carried.night(THURSDAY)
    carried.run(20)
    carried.command("resume")
    carried.run(20)

    signal = carried.signal("buy", price="800")
    carried.run(6)

    assert carried.ended(signal).outcome is Outcome.FILLED
    assert carried.stopped() == 10


def test_a_holdings_read_that_fails_is_not_flat_the_stop_is_placed(carried: Nights) -> None:
    carried.fault("getHolding", "status", status=502, body="Bad Gateway", times=500)
    carried.night(THURSDAY)
    carried.run(8)

    assert carried.stopped() == 10
    assert carried.said("missing") == []


def test_holdings_that_come_late_in_the_morning_are_no_alarm(carried: Nights) -> None:
    carried.fault("getHolding", "status", status=200, body=NO_HOLDINGS, times=4)
    carried.night(THURSDAY)
    carried.run(8)

    assert (carried.stopped(), carried.said("missing")) == (10, [])


# -- corporate actions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True])
def test_a_split_overnight_places_no_stop_at_the_old_prices(carried: Nights, restart: bool) -> None:
    carried.go(WEDNESDAY, "15:40")
    carried.run(35)
    carried.control("split", {"exchange": "NSE", "token": "3045", "factor": 5})
    carried.night(THURSDAY, restart=restart)
    carried.run(60)

    assert carried.writes(ist(THURSDAY, "09:00")) == []
    assert len(carried.said("changed")) == 1
    assert "a split, a bonus?" in carried.said("changed")[0]
    assert carried.said("forced_exit") == []


def test_after_a_split_a_person_places_the_stop(carried: Nights) -> None:
    carried.go(WEDNESDAY, "15:40")
    carried.run(35)
    carried.control("split", {"exchange": "NSE", "token": "3045", "factor": 5})
    carried.night(THURSDAY)
    carried.run(5)

    carried.command("protect", bracket=carried.brackets()[0].id, stop="158")
    carried.run(5)

    (stop,) = carried.writes(ist(THURSDAY, "09:00"))
    assert (stop["type"], stop["trigger"], stop["quantity"]) == ("STOPLOSS_LIMIT", "158.00", 10)


def test_after_a_split_a_person_may_leave(carried: Nights) -> None:
    carried.go(WEDNESDAY, "15:40")
    carried.run(35)
    carried.control("split", {"exchange": "NSE", "token": "3045", "factor": 5})
    carried.night(THURSDAY)
    carried.run(5)

    carried.command("exit")
    carried.run(6)

    (exit_,) = carried.writes(ist(THURSDAY, "09:00"))
    assert (exit_["quantity"], exit_["status"]) == (10, "complete")
    assert carried.brackets()[0].state is BracketState.CLOSED


def test_a_split_over_a_weekend_is_told_by_the_price_before_it(make: Make) -> None:
    house = make(product=Product.DELIVERY, stop_loss=Level(LevelKind.PERCENT, Decimal(9)))
    house.long()
    for day in (THURSDAY, FRIDAY):
        house.night(day)
        house.run(5)
    house.go(FRIDAY, "15:40")
    house.run(35)
    house.control("split", {"exchange": "NSE", "token": "3045", "factor": "1.3"})
    for day in (28, 29):
        house.go(FRIDAY.replace(day=day), "10:00")
        house.run(1)
    monday = FRIDAY.replace(day=30)
    house.night(monday)
    house.run(5)

    assert house.writes(ist(monday, "09:00")) == []
    assert house.said("gap") == []
    assert "the exchange tells a previous close of 615.4, the last price was 800" in house.said("changed")[0]


# -- the closing auction and a locked stock ----------------------------------------------------------------------------


def test_in_the_closing_auction_a_stop_is_neither_missed_nor_placed_again(carried: Nights) -> None:
    carried.go(WEDNESDAY, "15:15")
    (stop,) = carried.working(type="STOPLOSS_LIMIT")
    carried.cancel(stop)  # as the exchange does with stops of stocks that have derivatives
    carried.run(120)

    assert carried.writes(ist(WEDNESDAY, "15:15")) == []
    assert carried.net() == 10
    assert [carried.said(kind) for kind in ("taken_away", "unprotected", "forced_exit")] == [[], [], []]
    assert len(carried.said("night")) == 1


def test_nothing_is_entered_in_the_closing_auction(carried: Nights) -> None:
    carried.go(WEDNESDAY, "15:16")
    carried.run(2)

    signal = carried.signal("buy", price="800", trade="second")
    carried.run(3)

    assert carried.ended(signal).code is RefusalCode.CLOSED
    assert carried.writes(ist(WEDNESDAY, "15:15")) == []


def test_an_exit_refused_in_the_closing_auction_is_the_first_order_of_the_next_session(carried: Nights) -> None:
    carried.go(WEDNESDAY, "15:16")
    carried.cancel(carried.working(type="STOPLOSS_LIMIT")[0])
    carried.fault("placeOrder", "reject", text="Order entry is not allowed in the closing auction")
    carried.run(2)
    signal = carried.signal("exit")
    carried.run(120)
    in_the_auction = carried.writes(ist(WEDNESDAY, "15:16"))
    carried.night(THURSDAY)
    carried.run(5)

    assert [row["status"] for row in in_the_auction] == ["rejected"]
    assert [row["side"] for row in carried.writes(ist(THURSDAY, "09:00"))] == ["SELL"]
    assert (carried.net(), carried.ended(signal).outcome) == (0, Outcome.FILLED)


@pytest.mark.parametrize("way", ["exit", "stop"])
def test_an_exit_from_a_locked_stock_rests_at_the_band(make: Make, way: str) -> None:
    house = make()
    house.long()
    house.control("band", {"exchange": "NSE", "token": "3045", "low": "790", "high": "880"})
    if way == "exit":
        house.price("793")
        house.run(1)
        house.signal("exit")
    house.price("790")
    house.run(300)

    assert house.net() == 10
    (exit_,) = house.working()
    assert (exit_["side"], exit_["quantity"], exit_["price"]) == ("SELL", 10, "790.00")
    writes = sum(len(house.requests(route)) for route in ("placeOrder", "modifyOrder", "cancelOrder"))
    assert writes <= 12
    assert len(house.said("rests")) == 1
    assert house.said("unprotected") == []


def test_units_that_were_missing_once_get_their_stop_when_the_reads_then_fail(carried: Nights) -> None:
    carried.fault("getHolding", "status", status=200, body=NO_HOLDINGS, times=2)
    carried.fault("getHolding", "status", status=502, body="x", times=5000)

    carried.night(THURSDAY)
    carried.run(30)

    assert carried.stopped() == 10


@pytest.mark.parametrize("restart", [False, True])
def test_a_long_and_a_short_of_one_contract_are_both_found(make: Make, restart: bool) -> None:
    rails = Rails(frozenset({"NSE:RELIANCE1!"}), 1000, enter_from=time(9, 15), enter_until=time(15, 30))
    size = Size(SizeKind.QUANTITY, Decimal(500))
    house = make(product=Product.CARRYFORWARD, short=Short.FUTURES, rails=rails, size=size)
    for action, trade in (("buy", "a"), ("sell", "b")):
        house.signal(action, ticker="RELIANCE1!", trade=trade)
        house.run(8)

    house.night(THURSDAY, restart=restart)
    house.run(30)

    assert (house.stopped(), house.said("missing")) == (1000, [])
