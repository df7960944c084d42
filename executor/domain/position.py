"""Quantities of a bracket, from its legs and their orders; the only arithmetic of what is held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from executor.domain.bracket import Leg, Role
from executor.domain.order import Order, Side


@dataclass(frozen=True, slots=True)
class Holding:
    """`entered` and `left` are units filled on the way in and out, `outside` those that others closed; `average` is the
    price of the way in.
    """

    entered: int
    left: int
    average: Decimal | None
    outside: int = 0

    @property
    def held(self) -> int:
        """Units still held; negative when more left than came in (reversed)."""
        return self.entered - self.left - self.outside


NOTHING = Holding(0, 0, None)


def holding_of(side: Side, orders: Iterable[tuple[Leg, Order]], *, outside: int = 0) -> Holding:
    """What the filled quantities leave of a bracket of this side; an exit that overshot is bought back by side."""
    entered = left = entries = 0
    cost = Decimal(0)
    for leg, order in orders:
        if leg.side is side:
            entered += order.filled
        else:
            left += order.filled
        if leg.role is Role.ENTRY:
            entries += order.filled
            cost += order.filled * (order.average or order.sent_price)
    return Holding(entered, left, cost / entries if entries else None, outside)
