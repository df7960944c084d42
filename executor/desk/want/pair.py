"""Stop and target of a bracket that is to stay open: both resting, both for what is held.

The stop comes first; the target follows when the stop is confirmed. When one fills, even partly, the other is
reduced or cancelled (OUO). Never more stop than filled: the quantity follows the fills by modify (F-29, F-33).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from executor.desk import prices, targets
from executor.desk.book import Draft
from executor.desk.guard import stopped_quantity
from executor.desk.settle import failures_of, passing_refusal
from executor.desk.slices import in_slices, largest_of
from executor.desk.want.difference import Cancel, Modify, Need, Place
from executor.desk.want.entry import withdrawing
from executor.desk.want.share import counted, fresh, may_trade, share
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.intent import PermitClass
from executor.domain.levels import stop_trigger
from executor.domain.order import WORKING, Order, OrderState, OrderType, Side
from executor.domain.price import marketable, on_tick, stop_limit
from executor.domain.strategy import Protection


def protection_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    holding = draft.holding(bracket)
    if holding.held <= 0:
        return []
    keep = holding.held - targets.leaving_quantity(draft, bracket)
    needs: list[Need] = []
    for leg in draft.legs_of(bracket.id, Role.STOP):
        cover = to_cover(draft, bracket, leg, keep)
        needs += stop_needs(draft, bracket, leg, cover) if leg.wanted else withdrawing(draft, bracket, leg)
    watched = bracket.protection is Protection.SINGLE
    for leg in draft.legs_of(bracket.id, Role.TARGET):
        if watched or not leg.wanted:
            needs += withdrawing(draft, bracket, leg)
    for leg, units in [] if watched else targets.open_targets(draft, bracket, keep):
        needs += _target_needs(draft, bracket, leg, units, keep=keep)
    for leg in draft.legs_of(bracket.id, Role.EXIT):
        needs += _part_needs(draft, bracket, leg, keep)
    return needs


def to_cover(draft: Draft, bracket: Bracket, stop: Leg, keep: int) -> int:
    """The units of `keep` that a wanted stop is to cover. One that nobody wants any more covers until it is gone, but
    takes none from what rests already: the two would end together, and nothing be covered.
    """
    own, going = 0, 0
    for leg, order in draft.orders_of_bracket(bracket.id, Role.STOP):
        if draft.may_rest(order):
            own += order.remaining if leg.id == stop.id else 0
            going += may_trade(draft, order) if not leg.wanted else 0
    return max(keep - going, min(keep, own))


def stop_needs(draft: Draft, bracket: Bracket, leg: Leg, keep: int) -> list[Need]:
    """The stop's order: placed, grown, shrunk or moved until it covers what stays."""
    average = draft.holding(bracket).average
    if not leg.wanted or bracket.stop_loss is None or average is None:
        return []
    trigger = stop_trigger(bracket.stop_loss, average, bracket.side, tick=bracket.tick)
    limit = stop_limit(trigger, leg.side, tick=bracket.tick, kind=bracket.kind)
    return _resting(draft, bracket, leg, keep, type_=OrderType.STOP_LIMIT, price=limit, trigger=trigger)


def shrink(order: Order, keep: int) -> Modify | Cancel | None:
    """Take a resting order down to `keep` units, its prices as they are; without any it is cancelled."""
    if keep == 0:
        return Cancel(order, PermitClass.PROTECT)
    total = order.filled + keep
    if order.working_quantity is None or order.working_quantity <= total or order.working_type is None:
        return None
    price = order.working_price or order.sent_price
    return Modify(order, order.working_type, total, price, order.working_trigger, PermitClass.PROTECT)


def _target_needs(draft: Draft, bracket: Bracket, leg: Leg, units: int, *, keep: int) -> list[Need]:
    price = targets.price_of(draft, bracket, leg)
    if price is None:
        return []
    alive = [order for order in draft.orders_of(leg.id) if draft.may_rest(order)]
    own = sum(order.remaining for order in alive)
    resting = [order for _, order in draft.orders_of_bracket(bracket.id, Role.TARGET) if draft.may_rest(order)]
    if units > own and sum(may_trade(draft, order) for order in resting if order not in alive) + units > keep:
        units = own  # the others give way first
    needs = _resting(draft, bracket, leg, units, type_=OrderType.LIMIT, price=price, trigger=None)
    if draft.legs_of(bracket.id, Role.STOP) and stopped_quantity(draft, bracket) < keep:
        return [need for need in needs if not isinstance(need, Place)]  # the stop first
    return needs


