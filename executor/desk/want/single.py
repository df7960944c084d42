"""One protecting order: the stop rests, the price watches the target.

When the target trades, the resting stop is turned into an exit that trades now, by modify. If it has not filled after
3 s and the price has left the target, it is turned back. So there is never more than one order to sell what is held
(a second one is margined as a short, or is one: DESIGN, Protection).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from executor.desk import prices
from executor.desk.book import Draft
from executor.desk.want.difference import Need
from executor.desk.want.pair import protection_needs, to_market
from executor.domain.bracket import Bracket, Role
from executor.domain.intent import IntentKind
from executor.domain.levels import target_price
from executor.domain.order import WORKING, Order, OrderType
from executor.domain.price import marketable

#: How long a stop that was turned into an exit counts as protection.
TURNED = timedelta(seconds=3)


def single_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    stop = _working_stop(draft, bracket)
    holding = draft.holding(bracket)
    if bracket.take_profit is None or stop is None or holding.average is None or holding.held <= 0:
        return protection_needs(draft, bracket)
    last = prices.seen_price(draft, bracket.instrument)
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
    target = target_price(bracket.take_profit, holding.average, bracket.side, tick=bracket.tick)
    if last is not None and _reached(bracket, last, target):
        price = marketable(last, stop.side, tick=bracket.tick)
        change = to_market(stop, last, price, holding.held)
        return [change] if change else []
    return [] if _just_turned(draft, stop) else protection_needs(draft, bracket)


def _working_stop(draft: Draft, bracket: Bracket) -> Order | None:
    orders = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)]
    return next((order for order in orders if order.state in WORKING), None)


def _reached(bracket: Bracket, last: Decimal, target: Decimal) -> bool:
    return (last - target) * bracket.side.sign >= 0


def _just_turned(draft: Draft, stop: Order) -> bool:
    """Whether the stop was turned into an exit within the last 3 s."""
    turns = [
        intent.sending_at
        for intent in draft.intents_of(stop.id)
        if intent.kind is IntentKind.MODIFY and intent.request.type is OrderType.LIMIT and intent.sending_at
    ]
    return stop.working_type is OrderType.LIMIT and bool(turns) and draft.now - max(turns) < TURNED
