"""Entries: placed once, tried again only after a refusal that proves nothing was done, withdrawn when not wanted."""

from __future__ import annotations

from executor.desk.book import Draft
from executor.desk.outcome import waits
from executor.desk.want.difference import Cancel, Need, Place
from executor.domain.bracket import Bracket, Goal, Leg, Role
from executor.domain.intent import PermitClass
from executor.domain.order import DONE, Order, OrderState, OrderType


def entry_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    needs: list[Need] = []
    for leg in draft.legs_of(bracket.id, Role.ENTRY):
        if leg.wanted and bracket.goal is Goal.OPEN:
            needs += _placing(draft, bracket, leg)
        else:
            needs += withdrawing(draft, bracket, leg)
    return needs


def _placing(draft: Draft, bracket: Bracket, leg: Leg) -> list[Need]:
    """A PLACE for a leg without an order, or whose newest was refused with proof; never two at the broker."""
    orders = draft.orders_of(leg.id)
    if not waits(draft, leg):
        alive = [order for order in orders if order.state not in DONE and order.broker_id]
        return [Cancel(order, PermitClass.CHANGE) for order in alive[1:]]
    if orders and orders[-1].state is OrderState.REJECTED and not _was_read_since(draft, orders[-1]):
        return []
    assert leg.price is not None, "an entry leg is planned with its limit"
    type_ = OrderType.LIMIT if leg.trigger is None else OrderType.STOP_LIMIT
    return [Place(bracket, leg, type_, leg.quantity, leg.price, leg.trigger, PermitClass.ENTER)]


def _was_read_since(draft: Draft, order: Order) -> bool:
    """Whether a clean book was begun after the refused send: it would show an order that was taken all the same."""
    placing = draft.placing(order.id)
    sent = placing.sending_at if placing else None
    return sent is not None and any(read > sent for read in draft.evidence.clean_reads)


def withdrawing(draft: Draft, bracket: Bracket, leg: Leg) -> list[Need]:
    """A CANCEL for whatever of the leg may still fill; one in doubt has no id yet and waits for the book."""
    permit = PermitClass.PROTECT if bracket.goal is Goal.FLAT else PermitClass.CHANGE
    alive = [order for order in draft.orders_of(leg.id) if order.state not in DONE and order.broker_id]
    return [Cancel(order, permit) for order in alive]
