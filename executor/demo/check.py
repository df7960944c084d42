"""The check: what our audit says of each alert against what the exchange says happened, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executor.demo.play import Sent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `wrong` lists what is not as expected; empty is good."""

    title: str
    answer: int | None
    audit: str
    exchange: str
    wrong: tuple[str, ...]


def check(sent: Sequence[Sent], audit: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> list[Row]:
    """Compare expectation, audit and exchange; then look for anything at the exchange that nobody accounts for."""
    by_delivery = {line["delivery"]: line for line in audit}
    at_exchange = {order["orderid"]: order for order in state["orders"]}
    rows = [_row(alert, by_delivery.get(alert.delivery), at_exchange) for alert in sent]
    ours = {order["orderid"] for line in audit for order in line["orders"]}
    strangers = [order for number, order in at_exchange.items() if number not in ours]
    if strangers:
        names = tuple(f"{order['side']} {order['quantity']} {order['symbol']}" for order in strangers)
        rows.append(Row("orders nobody asked for", 0, "", f"{len(strangers)}", names))
    return rows


def _row(alert: Sent, line: Mapping[str, Any] | None, at_exchange: Mapping[str, Mapping[str, Any]]) -> Row:
    wrong = []
    if alert.status != alert.expected.status:
        wrong.append(f"answered {alert.status}, expected {alert.expected.status}")
    if line is None:
        return Row(alert.title, alert.status, "not in the audit", "", (*wrong, "the delivery is not in the audit"))
    verdict = line["outcome"] or line["state"]
    if verdict != alert.expected.outcome:
        wrong.append(f"ended {verdict}, expected {alert.expected.outcome}")
    wrong += _orders_wrong(alert, line, at_exchange)
    told = [f"{o['leg'].lower()} {_words(at_exchange.get(o['orderid']))}" for o in line["orders"]]
    exchange = ", ".join(told) or "no order"
    return Row(alert.title, alert.status, f"{verdict}: {line['reason'] or ''}".rstrip(": "), exchange, tuple(wrong))


def _orders_wrong(alert: Sent, line: Mapping[str, Any], at_exchange: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Each order of ours must be at the exchange as we say, each leg as expected, and no leg missing."""
    wrong = []
    for order in line["orders"]:
        real = at_exchange.get(order["orderid"])
        if real is None:
            wrong.append(f"{order['leg']} {order['orderid']} is not at the exchange")
        elif real["filled"] != order["filled"]:
            wrong.append(f"{order['leg']}: {real['filled']} filled at the exchange, {order['filled']} in the audit")
    found = {order["leg"]: at_exchange.get(order["orderid"]) for order in line["orders"]}
    for leg, (status, filled) in alert.expected.orders.items():
        real = found.get(leg)
        if real is None or (real["status"], real["filled"]) != (status, filled):
            wrong.append(f"{leg}: expected {status} {filled}, the exchange has {_words(real)}")
    if not alert.expected.orders and line["orders"]:
        wrong.append(f"expected no order, found {len(line['orders'])}")
    return wrong


def _words(order: Mapping[str, Any] | None) -> str:
    return "no such order" if order is None else f"{order['status']} {order['filled']}"
