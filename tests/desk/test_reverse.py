"""A position is turned over by leaving it, and when that is confirmed entering the other side (F-37)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from executor.domain.command import CommandKind
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import ContractsAre, Short
from tests.desk.test_exit import position
from tests.house import House


@pytest.fixture
def turning(house: House) -> House:
    """A house whose strategy may be short."""
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    return house


def most_at_once(house: House) -> int:
    """The largest quantity of any order that the exchange saw."""
    return max(int(row["quantity"]) for row in house.orders())


def sides(house: House) -> list[tuple[str, int]]:
    return [(fill["side"], fill["quantity"]) for fill in house.state()["fills"]]


def test_a_long_becomes_a_short_with_its_own_stop_and_no_order_of_double_size(turning: House) -> None:
    turning.long()

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(12)

    assert turning.ended(signal).outcome is Outcome.FILLED
    assert (turning.net(), turning.stopped(), most_at_once(turning)) == (-10, 10, 10)
    assert sides(turning) == [("BUY", 10), ("SELL", 10), ("SELL", 10)]
    assert {row["side"] for row in turning.working()} == {"BUY"}


def test_a_reverse_whose_first_half_a_hand_has_made_ends_with_its_entry(turning: House) -> None:
    """Day 212: the exit that was wanted was never sent, and held the signal open for ever."""
    turning.long()
    for order in turning.working():
        turning.cancel(order)
    closing = {"variety": "NORMAL", "tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "exchange": "NSE"}
    closing |= {"transactiontype": "SELL", "ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY"}
    turning.control("order", closing | {"price": "795", "quantity": "10"})

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(25)

    assert turning.ended(signal).outcome is Outcome.FILLED
    assert (sides(turning), turning.stopped()) == ([("BUY", 10), ("SELL", 10), ("SELL", 10)], 10)


def test_an_alert_that_says_reverse_does_the_same(turning: House) -> None:
    turning.long()

    turning.signal("reverse", price="800")
    turning.run(12)

    assert (turning.net(), turning.stopped()) == (-10, 10)


def test_the_entry_waits_for_a_slow_exit(turning: House) -> None:
    turning.long()
    turning.fault("modifyOrder", "late", seconds=4)

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(1)
    before = turning.net(), len(turning.orders(side="SELL", status="complete"))
    turning.run(20)

    assert before == (10, 0)
    assert turning.ended(signal).outcome is Outcome.FILLED
    assert turning.net() == -10
    assert most_at_once(turning) == 10


def test_a_trader_that_stops_between_the_halves_goes_on_with_the_second(turning: House) -> None:
    turning.long()

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(0.5)
    turning.start()
    turning.run(15)

    assert turning.ended(signal).outcome is Outcome.FILLED
    assert (turning.net(), turning.stopped(), most_at_once(turning)) == (-10, 10, 10)


def test_an_entry_half_that_may_not_be_leaves_the_lane_flat_and_says_so(house: House) -> None:
    house.long()

    signal = house.signal("sell", price="800", position=position(10, -10))
    house.run(12)

    ended = house.ended(signal)
    assert (ended.outcome, ended.code) == (Outcome.PARTLY_FILLED, RefusalCode.SHORT_NOT_ALLOWED)
    assert "10 left, the entry half was not made" in (ended.reason or "")
    assert (house.net(), house.working()) == (0, [])


def test_a_halt_stops_the_entry_half_only(turning: House) -> None:
    turning.long()
    turning.command(CommandKind.HALT)

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(12)

    assert turning.ended(signal).code is RefusalCode.HALTED
    assert turning.net() == 0


def test_a_stale_reverse_runs_its_exit_half(turning: House) -> None:
    turning.long()
    turning.run(120)

    signal = turning.signal("sell", ago=61, price="800", position=position(10, -10))
    turning.run(12)

    assert (turning.ended(signal).outcome, turning.net()) == (Outcome.PARTLY_FILLED, 0)


def test_an_exit_that_comes_between_the_halves_keeps_the_lane_flat(turning: House) -> None:
    turning.long()
    turning.fault("modifyOrder", "late", seconds=3)

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(1)
    turning.signal("exit", position=position(-10, 0))
    turning.run(15)

    assert (turning.net(), turning.working()) == (0, [])
    assert turning.ended(signal).code is RefusalCode.SUPERSEDED


def test_an_exit_of_the_same_second_keeps_the_lane_flat_too(turning: House) -> None:
    turning.long()
    turning.fault("modifyOrder", "late", seconds=3)

    signal = turning.signal("sell", price="800", position=position(10, -10))
    turning.run(1)
    turning.signal("buy", ago=1, price="800", position=position(-10, 0))
    turning.run(15)

    assert (turning.net(), turning.working()) == (0, [])
    assert turning.ended(signal).code is RefusalCode.SUPERSEDED


def test_contracts_of_the_chart_count_as_it_holds_them_after_turning(turning: House) -> None:
    turning.strategy = replace(turning.strategy, contracts_are=ContractsAre.UNITS)
    turning.long()

    turning.signal("sell", price="800", position=position(10, -4), size={"contracts": "14"})
    turning.run(12)

    assert (turning.net(), turning.stopped()) == (-4, 4)


def test_a_chart_that_turns_over_while_the_lane_is_flat_enters_what_it_holds_and_not_its_double(
    turning: House,
) -> None:
    """Day 0: the short that is turned here was never entered; the order that turns the chart is for both sides."""
    turning.strategy = replace(turning.strategy, contracts_are=ContractsAre.UNITS)

    turning.signal("buy", price="800", position=position(-10, 8), size={"contracts": "18"})
    turning.run(6)

    assert (turning.net(), turning.stopped()) == (8, 8)


@pytest.mark.parametrize(("size", "net"), [("10", 0), ("16", -6)])
def test_a_larger_sell_of_its_own_size_crosses_zero_by_the_rest(turning: House, size: str, net: int) -> None:
    turning.long()

    turning.signal("sell", price="800", size={"quantity": size})
    turning.run(12)

    assert turning.net() == net
    assert most_at_once(turning) == 10


def test_a_larger_sell_never_crosses_zero_where_no_shorts_are_allowed(house: House) -> None:
    house.long()

    house.signal("sell", price="800", size={"quantity": "16"})
    house.run(12)

    assert house.net() == 0


def fields(prev: int, now: int, **more: Any) -> dict[str, Any]:
    return {"price": "800", "position": position(prev, now), **more}


def test_what_was_missed_comes_within_700_ms_and_runs_first(turning: House) -> None:
    turning.long()

    turning.signal("sell", **fields(0, -10))  # its exit is still on its way
    turning.run(0.25)
    turning.signal("sell", ago=1, **fields(10, 0))
    turning.run(12)

    assert (turning.net(), turning.stopped()) == (-10, 10)
    assert len(turning.said("missed")) == 0


def test_a_missed_exit_is_made_up_for_after_700_ms(turning: House) -> None:
    turning.long()

    turning.signal("sell", **fields(0, -10))
    turning.run(0.5)
    waited = turning.net()
    turning.run(12)

    assert (waited, turning.net()) == (10, -10)


def test_an_add_while_flat_is_refused_as_a_missed_entry_with_an_alarm(house: House) -> None:
    house.long()
    house.signal("exit", position=position(10, 0))
    house.run(8)

    signal = house.signal("buy", **fields(10, 20))
    house.run(3)

    assert house.ended(signal).code is RefusalCode.MISSED_ENTRY
    assert (len(house.said("missed")), house.net()) == (1, 0)


@pytest.mark.parametrize("restart", [False, True])
def test_an_add_to_what_its_stop_has_sold_misses_no_alert(house: House, restart: bool) -> None:
    """The chart knows nothing of our stop: each of its adds raised an alarm that an alert was missing."""
    house.long(position=position(0, 10))
    house.price("791.50")
    house.run(6)
    house.price("800")
    if restart:
        house.start()
        house.run(3)

    signal = house.signal("buy", **fields(10, 20))
    house.run(3)

    ended = house.ended(signal)
    assert (ended.code, house.said("missed"), house.net()) == (RefusalCode.MISSED_ENTRY, [], 0)
    assert "it was left here at 09:20" in (ended.reason or "")


def test_a_new_strategy_starts_flat(house: House) -> None:
    added = house.signal("buy", **fields(10, 20))
    house.run(2)
    left = house.signal("sell", **fields(20, 0))
    house.run(2)
    opened = house.signal("buy", **fields(0, 10))
    house.run(6)

    assert house.ended(added).code is RefusalCode.NOT_STARTED
    assert [house.ended(one).outcome for one in (added, left, opened)] == [
        Outcome.NOTHING_TO_DO,
        Outcome.NOTHING_TO_DO,
        Outcome.FILLED,
    ]
    assert house.net() == 10


def test_signals_of_one_second_run_along_their_chain(turning: House) -> None:
    for prev, now in ((0, 10), (10, 20), (20, 0), (0, -10)):
        turning.signal("buy" if now > prev else "sell", **fields(prev, now))
    turning.run(25)

    assert (turning.net(), turning.stopped()) == (-10, 10)


def test_an_alert_flattens_its_own_strategy_and_halts_it(house: House) -> None:
    house.long()

    signal = house.signal("flatten")
    house.run(10)
    later = house.signal("buy", price="800")
    house.run(3)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.working()) == (0, [])
    assert house.ended(later).code is RefusalCode.HALTED


def test_a_bare_reverse_behind_one_that_still_leaves_turns_it_back(turning: House) -> None:
    turning.long()
    turning.fault("modifyOrder", "late", seconds=3)

    turning.signal("reverse", price="800")
    turning.run(1)
    second = turning.signal("reverse", price="800")
    turning.run(25)

    assert turning.ended(second).outcome is Outcome.FILLED
    assert (turning.net(), turning.stopped()) == (10, 10)


def test_a_bare_reverse_behind_nothing_still_has_nothing_to_do(turning: House) -> None:
    signal = turning.signal("reverse", price="800")
    turning.run(2)

    assert (turning.ended(signal).outcome, turning.net()) == (Outcome.NOTHING_TO_DO, 0)
