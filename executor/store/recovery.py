"""What a trader reads: everything a desk starts from, new work, and the writes that count against the limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, or_, select

from executor.domain.bracket import Bracket, BracketState, Leg
from executor.domain.messages import BookRows, Fill, Intent, Lane
from executor.domain.order import Order
from executor.domain.signal import Signal, SignalState
from executor.store import schema
from executor.store.engine import Database
from executor.store.ledger import halts_in_force
from executor.store.rows import load

T = TypeVar("T")


class Recovery:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load_book(self, account: str, day: date) -> BookRows:
        """All that a desk starts from: live brackets and those with orders of the day, with everything on them."""
        with self._database.read() as connection:
            orders = self._all(connection, Order, _orders(account, day))
            legs = self._all(connection, Leg, _legs(account, [order.leg for order in orders if order.leg]))
            brackets = self._all(connection, Bracket, _brackets([leg.bracket for leg in legs]))
            legs = self._all(connection, Leg, _legs_of([bracket.id for bracket in brackets]))
            orders = self._all(connection, Order, _orders_of(account, day, [leg.id for leg in legs]))
            return BookRows(
                account=account,
                signals=tuple(self._all(connection, Signal, _open_signals(account, [leg.cause for leg in legs]))),
                lanes=tuple(self._all(connection, Lane, _lanes(account))),
                brackets=tuple(brackets),
                legs=tuple(legs),
                orders=tuple(orders),
                intents=tuple(self._all(connection, Intent, _intents([order.id for order in orders]))),
                fills=tuple(self._all(connection, Fill, _fills(account, day))),
                report_hashes=frozenset(connection.execute(_hashes(account, day)).scalars()),
                halts=halts_in_force(connection, account),
            )

    def new_signals(self, account: str) -> list[Signal]:
        """Signals that wait, by state and never by cursor; oldest id first."""
        table = schema.signal
        statement = select(table).where(table.c.account == account, table.c.state == SignalState.RECEIVED)
        with self._database.read() as connection:
            return self._all(connection, Signal, statement.order_by(table.c.id))

    def halts(self, account: str) -> tuple[Any, ...]:
        with self._database.read() as connection:
            return halts_in_force(connection, account)

    def recent_writes(self, account: str, since: datetime) -> list[datetime]:
        """When place, modify and cancel left, for the sliding windows."""
        table = schema.intent
        statement = select(table.c.sending_at).where(table.c.account == account, table.c.sending_at >= since)
        with self._database.read() as connection:
            return list(connection.execute(statement.order_by(table.c.sending_at)).scalars())

    def newest_id(self) -> str | None:
        """The greatest id of ours in any table: a start continues above it."""
        schemas = schema.metadata.sorted_tables
        tables = [table for table in schemas if "id" in table.c and table.name != "api_token"]
        with self._database.read() as connection:
            found = [connection.execute(select(func.max(table.c.id))).scalar_one_or_none() for table in tables]
        return max((value for value in found if value), default=None)

    @staticmethod
    def _all(connection: Connection, kind: type[T], statement: Select[Any]) -> list[T]:
        return [load(kind, row) for row in connection.execute(statement)]


def _orders(account: str, day: date) -> Select[Any]:
    """Orders of the day and those of brackets still alive."""
    order, leg, bracket = schema.broker_order, schema.leg, schema.bracket
    alive = select(leg.c.id).join(bracket, bracket.c.id == leg.c.bracket).where(bracket.c.state != BracketState.CLOSED)
    return select(order).where(order.c.account == account, or_(order.c.day == day, order.c.leg.in_(alive)))


def _legs(account: str, ids: Sequence[str]) -> Select[Any]:
    """Legs of the orders, and of every live bracket even before its first order."""
    leg, bracket = schema.leg, schema.bracket
    alive = select(bracket.c.id).where(bracket.c.account == account, bracket.c.state != BracketState.CLOSED)
    return select(leg).where(or_(leg.c.id.in_(ids), leg.c.bracket.in_(alive))).order_by(leg.c.id)


def _legs_of(brackets: Sequence[str]) -> Select[Any]:
    return select(schema.leg).where(schema.leg.c.bracket.in_(brackets)).order_by(schema.leg.c.id)


def _brackets(ids: Sequence[str]) -> Select[Any]:
    return select(schema.bracket).where(schema.bracket.c.id.in_(set(ids))).order_by(schema.bracket.c.id)


def _orders_of(account: str, day: date, legs: Sequence[str]) -> Select[Any]:
    order = schema.broker_order
    wanted = or_(order.c.leg.in_(legs), (order.c.account == account) & (order.c.day == day))
    return select(order).where(wanted).order_by(order.c.id)


def _intents(orders: Sequence[str]) -> Select[Any]:
    return select(schema.intent).where(schema.intent.c.order.in_(orders)).order_by(schema.intent.c.id)


def _open_signals(account: str, causes: Sequence[str]) -> Select[Any]:
    """Signals that have not ended, and those behind the loaded legs: a late truth may correct their outcome."""
    table = schema.signal
    wanted = or_((table.c.account == account) & (table.c.state != SignalState.ENDED), table.c.id.in_(set(causes)))
    return select(table).where(wanted).order_by(table.c.id)


def _lanes(account: str) -> Select[Any]:
    return select(schema.lane).where(schema.lane.c.account == account).order_by(schema.lane.c.key)


def _fills(account: str, day: date) -> Select[Any]:
    columns = schema.fill.c
    statement = select(schema.fill).where(columns.account == account, columns.day == day)
    return statement.order_by(columns.broker_id, columns.fill_id)


def _hashes(account: str, day: date) -> Select[Any]:
    return select(schema.report.c.hash).where(schema.report.c.account == account, schema.report.c.day == day)
