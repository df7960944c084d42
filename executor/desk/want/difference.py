"""From needs to intents, with all damping: one unsettled intent an order, a pause after each failure in a row.

A need that is already READY with the same request stays; one whose request changed is dropped and made anew; a
READY intent that nobody needs any more is dropped, provably never sent. Of a position in slices what fails for one
order holds back no change of another, and no more new orders than have failed; all that fail together are one failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from executor.desk.book import Draft
from executor.desk.rows import OPEN_ORDERS, UNSETTLED
from executor.desk.settle import failures_of, passing_refusal
from executor.desk.slices import in_slices
from executor.domain.bracket import Bracket, Leg
from executor.domain.ids import IntentId, LegId, OrderId, tag_of
from executor.domain.intent import Intent, IntentKind, IntentState, OrderRequest, PermitClass, SettledBy
from executor.domain.order import DONE, Order, OrderState, OrderType

#: After the n-th failure in a row a leg waits 1, 2, 4, … s, at most this long.
_PAUSE = timedelta(seconds=1)
_PAUSE_MAX = timedelta(seconds=15)
#: A tag has room for so many attempts of a leg; whoever needs more needs a person.
_ATTEMPTS = 1000
#: An order whose changes were refused or without effect this often in a row is replaced.
_MODIFY_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A leg needs a new order."""

    bracket: Bracket
    leg: Leg
    type: OrderType
    quantity: int
    price: Decimal
    trigger: Decimal | None
    permit: PermitClass


@dataclass(frozen=True, slots=True)
class Modify:
    """An order must work with other values; `quantity` is its new total."""

    order: Order
    type: OrderType
    quantity: int
    price: Decimal
    trigger: Decimal | None
    permit: PermitClass


@dataclass(frozen=True, slots=True)
class Cancel:
    order: Order
    permit: PermitClass


Need = Place | Modify | Cancel


@dataclass(frozen=True, slots=True)
class _Asked:
    """A need with the order it is about; `nth` of the new orders that its leg asks for."""

    need: Need
    order: Order | None
    nth: int = 0


def emit(draft: Draft, needs: Sequence[Need]) -> list[Intent]:
    """Turn needs into READY intents; returns all that ask to leave."""
    ready: list[Intent] = []
    asked = _with_orders(draft, needs)
    for one in asked:
        intent = _intent_for(draft, one)
        if intent is not None:
            ready.append(intent)
    kept = {intent.id for intent in ready}
    needed = {one.order.id for one in asked if one.order is not None}
    for intent in draft.watched(UNSETTLED):
        if intent.state is IntentState.READY and intent.id not in kept:
            _drop(draft, intent, needed=intent.order in needed)
    _end_unsent(draft, needed)
    return ready


def _end_unsent(draft: Draft, needed: Collection[OrderId]) -> None:
    """End slices that were held back while others of their leg failed, and that nobody needs any more."""
    for order in draft.watched(OPEN_ORDERS):
        unsent = order.state is OrderState.INITIALIZED and draft.unsettled(order.id) is None
        if unsent and order.id not in needed and order.leg and in_slices(draft, draft.legs[order.leg]):
            draft.put(replace(order, state=OrderState.NOT_PLACED, text="never sent"))


def _with_orders(draft: Draft, needs: Sequence[Need]) -> list[_Asked]:
    """Each need with its order. A new order takes one of the leg's that were never sent, if there is: it keeps its
    tag.
    """
    placed: Counter[LegId] = Counter()
    found: list[_Asked] = []
    for need in needs:
        if not isinstance(need, Place):
            found.append(_Asked(need, need.order))
            continue
        nth = placed[need.leg.id]
        placed[need.leg.id] += 1
        unsent = [order for order in draft.orders_of(need.leg.id) if order.state is OrderState.INITIALIZED]
        found.append(_Asked(need, unsent[nth] if nth < len(unsent) else None, nth))
    return found


def _intent_for(draft: Draft, asked: _Asked) -> Intent | None:
    need, order = asked.need, asked.order
    if isinstance(need, Modify) and _is_hopeless(draft, need.order):
        need = Cancel(need.order, need.permit)
    standing = draft.unsettled(order.id) if order else None
    if standing is not None and standing.state is not IntentState.READY:
        return None
    if _paused(draft, asked) or (isinstance(need, Place) and len(draft.orders_of(need.leg.id)) >= _ATTEMPTS):
        return None
    request = _request(need, order) if order else None
    if standing is not None and request == standing.request and standing.kind is _kind(need):
        return standing
    if standing is not None:
        _drop(draft, standing, needed=True)
    if isinstance(need, Place):
        order = _new_order(draft, need) if order is None else _resent(draft, order, need)
    assert order is not None
    return _new_intent(draft, need, order, _request(need, order))


