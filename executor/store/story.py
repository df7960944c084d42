"""A signal's story: every row that its life left behind, from the delivery to the last fill, with the audit's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, or_, select

from executor.domain.bracket import Bracket, Leg
from executor.domain.delivery import Delivery
from executor.domain.intent import Call, Intent
from executor.domain.order import Order
from executor.domain.record import CallRow, Fill, ReportRow
from executor.domain.signal import Signal
from executor.store import schema
from executor.store.rows import load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AuditNote:
    """One entry of the audit as a reader sees it."""

    seq: int
    at: datetime
    kind: str
    subject: str
    say: str


@dataclass(frozen=True, slots=True)
class Story:
    """`repeats` are later deliveries of the same key; brackets are those the signal opened, added to or closed.

    Everything is in the order in which it was made.
    """

    delivery: Delivery
    signal: Signal
    repeats: tuple[Delivery, ...]
    brackets: tuple[Bracket, ...]
    legs: tuple[Leg, ...]
    orders: tuple[Order, ...]
    intents: tuple[Intent, ...]
    calls: tuple[CallRow, ...]
    reports: tuple[ReportRow, ...]
    fills: tuple[Fill, ...]
    notes: tuple[AuditNote, ...]


def read_story(connection: Connection, signal_id: str) -> Story | None:
    """Read it all in the connection's snapshot; None when there is no such signal."""
    row = connection.execute(select(schema.signal).where(schema.signal.c.id == signal_id)).one_or_none()
    if row is None:
        return None
    signal = load(Signal, row)
    read = _Reader(connection)
    [delivery] = read.all(Delivery, select(schema.delivery).where(schema.delivery.c.id == signal.delivery))
    repeats = read.all(Delivery, _repeats(signal_id))
    brackets = read.all(Bracket, _brackets(signal_id))
    legs = read.all(Leg, _of(schema.leg.c.bracket, brackets))
    orders = read.all(Order, _of(schema.broker_order.c.leg, legs))
    intents = read.all(Intent, _of(schema.intent.c.order, orders))
    subjects = [signal_id, delivery.id, *(row.id for group in (repeats, brackets, legs, orders) for row in group)]
    return Story(
        delivery=delivery,
        signal=signal,
        repeats=repeats,
        brackets=brackets,
        legs=legs,
        orders=orders,
        intents=intents,
        calls=tuple(_call(row) for row in connection.execute(_of(schema.broker_call.c.intent, intents))),
        reports=read.all(ReportRow, _by_time(schema.report, orders)),
        fills=read.all(Fill, _by_time(schema.fill, orders)),
        notes=read_notes(connection, subjects),
    )


def read_notes(connection: Connection, subjects: Sequence[str]) -> tuple[AuditNote, ...]:
    """The audit's entries about these, oldest first."""
    table = schema.audit
    statement = select(table).where(table.c.subject.in_(subjects)).order_by(table.c.seq)
    return tuple(note_of(row) for row in connection.execute(statement))


class _Reader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, kind: type[T], statement: Select[Any]) -> tuple[T, ...]:
        return tuple(load(kind, row) for row in self._connection.execute(statement))


def _repeats(signal_id: str) -> Select[Any]:
    table = schema.delivery
    return select(table).where(table.c.of == signal_id).order_by(table.c.id)


def _brackets(signal_id: str) -> Select[Any]:
    """Those with a leg of the signal's, and those it set FLAT."""
    table = schema.bracket
    caused = select(schema.leg.c.bracket).where(schema.leg.c.cause == signal_id)
    return select(table).where(or_(table.c.id.in_(caused), table.c.closer == signal_id)).order_by(table.c.id)


def _of(column: Any, owners: Sequence[Any]) -> Select[Any]:
    """The rows of a column's table that belong to these, by id."""
    return select(column.table).where(column.in_([owner.id for owner in owners])).order_by(column.table.c.id)


def _by_time(table: Any, orders: Sequence[Order]) -> Select[Any]:
    return (
        select(table).where(table.c.order.in_([order.id for order in orders])).order_by(table.c.at, table.c.broker_id)
    )


def note_of(row: Row[Any]) -> AuditNote:
    """An audit row as a reader sees it."""
    return AuditNote(row.seq, row.at, row.kind, row.subject, json.loads(row.text)["say"])


def _call(row: Row[Any]) -> CallRow:
    return CallRow(row.id, row.account, row.intent, load(Call, row), row.equal, row.last_at)
