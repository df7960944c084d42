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
from executor.desk.slices import largest_of
from executor.desk.want.difference import Need, Place
from executor.desk.want.pair import protection_needs, to_market
from executor.desk.want.share import counted, share
from executor.domain.bracket import Bracket, Role
from executor.domain.intent import IntentKind
from executor.domain.order import WORKING, Order, OrderType
from executor.domain.price import marketable
from executor.domain.strategy import LevelOf

#: How long a stop that was turned into an exit counts as protection.
TURNED = timedelta(seconds=3)


def single_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    stops = [order for order in _resting_stops(draft, bracket) if order.state in WORKING]
    holding = draft.holding(bracket)
    coming = [leg for leg in targets.coming_targets(draft, bracket) if leg.of is LevelOf.CONTRACT]
    if not coming or not stops or holding.held <= 0:
        return protection_needs(draft, bracket)
    last = prices.seen_price(draft, bracket.instrument)
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
    if last is not None and _last_target_trades(draft, bracket, holding.held, last):
        return _turned(draft, bracket, holding.held, last)
    just_now = any(_just_turned(draft, stop) for stop in counted(draft, bracket, stops))
    return [] if just_now else protection_needs(draft, bracket)


def _turned(draft: Draft, bracket: Bracket, held: int, last: Decimal) -> list[Need]:
    """The resting stop as an exit that trades now; of several slices one that is missing is still placed."""
    price = marketable(last, bracket.side.opposite, tick=bracket.tick, kind=bracket.kind)
    resting = _resting_stops(draft, bracket)
    working = counted(draft, bracket, [order for order in resting if order.state in WORKING])
    doubtful = [order for order in resting if order.state not in WORKING]
    shares, missing = share(working, held, doubtful=doubtful, most=largest_of(bracket))
    needs = [change for order, units in shares if (change := to_market(order, last, price, units))]
    return needs + ([need for need in protection_needs(draft, bracket) if isinstance(need, Place)] if missing else [])


def _resting_stops(draft: Draft, bracket: Bracket) -> list[Order]:
    return [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP) if draft.may_rest(order)]


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