def _new_order(draft: Draft, need: Place) -> Order:
    attempt = len(draft.orders_of(need.leg.id)) + 1
    order = Order(
        id=OrderId(draft.ids.new()),
        leg=need.leg.id,
        account=draft.account,
        day=draft.day,
        attempt=attempt,
        tag=tag_of(need.leg.id, attempt),
        instrument=need.bracket.instrument,
        symbol=need.bracket.symbol,
        side=need.leg.side,
        product=need.bracket.product,
        type=need.type,
        sent_quantity=need.quantity,
        sent_price=need.price,
        sent_trigger=need.trigger,
        created_at=draft.now,
    )
    draft.put(order)
    return order


def _resent(draft: Draft, order: Order, need: Place | Modify) -> Order:
    changed = replace(
        order, type=need.type, sent_quantity=need.quantity, sent_price=need.price, sent_trigger=need.trigger
    )
    draft.put(changed)
    return changed


def _new_intent(draft: Draft, need: Need, order: Order, request: OrderRequest) -> Intent:
    if isinstance(need, Modify):
        _resent(draft, order, need)
    intent = Intent(
        id=IntentId(draft.ids.new()),
        order=order.id,
        account=draft.account,
        kind=_kind(need),
        permit=need.permit,
        request=request,
        created_at=draft.now,
    )
    draft.put(intent)
    return intent


def _request(need: Need, order: Order) -> OrderRequest:
    assert order.leg is not None, "only our own orders are changed"
    request = OrderRequest(
        instrument=order.instrument,
        symbol=order.symbol,
        side=order.side,
        product=order.product,
        type=order.working_type or order.type,
        quantity=order.sent_quantity,
        price=order.sent_price,
        trigger=order.sent_trigger,
        tag=order.tag or tag_of(order.leg, order.attempt),  # what came after a close has its tag at the broker alone
        broker_id=order.broker_id,
    )
    if isinstance(need, Cancel):
        return request
    return replace(request, type=need.type, quantity=need.quantity, price=need.price, trigger=need.trigger)


def _kind(need: Need) -> IntentKind:
    return {Place: IntentKind.PLACE, Modify: IntentKind.MODIFY, Cancel: IntentKind.CANCEL}[type(need)]


def _is_hopeless(draft: Draft, order: Order) -> bool:
    """Whether an order resists change: then it is cancelled, and its leg gets another (F-71)."""
    failed = [one for one in failures_of(draft, [order]) if not passing_refusal(one)]
    return len([one for one in failed if one.kind is IntentKind.MODIFY]) >= _MODIFY_ATTEMPTS


def _paused(draft: Draft, asked: _Asked) -> bool:
    failed = failures_of(draft, _damped_with(draft, asked.need))
    if asked.nth >= len(failed) or failed[0].sending_at is None:
        return False
    times = len({intent.created_at for intent in failed})
    pause: timedelta = min(_PAUSE_MAX, _PAUSE * 2 ** min(times - 1, 5))
    return draft.now - failed[0].sending_at < pause


def _damped_with(draft: Draft, need: Need) -> Sequence[Order]:
    """The orders whose failures hold a need back: those of its leg. Of slices a change looks at its own order, a new
    one at those of which something is known: two that are sent in turn would each hide the other's failure.
    """
    leg = need.leg.id if isinstance(need, Place) else need.order.leg
    orders = draft.orders_of(leg) if leg else []
    if leg is None or not in_slices(draft, draft.legs[leg]):
        return orders
    known = [order for order in orders if order.shown or order.state in DONE]
    return known if isinstance(need, Place) else [need.order]


def _drop(draft: Draft, intent: Intent, *, needed: bool) -> None:
    """End a READY intent; an order that was to be placed and is not needed any more was never sent."""
    draft.put(replace(intent, state=IntentState.DROPPED, outcome="DROPPED: never sent", settled_by=SettledBy.DROP))
    order = draft.orders[intent.order]
    if intent.kind is IntentKind.PLACE and not needed and order.state not in DONE:
        draft.put(replace(order, state=OrderState.NOT_PLACED, text="never sent"))
