"""`cancel` withdraws entries that rest, `modify` moves stop and targets of what is held. Told by the exchange."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Protection, Short
from tests.desk.test_entry_life import limit, protection, stop, the_entry
from tests.house import House, Watched

Targets = list[dict[str, str]]

HALVES: Targets = [{"percent": "1", "share": "50"}, {"percent": "3", "share": "50"}]


def the_stop(house: House) -> Any:
    (found,) = house.working(type="STOPLOSS_LIMIT")
    return found


@pytest.fixture
def long(house: House) -> House:
    """Ten SBIN held from 800: stop at 792, target at 816, both resting."""
    house.long()
    return house


@pytest.fixture
def seen(house: House) -> House:
    """The same under `single`: only the stop rests."""
    house.strategy = replace(house.strategy, protection=Protection.SINGLE)
    house.long()
    return house


# -- the action `cancel` -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [limit("796"), stop("803")])
def test_cancel_withdraws_an_entry_that_rests(house: House, order: dict[str, str]) -> None:
    entry = house.signal("buy", price="800", order=order, interval="5")
    house.run(5)

    signal = house.signal("cancel")
    house.run(8)

    assert [row["status"] for row in house.orders()] == ["cancelled"]
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.ended(entry).outcome is Outcome.NOT_FILLED


def test_cancel_keeps_what_filled_with_its_stop_and_target(house: House) -> None:
    entry = house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)
    house.fill(the_entry(house), 4)
    house.run(5)

    signal = house.signal("cancel")
    house.run(8)

    assert (the_entry(house)["status"], house.net()) == ("cancelled", 4)
    assert protection(house) == [("STOPLOSS_LIMIT", 4, "788.05"), ("LIMIT", 4, "811.95")]
    assert house.ended(signal).outcome is Outcome.FILLED
    assert house.ended(entry).outcome is Outcome.PARTLY_FILLED


def test_cancel_withdraws_an_add_and_leaves_the_position_alone(house: House) -> None:
    house.long()
    before = [row["orderid"] for row in house.working()]
    house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)

    house.signal("cancel")
    house.run(8)

    assert [row["orderid"] for row in house.working()] == before
    assert (house.net(), house.stopped(), house.targeted()) == (10, 10, 10)


@pytest.mark.parametrize("held", [True, False])
def test_cancel_with_no_entry_waiting_has_nothing_to_do(house: House, held: bool) -> None:
    if held:
        house.long()
    before = len(house.requests("cancelOrder"))

    signal = house.signal("cancel")
    house.run(5)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert len(house.requests("cancelOrder")) == before
    assert house.stopped() == (10 if held else 0)


def test_an_entry_fired_before_the_cancel_that_comes_after_it_is_superseded(house: House) -> None:
    house.signal("cancel")
    house.run(2)

    entry = house.signal("buy", ago=4, price="800", order=limit("796"))
    house.run(5)

    assert house.orders() == []
    assert house.ended(entry).outcome is Outcome.SUPERSEDED


def test_a_cancel_that_is_lost_is_sent_again(house: House) -> None:
    house.fault("cancelOrder", "drop")
    house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)

    house.signal("cancel")
    house.run(15)

    assert [row["status"] for row in house.orders()] == ["cancelled"]
    assert len(house.requests("cancelOrder")) == 2


# -- the action `modify`: the stop --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "trigger"),
    [
        ({"price": "796"}, "796.00"),
        ({"percent": "0.5"}, "796.00"),
        ({"points": "3"}, "797.00"),
        ({"price": "796.03"}, "796.05"),
    ],
)
def test_modify_moves_the_stop_nearer_by_one_modify_of_the_order_that_rests(
    long: House, asked: dict[str, str], trigger: str
) -> None:
    stop_id = the_stop(long)["orderid"]

    signal = long.signal("modify", stop_loss=asked)
    long.run(5)

    assert long.ended(signal).outcome is Outcome.FILLED
    assert (the_stop(long)["orderid"], the_stop(long)["trigger"], the_stop(long)["quantity"]) == (stop_id, trigger, 10)
    assert [row["body"]["orderid"] for row in long.requests("modifyOrder")] == [stop_id]
    assert long.leaving() == [("816.00", 10)]
    assert len(long.orders()) == 3


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"stop_loss": {"price": "791.95"}}, RefusalCode.STOP_LOOSER),
        ({"stop_loss": {"percent": "2"}}, RefusalCode.STOP_LOOSER),
        ({"stop_loss": {"price": "800"}}, RefusalCode.STOP_WRONG_SIDE),
        ({"stop_loss": {"price": "805"}}, RefusalCode.STOP_WRONG_SIDE),
        ({"take_profit": [{"price": "799"}]}, RefusalCode.TARGET_WRONG_SIDE),
        (
            {"take_profit": [{"percent": "1", "share": "60"}, {"percent": "2", "share": "50"}]},
            RefusalCode.TARGET_SHARES,
        ),
        ({"stop_loss": {"price": "796"}, "take_profit": [{"price": "800"}]}, RefusalCode.TARGET_WRONG_SIDE),
        ({}, RefusalCode.BAD_FIELD),
    ],
)
def test_what_modify_may_not_do_is_refused_whole(long: House, asked: dict[str, Any], code: RefusalCode) -> None:
    signal = long.signal("modify", **asked)
    long.run(5)

    assert (long.ended(signal).outcome, long.ended(signal).code) == (Outcome.REFUSED, code)
    assert (the_stop(long)["trigger"], long.leaving()) == ("792.00", [("816.00", 10)])
    assert long.requests("modifyOrder") == []


def test_a_stop_that_was_moved_nearer_cannot_be_moved_back(long: House) -> None:
    long.signal("modify", stop_loss={"price": "797"})
    long.run(5)

    second = long.signal("modify", stop_loss={"price": "796"})
    long.run(5)

    assert long.ended(second).code is RefusalCode.STOP_LOOSER
    assert the_stop(long)["trigger"] == "797.00"


@pytest.mark.parametrize("ago", [0, 61])
def test_modify_of_a_lane_that_holds_nothing_changes_nothing(house: House, ago: int) -> None:
    signal = house.signal("modify", ago=ago, stop_loss={"price": "796"})
    house.run(5)

    assert house.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert house.orders() == []


def test_a_stale_modify_expires(long: House) -> None:
    signal = long.signal("modify", ago=61, stop_loss={"price": "796"})
    long.run(5)

    assert long.ended(signal).outcome is Outcome.EXPIRED
    assert the_stop(long)["trigger"] == "792.00"


def test_modify_can_make_the_stop_follow(long: House) -> None:
    signal = long.signal("modify", stop_loss={"trail": {"points": "4"}})
    long.run(5)
    long.price("806")
    long.run(5)

    assert long.ended(signal).outcome is Outcome.FILLED
    assert (the_stop(long)["trigger"], the_stop(long)["quantity"]) == ("802.00", 10)


def test_modify_waits_for_an_entry_that_rests_and_then_moves_its_stop(house: House) -> None:
    house.signal("buy", price="800", order=limit("796"), interval="5")
    house.run(5)
    signal = house.signal("modify", stop_loss={"price": "794"})
    house.run(3)
    house.price("796")
    house.run(8)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert protection(house) == [("STOPLOSS_LIMIT", 10, "794.00"), ("LIMIT", 10, "811.95")]


@pytest.mark.parametrize(
    ("asked", "trigger", "code"),
    [
        ("804", "804.00", None),
        ("809", "808.00", RefusalCode.STOP_LOOSER),
        ("799", "808.00", RefusalCode.STOP_WRONG_SIDE),
    ],
)
def test_modify_of_a_shorts_stop(house: House, asked: str, trigger: str, code: RefusalCode | None) -> None:
    house.strategy = replace(house.strategy, short=Short.INTRADAY_CASH)
    house.signal("sell", price="800")
    house.run(6)

    signal = house.signal("modify", stop_loss={"price": asked})
    house.run(5)

    assert house.ended(signal).code is code
    assert (the_stop(house)["trigger"], the_stop(house)["quantity"]) == (trigger, 10)


@pytest.mark.parametrize("kind", ["drop", "cut_before", "cut_after", "refuse"])
def test_a_modify_whose_answer_fails_is_made_all_the_same(long: House, kind: str) -> None:
    more = {"code": "AB1007", "message": "no"} if kind == "refuse" else {}
    long.fault("modifyOrder", kind, **more)

    long.signal("modify", stop_loss={"price": "796"})
    long.run(15)

    assert (the_stop(long)["trigger"], the_stop(long)["quantity"], len(long.orders())) == ("796.00", 10, 3)


def test_a_modify_behind_an_exit_changes_nothing(long: House) -> None:
    long.signal("exit")
    signal = long.signal("modify", stop_loss={"price": "796"}, take_profit=HALVES)
    long.run(10)

    assert long.ended(signal).outcome is Outcome.NOTHING_TO_DO
    assert (long.net(), long.working()) == (0, [])


# -- the action `modify`: targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [None, "drop", "late"])
def test_new_targets_take_the_place_of_the_old_and_never_rest_beside_them(long: House, lost: str | None) -> None:
    beyond = Watched(long).beyond
    if lost:
        long.fault("cancelOrder", lost, **({"seconds": 3} if lost == "late" else {}))

    signal = long.signal("modify", take_profit=HALVES)
    long.run(15)

    assert long.ended(signal).outcome is Outcome.FILLED
    assert long.leaving() == [("808.00", 5), ("824.00", 5)]
    assert (long.stopped(), the_stop(long)["trigger"]) == (10, "792.00")
    assert [row["status"] for row in long.orders(price="816.00")] == ["cancelled"]
    assert beyond["limits"] <= 0


def test_a_target_that_fills_while_it_is_being_replaced_counts(long: House) -> None:
    long.fault("cancelOrder", "late", seconds=3)
    old = long.working(type="LIMIT")[0]

    long.signal("modify", take_profit=HALVES)
    long.run(1)
    long.fill(old, 4)
    long.run(15)

    assert (long.net(), long.stopped(), long.targeted()) == (6, 6, 6)


def test_new_targets_after_one_has_filled_are_for_what_is_left(long: House) -> None:
    long.signal("modify", take_profit=HALVES)
    long.run(8)
    long.price("808")
    long.run(6)

    long.signal("modify", take_profit=[{"price": "812"}])
    long.run(8)

    assert (long.net(), long.stopped(), long.leaving()) == (5, 5, [("812.00", 5)])


def test_new_halves_after_a_half_has_left_are_halves_of_what_is_left(long: House) -> None:
    long.signal("modify", take_profit=HALVES)
    long.run(8)
    long.price("808")
    long.run(6)

    long.signal("modify", take_profit=[{"price": "812", "share": "60"}, {"price": "820", "share": "40"}])
    long.run(8)

    assert (long.net(), long.stopped()) == (5, 5)
    assert long.leaving() == [("812.00", 3), ("820.00", 2)]


def test_stop_and_targets_move_together(long: House) -> None:
    beyond = Watched(long).beyond

    long.signal("modify", stop_loss={"price": "797"}, take_profit=HALVES)
    long.run(10)

    assert (the_stop(long)["trigger"], long.leaving()) == ("797.00", [("808.00", 5), ("824.00", 5)])
    assert beyond["limits"] <= 0


def test_under_single_new_targets_are_watched_and_nothing_more_rests(seen: House) -> None:
    beyond = Watched(seen).beyond

    seen.signal("modify", stop_loss={"price": "796"}, take_profit=HALVES)
    seen.run(5)
    resting = [(row["type"], row["quantity"], row["trigger"]) for row in seen.working()]
    seen.price("808")
    seen.run(8)

    assert resting == [("STOPLOSS_LIMIT", 10, "796.00")]
    assert (seen.net(), seen.stopped(), seen.leaving()) == (5, 5, [])
    seen.price("824")
    seen.run(8)
    assert (seen.net(), seen.working()) == (0, [])
    assert beyond["all"] <= 0


def test_new_targets_live_over_a_restart(long: House) -> None:
    long.signal("modify", stop_loss={"price": "796"}, take_profit=HALVES)
    long.run(8)
    before = [row["orderid"] for row in long.working()]

    long.start()
    long.run(8)

    assert [row["orderid"] for row in long.working()] == before
    assert (the_stop(long)["trigger"], long.leaving()) == ("796.00", [("808.00", 5), ("824.00", 5)])


# -- an add while the stop is being modified ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["late", "drop", "cut_after", "cut_before"])
@pytest.mark.parametrize("style", [Protection.PAIR, Protection.SINGLE])
def test_an_add_while_the_stop_is_being_modified_ends_under_one_stop_for_all(
    house: House, style: Protection, kind: str
) -> None:
    house.strategy = replace(house.strategy, protection=style)
    house.long()
    beyond = Watched(house).beyond
    house.fault("modifyOrder", kind, **({"seconds": 4} if kind == "late" else {}))

    house.signal("modify", stop_loss={"price": "796"})
    house.run(0.5)
    house.signal("buy", price="800")
    house.run(20)

    assert (house.net(), the_stop(house)["quantity"], the_stop(house)["trigger"]) == (20, 20, "796.00")
    assert house.targeted() == (20 if style is Protection.PAIR else 0)
    assert beyond["stops"] <= 0


def test_an_add_while_the_answer_to_a_modify_is_awaited(house: House) -> None:
    house.long()
    house.latency = lambda: 1.5

    house.signal("modify", stop_loss={"price": "796"})
    house.run(1)
    house.signal("buy", price="800")
    house.run(40)

    assert (house.net(), the_stop(house)["quantity"], the_stop(house)["trigger"]) == (20, 20, "796.00")
    assert house.targeted() == 20
