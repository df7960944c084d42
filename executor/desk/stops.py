"""Stops that somebody else took away: a person with a second word (F-41), or the exchange, whose price had reached them
already (F-39). The one is respected; behind the other the position is past its stop, and leaves.
"""

from __future__ import annotations

from executor.desk import carried, prices
from executor.desk.book import Draft
from executor.desk.reports import was_taken_away
from executor.desk.slices import slices_held
from executor.domain.bracket import Bracket, Role
from executor.domain.order import Order

#: So many cancels of a stop by somebody else are meant; of a position in slices, for each of them.
_CANCELS = 2


def taken_stops(draft: Draft, bracket: Bracket) -> list[Order]:
    """The stops of today that somebody else cancelled."""
    today = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP) if order.day == draft.day]
    return [order for order in today if was_taken_away(draft, order)]


def are_meant(draft: Draft, bracket: Bracket, taken: list[Order]) -> bool:
    return len(taken) >= _CANCELS * slices_held(draft, bracket)


def passed(draft: Draft, bracket: Bracket) -> str:
    """Why a position is past the stop that was taken away; empty where it is not. One that was triggered and cancelled
    at the same moment nobody saw triggered: then the price tells.
    """
    taken = taken_stops(draft, bracket)
    if any(order.triggered for order in taken):
        return "its stop triggered and was cancelled, not by us"
    trigger, last = carried.trigger_of(draft, bracket), prices.seen_price(draft, bracket.instrument)
    if trigger is None or last is None or (last - trigger) * bracket.side.sign > 0:
        return ""
    text = f"its stop {trigger} was cancelled {len(taken)} times, not by us, and the price is {last}"
    return text if are_meant(draft, bracket, taken) else ""
