"""Seeded mornings of signals, prices, parts, faults, hands and restarts; at rest every invariant must hold.

More seeds: `WALKS=500 pytest tests/desk/test_random_walk.py`. A failure names its seed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Short
from executor.store.store import Store
from tests.desk.truth import assert_at_rest
from tests.house import House, rails

SEEDS = int(os.environ.get("WALKS", "5"))
FIRST = int(os.environ.get("FIRST_WALK", "0"))
STEPS = 25

READS = ("getOrderBook", "getTradeBook", "getPosition", "getLtpData")
LOST_SESSION = ("refuse", {"code": "AG8001", "message": "Invalid Token"})
WRITES = ("placeOrder", "modifyOrder", "cancelOrder")


class Walk:
    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.random = Random(seed)
        self.log: list[str] = []
        house.latency = lambda: self.random.choice((0.0, 0.0, 0.2, 0.6, 1.5))
        house.strategy = replace(
            house.strategy, short=self.random.choice(tuple(Short)[:2]), rails=rails(max_quantity=40, max_trades=999)
        )

    def step(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (5, self.enter),
            (3, self.leave),
            (3, self.reduce),
            (6, self.move_price),
            (4, self.fill_part),
            (3, self.break_write),
            (2, self.break_read),
            (1, self.cancel_by_hand),
            (1, self.start_again),
        ]
        act = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        act()
        self.log.append(act.__name__)
        self.house.run(self.random.choice((0.25, 0.5, 1, 2, 4, 9)))

    def enter(self) -> None:
        fields = {} if self.random.random() < 0.5 else {"price": str(self.last())}
        self.house.signal(self.random.choice(("buy", "buy", "sell")), ago=self.random.choice((0, 0, 2, 30)), **fields)

    def leave(self) -> None:
        self.house.signal("exit", ago=self.random.choice((0, 0, 2)))

    def reduce(self) -> None:
        self.house.signal(self.random.choice(("sell", "buy")), size={"quantity": str(self.random.randrange(1, 9))})

    def move_price(self) -> None:
        step = self.random.choice((-12, -6, -3, -1, 1, 3, 6, 12))
        self.house.price(max(Decimal(750), min(Decimal(850), self.last() + step)))

    def fill_part(self) -> None:
        """The market takes a part at a price that the order allows; both exits may be hit."""
        working = [row for row in self.house.working() if row["quantity"] > row["filled"]]
        if working:
            order = self.random.choice(working)
            self.house.fill(order, self.random.randrange(1, order["quantity"] - order["filled"] + 1))

    def break_write(self) -> None:
        kind, more = self.random.choice((
            ("cut_before", {}), ("cut_after", {}), ("late", {"seconds": self.random.choice((2, 6, 20))}),
            ("refuse", {"code": "AB1007", "message": "Invalid something"}), ("drop", {}), ("rate", {}), ("html", {}),
            ("empty", {}), ("status", {"status": 500, "body": "oops"}), LOST_SESSION,
        ))  # fmt: skip
        self.house.fault(self.random.choice(WRITES), kind, times=self.random.randrange(1, 4), **more)

    def break_read(self) -> None:
        kind, more = self.random.choice((
            ("null_book", {}), ("html", {}), ("cut_before", {}), ("rate", {}), ("empty", {}), ("lag", {"seconds": 3}),
            LOST_SESSION,
        ))  # fmt: skip
        self.house.fault(self.random.choice(READS), kind, times=self.random.randrange(1, 6), **more)

    def cancel_by_hand(self) -> None:
        if working := self.house.working():
            self.house.cancel(self.random.choice(working))

    def start_again(self) -> None:
        self.house.workers.coming.clear()
        self.house.start()

    def last(self) -> Decimal:
        return Decimal(self.house.state()["prices"]["NSE:3045"])

    def rest(self) -> None:
        """No more trouble: what waits is worked off, also through the faults that are still planted."""
        self.house.latency = lambda: 0.0
        for _ in range(12):
            self.house.run(25)
            with suppress(AssertionError):
                return assert_at_rest(self.house)
        assert_at_rest(self.house)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_at_rest_everything_is_right(sqlite_store: Store, clock: ManualClock, ids: Ids, seed: int) -> None:
    house = House(sqlite_store, clock, ids)
    house.price("800")
    house.run(3)
    walk = Walk(house, seed)

    for _ in range(STEPS):
        walk.step()

    walk.rest()
