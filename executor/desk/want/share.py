"""Share units out among the orders of a leg: as little as possible changes, and never more than asked may trade.

Orders that work are cut from the newest on, or grown in turn up to what one order may have (`desk/slices.py`). What is
in doubt counts as if it were there. Only what none of them could take becomes new orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from executor.desk.book import Draft
from executor.desk.slices import pieces, slices_held
from executor.domain.bracket import Bracket
from executor.domain.intent import IntentKind, IntentState
from executor.domain.order import Order

T = TypeVar("T")


def counted(draft: Draft, bracket: Bracket, found: Sequence[T]) -> Sequence[T]:
    """The orders of a leg that count: the first alone where one order is enough, for any other is its twin."""
    return found[:1] if slices_held(draft, bracket) == 1 else found


def may_trade(draft: Draft, order: Order) -> int:
    """The most units that an order may still trade: as it was shown, or as a change on its way makes it."""
    change = draft.unsettled(order.id)
    if change is None or change.kind is not IntentKind.MODIFY or change.state is IntentState.READY:
        return order.remaining
    return max(order.remaining, change.request.quantity - order.filled)


def share(
    working: Sequence[Order], units: int, *, doubtful: Iterable[Order] = (), most: int | None
) -> tuple[list[tuple[Order, int]], int]:
    """Each working order with the units it is to have open, and the units that are left without an order."""
    has = [order.remaining for order in working]
    surplus = max(0, sum(has) - units)
    missing = max(0, units - sum(has) - sum(order.remaining for order in doubtful))
    for place in reversed(range(len(has))):
        less = min(has[place], surplus)
        has[place], surplus = has[place] - less, surplus - less
    for place, order in enumerate(working):
        more = min(missing, _room(order, most, missing))
        has[place], missing = has[place] + more, missing - more
    return list(zip(working, has, strict=True)), missing


def fresh(missing: int, beside: Iterable[Order], most: int | None) -> list[int]:
    """The units of each new order for what is missing, less what the orders beside could take later."""
    return pieces(missing - sum(_room(order, most, missing) for order in beside), most)


def _room(order: Order, most: int | None, asked: int) -> int:
    """Units by which an order may grow; its total counts, with what has filled (smartapi.md 8.4)."""
    return asked if most is None else max(0, most - order.filled - order.remaining)
