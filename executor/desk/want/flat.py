"""A bracket that is to be flat: the order that rests is re-priced to trade now; everything else goes when it has.

A full exit re-prices what already rests: the target, so that the stop protects until the end; the stop itself when it
has triggered or is alone. A new EXIT order is placed only when nothing of the bracket rests or is in doubt; of a
position in slices also for the units that none of its orders can take. A bracket that was found late gets a stop first
and is flattened by it. What overshot is bought back.
"""

from __future__ import annotations

from decimal import Decimal

from executor.desk import outside, prices
from executor.desk.book import Draft
from executor.desk.legs import add_leg
from executor.desk.settle import is_lost
from executor.desk.slices import largest_of
from executor.desk.want.difference import Cancel, Need
from executor.desk.want.pair import leaving_price, market_orders, marketable_needs, shrink, stop_needs, to_market
from executor.desk.want.share import counted, fresh, may_trade, share
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.ids import SignalId
from executor.domain.intent import PermitClass
from executor.domain.order import WORKING, Order, OrderState, Side

_EXITS = (Role.EXIT, Role.TARGET, Role.STOP)
_STARTED = frozenset({OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED})

Resting = list[tuple[Leg, Order]]


def flat_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    held = draft.holding(bracket).held
    leaving, returning = _by_side(draft, bracket)
    if held == 0:
        return _cancels(leaving + returning)
    if held < 0:
        undo = _exit_leg(draft, bracket, -held, bracket.side)
        return _cancels(leaving) + marketable_needs(draft, bracket, undo, -held)
    if not leaving:
        return _cancels(returning) + _fresh_exit(draft, bracket, held)
    return _cancels(returning) + _leave(draft, bracket, leaving, held=held)


def _by_side(draft: Draft, bracket: Bracket) -> tuple[Resting, Resting]:
    """Orders that rest or may rest: those that leave the position, and those that undo what overshot."""
    pairs = [pair for pair in draft.orders_of_bracket(bracket.id, *_EXITS) if draft.may_rest(pair[1])]
    leaving = [pair for pair in pairs if pair[0].side is not bracket.side]
    return leaving, [pair for pair in pairs if pair[0].side is bracket.side]


def _cancels(pairs: Resting) -> list[Need]:
    return [Cancel(order, PermitClass.PROTECT) for _, order in pairs if order.broker_id]


def _leave(draft: Draft, bracket: Bracket, leaving: Resting, *, held: int) -> list[Need]:
    """Re-price what rests: EXIT orders on their way first, then one mover for the rest; nothing beyond what is held."""
    last = prices.exit_price(draft, bracket)
    if last is None or outside.is_unclear(draft, bracket):
        return []  # what rests stays: to sell what a hand may have sold would turn the position over (F-40)
    needs: list[Need] = []
    rest = held
    exits = [order for leg, order in leaving if leg.role is Role.EXIT]
    for order in exits:
        quantity = min(order.remaining, rest)
        rest -= quantity
        needs += _to_now(draft, bracket, order, quantity, last=last)
    others = [pair for pair in leaving if pair[0].role is not Role.EXIT]
    if rest == 0:
        return needs + _cancels(others)
    movers = _movers(draft, bracket, others)
    doubtful = _in_doubt(others, movers)
    shares, missing = share([order for _, order in movers], rest, doubtful=doubtful, most=largest_of(bracket))
    for order, quantity in shares:
        needs += _to_now(draft, bracket, order, quantity, last=last)
    if movers:
        needs += _beside(draft, bracket, others, movers, rest - missing)
    if _elsewhere(draft, others, movers) > rest - missing:
        return needs  # stops beside moving targets, or targets beside moving stops, give way first
    return needs + _beyond(draft, bracket, fresh(missing, [*doubtful, *exits], largest_of(bracket)), last=last)


def _movers(draft: Draft, bracket: Bracket, others: Resting) -> Resting:
    """The stop if it has started to trade, else the targets, else the stop."""
    working = [pair for pair in others if pair[1].state in WORKING]
    stops = [pair for pair in working if pair[0].role is Role.STOP]
    started = [pair for pair in stops if pair[1].state in _STARTED]
    targets = [pair for pair in working if pair[0].role is Role.TARGET]
    if targets and not started:
        return targets
    return list(counted(draft, bracket, started + [pair for pair in stops if pair not in started]))


def _elsewhere(draft: Draft, others: Resting, movers: Resting) -> int:
    """Units of a pair that the other kind of its orders may still sell."""
    roles = {leg.role for leg, _ in movers or others}
    return sum(may_trade(draft, order) for leg, order in others if leg.role not in roles)


def _in_doubt(others: Resting, movers: Resting) -> list[Order]:
    """Orders in doubt that may sell what the movers do not."""
    roles = {leg.role for leg, _ in movers or others}
    return [order for leg, order in others if leg.role in roles and order.state not in WORKING]


def _beside(draft: Draft, bracket: Bracket, others: Resting, movers: Resting, rest: int) -> list[Need]:
    """A stop goes on protecting beside moving targets, for as much as they move; everything else is cancelled."""
    left = [pair for pair in others if pair not in movers]
    stops = [pair for pair in left if pair[0].role is Role.STOP and pair[1].state in WORKING]
    keepers = counted(draft, bracket, stops) if movers[0][0].role is Role.TARGET else []
    shares, _ = share([order for _, order in keepers], rest, most=largest_of(bracket))
    needs = _cancels([pair for pair in left if pair not in keepers])
    return needs + [need for order, units in shares if (need := shrink(order, units))]


def _beyond(draft: Draft, bracket: Bracket, units: list[int], *, last: Decimal) -> list[Need]:
    """EXIT orders beside those that rest, for what these cannot take."""
    if not units:
        return []
    leg = _exit_leg(draft, bracket, sum(units), bracket.side.opposite)
    return market_orders(bracket, leg, units, leaving_price(draft, bracket, leg, last))


def _to_now(draft: Draft, bracket: Bracket, order: Order, quantity: int, *, last: Decimal) -> list[Need]:
    if order.state not in WORKING or order.leg is None:
        return []
    last = prices.walked_price(draft, bracket, order, last)
    change = to_market(order, last, leaving_price(draft, bracket, draft.legs[order.leg], last), quantity)
    return [change] if change else []


def _fresh_exit(draft: Draft, bracket: Bracket, held: int) -> list[Need]:
    """Nothing rests: a late bracket first gets its stop, any other an EXIT order that trades now."""
    stops = draft.legs_of(bracket.id, Role.STOP)
    lost = any(is_lost(draft, order) for leg in stops for order in draft.orders_of(leg.id))
    if bracket.recovered and stops and not lost and (first := stop_needs(draft, bracket, stops[0], held)):
        return first  # none where a person has taken the stop away
    return marketable_needs(draft, bracket, _exit_leg(draft, bracket, held, bracket.side.opposite), held)


def _exit_leg(draft: Draft, bracket: Bracket, quantity: int, side: Side) -> Leg:
    """The leg of the full exit on a side: one a bracket, so that its failures damp it."""
    cause = SignalId(bracket.closer or bracket.id)
    for leg in draft.legs_of(bracket.id, Role.EXIT):
        if leg.side is side and leg.cause == cause:
            return leg
    return add_leg(draft, bracket, Role.EXIT, cause=cause, quantity=quantity, side=side)