def _resting(
    draft: Draft, bracket: Bracket, leg: Leg, keep: int, *, type_: OrderType, price: Decimal, trigger: Decimal | None
) -> list[Need]:
    """The orders of a leg resting with these values for `keep` units; extra ones are cancelled on sight."""
    alive = [order for order in draft.orders_of(leg.id) if draft.may_rest(order)]
    working = [order for order in alive if order.state in WORKING]
    doubtful = [order for order in alive if order.state not in WORKING]
    kept, most = counted(draft, bracket, working), largest_of(bracket)
    needs: list[Need] = [Cancel(one, PermitClass.PROTECT) for one in working if one not in kept and one.broker_id]
    shares, missing = share(kept, keep, doubtful=doubtful, most=most)
    for order, units in shares:
        if units <= 0:
            needs.append(Cancel(order, PermitClass.PROTECT))
        elif change := _change(order, units, type_=type_, price=price, trigger=trigger, role=leg.role):
            needs.append(change)
    permit = PermitClass.PROTECT if leg.role is Role.STOP else PermitClass.CHANGE
    return needs + [
        Place(bracket, leg, type_, units, price, trigger, permit) for units in fresh(missing, doubtful, most)
    ]


def _change(
    order: Order, keep: int, *, type_: OrderType, price: Decimal, trigger: Decimal | None, role: Role
) -> Modify | None:
    total = order.filled + keep
    shown = (order.working_type, order.working_quantity, order.working_price, order.working_trigger)
    if order.state is OrderState.TRIGGERED or (order.filled and order.working_type is not type_):
        type_, price, trigger = order.working_type or type_, order.working_price or price, order.working_trigger
    if shown == (type_, total, price, trigger):
        return None
    shrinks = order.working_quantity is not None and total < order.working_quantity
    urgent = shrinks or (role is Role.STOP and order.working_quantity != total)
    return Modify(order, type_, total, price, trigger, PermitClass.PROTECT if urgent else PermitClass.CHANGE)


def _part_needs(draft: Draft, bracket: Bracket, leg: Leg, keep: int) -> list[Need]:
    """A partial exit: placed once stops, and targets together, are confirmed down to what stays: nothing overshoots."""
    outstanding = targets.outstanding(draft, leg)
    if not leg.wanted or outstanding <= 0:
        return []
    for role in (Role.STOP, Role.TARGET):
        resting = [order for _, order in draft.orders_of_bracket(bracket.id, role) if draft.may_rest(order)]
        in_doubt = any(order.state not in WORKING for order in resting)
        if in_doubt or sum(may_trade(draft, order) for order in resting) > keep:
            return []
    return marketable_needs(draft, bracket, leg, outstanding)


def marketable_needs(draft: Draft, bracket: Bracket, leg: Leg, quantity: int) -> list[Need]:
    """An EXIT order that trades now: placed at the last price ± band, moved after it when the price has left it."""
    last = prices.exit_price(draft, bracket)
    if last is None:
        return []
    price = leaving_price(draft, bracket, leg, last)
    alive = [order for order in draft.orders_of(leg.id) if draft.may_rest(order)]
    working = counted(draft, bracket, [order for order in alive if order.state in WORKING])
    doubtful = [order for order in alive if order.state not in WORKING]
    shares, missing = share(working, quantity, doubtful=doubtful, most=largest_of(bracket))
    needs = [need for order, units in shares if (need := _moved(draft, bracket, leg, order, units, last=last))]
    return [*needs, *market_orders(bracket, leg, fresh(missing, doubtful, largest_of(bracket)), price)]


def _moved(
    draft: Draft, bracket: Bracket, leg: Leg, order: Order, units: int, *, last: Decimal
) -> Modify | Cancel | None:
    last = prices.walked_price(draft, bracket, order, last)
    return to_market(order, last, leaving_price(draft, bracket, leg, last), units)


def market_orders(bracket: Bracket, leg: Leg, units: Iterable[int], price: Decimal) -> list[Need]:
    """New orders that trade now, one for each of the units."""
    return [Place(bracket, leg, OrderType.LIMIT, one, price, None, PermitClass.PROTECT) for one in units]


def leaving_price(draft: Draft, bracket: Bracket, leg: Leg, last: Decimal) -> Decimal:
    """The limit of an exit that is to trade now: the last price and its band.

    When that came to nothing it is the last price alone: the band may reach beyond the day's circuit limits, where
    every price is refused. In a locked stock the exit rests at the limit itself.
    """
    if any(not passing_refusal(one) for orders in _tried(draft, leg) for one in failures_of(draft, orders)):
        return on_tick(last, bracket.tick, up=leg.side is Side.SELL)
    return marketable(last, leg.side, tick=bracket.tick, kind=bracket.kind)


def _tried(draft: Draft, leg: Leg) -> list[list[Order]]:
    """The orders of a leg whose failures tell of its price; of slices each that still may rest, for itself."""
    orders = draft.orders_of(leg.id)
    if not in_slices(draft, leg):
        return [orders]
    return [[order] for order in orders if leg.role is Role.EXIT or draft.may_rest(order)]


def to_market(order: Order, last: Decimal, price: Decimal, quantity: int) -> Modify | Cancel | None:
    """Turn a resting order into one that trades now, or end it when nothing is left for it; None when it is so."""
    if quantity == 0:
        return Cancel(order, PermitClass.PROTECT)
    total = order.filled + quantity
    reaches = order.working_price is not None and (order.working_price - last) * order.side.sign >= 0
    if order.working_type is OrderType.LIMIT and reaches and order.working_quantity == total:
        return None
    return Modify(order, OrderType.LIMIT, total, price, None, PermitClass.PROTECT)
