"""The simulator's own truth, as `GET /_control/state` tells it. Prices are text, times ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.orders import Fill, Order
from executor.simulator.exchange.positions import Position, positions
from executor.simulator.simulation import Simulation, iso


def describe_state(simulation: Simulation) -> dict[str, Any]:
    """Return orders, fills, positions, every request seen, planted faults and prices.

    Of contracts only those are priced that have an order or a price set by hand.
    """
    exchange = simulation.exchange
    fills = exchange.book.fills(exchange.at)
    orders = list(exchange.book.orders(exchange.at))
    told = {order.instrument.key for order in orders}
    walks = [walk for key, walk in exchange.walks.items() if walk.held or not walk.instrument.expiry or key in told]
    return {
        "now": iso(exchange.at),
        "orders": [describe_order(simulation, order) for order in orders],
        "fills": [_fill(fill) for fill in fills],
        "positions": [_position(row) for row in positions(fills, ist_day(exchange.at))],
        "requests": list(simulation.journal),
        "faults": simulation.faults.describe(),
        "prices": {
            f"{w.instrument.exchange}:{w.instrument.token}": str(exchange.walk(w.instrument.key).ltp) for w in walks
        },
    }


def describe_order(simulation: Simulation, order: Order) -> dict[str, Any]:
    """Return one order with its history, oldest version first."""
    return {
        "orderid": order.order_id,
        "uniqueorderid": order.unique_id,
        "tag": order.tag,
        "symbol": order.instrument.symbol,
        "token": order.instrument.token,
        "exchange": order.instrument.exchange,
        "side": order.side.value,
        "product": order.terms.product,
        "placed_at": iso(order.placed_at),
        **_version(order),
        "updated_at": iso(order.updated_at),
        "history": [
            {"at": iso(version.updated_at), **_version(version)}
            for version in simulation.exchange.book.history(order.order_id)
        ],
    }


def _version(order: Order) -> dict[str, Any]:
    return {
        "status": order.state.value,
        "type": order.terms.type.value,
        "quantity": order.terms.quantity,
        "price": str(order.terms.price),
        "trigger": str(order.terms.trigger),
        "filled": order.filled,
        "average": str(order.average),
        "text": order.text,
    }


def _fill(fill: Fill) -> dict[str, Any]:
    return {
        "fillid": fill.fill_id,
        "orderid": fill.order_id,
        "tag": fill.tag,
        "exchange": fill.instrument.exchange,
        "token": fill.instrument.token,
        "symbol": fill.instrument.symbol,
        "side": fill.side.value,
        "product": fill.product,
        "price": str(fill.price),
        "quantity": fill.quantity,
        "at": iso(fill.at),
    }


def _position(row: Position) -> dict[str, Any]:
    return {
        "exchange": row.instrument.exchange,
        "token": row.instrument.token,
        "symbol": row.instrument.symbol,
        "product": row.product,
        "net": row.net,
        "bought": row.total_buy[0],
        "sold": row.total_sell[0],
        "realised": f"{row.realised:.2f}",
    }
