"""The control API under `/_control/`: look at all, set prices and time, plant faults, play the hand in the app.

It belongs to tests and demos and has no login; the server listens on loopback only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, runtime_checkable

from flask import Blueprint, Response, jsonify, request

from executor.clock import IST
from executor.simulator.exchange.instrument import InstrumentKey
from executor.simulator.exchange.orders import Order
from executor.simulator.exchange.split import split
from executor.simulator.faults import read_fault
from executor.simulator.simulation import Simulation, iso
from executor.simulator.state import describe_order, describe_state
from executor.simulator.wire.answers import Answer
from executor.simulator.wire.refusals import read_ticket


class ControlError(ValueError):
    """The control request cannot be done: HTTP status and a text that says what to change."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@runtime_checkable
class _Settable(Protocol):
    def set(self, moment: datetime, *, speed: float | None = None) -> None: ...


def control(simulation: Simulation, routes: frozenset[str]) -> Blueprint:
    """Make the blueprint; `routes` are the names that a fault can be planted on."""
    blueprint = Blueprint("control", __name__, url_prefix="/_control")

    def add(method: str, path: str, *, action: Callable[..., Any]) -> None:
        def view(**parts: str) -> Response:
            with simulation.lock:
                simulation.advance()
                return jsonify(action(simulation, **parts))

        blueprint.add_url_rule(path, f"{method} {path}".replace(".", "_"), view, methods=[method])

    def fault(found: Simulation) -> dict[str, Any]:
        return _plant(found, routes)

    add("GET", "/state", action=describe_state)
    add("POST", "/price", action=_price)
    add("POST", "/band", action=_band)
    add("POST", "/spread", action=_spread)
    add("POST", "/split", action=_split)
    add("POST", "/fault", action=fault)
    add("POST", "/order", action=_place)
    add("POST", "/order/<name>/cancel", action=_cancel)
    add("POST", "/order/<name>/fill", action=_fill)
    add("POST", "/clock", action=_clock)
    add("POST", "/reset", action=_reset)
    blueprint.register_error_handler(ControlError, _explain)
    return blueprint


def _price(simulation: Simulation) -> dict[str, Any]:
    """Set and hold a price; while the market is closed it is the one at which the next session opens."""
    body = _body()
    key, price = _instrument(simulation, body), _positive(body, "ltp")
    band = simulation.exchange.walk(key).band
    if band is not None and not band[0] <= price <= band[1]:
        raise ControlError(422, f"ltp: {price} is outside the band {band[0]} to {band[1]}; set the band first")
    simulation.exchange.set_price(key, price)
    return _priced(simulation, key)


def _band(simulation: Simulation) -> dict[str, Any]:
    """Set the circuit limits of an instrument and hold its price inside; without `low` and `high` lift them.

    Where the price stands at `high` nobody sells, at `low` nobody buys.
    """
    body = _body()
    key = _instrument(simulation, body)
    if "low" not in body and "high" not in body:
        simulation.exchange.set_band(key, None)
        return _priced(simulation, key)
    low, high = _positive(body, "low"), _positive(body, "high")
    if low > high:
        raise ControlError(422, f"low: {low} is above high {high}")
    simulation.exchange.set_band(key, (low, high))
    return _priced(simulation, key)


def _spread(simulation: Simulation) -> dict[str, Any]:
    """Set the best bid and ask of an instrument, at which orders then trade: it is an illiquid one, its last price a
    thing of the past. Without them they lie around its price again.
    """
    body = _body()
    key = _instrument(simulation, body)
    spread = None
    if "bid" in body or "ask" in body:
        spread = _positive(body, "bid"), _positive(body, "ask")
        if spread[0] > spread[1]:
            raise ControlError(422, f"bid: {spread[0]} is above ask {spread[1]}")
    simulation.exchange.set_spread(key, spread)
    bid, ask = simulation.exchange.walk(key).sides
    return {**_priced(simulation, key), "bid": str(bid), "ask": str(ask)}


def _split(simulation: Simulation) -> dict[str, Any]:
    """Make `factor` shares of one, overnight."""
    body = _body()
    key, factor = _instrument(simulation, body), _positive(body, "factor")
    if factor <= 1:
        raise ControlError(422, f"factor: {factor} is not above 1")
    try:
        split(simulation.exchange, key, factor)
    except ValueError as error:
        raise ControlError(409, str(error)) from error
    return _priced(simulation, key)


