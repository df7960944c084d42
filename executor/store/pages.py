"""What pages and the audit commands read: the log of deliveries, heads, verification, how things stand.

Read only. Paging is by key: ids sort by time, so `before` an id is older, however deep the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, func, or_, select, type_coerce

from executor.domain.bracket import Leg
from executor.domain.command import Command
from executor.domain.delivery import Delivery
from executor.domain.order import Order
from executor.domain.profit import Traded
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.domain.strategy import Account
from executor.store import chain, schema
from executor.store.commands import first_halts
from executor.store.engine import Database
from executor.store.ledger import halts_in_force
from executor.store.notices import Notices, Progress
from executor.store.positions import OpenPosition, read_positions
from executor.store.profit import Days, read_traded
from executor.store.rows import load
from executor.store.story import AuditNote, Story, read_notes, read_story
from executor.store.types import storable


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; empty means all. `outcome` is the word that a line shows."""

    strategy: str = ""
    outcome: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One delivery with what came of it; `orders` are those of the legs that its signal caused, oldest first."""

    delivery: Delivery
    signal: Signal | None
    symbol: str | None
    orders: tuple[tuple[Leg, Order], ...]

    @property
    def state(self) -> str:
        return self.signal.state if self.signal else self.delivery.verdict

    @property
    def outcome(self) -> str | None:
        return self.signal.outcome if self.signal else None

    @property
    def word(self) -> str:
        """The one word for what came of it."""
        return self.outcome or self.state

    @property
    def reason(self) -> str | None:
        if self.signal:
            return self.signal.reason
        if self.delivery.code:
            return Refusal(self.delivery.code, self.delivery.detail).sentence
        return self.delivery.detail or None


@dataclass(frozen=True, slots=True)
class Beat:
    """What an account's trader last said of itself."""

    holder: str
    at: datetime
    status: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: every account with its trader's beat (None: no trader ever took it), halts in force.

    `unproved` are the scopes of live accounts still in the halt they began with: `resume` does not end it.
    """

    accounts: tuple[tuple[Account, Beat | None], ...]
    halts: tuple[Halt, ...]
    unproved: frozenset[str]

    def may_resume(self, halt: Halt) -> bool:
        """Whether a person's `resume` ends it."""
        return halt.kind is not HaltKind.HALT or halt.scope not in self.unproved


class Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    # the log

    def deliveries(self, filters: Filters, *, before: str | None, limit: int) -> list[LogLine]:
        """The newest deliveries with an id below `before`, newest first."""
        table = schema.delivery
        joined = table.outerjoin(schema.signal, schema.signal.c.delivery == table.c.id)
        statement = select(table).select_from(joined).order_by(table.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(table.c.id < before)
        for condition in _conditions(filters):
            statement = statement.where(condition)
        with self._database.read() as connection:
            return _lines(connection, statement)

    def line(self, key: str) -> LogLine | None:
        """The line of a delivery, or of the delivery of a signal."""
        table = schema.delivery
        of_signal = select(schema.signal.c.delivery).where(schema.signal.c.id == key)
        with self._database.read() as connection:
            found = _lines(connection, select(table).where(or_(table.c.id == key, table.c.id.in_(of_signal))))
        return found[0] if found else None

    def signal_story(self, signal_id: str) -> Story | None:
        with self._database.read() as connection:
            return read_story(connection, signal_id)

    def notes(self, subject: str) -> tuple[AuditNote, ...]:
        """What the audit says of one row."""
        with self._database.read() as connection:
            return read_notes(connection, [subject])

    def strategy_names(self) -> list[str]:
        column = schema.strategy.c.name
        with self._database.read() as connection:
            return list(connection.execute(select(column).distinct().order_by(column)).scalars())

    # how things stand

    def standing(self) -> Standing:
        accounts, leases = schema.account, schema.lease
        statement = (
            select(accounts.c.name, accounts.c.kind, leases.c.holder, leases.c.beat_at, leases.c.status)
            .outerjoin(leases, leases.c.account == accounts.c.name)
            .order_by(accounts.c.name, accounts.c.version)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
            halts = halts_in_force(connection, None)
            unproved = frozenset(row.scope for row in connection.execute(first_halts()))
        newest = {
            row.name: (
                Account(row.name, row.kind),
                Beat(row.holder, row.beat_at, row.status) if row.holder is not None else None,
            )
            for row in rows
        }
        return Standing(tuple(newest.values()), halts, unproved)

    def pulse(self) -> tuple[int, datetime | None, datetime | None]:
        """What moves when anything does: the audit's last number, the newest beat, the newest price."""
        beat, price = func.max(schema.lease.c.beat_at), func.max(schema.last_price.c.at)
        with self._database.read() as connection:
            head = chain.read_head(connection)
            return head.seq, connection.execute(select(beat)).scalar(), connection.execute(select(price)).scalar()

    def notices(self) -> list[Progress]:
        """How far each address heard, and whether it takes what it is sent."""
        return list(Notices(self._database).progress().values())

    def positions(self) -> list[OpenPosition]:
        """Every open position of every account, oldest first."""
        with self._database.read() as connection:
            return read_positions(connection)

    def traded(self, days: Days) -> Iterator[Traded]:
        """Every bracket for which something filled on these days, in one snapshot."""
        with self._database.read() as connection:
            yield from read_traded(connection, days)

    def commands(self, limit: int) -> list[tuple[Command, tuple[AuditNote, ...]]]:
        """The newest commands, newest first, each with what the audit says of it."""
        table = schema.command
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
            found = [load(Command, row) for row in rows]
            notes = read_notes(connection, [command.id for command in found])
        return [(one, tuple(note for note in notes if note.subject == one.id)) for one in found]

    # the audit

    def head(self) -> chain.Head:
        with self._database.read() as connection:
            return chain.read_head(connection)

    def verify(self, kept: chain.Head | None) -> chain.Verified:
        """Recompute the whole audit in one snapshot. Raises ChainBroken, naming the row."""
        with self._database.read() as connection:
            return chain.verify(connection, kept=kept)

    def audit_entries(self) -> Iterator[Mapping[str, Any]]:
        """Every entry as it is stored, oldest first."""
        plain = chain.as_plain(schema.audit)
        with self._database.read() as connection:
            for row in connection.execute(select(plain).order_by(plain.c.seq)).yield_per(1000):
                yield dict(row._mapping)


# -- the log -----------------------------------------------------------------------------------------------------


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    delivery, signal = schema.delivery.c, schema.signal.c
    if filters.strategy:
        yield delivery.strategy == filters.strategy
    if filters.outcome:
        words = (signal.outcome, signal.state, delivery.verdict)
        yield func.coalesce(*(type_coerce(word, Text) for word in words)) == filters.outcome
    if filters.text:
        columns = (delivery.id, delivery.body, delivery.detail, signal.id, signal.lane, signal.reason)
        wanted = storable(filters.text).lower()
        found = [func.lower(column).contains(wanted, autoescape=True) for column in columns]
        yield or_(*found, signal.id.in_(_causes_of_order(filters.text)))


def _causes_of_order(text: str) -> Select[Any]:
    """The signals behind an order, by the broker's number or our tag."""
    order, leg = schema.broker_order.c, schema.leg
    matching = or_(order.broker_id == text, order.tag == text)
    return select(leg.c.cause).join(schema.broker_order, order.leg == leg.c.id).where(matching)


def _lines(connection: Connection, statement: Select[Any]) -> list[LogLine]:
    deliveries = [load(Delivery, row) for row in connection.execute(statement)]
    signals = _signals(connection, [delivery.id for delivery in deliveries])
    causes = [signal.id for signal in signals.values()]
    symbols, orders = _symbols(connection, causes), _orders(connection, causes)
    lines = []
    for delivery in deliveries:
        signal = signals.get(delivery.id)
        key = signal.id if signal else ""
        lines.append(LogLine(delivery, signal, symbols.get(key), tuple(orders[key])))
    return lines


def _signals(connection: Connection, deliveries: Sequence[str]) -> dict[str, Signal]:
    statement = select(schema.signal).where(schema.signal.c.delivery.in_(deliveries))
    return {row.delivery: load(Signal, row) for row in connection.execute(statement)}


def _symbols(connection: Connection, causes: Sequence[str]) -> dict[str, str]:
    leg, bracket = schema.leg.c, schema.bracket.c
    statement = select(leg.cause, bracket.symbol).join(schema.bracket, bracket.id == leg.bracket)
    return {row.cause: row.symbol for row in connection.execute(statement.where(leg.cause.in_(causes)))}


def _orders(connection: Connection, causes: Sequence[str]) -> dict[str, list[tuple[Leg, Order]]]:
    table = schema.leg
    legs = {row.id: load(Leg, row) for row in connection.execute(select(table).where(table.c.cause.in_(causes)))}
    columns = schema.broker_order.c
    statement = select(schema.broker_order).where(columns.leg.in_(list(legs))).order_by(columns.id)
    found: dict[str, list[tuple[Leg, Order]]] = defaultdict(list)
    for row in connection.execute(statement):
        leg = legs[row.leg]
        found[leg.cause].append((leg, load(Order, row)))
    return found
