"""Quantities of a bracket, from its legs and their orders; the only arithmetic of what is held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from executor.domain.bracket import Leg, Role
from executor.domain.order import Order


@dataclass(frozen=True, slots=True)
class Holding:
    """`entered` and `left` are units filled on the way in and out; `average` is the price of the way in."""

    entered: int
    left: int
    average: Decimal | None

    @property
    def held(self) -> int:
        """Units still held; negative when more left than came in (reversed)."""
        return self.entered - self.left


def holding_of(orders: Iterable[tuple[Leg, Order]]) -> Holding:
    """What the filled quantities of a bracket's orders leave."""
    entered = left = 0
    cost = Decimal(0)
    for leg, order in orders:
        if leg.role is Role.ENTRY:
            entered += order.filled
            cost += order.filled * (order.average or order.sent_price)
        else:
            left += order.filled
    return Holding(entered, left, cost / entered if entered else None)
