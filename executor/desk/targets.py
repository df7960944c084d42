"""What is left to take profit on: the TARGET legs of a bracket, the nearest first, and the units of each.

A share is of what was held when the targets were set, and of adds since; what targets have sold already counts, so a
partial fill or an add moves the rest. A `modify` sets new ones: those of an earlier alert are none any more.
Under `single` nothing of a target rests: a part that is reached leaves by an EXIT leg whose cause is the TARGET leg.
So does a target of the underlying, whatever the protection (`aim/watch.py`).
"""

from __future__ import annotations

from decimal import Decimal

from executor.desk.book import Draft
from executor.desk.settle import passing_refusal
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.levels import share_out, target_price
from executor.domain.order import DONE, Order
from executor.domain.strategy import LevelOf


def coming_targets(draft: Draft, bracket: Bracket) -> list[Leg]:
    """TARGET legs that still have something to sell, the nearest first."""
    keep = draft.holding(bracket).held - leaving_quantity(draft, bracket)
    return [leg for leg, units in open_targets(draft, bracket, keep) if units > 0]


def open_targets(draft: Draft, bracket: Bracket, keep: int) -> list[tuple[Leg, int]]:
    """Each wanted target with the units it still has to sell; together never more than `keep`."""
    legs = _newest_set(draft, bracket)
    sold = [_taken(draft, leg) for leg in legs]
    shares = [leg.share if leg.share is not None else Decimal(100) for leg in legs]
    planned = share_out(keep + sum(sold), shares, lot=bracket.lot)
    found = []
    for leg, units, done in zip(legs, planned, sold, strict=True):
        if leg.wanted:
            open_units = min(max(0, units - done), keep)
            keep -= open_units
            found.append((leg, open_units))
    return found


def price_of(draft: Draft, bracket: Bracket, leg: Leg) -> Decimal | None:
    """Where a target of the contract lies, from the average as it stands; None for one of its underlying."""
    average = draft.holding(bracket).average
    if leg.level is None or average is None or leg.of is LevelOf.UNDERLYING:
        return None
    return target_price(leg.level, average, bracket.side, tick=bracket.tick)


def reached(draft: Draft, bracket: Bracket, leg: Leg, last: Decimal) -> bool:
    price = price_of(draft, bracket, leg)
    return price is not None and (last - price) * bracket.side.sign >= 0


def outstanding(draft: Draft, leg: Leg) -> int:
    """Units of a leg that its orders have not filled, less those of a slice that ended before it had."""
    orders = draft.orders_of(leg.id)
    return max(0, leg.quantity - sum(order.filled + _given_up(draft, order) for order in orders))


def leaving_quantity(draft: Draft, bracket: Bracket) -> int:
    """Units that partial exits still have to sell."""
    return sum(outstanding(draft, leg) for leg in draft.legs_of(bracket.id, Role.EXIT) if leg.wanted)


def _given_up(draft: Draft, order: Order) -> int:
    """Units of an order that ended without them and is not sent again."""
    ended = order.state in DONE and draft.was_sent(order.id) and not passing_refusal(draft.placing(order.id))
    return max(0, order.sent_quantity - order.filled) if ended else 0


def _newest_set(draft: Draft, bracket: Bracket) -> list[Leg]:
    """The targets that one alert set together, reached ones among them."""
    legs = draft.legs_of(bracket.id, Role.TARGET)
    return [leg for leg in legs if leg.cause == legs[-1].cause]


def _taken(draft: Draft, target: Leg) -> int:
    """Units that a target has sold, or that leave for it."""
    exits = [leg for leg in draft.legs_by_cause(target.id) if leg.role is Role.EXIT]
    orders = [order for leg in (target, *exits) for order in draft.orders_of(leg.id)]
    return sum(order.filled for order in orders) + sum(outstanding(draft, leg) for leg in exits if leg.wanted)
