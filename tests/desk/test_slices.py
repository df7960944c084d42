"""A position larger than one order may be: slices below the freeze quantity (F-44). Told by the exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.broker.limits import load_limits
from executor.clock import ManualClock
from executor.desk.slices import MOST, largest, pieces
from executor.domain.ids import Ids
from executor.domain.order import Order
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Protection, Target, Trail
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, House, Watched, rails

Sliced = Callable[..., House]
#: The first quantity refused; so 60 are three orders of 24, 24 and 12.
FREEZE = 25


@pytest.fixture
def sliced(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Sliced:
    """A reconciled house whose SBIN (at 800) takes fewer than 25 in one order; stop 1 %, target 2 %."""

    def build(**changes: Any) -> House:
        fields = {"protection": Protection.SINGLE, "rails": rails(max_quantity=1000), **changes}
        house = House(sqlite_store, clock, ids, strategy=a_strategy(account=ACCOUNT, **fields))
        house.contract = replace(house.contract, freeze=FREEZE)
        house.price("800")
        house.run(3)
        return house

    return build


def enter(house: House, units: int = 60) -> Any:
    signal = house.signal("buy", price="800", size={"quantity": str(units)})
    house.run(8)
    return signal


def open_units(rows: list[Any]) -> list[int]:
    """What each order may still trade, the largest first."""
    return sorted((row["quantity"] - row["filled"] for row in rows), reverse=True)


def stops(house: House) -> list[int]:
    return open_units(house.working(type="STOPLOSS_LIMIT"))


def none_is_too_large(house: House) -> bool:
    asked = house.requests("placeOrder") + house.requests("modifyOrder")
    return all(int(row["body"]["quantity"]) < FREEZE for row in asked) and all(
        row["quantity"] < FREEZE for row in house.orders()
    )


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


def test_an_add_grows_the_last_stop_first(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    house.signal("buy", price="800", size={"quantity": "20"})
    house.run(8)

    assert stops(house) == [24, 24, 24, 8]
    assert house.net() == 80


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


def test_the_stops_trigger_together_and_nothing_is_left(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    house.price("790")
    house.run(8)

    assert (house.net(), house.working()) == (0, [])


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


def test_an_order_never_has_more_than_its_slice(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    assert all(row.sent_quantity < FREEZE for row in house.book.rows.tables[Order].values())
