"""100 entries with stops at once, by the simulator's log: never over 9 writes or one order book a second, also across a
restart in the middle; an exit given meanwhile goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.store import Store
from tests.builders import a_strategy
from tests.house import ACCOUNT, House, rails

PULSE_S = 0.125
WRITES = ("placeOrder", "modifyOrder", "cancelOrder")


def a_house(store: Store, clock: ManualClock, ids: Ids) -> House:
    wide = rails(max_quantity=10_000, max_open=1000, max_trades=1000)
    house = House(store, clock, ids, strategy=a_strategy(account=ACCOUNT, rails=wide))
    house.price("800")
    house.run(3)
    return house


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> House:
    return a_house(store, clock, ids)


def pass_time(house: House, seconds: float) -> None:
    """In pulses shorter than the loop's sweep, as it has them while something waits."""
    for _ in range(round(seconds / PULSE_S)):
        house.clock.advance(PULSE_S)
        house.workers.deliver()
        while house.loop.round(house.stop, wait_s=0):
            pass


def moments(house: House, *routes: str) -> list[float]:
    rows = [row for route in routes for row in house.requests(route)]
    return sorted(datetime.fromisoformat(row["at"]).timestamp() for row in rows)


def most_in_a_second(at: list[float]) -> int:
    return max(sum(one <= other < one + 1 for other in at) for one in at)


def refused_for_rate(house: House) -> int:
    return sum(row["answer_kind"] == "rate" for row in house.state()["requests"])


def enter(house: House, count: int) -> None:
    for number in range(count):
        house.signal("buy", price="800", trade=f"t{number}")


def test_a_hundred_entries_with_their_stops_stay_below_every_limit_also_across_a_restart(house: House) -> None:
    enter(house, 100)
    pass_time(house, 6)
    house.start()
    pass_time(house, 24)

    house.until(lambda: house.net() == house.stopped(), within=30)  # all are in, and have their stops
    assert house.net() > 500
    assert len(house.orders(side="BUY")) == len({one["tag"] for one in house.orders(side="BUY")})
    assert most_in_a_second(moments(house, *WRITES)) <= 8
    assert most_in_a_second(moments(house, "getOrderBook")) == 1
    assert refused_for_rate(house) == 0


def test_an_exit_in_the_burst_is_among_the_next_five_writes(house: House) -> None:
    house.signal("buy", price="800", trade="held")
    pass_time(house, 4)
    enter(house, 50)
    pass_time(house, 3)
    before = len(writes(house))

    house.signal("exit", price="800", trade="held")
    pass_time(house, 2)

    following = writes(house)[before : before + 5]
    assert any(is_exit(row) for row in following)


def test_an_exit_right_after_a_restart_in_the_burst_is_among_the_next_five_writes(house: House) -> None:
    house.signal("buy", price="800", trade="held")
    pass_time(house, 4)
    enter(house, 100)
    pass_time(house, 3)
    house.start()
    before = len(writes(house))

    house.signal("exit", price="800", trade="held")
    pass_time(house, 4)

    following = writes(house)[before:]
    assert len(following) > 5  # the burst goes on behind it
    assert any(is_exit(row) for row in following[:5])
    assert most_in_a_second(moments(house, *WRITES)) <= 8


def writes(house: House) -> list[dict[str, object]]:
    return [row for row in house.state()["requests"] if row["route"] in WRITES]


def is_exit(row: dict[str, object]) -> bool:
    """The stop of what is left, re-priced into a marketable order."""
    found: Callable[[str], object] = dict(row["body"]).get  # type: ignore[call-overload]
    return row["route"] == "modifyOrder" and found("ordertype") == "LIMIT"
