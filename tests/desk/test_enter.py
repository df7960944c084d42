"""Entries: what a signal comes down to, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from executor.clock import IST
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Protection, Short, Target
from tests.desk.test_exit import position
from tests.house import House, rails


def test_a_position_opens_and_adds_under_one_stop_and_one_target(house: House) -> None:
    house.signal("buy", price="800", position=position(0, 10))
    house.run(6)
    house.price("806")
    second = house.signal("buy", price="806", position=position(10, 20))
    house.run(8)

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    (target,) = house.working(type="LIMIT")
    assert house.ended(second).outcome is Outcome.FILLED
    assert (house.net(), stop["quantity"], target["quantity"]) == (20, 20, 20)
    assert (Decimal(stop["trigger"]), Decimal(target["price"])) == (Decimal("795.00"), Decimal("819.10"))  # avg 803
    assert len(house.brackets()) == 1


def test_a_chart_that_was_flat_while_we_hold_is_refused(house: House) -> None:
    house.long()

    signal = house.signal("buy", price="800", position=position(0, 10))
    house.run(4)

    assert house.ended(signal).code is RefusalCode.NOT_SYNCED
    assert house.net() == 10


def test_a_short_has_its_stop_above_and_its_target_below(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    signal = house.signal("sell", price="800")
    house.run(6)

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    (target,) = house.working(type="LIMIT")
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), stop["side"], target["side"]) == (-10, "BUY", "BUY")
    assert (Decimal(stop["trigger"]), Decimal(stop["price"])) == (Decimal("808.00"), Decimal("816.05"))
    assert Decimal(target["price"]) == Decimal("784.00")

    house.price("809")
    house.run(6)
    assert (house.net(), house.working()) == (0, [])


def test_a_short_exits(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.signal("sell", price="800")
    house.run(6)

    signal = house.signal("exit", side="short")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_sell_while_flat_opens_nothing_without_leave_to_short(house: House) -> None:
    signal = house.signal("sell", price="800")

    house.run(4)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO


def test_a_short_by_position_without_leave_is_refused(house: House) -> None:
    signal = house.signal("sell", price="800", position=position(0, -10))

    house.run(4)

    assert house.orders() == []
    assert house.ended(signal).code is RefusalCode.SHORT_NOT_ALLOWED


def test_a_stale_entry_expires(house: House) -> None:
    signal = house.signal("buy", ago=61, price="800")

    house.run(4)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.EXPIRED


def test_an_entry_without_any_price_expires(house: House) -> None:
    house.fault("getLtpData", "status", times=500, status=500, body="no")
    signal = house.signal("buy")

    house.run(65)

    assert house.orders() == []
    assert house.ended(signal).outcome is Outcome.EXPIRED


def test_an_entry_that_waits_for_a_price_is_superseded_by_a_newer_exit(house: House) -> None:
    house.fault("getLtpData", "status", times=6, status=500, body="no")
    entry = house.signal("buy")
    house.run(1)
    house.signal("exit")
    house.run(15)

    assert house.orders() == []
    assert house.ended(entry).outcome is Outcome.SUPERSEDED


def test_entries_of_a_lane_run_in_the_order_in_which_they_were_fired(house: House) -> None:
    second = house.signal("buy", price="800", size={"quantity": "2"})
    first = house.signal("buy", ago=3, price="800", size={"quantity": "1"})

    house.run(6)

    assert [row["quantity"] for row in house.orders(side="BUY")] == [1, 2]
    assert {house.ended(one).outcome for one in (first, second)} == {Outcome.FILLED}
    assert house.stopped() == 3


def test_a_new_entry_waits_until_the_old_position_is_closed(house: House) -> None:
    house.long()
    house.fault("getLtpData", "status", times=3, status=500, body="no")
    house.signal("exit")
    house.run(1)

    second = house.signal("buy", price="800", size={"quantity": "7"})
    house.run(0.5)
    before = len(house.orders(side="BUY"))
    house.run(12)

    assert before == 1
    assert house.ended(second).outcome is Outcome.FILLED
    assert (house.net(), house.stopped(), house.targeted()) == (7, 7, 7)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"enabled": False}, RefusalCode.STRATEGY_OFF),
        ({"rails": rails(tickers=frozenset({"NSE:INFY"}))}, RefusalCode.TICKER_NOT_ALLOWED),
        ({"rails": rails(max_quantity=9)}, RefusalCode.SIZE_OVER_LIMIT),
        ({"rails": rails(enter_from=time(10, 0))}, RefusalCode.OUTSIDE_WINDOW),
        ({"rails": rails(enter_until=time(9, 20))}, RefusalCode.OUTSIDE_WINDOW),
        ({"rails": rails(max_trades=0)}, RefusalCode.TRADES_A_DAY),
        ({"stop_loss": None}, RefusalCode.NO_STOP),
        ({"stop_loss": Level(LevelKind.POINTS, Decimal(900))}, RefusalCode.STOP_WRONG_SIDE),
        ({"take_profit": (Target(Level(LevelKind.PRICE, Decimal(790))),)}, RefusalCode.TARGET_WRONG_SIDE),
    ],
)
def test_a_rail_refuses_an_entry(house: House, changes: dict[str, object], code: RefusalCode) -> None:
    house.strategy = replace(house.strategy, **changes)

    signal = house.signal("buy", price="800")
    house.run(4)

    assert house.orders() == []
    assert (house.ended(signal).outcome, house.ended(signal).code) == (Outcome.REFUSED, code)


def test_the_largest_position_counts_what_is_held_and_what_may_still_fill(house: House) -> None:
    house.strategy = replace(house.strategy, rails=rails(max_quantity=25))
    house.long()
    house.price("803")
    house.signal("buy", price="800")
    house.run(1)

    third = house.signal("buy", price="800")
    house.run(2)

    assert house.ended(third).code is RefusalCode.SIZE_OVER_LIMIT


def test_the_trades_of_a_day_are_counted_over_brackets(house: House) -> None:
    house.strategy = replace(house.strategy, rails=rails(max_trades=1))
    house.long()
    house.signal("exit")
    house.run(8)

    second = house.signal("buy", price="800")
    house.run(4)

    assert house.ended(second).code is RefusalCode.TRADES_A_DAY
    assert house.net() == 0


def test_a_halt_stops_an_entry(house: House) -> None:
    now = house.clock.now()
    house.store.ledger.set_halt(Halt("strategy:trend", HaltKind.HALT, now, "lunch", "anna"), at=now)

    signal = house.signal("buy", price="800")
    house.run(4)

    assert house.orders() == []
    assert house.ended(signal).code is RefusalCode.HALTED


def test_a_halt_stops_an_entry_that_waits_for_a_permit(house: House) -> None:
    signal = house.ready_entry()
    now = house.clock.now()
    house.store.ledger.set_halt(Halt("ALL", HaltKind.HALT, now, "lunch", "anna"), at=now)

    house.run(6)

    assert house.orders() == []
    assert (house.ended(signal).outcome, house.ended(signal).code) == (Outcome.REFUSED, RefusalCode.HALTED)


def test_an_exit_withdraws_an_entry_that_waits_for_a_permit(house: House) -> None:
    entry = house.ready_entry()
    signal = house.signal("exit")

    house.run(6)

    assert house.orders() == []
    assert house.ended(entry).outcome is Outcome.SUPERSEDED
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO


@pytest.mark.parametrize("hour", [(8, 45), (15, 31)])
def test_a_closed_market_refuses_an_entry(house: House, hour: tuple[int, int]) -> None:
    day = house.clock.now().astimezone(IST).replace(hour=hour[0], minute=hour[1])
    house.clock.set(day if day > house.clock.now() else day + timedelta(days=1))
    house.strategy = replace(house.strategy, rails=rails(enter_from=time(0), enter_until=time(23, 59)))
    house.run(3)

    signal = house.signal("buy", price="800")
    house.run(3)

    assert house.orders() == []
    assert house.ended(signal).code is RefusalCode.CLOSED


def test_protection_none_holds_without_a_stop(house: House) -> None:
    house.strategy = replace(house.strategy, protection=Protection.NONE, stop_loss=None, take_profit=())

    house.signal("buy", price="800")
    house.run(40)

    assert (house.net(), house.working()) == (10, [])


def test_an_add_with_a_nearer_stop_narrows_the_stop_of_all(house: House) -> None:
    house.long()

    house.signal("buy", price="800", stop_loss={"percent": "0.5"})
    house.run(8)

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (stop["quantity"], Decimal(stop["trigger"])) == (20, Decimal("796.00"))


def test_an_add_cannot_widen_the_stop(house: House) -> None:
    house.long(stop_loss={"percent": "0.5"})

    house.signal("buy", price="800", stop_loss={"percent": "5"})
    house.run(8)

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    assert (stop["quantity"], Decimal(stop["trigger"])) == (20, Decimal("796.00"))


def test_the_plan_of_an_add_promises_no_target_of_its_own(house: House) -> None:
    house.long()

    signal = house.signal("buy", price="800", take_profit=[{"price": "820"}])
    house.run(8)

    assert house.leaving() == [("816.00", 20)]
    assert (house.ended(signal).plan or "").endswith(
        "stop 1 % from the new average; it adds to a position, whose targets stay"
    )
