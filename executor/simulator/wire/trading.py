"""Place, modify, cancel, and the books of the day."""

from __future__ import annotations

from datetime import datetime, time

from executor.clock import IST
from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.orders import Order, OrderType, State
from executor.simulator.simulation import Simulation
from executor.simulator.wire.answers import Answer, Call, refused, success, try_later
from executor.simulator.wire.fields import order_detail, order_entry, trade_entry
from executor.simulator.wire.refusals import beyond_reference, read_change, read_ticket

#: Parked orders cannot be cancelled in this span (smartapi.md 2.5).
_LOCKED = (time(8, 30), time(9, 15))


def place(simulation: Simulation, call: Call) -> Answer:
    ticket = read_ticket(call.body, simulation.exchange.walks)
    if isinstance(ticket, Answer):
        return ticket
    last = simulation.exchange.walk(ticket.instrument.key).ltp
    if (beyond := beyond_reference(ticket, last)) is not None:
        return beyond
    order = simulation.exchange.place(ticket, reject=call.reject)
    return _placed(order.instrument.symbol, (order.order_id, order.unique_id))


def drop(simulation: Simulation, call: Call) -> Answer:
    """Answer a write with SUCCESS and do nothing; a new order gets ids that nothing bears."""
    order = simulation.exchange.book.get(str((call.body or {}).get("orderid")))
    if order is not None:
        return _done(order)
    symbol = str((call.body or {}).get("tradingsymbol"))
    return _placed(symbol, simulation.exchange.ids_of_no_order())


def modify(simulation: Simulation, call: Call) -> Answer:
    """Answer modifyOrder; a stop without its trigger is answered SUCCESS and left alone (smartapi.md 2.4)."""
    order = _named(simulation, call)
    if isinstance(order, Answer) or call.body is None:
        return order if isinstance(order, Answer) else try_later()
    kind = call.body.get("ordertype")
    if kind in tuple(OrderType) and OrderType(kind).has_trigger and "triggerprice" not in call.body:
        return _done(order)
    terms = read_change(call.body, order)
    if isinstance(terms, Answer):
        return terms
    if order.state.is_over:
        return refused("AB1007", "Modify Order Response : Bad Input")
    if terms.quantity <= order.filled:
        return refused("AB1007", "Quantity must be more than what is already traded")
    return _done(simulation.exchange.modify(order, terms))


def cancel(simulation: Simulation, call: Call) -> Answer:
    """Answer cancelOrder; for an order that is over it says SUCCESS too (smartapi.md 2.5)."""
    order = _named(simulation, call)
    if isinstance(order, Answer):
        return order
    if order.after_market and not order.state.is_over and _is_locked(simulation.exchange.at):
        ids = {"orderid": order.order_id, "uniqueorderid": order.order_id}
        return refused("AB1007", "Cancel Order Response : Bad Input", data=ids)
    return _done(simulation.exchange.cancel(order))


def order_book(simulation: Simulation, call: Call) -> Answer:
    as_of = simulation.exchange.at - call.lag
    orders = simulation.exchange.book.orders(as_of)
    return success([order_entry(order) for order in orders if _is_of_today(order, as_of)] or None)


def trade_book(simulation: Simulation, call: Call) -> Answer:
    as_of = simulation.exchange.at - call.lag
    fills = simulation.exchange.book.fills(as_of)
    today = [fill for fill in fills if fill.order_id and ist_day(fill.at) == ist_day(as_of)]
    return success([trade_entry(fill) for fill in today] or None)


def details(simulation: Simulation, call: Call) -> Answer:
    orders = simulation.exchange.book.orders(simulation.exchange.at - call.lag)
    found = next((order for order in orders if order.unique_id == call.name), None)
    if found is None:
        return refused("AB1013", "Order not found")
    return success(order_detail(found))


def _named(simulation: Simulation, call: Call) -> Order | Answer:
    if call.body is None:
        return try_later()
    order = simulation.exchange.book.get(str(call.body.get("orderid")))
    return order or refused("AB1013", "Order not found")


def _placed(symbol: str, ids: tuple[str, str]) -> Answer:
    order_id, unique_id = ids
    return success({"script": symbol, "orderid": order_id, "uniqueorderid": unique_id})


def _done(order: Order) -> Answer:
    return success({"orderid": order.order_id, "uniqueorderid": order.unique_id})


def _is_locked(now: datetime) -> bool:
    return _LOCKED[0] <= now.astimezone(IST).time() < _LOCKED[1]


def _is_of_today(order: Order, at: datetime) -> bool:
    touched = (ist_day(order.placed_at), ist_day(order.updated_at))
    return order.state is State.PARKED or ist_day(at) in touched
