"""An entry's life: limit and stop entries rest, fill, fill in part, time out, are withdrawn. Told by the exchange."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Protection, Short
from tests.desk.test_restart import kill, live_until_killed
from tests.house import House

FOREVER = 900  #: seconds an entry rests whose bar is not known


def limit(price: str) -> dict[str, str]:
    return {"type": "limit", "limit": price}


def stop(trigger: str, **more: str) -> dict[str, str]:
    return {"type": "stop_limit", "trigger": trigger, **more}


def the_entry(house: House, side: str = "BUY") -> Any:
    return house.orders(side=side)[0]


def protection(house: House) -> list[tuple[str, int, str]]:
    """What rests against the position: kind, open units, trigger or price."""
    rows = house.working(side="SELL")
    shown = [(row, row["trigger"] if row["type"] == "STOPLOSS_LIMIT" else row["price"]) for row in rows]
    return [(row["type"], row["quantity"] - row["filled"], at) for row, at in shown]


# -- limit entries -----------------------------------------------------------------------------------------------


def test_a_limit_entry_rests_at_its_price_and_nothing_protects_what_is_not_held(house: House) -> None:
    signal = house.signal("buy", price="800", order=limit("796"))
    house.run(8)

    assert [(row["status"], row["price"], row["quantity"]) for row in house.orders()] == [("open", "796.00", 10)]
    assert house.stored(signal).outcome is None


def test_a_limit_entry_that_fills_gets_stop_and_target_from_its_own_price(house: House) -> None:
    signal = house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(30)
    house.price("796")
    house.run(8)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert protection(house) == [("STOPLOSS_LIMIT", 10, "788.05"), ("LIMIT", 10, "811.95")]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("801", "801.00"), ("802.4", "802.40"), ("830", "802.40"), ("800", "800.00")],  # never beyond slippage: 0.3 %
)
def test_a_limit_entry_that_can_trade_trades_at_once_and_never_beyond_the_slippage(
    house: House, asked: str, sent: str
) -> None:
    signal = house.signal("buy", price="800", order=limit(asked))
    house.run(8)

    assert (the_entry(house)["price"], the_entry(house)["average"]) == (sent, "800.00")
    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.stopped()) == (10, 10)


def test_a_limit_off_the_tick_never_pays_more_than_asked(house: House) -> None:
    house.signal("buy", price="800", order=limit("796.03"))
    house.run(4)

    assert the_entry(house)["price"] == "796.00"


def test_a_limit_entry_half_filled_that_times_out_keeps_what_filled_with_stop_and_target(house: House) -> None:
    signal = house.signal("buy", price="800", order=limit("796"), interval="1")
    house.run(10)
    house.fill(the_entry(house), 4)
    house.run(40)
    resting = (the_entry(house)["status"], house.net(), house.stopped(), house.targeted())
    house.run(20)

    assert resting == ("open", 4, 4, 4)
    assert (the_entry(house)["status"], the_entry(house)["filled"]) == ("cancelled", 4)
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED
    assert protection(house) == [("STOPLOSS_LIMIT", 4, "788.05"), ("LIMIT", 4, "811.95")]


def test_what_fills_while_the_timed_out_rest_is_being_cancelled_is_protected(house: House) -> None:
    house.fault("cancelOrder", "late", seconds=6)
    signal = house.signal("buy", price="800", order=limit("796"), interval="1")
    house.run(61)
    house.fill(the_entry(house), 7)
    house.run(20)

    assert (the_entry(house)["status"], house.net()) == ("cancelled", 7)
    assert (house.stopped(), house.targeted()) == (7, 7)
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


@pytest.mark.parametrize(
    ("interval", "ttl", "lasts"),
    [("1", None, 60), ("5", None, 300), ("30S", None, 30), ("", None, FOREVER), ("D", 45, 45), ("5", 20, 20)],
)
def test_an_unfilled_limit_entry_lasts_one_bar_or_as_the_strategy_says(
    house: House, interval: str, ttl: int | None, lasts: int
) -> None:
    house.strategy = replace(house.strategy, entry_ttl=ttl)
    signal = house.signal("buy", price="800", order=limit("796"), interval=interval)
    house.run(4)
    house.clock.advance(lasts - 8)
    house.run(3)
    before = the_entry(house)["status"]
    house.run(6)

    assert before == "open"
    assert [row["status"] for row in house.orders()] == ["cancelled"]
    assert house.ended(signal).outcome is Outcome.NOT_FILLED
    assert house.ended(signal).reason == f"not filled within {lasts} s"
    assert house.working() == []


def test_a_limit_short_rests_above_the_price(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.signal("sell", price="800", order=limit("804"))
    house.run(4)
    resting = (the_entry(house, "SELL")["price"], house.net())
    house.price("804")
    house.run(8)

    assert resting == ("804.00", 0)
    assert (house.net(), house.stopped()) == (-10, 10)
    assert house.working(type="STOPLOSS_LIMIT")[0]["trigger"] == "812.00"


def test_a_limit_entry_adds_to_what_is_held(house: House) -> None:
    house.long()
    house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(8)
    before = (house.net(), house.stopped(), house.targeted())
    house.price("796")
    house.run(8)

    assert before == (10, 10, 10)
    assert (house.net(), house.stopped(), house.targeted()) == (20, 20, 20)
    assert protection(house) == [("STOPLOSS_LIMIT", 20, "790.05"), ("LIMIT", 20, "814.00")]  # average 798


def test_an_add_that_still_rests_is_withdrawn_when_the_stop_has_sold_all(house: House) -> None:
    house.long()
    house.signal("buy", price="800", order=limit("780"), interval="5")
    house.run(3)

    house.price("791")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert house.orders(side="BUY")[1]["status"] == "cancelled"


def test_a_resting_limit_entry_lives_over_a_restart(house: House) -> None:
    signal = house.signal("buy", price="800", order=limit("796"), interval="1")
    house.run(20)

    house.start()
    house.run(30)
    before = [row["status"] for row in house.orders()]
    house.run(15)

    assert before == ["open"]
    assert [row["status"] for row in house.orders()] == ["cancelled"]
    assert house.ended(signal).outcome is Outcome.NOT_FILLED


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_placing_a_limit_entry_it_is_never_at_the_broker_twice(house: House, when: str) -> None:
    kill(house, when)
    signal = house.signal("buy", price="800", order=limit("796"), interval="1")
    live_until_killed(house, 5)

    house.start()
    house.run(90)

    assert len(house.orders()) == (1 if when == "after" else 0)
    assert house.working() == []
    assert house.ended(signal).outcome is (Outcome.NOT_FILLED if when == "after" else Outcome.NOT_PLACED)


def test_the_levels_of_an_entry_that_rests_count_from_where_it_fills(house: House) -> None:
    house.strategy = replace(house.strategy, take_profit=())
    house.signal("buy", price="800", order=limit("796"), stop_loss={"points": "2"}, interval="5")
    house.run(3)
    house.price(Decimal("796"))
    house.run(8)

    assert protection(house) == [("STOPLOSS_LIMIT", 10, "794.00")]


# -- stop entries ------------------------------------------------------------------------------------------------


def test_a_stop_entry_waits_for_its_trigger_then_fills_and_is_protected(house: House) -> None:
    signal = house.signal("buy", price="800", order=stop("803"), interval="5")
    house.run(8)
    entry = the_entry(house)
    house.price("803")
    house.run(8)

    assert (entry["type"], entry["status"], entry["trigger"], entry["price"]) == (
        "STOPLOSS_LIMIT",
        "trigger pending",
        "803.00",
        "805.40",
    )
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.net() == 10
    assert protection(house) == [("STOPLOSS_LIMIT", 10, "795.00"), ("LIMIT", 10, "819.10")]


def test_a_stop_entry_that_never_triggers_lapses(house: House) -> None:
    signal = house.signal("buy", price="800", order=stop("803"), interval="1")
    house.run(70)
    house.price("805")
    house.run(5)

    assert [(row["status"], row["filled"]) for row in house.orders()] == [("cancelled", 0)]
    assert house.ended(signal).outcome is Outcome.NOT_FILLED
    assert house.net() == 0


def test_a_stop_entry_that_the_price_jumps_over_rests_at_its_limit_and_lapses(house: House) -> None:
    signal = house.signal("buy", price="800", order=stop("803", limit="804"), interval="1")
    house.run(4)
    house.price("810")
    house.run(10)
    jumped = (the_entry(house)["status"], the_entry(house)["price"], house.net())
    house.run(55)

    assert jumped == ("open", "804.00", 0)
    assert (the_entry(house)["status"], house.working()) == ("cancelled", [])
    assert house.ended(signal).outcome is Outcome.NOT_FILLED


def test_a_stop_entry_that_triggers_and_fills_in_part_keeps_that_part(house: House) -> None:
    signal = house.signal("buy", price="800", order=stop("803", limit="804"), interval="1")
    house.run(4)
    house.price("810")
    house.run(2)
    house.fill(the_entry(house), 3)
    house.run(70)

    assert (the_entry(house)["status"], house.net()) == ("cancelled", 3)
    assert (house.stopped(), house.targeted()) == (3, 3)
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


@pytest.mark.parametrize(
    ("action", "order"),
    [
        ("buy", stop("799")),
        ("buy", stop("800")),
        ("sell", stop("801")),
        ("buy", stop("803", limit="802")),
        ("sell", stop("797", limit="798")),
    ],
)
def test_a_stop_entry_on_the_wrong_side_is_refused(house: House, action: str, order: dict[str, str]) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    signal = house.signal(action, price="800", order=order)
    house.run(4)

    assert house.orders() == []
    assert (house.ended(signal).outcome, house.ended(signal).code) == (
        Outcome.REFUSED,
        RefusalCode.TRIGGER_WRONG_SIDE,
    )


def test_a_stop_short_triggers_below(house: House) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.signal("sell", price="800", order=stop("797"), interval="5")
    house.run(6)
    entry = the_entry(house, "SELL")
    house.price("797")
    house.run(8)

    assert (entry["type"], entry["trigger"], entry["price"]) == ("STOPLOSS_LIMIT", "797.00", "794.65")
    assert house.net() == -10
    assert [row["trigger"] for row in house.working(type="STOPLOSS_LIMIT", side="BUY")] == ["804.95"]


# -- leaving before it filled ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [limit("796"), stop("803")])
def test_an_exit_before_its_entry_filled_withdraws_the_entry(house: House, order: dict[str, str]) -> None:
    entry = house.signal("buy", price="800", order=order, interval="5")
    house.run(5)

    signal = house.signal("exit")
    house.run(8)
    house.price("796")
    house.price("803")
    house.run(5)

    assert [(row["status"], row["filled"]) for row in house.orders()] == [("cancelled", 0)]
    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.ended(entry).outcome is Outcome.NOT_FILLED


@pytest.mark.parametrize("style", [Protection.PAIR, Protection.SINGLE])
def test_an_exit_of_a_half_filled_limit_entry_withdraws_the_rest_and_sells_what_filled(
    house: House, style: Protection
) -> None:
    house.strategy = replace(house.strategy, protection=style)
    entry = house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)
    house.fill(the_entry(house), 4)
    house.run(5)

    signal = house.signal("exit")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert sum(row["filled"] for row in house.orders(side="SELL")) == 4
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.ended(entry).outcome is Outcome.PARTLY_FILLED


def test_a_fill_that_comes_while_the_exit_withdraws_its_entry_is_sold_as_well(house: House) -> None:
    house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)
    house.fault("cancelOrder", "late", seconds=5)
    house.signal("exit")
    house.run(1)
    house.fill(the_entry(house), 6)
    house.run(20)

    assert (house.net(), house.working()) == (0, [])
    assert house.orders(side="SELL")[0]["filled"] == 6
