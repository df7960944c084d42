"""One protecting order: the stop rests, the price watches the target.

When the target trades, the resting stop is turned into an exit that trades now, by modify. If it has not filled after
3 s and the price has left the target, it is turned back. So there is never more than one order to sell what is held
(a second one is margined as a short, or is one: DESIGN, Protection).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from executor.desk import prices, targets
from executor.desk.book import Draft
from executor.desk.want.difference import Need
from executor.desk.want.pair import protection_needs, to_market
from executor.domain.bracket import Bracket, Role
from executor.domain.intent import IntentKind
from executor.domain.order import WORKING, Order, OrderType
from executor.domain.price import marketable

#: How long a stop that was turned into an exit counts as protection.
TURNED = timedelta(seconds=3)


def single_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    stop = _working_stop(draft, bracket)
    holding = draft.holding(bracket)
    if not targets.coming_targets(draft, bracket) or stop is None or holding.held <= 0:
        return protection_needs(draft, bracket)
    last = prices.seen_price(draft, bracket.instrument)
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
    if last is not None and _last_target_trades(draft, bracket, holding.held, last):
        price = marketable(last, stop.side, tick=bracket.tick, kind=bracket.kind)
        change = to_market(stop, last, price, holding.held)
        return [change] if change else []
    return [] if _just_turned(draft, stop) else protection_needs(draft, bracket)


def _working_stop(draft: Draft, bracket: Bracket) -> Order | None:
    orders = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)]
    return next((order for order in orders if order.state in WORKING), None)


def _last_target_trades(draft: Draft, bracket: Bracket, held: int, last: Decimal) -> bool:
    """Whether the target that is for all that is held trades, and no other order could sell it as well."""
    others = [order for _, order in draft.orders_of_bracket(bracket.id, Role.TARGET) if draft.may_rest(order)]
    if others or targets.leaving_quantity(draft, bracket):
        return False
    coming = targets.open_targets(draft, bracket, held)
    return any(units == held and targets.reached(draft, bracket, leg, last) for leg, units in coming)


def _just_turned(draft: Draft, stop: Order) -> bool:
    """Whether the stop was turned into an exit within the last 3 s."""
    turns = [
        intent.sending_at
        for intent in draft.intents_of(stop.id)
        if intent.kind is IntentKind.MODIFY and intent.request.type is OrderType.LIMIT and intent.sending_at
    ]
    return stop.working_type is OrderType.LIMIT and bool(turns) and draft.now - max(turns) < TURNED
