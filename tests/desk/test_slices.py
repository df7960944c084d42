"""A position larger than one order may be: entries and stops in slices below the freeze quantity (F-44)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from executor.domain.order import Order
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Trail
from tests.desk.large import FREEZE, Sliced, enter, none_is_too_large, open_units, stops
from tests.house import Watched


def test_an_entry_is_cut_below_the_freeze_and_each_slice_has_its_stop(sliced: Sliced) -> None:
    house = sliced()

    signal = enter(house)

    assert open_units(house.working()) == stops(house) == [24, 24, 12]
    assert [row["quantity"] for row in house.orders(side="BUY")] == [24, 24, 12]
    assert house.net() == house.stopped() == 60
    assert house.ended(signal).outcome is Outcome.FILLED
    assert none_is_too_large(house)
    assert len({row["tag"] for row in house.orders()}) == 6


def test_what_fills_is_covered_within_seconds_and_never_by_more(sliced: Sliced) -> None:
    house = sliced()
    watched = Watched(house)
    house.price("803")
    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(1)

    for place, part in ((0, 5), (1, 24), (2, 7), (0, 19), (2, 5)):
        house.fill(house.orders(side="BUY")[place], part)
        house.until(lambda: house.stopped() == house.net(), within=5)

    assert stops(house) == [24, 24, 12]
    assert watched.beyond["stops"] <= 0
    assert none_is_too_large(house)


def test_a_slice_that_is_rejected_leaves_the_others_and_ends_partly_filled(sliced: Sliced) -> None:
    house = sliced()
    house.fault("placeOrder", "reject", text="no", match={"transactiontype": "BUY", "quantity": "12"})

    signal = enter(house)

    assert house.net() == house.stopped() == 48
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED
    assert len(house.orders(side="BUY")) <= 3


def test_an_unknown_slice_is_never_sent_again(sliced: Sliced) -> None:
    house = sliced()
    house.fault("placeOrder", "cut_before", match={"transactiontype": "BUY", "quantity": "12"})

    signal = enter(house)
    house.run(30)

    assert [row["quantity"] for row in house.orders(side="BUY")] == [24, 24]
    assert house.net() == house.stopped() == 48
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


def test_a_slice_refused_for_its_rate_is_sent_once_more(sliced: Sliced) -> None:
    house = sliced()
    house.fault("placeOrder", "rate", match={"transactiontype": "BUY", "quantity": "12"})

    signal = enter(house)

    assert house.net() == house.stopped() == 60
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_life_that_ends_cancels_what_is_left_of_every_slice(sliced: Sliced) -> None:
    house = sliced()
    house.price("803")
    signal = house.signal("buy", price="800", size={"quantity": "60"})
    house.run(1)
    first, second, _ = house.orders(side="BUY")
    house.fill(first, 24)
    house.fill(second, 3)

    house.run(16)

    assert [row["status"] for row in house.orders(side="BUY")] == ["complete", "cancelled", "cancelled"]
    assert house.net() == house.stopped() == 27
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


def test_an_add_grows_the_last_stop_first(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    house.signal("buy", price="800", size={"quantity": "20"})
    house.run(8)

    assert stops(house) == [24, 24, 24, 8]
    assert house.net() == 80


def test_a_trail_moves_all_slices_and_never_away(sliced: Sliced) -> None:
    house = sliced(take_profit=(), trail=Trail(Level(LevelKind.PERCENT, Decimal(1))))
    enter(house)
    found = []

    for price in ("805", "803", "812", "806"):
        house.price(price)
        house.run(15)
        found.append({row["trigger"] for row in house.working()})

    assert found == [{"796.95"}, {"796.95"}, {"803.90"}, {"803.90"}]
    assert stops(house) == [24, 24, 12]


def test_a_stop_cancelled_by_hand_is_restored_alone(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    house.cancel(house.working()[1])
    house.until(lambda: house.stopped() == 60, within=6)

    assert stops(house) == [24, 24, 12]
    assert len(house.orders(side="SELL")) == 4


def test_a_hand_that_cancels_all_stops_twice_is_respected(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    for _ in range(2):
        for order in house.working():
            house.cancel(order)
        house.run(8)

    assert (house.stopped(), house.net()) == (0, 60)
    assert house.said("stop_respected")


@pytest.mark.parametrize("seconds", [0.25, 0.5, 1, 1.5, 2])
def test_a_restart_in_any_state_of_the_slices_ends_right(sliced: Sliced, seconds: float) -> None:
    house = sliced()
    house.latency = lambda: 0.6
    signal = house.signal("buy", price="800", size={"quantity": "200"})
    house.run(seconds)

    house.start()
    house.run(30)

    assert house.net() == house.stopped() == sum(row["filled"] for row in house.orders(side="BUY"))
    assert house.net() <= 200
    assert house.ended(signal).outcome in {Outcome.FILLED, Outcome.PARTLY_FILLED}


def test_the_stops_of_many_slices_go_before_more_entries(sliced: Sliced) -> None:
    house = sliced()
    house.signal("buy", price="800", size={"quantity": "384"})

    worst = 0
    for _ in range(40):
        house.run(0.25)
        worst = max(worst, house.net() - house.stopped())
    house.run(5)

    assert house.net() == house.stopped() == 384
    assert worst <= 8 * 24, "no more than what one second's writes brought in is ever without its stop"
    seconds = [row["at"][:19] for row in house.requests("placeOrder")]
    assert max(seconds.count(one) for one in seconds) <= 9


def test_an_order_never_has_more_than_its_slice(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    assert all(row.sent_quantity < FREEZE for row in house.book.rows.tables[Order].values())


def test_a_stop_slice_that_never_appeared_is_placed_again_after_clean_reads(sliced: Sliced) -> None:
    house = sliced()
    watched = Watched(house)
    house.fault("placeOrder", "cut_before", match={"ordertype": "STOPLOSS_LIMIT", "quantity": "12"})

    house.signal("buy", price="800", size={"quantity": "60"})
    house.until(lambda: house.stopped() == 60, within=12)
    house.run(10)

    assert stops(house) == [24, 24, 12]
    assert watched.beyond["stops"] <= 0


def test_a_slice_that_resists_its_changes_is_replaced_alone(sliced: Sliced) -> None:
    house = sliced(take_profit=(), trail=Trail(Level(LevelKind.PERCENT, Decimal(1))))
    enter(house)
    house.fault("modifyOrder", "drop", times=9, match={"quantity": "12"})

    house.price("810")
    house.run(25)

    assert stops(house) == [24, 24, 12]
    assert {row["trigger"] for row in house.working()} == {"801.90"}
    assert len(house.orders(side="SELL")) == 4
