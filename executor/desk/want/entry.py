"""Entries: placed once, tried again only after a refusal that proves nothing was done, withdrawn when not wanted."""

from __future__ import annotations

from executor.desk.book import Draft
from executor.desk.outcome import refused_unseen, taken, vacant, waits
from executor.desk.slices import largest_of, pieces
from executor.desk.want.difference import Cancel, Need, Place
from executor.domain.bracket import Bracket, Goal, Leg, Role
from executor.domain.intent import PermitClass
from executor.domain.order import DONE, Order, OrderType


def entry_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    needs: list[Need] = []
    for leg in draft.legs_of(bracket.id, Role.ENTRY):
        if leg.wanted and bracket.goal is Goal.OPEN:
            needs += _placing(draft, bracket, leg)
        else:
            needs += withdrawing(draft, bracket, leg)
    return needs


def _placing(draft: Draft, bracket: Bracket, leg: Leg) -> list[Need]:
    """A PLACE for each order of a leg that never left, or was refused with proof; never one twice at the broker."""
    needs = _overdone(draft, leg)
    if not waits(draft, leg):
        return needs
    assert leg.price is not None, "an entry leg is planned with its limit"
    type_ = OrderType.LIMIT if leg.trigger is None else OrderType.STOP_LIMIT
    unread = [order for order in refused_unseen(draft, leg) if not _was_read_since(draft, order)]
    missing = leg.quantity - sum(order.sent_quantity for order in taken(draft, leg))
    units = pieces(missing, largest_of(bracket))[: max(0, vacant(draft, leg) - len(unread))]
    return needs + [Place(bracket, leg, type_, one, leg.price, leg.trigger, PermitClass.ENTER) for one in units]


def _overdone(draft: Draft, leg: Leg) -> list[Need]:
    """A CANCEL for the newest orders beyond what the leg is for: one that was refused has arrived all the same."""
    orders = draft.orders_of(leg.id)
    alive = [order for order in orders if order.state not in DONE and order.broker_id]
    resting = sum(order.remaining for order in orders if draft.may_rest(order))
    beyond = resting + sum(order.filled for order in orders) - leg.quantity
    needs: list[Need] = []
    for order in reversed(alive):
        if 0 < order.remaining <= beyond:
            beyond -= order.remaining
            needs.append(Cancel(order, PermitClass.CHANGE))
    return needs


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
