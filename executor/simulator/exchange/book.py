"""All versions of all orders, all fills, and the numbers given to them.

Invariant: versions of one order are in time order and none is ever changed or removed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from random import Random
from uuid import UUID

from executor.clock import IST
from executor.simulator.exchange.instrument import InstrumentKey
from executor.simulator.exchange.orders import Fill, Order


class Book:
    """Orders by id in order of arrival; fills in order of trading."""

    def __init__(self) -> None:
        self._versions: dict[str, list[Order]] = {}
        self._by_unique: dict[str, str] = {}
        self._working: dict[InstrumentKey, dict[str, None]] = {}
        self._fills: list[Fill] = []
        self._log: list[Order] = []
        self.revision = 0  #: grows with every change

    def put(self, order: Order) -> Order:
        """Add a version of a new or known order; return it."""
        self.revision += 1
        self._versions.setdefault(order.order_id, []).append(order)
        self._log.append(order)
        self._by_unique[order.unique_id] = order.order_id
        working = self._working.setdefault(order.instrument.key, {})
        if order.state.is_working:
            working[order.order_id] = None
        else:
            working.pop(order.order_id, None)
        return order

    def put_fill(self, fill: Fill) -> None:
        self.revision += 1
        self._fills.append(fill)

    def get(self, name: str) -> Order | None:
        """Return the present version of an order by its id or unique id."""
        versions = self._versions.get(self._by_unique.get(name, name))
        return versions[-1] if versions else None

    def history(self, order_id: str) -> list[Order]:
        return list(self._versions[order_id])

    @property
    def version_count(self) -> int:
        return len(self._log)

    def versions_from(self, number: int) -> list[Order]:
        """Return the versions of all orders but for the first `number`, in the order in which they came to be."""
        return self._log[number:]

    def orders(self, as_of: datetime) -> Iterator[Order]:
        """Yield each order as it was at `as_of`; later ones are left out."""
        for versions in self._versions.values():
            seen = bisect_right(versions, as_of, key=lambda version: version.updated_at)
            if seen:
                yield versions[seen - 1]

    def fills(self, as_of: datetime) -> list[Fill]:
        return [fill for fill in self._fills if fill.at <= as_of]

    def working(self, key: InstrumentKey) -> list[Order]:
        """Return the working orders of one instrument, oldest first."""
        return [self._versions[order_id][-1] for order_id in self._working.get(key, ())]

    def watched(self) -> list[InstrumentKey]:
        """Return the instruments that have working orders."""
        return [key for key, ids in self._working.items() if ids]


class Numbers:
    """The numbers that an exchange hands out, from one seeded Random."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last_order = random.randrange(100_000, 900_000)
        self._last_fill = random.randrange(10_000_000, 50_000_000)

    def go_on_above(self, *, order: int, fill: int) -> None:
        """Hand out no number that was handed out before (the last nine digits of an order id, and a fill id)."""
        self._last_order, self._last_fill = max(self._last_order, order), max(self._last_fill, fill)

    def order_id(self, at: datetime) -> str:
        """Return `yymmdd` and nine digits, as text (smartapi.md 2.3)."""
        self._last_order += self._random.randrange(1, 1000)
        return f"{at.astimezone(IST):%y%m%d}{self._last_order:09d}"

    def unique_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def exchange_id(self) -> str:
        return f"11{self._random.randrange(10**14):014d}"

    def fill_id(self) -> str:
        self._last_fill += self._random.randrange(1, 100)
        return str(self._last_fill)
