"""Lines of the log for other programs, which rely on both shapes: one JSON value a line, a table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from executor.clock import IST
from executor.domain.bracket import Leg
from executor.domain.order import Order
from executor.domain.signal import lane_of
from executor.store.log import LogLine
from executor.web.pages.words import asked_of

COLUMNS = (
    "received_ist",
    "strategy",
    "account",
    "asked",
    "ticker",
    "instrument",
    "word",
    "reason",
    "orders",
    "fired_ist",
    "source",
    "delivery",
    "signal",
)
#: What a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def line_json(line: LogLine) -> dict[str, Any]:
    """One delivery as tools rely on it; prices as text, times ISO 8601 in UTC."""
    signal = line.signal
    return {
        "signal": signal.id if signal else None,
        "delivery": line.delivery.id,
        "strategy": line.delivery.strategy,
        "account": signal.account if signal else None,
        "received_at": iso(line.delivery.received_at),
        "fired_at": iso(signal.fired_at) if signal else None,
        "action": signal.action if signal else None,
        "ticker": lane_of(signal).ticker if signal else None,
        "instrument": line.symbol,
        "state": line.state,
        "outcome": line.outcome,
        "reason": line.reason,
        "orders": [_order_json(leg, order) for leg, order in line.orders],
    }


def csv_parts(lines: Iterable[LogLine]) -> Iterator[str]:
    """A table with its heads, a row at a time; no cell of it is a formula."""
    yield _row(COLUMNS)
    for line in lines:
        yield _row([_harmless(cell) for cell in _cells(line)])


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _order_json(leg: Leg, order: Order) -> dict[str, Any]:
    return {
        "orderid": order.broker_id,
        "tag": order.tag,
        "leg": leg.role,
        "status": order.state,
        "quantity": _quantity(order),
        "filled": order.filled,
        "average": None if order.average is None else str(order.average),
    }


def _cells(line: LogLine) -> list[str]:
    signal, delivery = line.signal, line.delivery
    return [
        _ist(delivery.received_at),
        delivery.strategy or "",
        signal.account if signal else "",
        asked_of(line),
        lane_of(signal).ticker if signal else "",
        line.symbol or "",
        line.word,
        line.reason or "",
        "; ".join(_order_words(leg, order) for leg, order in line.orders),
        _ist(signal.fired_at) if signal else "",
        delivery.source,
        delivery.id,
        signal.id if signal else "",
    ]


def _order_words(leg: Leg, order: Order) -> str:
    price = f" @ {order.average}" if order.average is not None else ""
    filled = f"{order.filled} of {_quantity(order)}{price}"
    return " ".join(word for word in (leg.role, order.side, filled, order.state, order.broker_id, order.text) if word)


def _quantity(order: Order) -> int:
    return order.sent_quantity if order.working_quantity is None else order.working_quantity


def _ist(at: datetime) -> str:
    return f"{at.astimezone(IST):%Y-%m-%d %H:%M:%S}"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(cells: Iterable[str]) -> str:
    row = StringIO()
    csv.writer(row).writerow(cells)
    return row.getvalue()
