"""Square-off, the night and its morning, told by the exchange: what rests, what was sold, what was never sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.bracket import Bracket, BracketState, Leg
from executor.domain.calendar import Hours
from executor.domain.ids import Ids
from executor.domain.instrument import Segment
from executor.domain.record import Fill, Lane
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, Signal
from executor.domain.strategy import Gap, Product, Rails
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.nights import FRIDAY, THURSDAY, WEDNESDAY, Nights, ist, listed
from tests.house import ACCOUNT

Make = Callable[..., Nights]
NO_HOLDINGS = '{"status":true,"message":"SUCCESS","errorcode":"","data":[]}'


@pytest.fixture
def make(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Make:
    """A reconciled house on Wednesday 09:20 with SBIN at 800."""

    def made(**settings: Any) -> Nights:
        rails = Rails(frozenset({"NSE:SBIN"}), 100, enter_from=time(9, 15), enter_until=time(15, 30))
        Nights.contracts = listed({})
        strategy = a_strategy(**{"account": ACCOUNT, "rails": rails, **settings})
        house = Nights(sqlite_store, clock, ids, strategy=strategy)
        house.price("800")
        house.run(3)
        return house

    return made


@pytest.fixture
def carried(make: Make) -> Nights:
    """A long of 10 for delivery, bought on Wednesday at 800, its stop at 792."""
    house = make(product=Product.DELIVERY)
    house.long()
    assert house.stopped() == 10
    return house


# -- the square-off ----------------------------------------------------------------------------------------------------


def test_an_intraday_position_is_left_before_the_broker_does_it(make: Make) -> None:
    house = make()
    house.long()

    house.go(WEDNESDAY, "15:04:58")
    held_before = house.net()
    house.run(10)

    assert (held_before, house.net(), house.working()) == (10, 0, [])
    assert len(house.orders()) == 3  # what rested was re-priced: no order was added
    assert house.brackets()[0].closing_reason == "square-off at 15:05"
    assert house.said("square_off") == ["SBIN-EQ: 10 held leave before the broker squares them off"]


def test_an_entry_that_waits_is_withdrawn_at_the_square_off(make: Make) -> None:
    house = make()
    house.go(WEDNESDAY, "15:04:50")
    house.resting_long()

    house.run(15)

    assert (house.working(), house.net()) == ([], 0)
    assert house.brackets()[0].state is BracketState.CLOSED


def test_a_square_off_that_was_missed_is_made_up_for_after_a_restart(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(WEDNESDAY, "15:06"))
    house.start()
    house.run(10)

    assert (house.net(), house.working()) == (0, [])


def test_no_intraday_entry_after_the_square_off(make: Make) -> None:
    house = make()
    house.go(WEDNESDAY, "15:06")
    house.run(3)

    signal = house.signal("buy", price="800")
    house.run(3)

    assert house.orders() == []
    assert house.ended(signal).code is RefusalCode.SQUARED_OFF
    assert "it was at 15:05" in (house.ended(signal).reason or "")


def test_a_short_session_moves_the_square_off(make: Make) -> None:
    house = make()
    short_day = Hours(time(9, 15), time(12), time(11, 40), time(11, 30))
    house.book.calendar = replace(house.book.calendar, specials={(Segment.NSE, WEDNESDAY): short_day})
    house.long()

    house.go(WEDNESDAY, "11:34:58")
    held_before = house.net()
    house.run(10)

    assert (held_before, house.net()) == (10, 0)


def test_what_the_broker_squared_off_first_is_not_protected_again(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(WEDNESDAY, "15:16"))  # nobody ran: the broker's square-off was at 15:15
    house.start()
    house.run(20)

    assert house.net() == 0
    assert house.working() == []
    assert [row["side"] for row in house.writes(ist(WEDNESDAY, "15:00"))] == ["SELL"]  # the broker's own
    assert house.brackets()[0].state is BracketState.CLOSED
    assert house.brackets()[0].outside == 10


def test_an_intraday_position_whose_end_nobody_saw_is_closed_the_next_morning(make: Make) -> None:
    house = make()
    house.long()

    house.clock.set(ist(THURSDAY, "09:10"))
    house.start()
    house.run(20)

    assert house.writes(ist(THURSDAY, "09:00")) == []
    assert house.brackets()[0].state is BracketState.CLOSED
    assert "squared off by the broker while nobody watched" in house.said("outside")[0]


# -- an exit after the close -------------------------------------------------------------------------------------------


def test_an_exit_after_the_close_is_the_first_order_of_the_next_session(carried: Nights) -> None:
    carried.go(WEDNESDAY, "16:00")
    signal = carried.signal("exit")
    carried.run(5)
    in_the_evening = carried.writes(ist(WEDNESDAY, "15:45"))
    carried.night(THURSDAY)
    carried.run(10)

    first = carried.writes(ist(THURSDAY, "09:00"))[0]
    assert in_the_evening == []
    assert (first["side"], first["quantity"], first["type"]) == ("SELL", 10, "LIMIT")
    assert (carried.net(), len(carried.writes(ist(THURSDAY, "09:00")))) == (0, 1)
    assert carried.ended(signal).outcome is Outcome.FILLED


def test_an_exit_after_the_close_of_an_intraday_position_has_nothing_to_do(make: Make) -> None:
    house = make()
    house.long()
    house.clock.set(ist(WEDNESDAY, "16:00"))
    house.start()

    signal = house.signal("exit")
    house.run(2)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(signal).code is RefusalCode.SQUARED_OFF


# -- the night and its morning -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True])
def test_a_carried_position_has_its_stop_again_at_the_open(carried: Nights, restart: bool) -> None:
    carried.go(WEDNESDAY, "15:31")
    carried.run(35)
    bracket_at_night, stopped_at_night = carried.brackets()[0], carried.stopped()

    carried.night(THURSDAY, restart=restart)
    before_the_open = carried.writes(ist(WEDNESDAY, "15:31"))[:-1]
    carried.run(5)

    assert (bracket_at_night.state, stopped_at_night) == (BracketState.OPEN, 0)
    assert before_the_open == []
    assert carried.stopped() == 10
    assert [row["type"] for row in carried.writes(ist(THURSDAY, "09:00"))] == ["STOPLOSS_LIMIT"]
    assert "what is held has none until the next open" in carried.said("night")[0]
    assert carried.said("unprotected") == []


def test_a_position_is_carried_for_days_over_a_weekend(carried: Nights) -> None:
    carried.night(THURSDAY)
    carried.run(5)
    carried.night(FRIDAY)
    carried.run(5)
    carried.night(FRIDAY.replace(day=30))
    carried.run(5)

    assert carried.stopped() == 10
    assert carried.brackets()[0].state is BracketState.OPEN
    assert carried.said("taken_away") == []


def test_the_book_does_not_grow_with_the_days(carried: Nights) -> None:
    sizes = []
    for day in (THURSDAY, FRIDAY, FRIDAY.replace(day=30)):
        carried.night(day)
        carried.run(5)
        sizes.append({kind: len(carried.book.rows.tables[kind]) for kind in (Signal, Lane, Bracket, Leg, Fill)})
        carried.signal("buy", price="800", trade="in and out")
        carried.run(6)
        carried.signal("exit", trade="in and out")
        carried.run(6)

    assert carried.net() == 10
    assert sizes[1] == sizes[2]
    assert carried.book.report_hashes == carried.store.recovery.load_book(ACCOUNT, FRIDAY.replace(day=30)).report_hashes


def test_no_entry_of_the_account_comes_before_the_stop_of_what_is_carried(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:14:58")
    carried.fault("getLtpData", "status", status=500, body="", times=4)
    carried.clock.set(ist(THURSDAY, "09:15"))
    entry = carried.signal("buy", price="800", trade="second")
    carried.run(12)

    first, *others = carried.writes(ist(THURSDAY, "09:00"))
    assert first["type"] == "STOPLOSS_LIMIT"
    assert [row["side"] for row in others[:1]] == ["BUY"]
    assert carried.ended(entry).outcome is Outcome.FILLED


def test_a_gap_through_the_stop_leaves_at_once(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:10")
    carried.price("780")
    carried.go(THURSDAY, "09:15")
    carried.run(6)

    (exit_,) = carried.writes(ist(THURSDAY, "09:00"))
    assert (exit_["type"], exit_["status"], carried.net()) == ("LIMIT", "complete", 0)
    assert carried.said("gap") == ["SBIN-EQ: gap, the first price 780.0 lies beyond the stop 792.00; it leaves"]


def test_a_gap_may_get_a_stop_again_where_it_can_rest(make: Make) -> None:
    house = make(product=Product.DELIVERY, gap=Gap.STOP_AGAIN)
    house.long()
    house.night(THURSDAY, at="09:10")
    house.price("780")
    house.go(THURSDAY, "09:15")
    house.run(6)

    (stop,) = house.writes(ist(THURSDAY, "09:00"))
    assert (stop["type"], stop["trigger"], house.net()) == ("STOPLOSS_LIMIT", "772.20", 10)
    assert "a stop is placed again at 772.20" in house.said("gap")[0]


def test_without_any_price_the_stop_is_placed_all_the_same(carried: Nights) -> None:
    carried.night(THURSDAY, at="09:10")
    carried.fault("getLtpData", "status", status=500, body="", times=500)
    carried.go(THURSDAY, "09:15")
    carried.run(8)

    assert carried.stopped() == 10


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
