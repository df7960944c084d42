"""Stops that follow the price: by modify of the order that rests, only ever nearer. Told by the exchange."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.signal import Outcome
from executor.domain.strategy import Level, LevelKind, Protection, Short, Trail
from executor.store.store import Store
from tests.builders import a_strategy
from tests.desk.test_restart import kill, live_until_killed
from tests.desk.test_target_parts import PriceFalls
from tests.house import ACCOUNT, House, Watched, rails

Trailing = Callable[..., House]


def points(distance: str, step: str | None = None) -> Trail:
    return Trail(Level(LevelKind.POINTS, Decimal(distance)), Decimal(step) if step else None)


def percent(distance: str, step: str | None = None) -> Trail:
    return Trail(Level(LevelKind.PERCENT, Decimal(distance)), Decimal(step) if step else None)


@pytest.fixture
def trailing(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Trailing:
    """Ten SBIN entered at 800, long unless told otherwise, with a stop at 1 % that follows; no target."""

    def build(action: str = "buy", **changes: Any) -> House:
        fields = {"take_profit": (), "short": Short.INTRADAY_CASH, "protection": Protection.PAIR, **changes}
        strategy = a_strategy(account=ACCOUNT, rails=rails(), **fields)
        house = House(sqlite_store, clock, ids, strategy=strategy)
        house.price("800")
        house.run(3)
        house.signal(action, price="800")
        house.run(8)
        return house

    return build


def the_stop(house: House) -> Any:
    (stop,) = house.working(type="STOPLOSS_LIMIT")
    return stop


def walk(house: House, *prices: str) -> list[str]:
    """The trigger of the one stop after each price."""
    found = []
    for price in prices:
        house.price(price)
        house.run(5)
        found.append(the_stop(house)["trigger"])
    return found


def triggers(order: Any) -> list[Decimal]:
    """Every trigger that an order had, in order, changes only."""
    found = [Decimal(version["trigger"]) for version in order["history"]]
    return [one for place, one in enumerate(found) if place == 0 or one != found[place - 1]]


def assert_only_nearer(order: Any) -> None:
    seen = triggers(order)
    assert seen == sorted(seen, reverse=order["side"] == "BUY")


# -- how it follows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "trail", "prices", "stops"),
    [
        ("buy", points("5"), ["800", "803", "801", "810", "806"], ["795.00", "798.00", "798.00", "805.00", "805.00"]),
        ("buy", points("5", "2"), ["801", "801.9", "802", "805"], ["795.00", "795.00", "797.00", "800.00"]),
        ("buy", percent("0.5"), ["808", "804.5", "810"], ["804.00", "804.00", "805.95"]),
        ("buy", percent("0.5", "0.25"), ["800", "801.5", "802.5"], ["796.00", "796.00", "798.50"]),
        ("buy", points("9"), ["800", "800.5", "801.5"], ["792.00", "792.00", "792.50"]),
        ("sell", points("5"), ["797", "799", "790", "794"], ["802.00", "802.00", "795.00", "795.00"]),
        ("sell", points("5", "2"), ["799", "798.1", "798"], ["805.00", "805.00", "803.00"]),
        ("sell", percent("0.5"), ["792", "795", "790"], ["795.95", "795.95", "793.95"]),
    ],
)
def test_the_stop_follows_the_price_by_modify_and_only_nearer(
    trailing: Trailing, action: str, trail: Trail, prices: Sequence[str], stops: Sequence[str]
) -> None:
    house = trailing(action, trail=trail)
    stop = the_stop(house)["orderid"]

    found = walk(house, *prices)

    assert found == stops
    assert (the_stop(house)["orderid"], the_stop(house)["quantity"], len(house.orders())) == (stop, 10, 2)
    assert_only_nearer(the_stop(house))
    changed = len(triggers(the_stop(house))) - 1
    assert len(house.requests("modifyOrder")) == changed, "one modify a move"
    assert house.requests("cancelOrder") == []


def test_the_limit_behind_the_trigger_moves_with_it(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))

    walk(house, "805")

    assert (the_stop(house)["trigger"], the_stop(house)["price"]) == ("800.00", "792.00")  # twice the band of 0.5 %


def test_a_price_that_stands_still_moves_nothing(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    walk(house, "805")
    before = len(house.requests("modifyOrder"))

    house.run(60)

    assert len(house.requests("modifyOrder")) == before


def test_over_a_gap_up_the_stop_comes_after_at_once(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))

    assert walk(house, "840") == ["835.00"]
    assert len(house.requests("modifyOrder")) == 2  # to 795 at the entry, to 835 over the gap


def test_over_a_gap_down_through_the_trailed_stop_all_leaves(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    walk(house, "840")

    house.price("820")  # below the stop's limit of 826.65 too
    house.run(15)

    assert (house.net(), house.working()) == (0, [])
    assert all(Decimal(fill["price"]) >= 820 for fill in house.state()["fills"] if fill["side"] == "SELL")


def test_over_a_gap_up_through_a_shorts_trailed_stop_all_leaves(trailing: Trailing) -> None:
    house = trailing("sell", trail=points("5"))
    walk(house, "770")

    house.price("790")
    house.run(15)

    assert (house.net(), house.working()) == (0, [])


def test_the_trailed_stop_takes_the_profit(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    walk(house, "805", "812")

    house.price("806.9")
    house.run(5)

    assert (house.net(), house.working()) == (0, [])
    assert house.orders()[1]["average"] == "806.90"


# -- break-even --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "prices", "stops"),
    [
        ("buy", ["803.9", "804", "801", "810"], ["792.00", "800.00", "800.00", "800.00"]),
        ("sell", ["796.1", "796", "799", "790"], ["808.00", "800.00", "800.00", "800.00"]),
    ],
)
def test_break_even_moves_the_stop_once(
    trailing: Trailing, action: str, prices: Sequence[str], stops: Sequence[str]
) -> None:
    house = trailing(action, breakeven_after=Level(LevelKind.POINTS, Decimal(4)))

    assert walk(house, *prices) == stops
    assert len(house.requests("modifyOrder")) == 1
    assert len(house.orders()) == 2


def test_break_even_and_trail_together_take_the_nearer(trailing: Trailing) -> None:
    house = trailing(breakeven_after=Level(LevelKind.PERCENT, Decimal("0.5")), trail=points("6"))

    assert walk(house, "803", "804", "807") == ["797.00", "800.00", "801.00"]


# -- with other things -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protection", [Protection.PAIR, Protection.SINGLE])
def test_a_restart_keeps_the_moved_stop(trailing: Trailing, protection: Protection) -> None:
    house = trailing(trail=points("5"), protection=protection)
    walk(house, "810")
    before = len(house.requests("modifyOrder"))

    house.start()
    house.price("806")
    house.run(10)
    kept = the_stop(house)["trigger"]
    after = len(house.requests("modifyOrder"))

    assert (kept, after, len(house.orders())) == ("805.00", before, 2)
    assert walk(house, "812") == ["807.00"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_the_stop_is_moved_it_ends_up_where_it_was_to_go(trailing: Trailing, when: str) -> None:
    house = trailing(trail=points("5"))
    kill(house, when)
    house.price("810")
    live_until_killed(house, 8)

    house.price("806")
    house.start()
    house.run(12)

    assert (the_stop(house)["trigger"], house.stopped(), len(house.orders())) == ("805.00", 10, 2)


@pytest.mark.parametrize("kind", ["drop", "cut_after", "cut_before", "refuse"])
def test_a_move_whose_answer_fails_is_made_all_the_same(trailing: Trailing, kind: str) -> None:
    house = trailing(trail=points("5"))
    more = {"code": "AB1007", "message": "no"} if kind == "refuse" else {}
    house.fault("modifyOrder", kind, **more)

    house.price("810")
    house.run(15)

    assert (the_stop(house)["trigger"], house.stopped(), len(house.orders())) == ("805.00", 10, 2)


def test_a_part_that_leaves_keeps_the_trail_for_the_rest(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    walk(house, "810")
    watched = Watched(house)

    signal = house.signal("sell", size={"quantity": "4"})
    house.price("812")
    house.run(10)

    assert house.ended(signal).outcome is Outcome.FILLED
    assert (house.net(), house.stopped(), the_stop(house)["trigger"]) == (6, 6, "807.00")
    assert watched.beyond["stops"] <= 0
    assert_only_nearer(the_stop(house))


def test_an_add_after_the_stop_has_moved_does_not_move_it_back(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    walk(house, "810")

    house.signal("buy", price="810")
    house.run(8)

    assert (house.net(), house.stopped(), the_stop(house)["trigger"]) == (20, 20, "805.00")
    assert walk(house, "813") == ["808.00"]
    assert_only_nearer(the_stop(house))
    assert len(house.working()) == 1


def test_a_trailing_stop_under_a_target_that_rests(trailing: Trailing) -> None:
    house = trailing(trail=points("5"), take_profit=a_strategy().take_profit)

    walk(house, "810")
    resting = (the_stop(house)["trigger"], house.leaving())
    house.price("816")
    house.run(8)

    assert resting == ("805.00", [("816.00", 10)])
    assert (house.net(), house.working()) == (0, [])


def test_under_single_a_turned_stop_is_turned_back_to_where_the_trail_has_brought_it(trailing: Trailing) -> None:
    house = trailing(trail=points("5"), protection=Protection.SINGLE, take_profit=a_strategy().take_profit)
    walk(house, "810")
    PriceFalls(house, "812.5")

    house.price("817")
    house.run(3)
    turned = house.orders()[1]["type"]
    house.run(8)

    assert turned == "LIMIT"
    assert (the_stop(house)["trigger"], house.net(), len(house.orders())) == ("812.00", 10, 2)


def test_a_halt_does_not_stop_the_trail(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    house.command("halt")

    assert walk(house, "810") == ["805.00"]


def test_a_kill_leaves_the_stop_where_it_is(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    house.command("kill")

    assert walk(house, "810") == ["795.00"]


# -- the order budget --------------------------------------------------------------------------------------------


@pytest.fixture
def twenty(sqlite_store: Store, clock: ManualClock, ids: Ids) -> House:
    """Twenty positions whose stops trail 5 points behind the one price of SBIN."""
    strategy = a_strategy(account=ACCOUNT, rails=rails(max_trades=100), take_profit=(), trail=points("5"))
    house = House(sqlite_store, clock, ids, strategy=strategy)
    house.price("800")
    house.run(3)
    for number in range(20):
        house.signal("buy", price="800", trade=f"t{number}")
    house.run(15)
    return house


def moments(rows: Sequence[Any], name: str = "at") -> list[datetime]:
    return sorted(datetime.fromisoformat(row[name]) for row in rows)


def writes(house: House) -> list[datetime]:
    """When a place, modify or cancel came to the broker."""
    return moments([row for route in ("placeOrder", "modifyOrder", "cancelOrder") for row in house.requests(route)])


def most_within(at: Sequence[datetime], seconds: float) -> int:
    """The most of them in any window of so many seconds."""
    return max(sum(start <= other < start + timedelta(seconds=seconds) for other in at) for start in at)


def test_twenty_trails_over_five_minutes_stay_in_the_budget_and_hold_up_nobody(twenty: House) -> None:
    """A price that rises nearly all the time: each stop would move every two seconds if it could."""
    price, entered = Decimal(800), []
    for second in range(300):
        price += Decimal("-0.50") if second % 7 == 0 else Decimal("0.25")
        twenty.price(price)
        if second in {10, 20, 150, 290}:
            entered.append(twenty.clock.now())
            twenty.signal("buy", price=str(price), trade=f"new{second}")
        twenty.run(1)

    assert most_within(writes(twenty), 1) <= 8
    assert most_within(writes(twenty), 60) <= 450
    assert len(twenty.requests("placeOrder")) == 48, "one entry and one stop each"
    assert (twenty.net(), twenty.stopped()) == (240, 240)
    stops = twenty.working(type="STOPLOSS_LIMIT")
    for stop in stops:
        assert_only_nearer(stop)
    assert min(Decimal(stop["trigger"]) for stop in stops) > 815, "nobody is left behind for good"
    filled, stopped = moments(twenty.state()["fills"])[20:], moments(stops, "placed_at")[20:]
    for asked, fill, stop_at in zip(entered, filled, stopped, strict=True):
        assert fill - asked <= timedelta(seconds=2), "the entry left at once"
        assert stop_at - fill <= timedelta(seconds=2), "its stop was not held up"


def test_a_lone_trail_that_has_moved_often_is_seconds_behind_at_most(trailing: Trailing) -> None:
    house = trailing(trail=points("5"))
    for step in range(30):
        house.price(str(800 + step))
        house.run(3)

    house.run(8)
    assert the_stop(house)["trigger"] == "824.00"
    assert len(house.orders()) == 2
