"""A bracket that is to be flat: the order that rests is re-priced to trade now; everything else goes when it has.

A full exit re-prices what already rests: the target, so that the stop protects until the end; the stop itself when it
has triggered or is alone. A new EXIT order is placed only when nothing of the bracket rests or is in doubt. A bracket
that was found late gets a stop first and is flattened by it. What overshot is bought back.
"""

from __future__ import annotations

from decimal import Decimal

from executor.desk import prices
from executor.desk.book import Draft
from executor.desk.want.difference import Cancel, Need
from executor.desk.want.pair import marketable_needs, stop_needs, surplus_needs, to_market
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.ids import LegId, SignalId
from executor.domain.messages import PermitClass
from executor.domain.order import DONE, WORKING, Order, OrderState, Side
from executor.domain.price import marketable

_EXITS = (Role.EXIT, Role.TARGET, Role.STOP)
_STARTED = frozenset({OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED})

Resting = list[tuple[Leg, Order]]


def flat_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    held = draft.holding(bracket).held
    if held == 0:
        return surplus_needs(draft, bracket, *_EXITS)
    resting = _resting(draft, bracket)
    if held < 0:
        return surplus_needs(draft, bracket, *_EXITS) if resting else _buy_back(draft, bracket, -held)
    if not resting:
        return _fresh_exit(draft, bracket, held)
    last = prices.seen_price(draft, bracket.instrument)
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
        return []
    return _move(draft, bracket, resting, held=held, last=last)


def _resting(draft: Draft, bracket: Bracket) -> Resting:
    """Exits that rest or may rest at the broker."""
    pairs = draft.orders_of_bracket(bracket.id, *_EXITS)
    return [(leg, o) for leg, o in pairs if o.state not in DONE and o.state is not OrderState.INITIALIZED]


def _move(draft: Draft, bracket: Bracket, resting: Resting, *, held: int, last: Decimal) -> list[Need]:
    """Re-price exits that are on their way, and the mover for the rest; a stop beside a moving target shrinks."""
    leaving = [order for leg, order in resting if leg.role is Role.EXIT]
    needs: list[Need] = [
        change
        for order in leaving
        if order.state in WORKING and (change := _now(bracket, order, last, order.remaining))
    ]
    rest = held - sum(order.remaining for order in leaving)
    mover = _mover(resting)
    if mover is None or rest <= 0:
        return needs
    change = _now(bracket, mover[1], last, rest)
    needs += [change] if change else []
    for leg, order in resting:
        if order.state not in WORKING or order.id == mover[1].id:
            continue
        if leg.role is Role.TARGET:
            needs.append(Cancel(order, PermitClass.PROTECT))
        elif leg.role is Role.STOP:
            needs += stop_needs(draft, bracket, leg, rest)
    return needs


def _mover(resting: Resting) -> tuple[Leg, Order] | None:
    """A stop that has started to trade, else the target, else the stop."""
    working = [(leg, order) for leg, order in resting if order.state in WORKING and leg.role is not Role.EXIT]
    started = [pair for pair in working if pair[0].role is Role.STOP and pair[1].state in _STARTED]
    targets = [pair for pair in working if pair[0].role is Role.TARGET]
    return next(iter(started + targets + working), None)


def _now(bracket: Bracket, order: Order, last: Decimal, quantity: int) -> Need | None:
    return to_market(order, last, marketable(last, order.side, tick=bracket.tick), quantity)


def _fresh_exit(draft: Draft, bracket: Bracket, held: int) -> list[Need]:
    """Nothing rests: a late bracket first gets its stop, any other an EXIT order that trades now."""
    stops = draft.legs_of(bracket.id, Role.STOP)
    refused = [order for leg in stops for order in draft.orders_of(leg.id) if order.state is OrderState.REJECTED]
    if bracket.recovered and stops and not refused:
        return stop_needs(draft, bracket, stops[0], held)
    return marketable_needs(draft, bracket, _exit_leg(draft, bracket, held, bracket.side.opposite), held)


def _buy_back(draft: Draft, bracket: Bracket, excess: int) -> list[Need]:
    """More left than came in: the excess is undone by a marketable order on the entry's side."""
    return marketable_needs(draft, bracket, _exit_leg(draft, bracket, excess, bracket.side), excess)


def _exit_leg(draft: Draft, bracket: Bracket, quantity: int, side: Side) -> Leg:
    """The leg of the full exit on a side: one a bracket, so that its failures damp it."""
    cause = SignalId(bracket.closer or bracket.id)
    for leg in draft.legs_of(bracket.id, Role.EXIT):
        if leg.side is side and leg.cause == cause:
            return leg
    leg = Leg(
        id=LegId(draft.ids.new()),
        bracket=bracket.id,
        account=draft.account,
        cause=cause,
        role=Role.EXIT,
        side=side,
        quantity=quantity,
        price=None,
        trigger=None,
        created_at=draft.now,
    )
    draft.put(leg)
    return leg
