"""Several targets with shares, resting beside the stop (`pair`). Told by the exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Protection, Short, Target
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, House, Watched, rails

Opened = Callable[..., House]


def percents(*shares: tuple[str, str]) -> tuple[Target, ...]:
    """Targets at so many percent, each with its share."""
    return tuple(Target(Level(LevelKind.PERCENT, Decimal(at)), Decimal(share)) for at, share in shares)


THREE = percents(("1", "50"), ("2", "30"), ("3", "20"))


def opening(store: Store, clock: ManualClock, ids: Ids) -> Opened:
    """Ten SBIN held from 800 with a stop at 792 and three targets: 808 for 5, 816 for 3, 824 for 2."""

    def build(protection: Protection, targets: tuple[Target, ...] = THREE, action: str = "buy", **more: Any) -> House:
        strategy = a_strategy(
            account=ACCOUNT, rails=rails(), protection=protection, take_profit=targets, short=Short.INTRADAY_CASH
        )
        house = House(store, clock, ids, strategy=strategy)
        house.price("800")
        house.run(3)
        house.signal(action, price="800", **more)
        house.run(8)
        return house

    return build


@pytest.fixture
def opened(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Opened:
    return opening(sqlite_store, clock, ids)


@pytest.fixture
def pair(opened: Opened) -> House:
    return opened(Protection.PAIR)


def the_stop(house: House) -> Any:
    (stop,) = house.working(type="STOPLOSS_LIMIT")
    return stop


def test_all_targets_rest_beside_one_stop_for_all(pair: House) -> None:
    assert pair.leaving() == [("808.00", 5), ("816.00", 3), ("824.00", 2)]
    assert (the_stop(pair)["quantity"], the_stop(pair)["trigger"]) == (10, "792.00")
    assert pair.requests("modifyOrder") == []


def test_a_target_that_fills_shrinks_the_stop_by_modify_and_leaves_the_others(pair: House) -> None:
    before = {row["orderid"] for row in pair.working()}

    pair.price("808")
    pair.run(6)

    assert (pair.net(), pair.stopped()) == (5, 5)
    assert pair.leaving() == [("816.00", 3), ("824.00", 2)]
    assert {row["orderid"] for row in pair.orders()[1:]} == before, "nothing new was placed"
    assert [row["body"]["orderid"] for row in pair.requests("modifyOrder")] == [the_stop(pair)["orderid"]]


def test_each_target_in_turn_until_nothing_is_left(pair: House) -> None:
    for price, left in (("808", 5), ("816", 2), ("824", 0)):
        pair.price(price)
        pair.run(6)
        assert (pair.net(), pair.stopped()) == (left, left)

    assert pair.working() == []
    assert len(pair.orders()) == 5


def test_a_gap_over_all_targets_leaves_nothing_behind(pair: House) -> None:
    pair.price("830")
    pair.run(8)

    assert (pair.net(), pair.working()) == (0, [])


def test_the_stop_takes_all_and_the_targets_are_withdrawn(pair: House) -> None:
    pair.price("791")
    pair.run(8)

    assert (pair.net(), pair.working()) == (0, [])
    assert sorted(row["status"] for row in pair.orders()[2:]) == ["cancelled"] * 3


def test_a_target_filled_in_part_shrinks_the_stop_and_only_itself(pair: House) -> None:
    pair.fill(pair.working(price="808.00")[0], 2)
    pair.run(6)

    assert (pair.net(), pair.stopped()) == (8, 8)
    assert pair.leaving() == [("808.00", 3), ("816.00", 3), ("824.00", 2)]
    assert len(pair.requests("modifyOrder")) == 1


def test_an_add_makes_each_target_larger_by_its_share(pair: House) -> None:
    pair.signal("buy", price="800")
    pair.run(10)

    assert (pair.net(), pair.stopped()) == (20, 20)
    assert pair.leaving() == [("808.00", 10), ("816.00", 6), ("824.00", 4)]
    assert len(pair.orders()) == 6, "they grow by modify"


def test_an_add_after_a_target_has_filled_counts_what_it_sold(pair: House) -> None:
    pair.price("808")
    pair.run(6)
    pair.price("800")
    pair.signal("buy", price="800")
    pair.run(12)

    assert (pair.net(), pair.stopped()) == (15, 15)
    assert pair.leaving() == [("808.00", 5), ("816.00", 6), ("824.00", 4)]  # of 20: 10 less 5 sold, 6, 4


def test_an_add_at_another_price_moves_targets_and_stop(pair: House) -> None:
    pair.price("804")
    pair.signal("buy", price="804")
    pair.run(10)

    assert (pair.net(), pair.stopped(), the_stop(pair)["trigger"]) == (20, 20, "794.00")  # average 802
    assert pair.leaving() == [("810.05", 10), ("818.05", 6), ("826.10", 4)]


def test_a_share_that_rounds_to_nothing_is_left_out_and_said_in_the_plan(opened: Opened) -> None:
    house = opened(Protection.PAIR, percents(("1", "20"), ("2", "30"), ("3", "50")), size={"quantity": "3"})

    assert house.leaving() == [("816.00", 1), ("824.00", 2)]
    assert house.stopped() == 3
    assert [words for words in house.said("plan") if "808.00 for 0 (20 %, less than a lot: left out)" in words]


def test_shares_below_a_hundred_leave_a_rest_that_only_the_stop_protects(opened: Opened) -> None:
    house = opened(Protection.PAIR, percents(("1", "50"), ("2", "20")))
    assert house.leaving() == [("808.00", 5), ("816.00", 2)]

    house.price("820")
    house.run(8)
    rest = (house.net(), house.stopped(), house.leaving())
    house.price("791")
    house.run(8)

    assert rest == (3, 3, [])
    assert (house.net(), house.working()) == (0, [])


def test_a_short_with_several_targets(opened: Opened) -> None:
    house = opened(Protection.PAIR, action="sell")
    resting = sorted((row["price"], row["quantity"]) for row in house.working(type="LIMIT", side="BUY"))

    house.price("792")
    house.run(6)

    assert resting == [("776.00", 2), ("784.00", 3), ("792.00", 5)]
    assert (house.net(), house.stopped()) == (-5, 5)


@pytest.mark.parametrize("lost", [None, "drop", "late"])
def test_a_part_leaves_only_when_all_targets_together_are_smaller(pair: House, lost: str | None) -> None:
    """A change of the nearest target that comes to nothing, or comes late, holds the part back."""
    watched = Watched(pair)
    if lost:
        target = pair.working(price="808.00")[0]["orderid"]
        more = {"seconds": 3} if lost == "late" else {}
        pair.fault("modifyOrder", lost, match={"orderid": target}, **more)

    signal = pair.signal("sell", size={"quantity": "4"})
    pair.run(14)

    assert (pair.net(), pair.stopped()) == (6, 6)
    assert pair.leaving() == [("808.00", 3), ("816.00", 1), ("824.00", 2)]
    assert pair.ended(signal).outcome is Outcome.FILLED
    assert watched.beyond["stops"] <= 0
    assert watched.beyond["limits"] <= 0


def test_a_full_exit_with_several_targets_never_sells_more_than_is_held(pair: House) -> None:
    watched = Watched(pair)
    signal = pair.signal("exit")
    pair.run(10)

    assert (pair.net(), pair.working()) == (0, [])
    assert pair.ended(signal).outcome is Outcome.FILLED
    assert watched.beyond["limits"] <= 0


def test_a_full_exit_whose_cancels_are_lost_never_sells_more_than_is_held(pair: House) -> None:
    pair.fault("cancelOrder", "drop", times=2)
    signal = pair.signal("exit")
    pair.run(1)
    pair.price("830")  # all that still rests trades
    pair.run(10)

    assert (pair.net(), pair.working()) == (0, [])
    assert pair.ended(signal).outcome is Outcome.FILLED
    assert max(sold_beyond(pair)) == 0


def sold_beyond(house: House) -> list[int]:
    """After each fill: units sold beyond what was held."""
    net, found = 0, [0]
    for fill in house.state()["fills"]:
        net += fill["quantity"] * (1 if fill["side"] == "BUY" else -1)
        found.append(-net)
    return found


def test_a_target_refused_twice_turns_all_targets_over_to_the_price(house: House) -> None:
    house.strategy = replace(house.strategy, protection=Protection.PAIR, take_profit=THREE)
    match = {"ordertype": "LIMIT", "transactiontype": "SELL", "quantity": "3"}
    house.fault("placeOrder", "refuse", times=2, match=match, code="AB1008", message="no")
    house.signal("buy", price="800")
    house.run(15)
    watched = Watched(house)

    assert (house.leaving(), house.stopped()) == ([], 10), "no target order keeps resting"
    assert house.said("target_dropped") != []
    for price, left in (("808", 5), ("816", 2), ("824", 0)):
        house.price(price)
        house.run(8)
        assert (house.net(), house.stopped()) == (left, left)

    assert house.working() == []
    assert watched.beyond["all"] <= 0


@pytest.mark.parametrize("protection", [Protection.PAIR, Protection.SINGLE])
def test_protect_moves_the_next_target_not_one_that_has_sold_its_share(opened: Opened, protection: Protection) -> None:
    house = opened(protection)
    house.price("808")
    house.run(8)

    house.command("protect", bracket=house.brackets()[0].id, target="812")
    house.run(5)
    house.price("812")
    house.run(8)

    assert (house.net(), house.stopped()) == (2, 2)


@pytest.mark.parametrize("protection", [Protection.PAIR, Protection.SINGLE])
def test_a_restart_between_two_targets_goes_on_with_those_that_are_left(opened: Opened, protection: Protection) -> None:
    house = opened(protection)
    house.price("808")
    house.run(8)

    house.start()
    house.run(6)
    watched, before = Watched(house), len(house.orders())
    house.price("800")
    house.run(4)
    assert (house.net(), house.stopped(), len(house.orders())) == (5, 5, before)

    house.price("830")
    house.run(12)
    assert (house.net(), house.working()) == (0, [])
    assert watched.beyond["stops"] <= 0
