"""How many slices a position may be, and how units are cut (F-44)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from executor.broker.limits import load_limits
from executor.desk.slices import MOST, largest, pieces
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Product, Protection
from tests.desk.charts import an_option
from tests.desk.large import FREEZE, Sliced, enter, stops
from tests.desk.nights import THURSDAY, WEDNESDAY, Make, ist
from tests.house import ACCOUNT, SBIN, rails


def test_more_orders_than_can_be_protected_in_time_are_refused(sliced: Sliced) -> None:
    house = sliced()

    signal = enter(house, 385)

    ended = house.ended(signal)
    assert (ended.code, house.orders()) == (RefusalCode.OVER_FREEZE, [])
    assert "17 orders of at most 24" in (ended.reason or "")


def test_what_is_held_counts_with_what_is_added(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    signal = enter(house, 330)

    assert house.ended(signal).code is RefusalCode.OVER_FREEZE
    assert house.net() == house.stopped() == 60


def test_the_bound_is_two_seconds_of_writes() -> None:
    second = min(load_limits().write, key=lambda window: window.span)

    assert 2 * second.count / second.span.total_seconds() == MOST


@pytest.mark.parametrize(
    ("freeze", "lot", "expected"), [(1801, 65, 1755), (601, 30, 600), (1001, 20, 1000), (None, 1, None), (60, 65, 0)]
)
def test_the_largest_order_is_of_whole_lots_below_the_freeze(
    freeze: int | None, lot: int, expected: int | None
) -> None:
    assert largest(freeze, lot) == expected


def test_units_are_cut_the_largest_first() -> None:
    assert pieces(5000, 1755) == [1755, 1755, 1490]
    assert (pieces(1755, 1755), pieces(7, None), pieces(0, 5)) == ([1755], [7], [])


def test_the_simulators_own_freeze_is_kept_in_whole_lots(sliced: Sliced) -> None:
    house = sliced(stop_loss=Level(LevelKind.PERCENT, Decimal(40)), take_profit=(), rails=rails(max_quantity=9000))
    house.contract = an_option(25000, "CE")
    house.control("price", {"exchange": "NFO", "token": house.contract.key.token, "ltp": "128"})

    entered = house.signal("buy", price="128", size={"lots": "60"})
    house.run(8)
    resting = stops(house)
    house.signal("exit")
    house.run(8)

    assert house.ended(entered).outcome is Outcome.FILLED
    assert [row["quantity"] for row in house.orders(side="BUY")] == [1755, 1755, 390]
    assert resting == [1755, 1755, 390]
    assert (house.net(), house.working()) == (0, [])
    assert not house.said("refused")


def test_a_carried_position_has_all_its_stops_again_before_any_entry(make: Make) -> None:
    house = make(product=Product.DELIVERY, protection=Protection.SINGLE)
    house.contracts["SBIN"] = replace(house.contracts["SBIN"], freeze=FREEZE)
    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(8)

    house.night(THURSDAY)
    house.run(10)

    morning = [row for row in house.writes(ist(THURSDAY, "09:00")) if row["status"] == "trigger pending"]
    assert sorted(row["quantity"] for row in morning) == [12, 24, 24]
    assert house.net() == house.stopped() == 60


def test_an_entry_waits_for_the_last_stop_of_what_is_carried_too(make: Make) -> None:
    house = make(product=Product.DELIVERY, protection=Protection.SINGLE)
    house.contracts["SBIN"] = replace(house.contracts["SBIN"], freeze=FREEZE)
    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(8)
    house.night(THURSDAY, at="09:14:50")
    house.fault("placeOrder", "late", seconds=4, match={"quantity": "12"})
    house.run(11)

    house.signal("buy", price="800", trade="other", size={"quantity": "5"})
    house.run(20)

    morning = [(row["side"], row["quantity"]) for row in house.writes(ist(THURSDAY, "09:00"))]
    assert morning == [("SELL", 24), ("SELL", 24), ("SELL", 12), ("BUY", 5), ("SELL", 5)]


def test_over_night_the_exchange_takes_less_and_what_is_sent_is_cut_anew(make: Make) -> None:
    house = make(product=Product.DELIVERY, protection=Protection.SINGLE)
    house.contracts["SBIN"] = replace(house.contracts["SBIN"], freeze=FREEZE)
    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(8)
    known = house.store.people.rails(ACCOUNT)

    house.go(WEDNESDAY, "18:00")
    house.inbox.put(replace(known, freezes={SBIN: 16}))
    house.night(THURSDAY)
    house.run(10)

    morning = [row for row in house.writes(ist(THURSDAY, "09:00")) if row["status"] == "trigger pending"]
    assert sorted(row["quantity"] for row in morning) == [15, 15, 15, 15]
    assert house.said("freeze") == ["SBIN-EQ: the exchange takes fewer than 16 in one order, it was 25"]


def test_a_table_that_tells_no_freeze_quantity_is_no_proof_that_there_is_none(sliced: Sliced) -> None:
    """The stops of a position in slices became one order of all its units, which the exchange refused for ever."""
    house = sliced(stop_loss=Level(LevelKind.PERCENT, Decimal(40)), take_profit=(), rails=rails(max_quantity=9000))
    house.contract = an_option(25000, "CE")
    house.control("price", {"exchange": "NFO", "token": house.contract.key.token, "ltp": "128"})
    house.signal("buy", price="128", size={"lots": "60"})
    house.run(8)

    house.inbox.put(replace(house.store.people.rails("default"), freezes={house.contract.key: None}))
    house.run(20)

    assert stops(house) == [1755, 1755, 390]
    assert house.net() == 3900


def test_where_the_exchange_takes_more_the_stops_that_rest_stay(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    stopped = [house.stopped()]

    house.inbox.put(replace(house.store.people.rails("default"), freezes={house.contract.key: 100}))
    for _ in range(40):
        house.run(0.25)
        stopped.append(house.stopped())

    assert set(stopped) == {60}
