"""A position in slices leaves: all its stops or targets become the exit, no more than is held (F-44)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import cycle

from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Protection, Target
from tests.desk.large import Sliced, enter, none_is_too_large, open_units
from tests.house import Watched, rails


def test_a_full_exit_turns_every_stop_into_a_part_of_it(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    watched = Watched(house)

    signal = house.signal("exit")
    house.run(6)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders(side="SELL")) == 3
    assert watched.beyond["all"] <= 0
    assert house.ended(signal).outcome is Outcome.FILLED


def test_a_full_exit_sells_also_what_has_no_stop(sliced: Sliced) -> None:
    house = sliced()
    house.fault("placeOrder", "reject", times=9, text="no", match={"ordertype": "STOPLOSS_LIMIT", "quantity": "12"})
    house.signal("buy", price="800", size={"quantity": "60"})
    house.until(lambda: house.stopped() == 48, within=5)

    house.signal("exit")
    house.run(5)

    assert (house.net(), house.working()) == (0, [])
    assert open_units([row for row in house.orders(side="SELL", status="complete")]) == [0, 0, 0]


def test_a_partial_exit_leaves_the_rest_covered(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    watched = Watched(house)

    signal = house.signal("sell", price="800", size={"quantity": "30"})
    house.run(8)

    assert house.net() == house.stopped() == 30
    assert watched.beyond["all"] <= 0
    assert house.ended(signal).outcome is Outcome.FILLED
    assert none_is_too_large(house)


def test_an_exit_slice_that_is_rejected_is_not_sent_again_and_its_units_are_covered(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    house.fault("placeOrder", "reject", text="no", match={"ordertype": "LIMIT", "transactiontype": "SELL"})

    signal = house.signal("sell", price="800", size={"quantity": "30"})
    house.run(10)

    left = house.net()
    assert left in {36, 54}
    assert house.stopped() == left
    assert house.ended(signal).outcome is Outcome.PARTLY_FILLED


def test_the_target_of_a_pair_is_cut_as_well(sliced: Sliced) -> None:
    house = sliced(protection=Protection.PAIR)
    enter(house)
    assert [units for _, units in house.leaving()] == [12, 24, 24]

    house.price("817")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert none_is_too_large(house)


def test_shares_of_a_pair_are_cut_and_a_stop_shrinks_behind_them(sliced: Sliced) -> None:
    half = Target(Level(LevelKind.PERCENT, Decimal(1)), Decimal(50))
    house = sliced(
        protection=Protection.PAIR, take_profit=(half, replace(half, level=Level(LevelKind.PERCENT, Decimal(2))))
    )
    enter(house)
    assert sorted(house.leaving()) == [("808.00", 6), ("808.00", 24), ("816.00", 6), ("816.00", 24)]

    house.price("809")
    house.run(8)

    assert house.net() == house.stopped() == house.targeted() == 30


def test_under_single_every_stop_is_turned_when_the_target_trades(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    watched = Watched(house)

    house.price("817")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders()) == 6
    assert watched.beyond["all"] <= 0


def test_the_stops_trigger_together_and_nothing_is_left(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    house.price("790")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])


def test_a_stop_that_stays_refused_is_left_by_all_orders(sliced: Sliced) -> None:
    house = sliced()
    house.fault("placeOrder", "reject", times=99, text="no", match={"ordertype": "STOPLOSS_LIMIT"})

    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(15)

    assert (house.net(), house.working()) == (0, [])
    assert len(house.orders(type="STOPLOSS_LIMIT")) == 6
    assert none_is_too_large(house)


def test_a_kill_keeps_the_stops_and_cancels_what_has_not_filled(sliced: Sliced) -> None:
    house = sliced()
    house.price("803")
    house.signal("buy", price="800", size={"quantity": "60"})
    house.run(1)
    house.fill(house.orders(side="BUY")[0], 24)
    house.run(3)

    house.command("kill")
    house.run(5)

    assert house.net() == house.stopped() == 24
    assert {row["side"] for row in house.working()} == {"SELL"}


def test_a_loss_limit_turns_all_stops(sliced: Sliced) -> None:
    house = sliced(take_profit=(), rails=rails(max_quantity=1000, max_daily_loss=Decimal(100)))
    enter(house)
    watched = Watched(house)

    house.price("797")
    house.run(10)

    assert (house.net(), house.working()) == (0, [])
    assert watched.beyond["all"] <= 0


def test_exits_that_are_refused_in_turn_do_not_hide_each_others_failure(sliced: Sliced) -> None:
    house = sliced()
    enter(house)
    for order in house.working():
        house.cancel(order)
    house.fault(
        "placeOrder", "refuse", times=999, code="AB1007", message="Invalid something", match={"transactiontype": "SELL"}
    )
    turns = cycle((0.1, 0.4, 0.8))
    house.latency = lambda: next(turns)

    house.signal("exit")
    house.run(60)

    assert house.net() == 60
    assert len([row for row in house.requests("placeOrder") if row["body"]["transactiontype"] == "SELL"]) <= 3 + 3 * 8
