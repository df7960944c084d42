"""What an order would tie up and cost, before it is given (smartapi.md 2.15). These calls only ask."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Exchange
from executor.broker.smartapi.classify import read_data
from executor.broker.smartapi.values import Row, Unreadable, amount, text
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.reading import Charges, Margin, Query, Reading, Sketch
from executor.errors import BrokerUnavailable


def read_margin(query: Query, *, caller: Caller, jwt: str) -> Reading:
    """The money that the order of a sketch would tie up. Raises BrokerUnavailable, SessionLost."""
    key, sketch = _asked(query)
    position = {
        "exchange": key.segment.value,
        "qty": sketch.quantity,
        "price": float(sketch.price),  # a number here; of so few digits it is written as it was
        "productType": sketch.product.value,
        "token": key.token,
        "tradeType": sketch.side.value,
        "orderType": "LIMIT",
    }
    exchange = caller.call(calls.MARGIN, body={"positions": [position]}, jwt=jwt)
    return _reading(query, exchange, margin=_margin(exchange))


def read_charges(query: Query, *, caller: Caller, jwt: str) -> Reading:
    """What the order of a sketch would cost. Raises BrokerUnavailable, SessionLost."""
    key, sketch = _asked(query)
    order = {
        "product_type": sketch.product.value,
        "transaction_type": sketch.side.value,
        "quantity": str(sketch.quantity),
        "price": f"{sketch.price:f}",
        "exchange": key.segment.value,
        "symbol_name": _bare(sketch.symbol, key),
        "token": key.token,
    }
    exchange = caller.call(calls.CHARGES, body={"orders": [order]}, jwt=jwt)
    return _reading(query, exchange, charges=_charges(exchange))


def _asked(query: Query) -> tuple[InstrumentKey, Sketch]:
    assert query.instrument is not None
    assert query.sketch is not None
    return query.instrument, query.sketch


def _bare(symbol: str, key: InstrumentKey) -> str:
    """The docs name shares without their series: "745AS33" for 745AS33-SG."""
    return symbol.rpartition("-")[0] or symbol if key.segment is Segment.NSE else symbol


def _margin(exchange: Exchange) -> Margin:
    data = _row(exchange, read_data(exchange))
    try:
        parts = data.get("marginComponents")
        of = parts if isinstance(parts, dict) else {}
        return Margin(
            total=_said(data, "totalMarginRequired"),
            span=amount(of, "spanMargin"),
            premium=amount(of, "netPremium"),
            delivery=amount(of, "deliveryMargin"),
            benefit=amount(of, "marginBenefit"),
        )
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error


def _charges(exchange: Exchange) -> Charges:
    summary = _row(exchange, _row(exchange, read_data(exchange)).get("summary"))
    try:
        parts = tuple(_parts(summary.get("breakup")))
        return Charges(_said(summary, "total_charges"), amount(summary, "trade_value"), parts)
    except Unreadable as error:
        raise BrokerUnavailable(f"{exchange.call.route}: {error}", exchange.call) from error


def _parts(breakup: Any) -> Iterator[tuple[str, Decimal]]:
    """The outer level of the breakup; each part may be broken up further."""
    for part in breakup if isinstance(breakup, list) else ():
        if isinstance(part, dict) and (name := text(part, "name")):
            yield name, amount(part, "amount")


def _said(row: Row, name: str) -> Decimal:
    """An amount without which the answer says nothing: never taken for zero."""
    if row.get(name) in (None, ""):
        raise Unreadable(f"{name}: missing")
    return amount(row, name)


def _row(exchange: Exchange, found: Any) -> Row:
    if not isinstance(found, dict):
        raise BrokerUnavailable(f"{exchange.call.route}: data: not an object", exchange.call)
    return found


def _reading(query: Query, exchange: Exchange, **found: Any) -> Reading:
    return Reading(query, began_at=exchange.call.at, ended_at=exchange.ended_at, call=exchange.call, **found)
