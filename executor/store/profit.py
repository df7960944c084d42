"""What was filled for brackets, as profit is reckoned from: read only, over a bounded range of trading days.

Brackets are found by the orders of those days, which lie by (account, day). Each is read from its first day on, because
what a carried one cost lies there. They come in chunks, so that a year is not held in memory. A bracket of which an
order traded at a price that no market made (paper) enters no statistics, and so is not among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, select

from executor.domain.bracket import Bracket
from executor.domain.order import Order
from executor.domain.profit import Traded, trades_of
from executor.domain.record import Fill
from executor.store import schema
from executor.store.paper import SYNTHETIC
from executor.store.rows import load

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Days:
    """Trading days from `first` to `last`, both included; an empty strategy or account means all."""

    first: date
    last: date
    strategy: str = ""
    account: str = ""


def read_traded(connection: Connection, days: Days) -> Iterator[Traded]:
    """Every bracket for which something filled on these days, oldest first, with all that ever filled for it."""
    found = list(connection.execute(_brackets(days)).scalars())
    for start in range(0, len(found), _CHUNK):
        yield from _traded(connection, found[start : start + _CHUNK])


def _brackets(days: Days) -> Select[Any]:
    order, leg, bracket = schema.broker_order.c, schema.leg.c, schema.bracket
    statement = select(leg.bracket).distinct().join_from(schema.broker_order, schema.leg, order.leg == leg.id)
    accounts = [days.account] if days.account else select(schema.account.c.name)
    statement = statement.where(order.account.in_(accounts), order.day.between(days.first, days.last), order.filled > 0)
    if days.strategy:
        statement = statement.join(bracket, bracket.c.id == leg.bracket).where(bracket.c.strategy == days.strategy)
    return statement.order_by(leg.bracket)


def _traded(connection: Connection, keys: Sequence[str]) -> Iterator[Traded]:
    table = schema.bracket
    brackets = connection.execute(select(table).where(table.c.id.in_(keys)).order_by(table.c.id)).all()
    orders, fills = _orders(connection, keys), _fills(connection, keys)
    for row in brackets:
        if not any(SYNTHETIC in order.text for order in orders[row.id]):
            trades = [trade for order in orders[row.id] for trade in trades_of(order, fills[order.id])]
            yield Traded(load(Bracket, row), trades)


def _orders(connection: Connection, keys: Sequence[str]) -> dict[str, list[Order]]:
    """By bracket, those that filled something."""
    order, leg = schema.broker_order, schema.leg
    statement = select(order, leg.c.bracket).join_from(leg, order, order.c.leg == leg.c.id)
    statement = statement.where(leg.c.bracket.in_(keys), order.c.filled > 0).order_by(order.c.id)
    found: dict[str, list[Order]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.bracket].append(load(Order, row))
    return found


def _fills(connection: Connection, keys: Sequence[str]) -> dict[str, list[Fill]]:
    """By order: found by the broker's number, because a fill that was told before its order names none."""
    order, leg, fill = schema.broker_order, schema.leg, schema.fill
    same = (fill.c.account == order.c.account) & (fill.c.day == order.c.day) & (fill.c.broker_id == order.c.broker_id)
    statement = (
        select(fill, order.c.id.label("of"))
        .select_from(leg.join(order, order.c.leg == leg.c.id).join(fill, same))
        .where(leg.c.bracket.in_(keys))
        .order_by(fill.c.at, fill.c.fill_id)
    )
    found: dict[str, list[Fill]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.of].append(load(Fill, row))
    return found
