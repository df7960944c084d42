"""Several targets with shares that the price watches (`single`): a part leaves when its own is reached."""

from __future__ import annotations

import pytest

from executor.broker.port import Session
from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.intent import Intent, IntentKind, Sent
from executor.domain.order import OrderType
from executor.domain.reading import Query, Reading
from executor.domain.strategy import Protection
from executor.store.store import Store
from tests.desk.test_restart import kill, live_until_killed
from tests.desk.test_targets import Opened, opening, percents, the_stop
from tests.house import House, Watched


@pytest.fixture
def opened(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Opened:
    return opening(sqlite_store, clock, ids)


@pytest.fixture
def single(opened: Opened) -> House:
    return opened(Protection.SINGLE)


def test_only_the_stop_rests_whatever_the_targets(single: House) -> None:
    assert [(row["type"], row["quantity"]) for row in single.working()] == [("STOPLOSS_LIMIT", 10)]


def test_a_part_that_is_reached_leaves_after_the_stop_was_shrunk(single: House) -> None:
    watched, stop = Watched(single), the_stop(single)["orderid"]

    single.price("808")
    single.run(6)

    assert (single.net(), single.stopped(), single.leaving()) == (5, 5, [])
    assert the_stop(single)["orderid"] == stop
    assert [(row["type"], row["quantity"]) for row in single.orders()[2:]] == [("LIMIT", 5)]
    assert watched.beyond["all"] <= 0


def test_a_part_waits_while_the_stop_is_not_known_to_be_smaller(single: House) -> None:
    watched = Watched(single)
    single.fault("modifyOrder", "drop")

    single.price("808")
    single.run(10)

    assert (single.net(), single.stopped()) == (5, 5)
    assert watched.beyond["all"] <= 0


def test_part_after_part_leaves_and_the_last_one_turns_the_stop(single: House) -> None:
    watched = Watched(single)
    for price, left in (("808", 5), ("816", 2), ("824", 0)):
        single.price(price)
        single.run(8)
        assert (single.net(), single.stopped()) == (left, left)

    _, stop, *exits = single.orders()
    assert (stop["type"], stop["filled"], stop["status"]) == ("LIMIT", 2, "complete")
    assert [row["quantity"] for row in exits] == [5, 3]
    assert single.working() == []
    assert watched.beyond["all"] <= 0


def test_a_gap_over_all_targets_leaves_by_parts_that_never_oversell(single: House) -> None:
    watched = Watched(single)

    single.price("830")
    single.run(12)

    assert (single.net(), single.working()) == (0, [])
    assert watched.beyond["all"] <= 0


def test_shares_below_a_hundred_leave_a_rest_to_the_stop_alone(opened: Opened) -> None:
    house = opened(Protection.SINGLE, percents(("1", "50"), ("2", "20")))

    house.price("830")
    house.run(12)

    assert (house.net(), house.stopped(), house.leaving()) == (3, 3, [])


def test_a_share_that_rounds_to_nothing_never_leaves(opened: Opened) -> None:
    house = opened(Protection.SINGLE, percents(("1", "20"), ("2", "80")), size={"quantity": "3"})

    house.price("808")
    house.run(6)
    at_the_first = (house.net(), house.stopped(), len(house.orders()))
    house.price("816")
    house.run(8)

    assert at_the_first == (3, 3, 2)
    assert (house.net(), house.working()) == (0, [])


class PriceFalls:
    """A broker before whom the price falls, once, just as something is about to be sold at a limit."""

    def __init__(self, house: House, to: str) -> None:
        self._house, self._to, self._broker = house, to, house.workers.broker
        house.workers.broker = self

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self._broker.open_session(saved, may_log_in=may_log_in)

    def read(self, query: Query) -> Reading:
        return self._broker.read(query)

    def send(self, intent: Intent) -> Sent:
        if intent.kind is not IntentKind.CANCEL and intent.request.type is OrderType.LIMIT and self._to:
            self._house.price(self._to)
            self._to = ""
        return self._broker.send(intent)


def test_a_part_whose_exit_does_not_fill_is_moved_after_the_price(single: House) -> None:
    watched = Watched(single)
    PriceFalls(single, "802")

    single.price("808")
    single.run(8)

    assert (single.net(), single.stopped(), single.leaving()) == (5, 5, [])
    assert watched.beyond["all"] <= 0


@pytest.mark.parametrize("kind", ["refuse", "reject"])
@pytest.mark.parametrize(("times", "left"), [(1, 5), (2, 10)])
def test_a_part_that_is_not_taken_is_tried_once_more_then_its_target_is_given_up(
    single: House, kind: str, times: int, left: int
) -> None:
    more = {"code": "AB1008", "message": "no"} if kind == "refuse" else {"text": "no"}
    single.fault("placeOrder", kind, times=times, **more)

    single.price("808")
    single.run(40)

    assert (single.net(), single.stopped(), single.leaving()) == (left, left, [])
    assert bool(single.said("target_dropped")) is (times == 2)
    single.price("830")
    single.run(12)
    assert single.net() == left - 5
    assert single.stopped() == single.net()


def test_an_add_after_a_part_has_left_is_for_all_targets_again(single: House) -> None:
    single.price("808")
    single.run(8)
    single.price("800")
    single.signal("buy", price="800")
    single.run(10)
    watched = Watched(single)

    for price, left in (("808", 10), ("816", 4), ("824", 0)):  # of 20: 10 less 5 sold, 6, 4
        single.price(price)
        single.run(8)
        assert (single.net(), single.stopped()) == (left, left)

    assert watched.beyond["all"] <= 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("sends", [0, 1])
def test_killed_while_a_part_leaves_nothing_is_sold_twice(single: House, when: str, sends: int) -> None:
    kill(single, when, sends_before=sends)
    single.price("808")
    live_until_killed(single, 8)

    single.start()
    watched = Watched(single)
    single.run(40)

    assert (single.net(), single.stopped(), single.leaving()) == (5, 5, [])
    assert watched.beyond["all"] <= 0