def _instrument(simulation: Simulation, body: dict[str, Any]) -> InstrumentKey:
    key = (str(body.get("exchange")), str(body.get("token")))
    if key not in simulation.exchange.walks:
        raise ControlError(404, f"no instrument {key[0]} {key[1]} in the master")
    return key


def _priced(simulation: Simulation, key: InstrumentKey) -> dict[str, Any]:
    walk = simulation.exchange.walk(key)
    told = {"ltp": walk.ltp, "close": walk.previous_close}
    return {"exchange": key[0], "token": key[1], **{name: str(price) for name, price in told.items()}}


def _plant(simulation: Simulation, routes: frozenset[str]) -> dict[str, Any]:
    try:
        simulation.faults.plant(read_fault(_body(), routes))
    except ValueError as error:
        raise ControlError(422, str(error)) from error
    return {"faults": simulation.faults.describe()}


def _place(simulation: Simulation) -> dict[str, Any]:
    """Place an order that comes from nobody's API: the broker's app, another program."""
    ticket = read_ticket(_body(), simulation.exchange.walks)
    if isinstance(ticket, Answer):
        raise ControlError(422, ticket.body.decode())
    return describe_order(simulation, simulation.exchange.place(ticket))


def _cancel(simulation: Simulation, name: str) -> dict[str, Any]:
    order = _order(simulation, name)
    if order.state.is_over:
        raise ControlError(409, f"order {name} is {order.state.value}")
    return describe_order(simulation, simulation.exchange.cancel(order))


def _fill(simulation: Simulation, name: str) -> dict[str, Any]:
    """Trade a part (`quantity`, default all) at `price` (default its limit, else the last price)."""
    order, body = _order(simulation, name), _body()
    if not order.state.is_working:
        raise ControlError(409, f"order {name} is {order.state.value}")
    quantity = body.get("quantity", order.open_quantity)
    if not isinstance(quantity, int) or not 0 < quantity <= order.open_quantity:
        raise ControlError(422, f"quantity: {quantity!r} is not a whole number from 1 to {order.open_quantity}")
    last = simulation.exchange.walk(order.instrument.key).ltp
    price = _positive(body, "price") if "price" in body else order.terms.price or last
    triggered = order.triggered or order.terms.type.has_trigger
    filled = simulation.exchange.fill(replace(order, triggered=triggered), quantity, price=price)
    return describe_order(simulation, filled)


def _clock(simulation: Simulation) -> dict[str, Any]:
    body, clock = _body(), simulation.clock
    if not isinstance(clock, _Settable):
        raise ControlError(409, "this simulator follows a clock that cannot be set")
    moment, speed = _moment(body.get("to")), body.get("speed")
    try:
        clock.set(moment, speed=None if speed is None else float(speed))
    except ValueError as error:
        raise ControlError(409, str(error)) from error
    return {"now": iso(simulation.advance())}


def _reset(simulation: Simulation) -> dict[str, Any]:
    """Begin anew; `holidays` (ISO dates) replaces those of the configuration."""
    body = _body()
    simulation.reset(_days(body["holidays"]) if "holidays" in body else None)
    return {"now": iso(simulation.exchange.at)}


def _order(simulation: Simulation, name: str) -> Order:
    order = simulation.exchange.book.get(name)
    if order is None:
        raise ControlError(404, f"no order {name}")
    return order


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True) if request.data else {}
    if not isinstance(body, dict):
        raise ControlError(400, "the body is not a JSON object")
    return body


def _positive(body: dict[str, Any], name: str) -> Decimal:
    try:
        value = Decimal(str(body.get(name)))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise ControlError(422, f"{name}: {body.get(name)!r} is not a price above zero")
    return value


def _days(found: Any) -> list[date]:
    try:
        return [date.fromisoformat(day) for day in found]
    except (TypeError, ValueError) as error:
        raise ControlError(422, f'holidays: {found!r} is not a list of dates such as "2026-11-24"') from error


def _moment(found: Any) -> datetime:
    """Read ISO 8601; without an offset it is Indian time."""
    try:
        moment = datetime.fromisoformat(str(found))
    except ValueError as error:
        raise ControlError(422, f'to: {found!r} is neither ISO 8601 nor "2026-11-25 09:20"') from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=IST)).astimezone(UTC)


def _explain(error: ControlError) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), error.status
