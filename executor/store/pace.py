"""How fast and how much, since a moment: spans from alert to wire and counts by end, from rows that lie there anyway.

Ids sort by time, so all of it is a short range of each table, however long the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from executor.domain.bracket import Role
from executor.domain.ids import first_of
from executor.domain.intent import IntentKind
from executor.store import schema
from executor.store.engine import Database

#: The newest spans of each kind that are looked at.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Spans of a day, oldest first: fired → received → first order on the wire → the broker's answer to each write."""

    received: Sequence[timedelta]
    sent: Sequence[timedelta]
    answered: Sequence[timedelta]


@dataclass(frozen=True, slots=True)
class Counts:
    """By verdict; by (account, outcome, or state while there is none); by (account, state), foreign orders left out."""

    deliveries: Mapping[str, int]
    signals: Mapping[tuple[str, str], int]
    orders: Mapping[tuple[str, str], int]


class Paces:
    def __init__(self, database: Database) -> None:
        self._database = database

    def pace(self, since: datetime) -> Pace:
        """The newest spans since a moment."""
        with self._database.read() as connection:
            alerts, answered = _alerts(connection, since), _answers(connection, since)
        sent = [row.sent - row.received_at for row in alerts if row.sent is not None]
        return Pace([row.received_at - row.fired_at for row in alerts], sent, answered)

    def counts(self, since: datetime, day: date) -> Counts:
        """What arrived since a moment and what came of it; the orders of a trading day."""
        delivery, signal, order = schema.delivery.c, schema.signal.c, schema.broker_order.c
        first, word = first_of(since), func.coalesce(_text(signal.outcome), _text(signal.state))
        accounts = select(schema.account.c.name)
        with self._database.read() as connection:
            deliveries = connection.execute(
                select(delivery.verdict, func.count()).where(delivery.id >= first).group_by(delivery.verdict)
            ).all()
            signals = connection.execute(
                select(signal.account, word, func.count()).where(signal.id >= first).group_by(signal.account, word)
            ).all()
            orders = connection.execute(
                select(order.account, order.state, func.count())
                .where(order.account.in_(accounts), order.day == day, order.leg.is_not(None))
                .group_by(order.account, order.state)
            ).all()
        return Counts(
            {str(verdict): count for verdict, count in deliveries},
            {(account, outcome): count for account, outcome, count in signals},
            {(account, str(state)): count for account, state, count in orders},
        )


def _alerts(connection: Connection, since: datetime) -> list[Any]:
    """The newest signals, oldest first, each with the moment at which its own first order left."""
    signal, leg, order, intent = schema.signal.c, schema.leg, schema.broker_order, schema.intent
    own = leg.c.role.in_((Role.ENTRY, Role.EXIT))
    first_sent = (
        select(func.min(intent.c.sending_at))
        .select_from(leg.join(order, order.c.leg == leg.c.id).join(intent, intent.c.order == order.c.id))
        .where(leg.c.cause == signal.id, own, intent.c.kind == IntentKind.PLACE)
        .scalar_subquery()
    )
    statement = select(signal.fired_at, signal.received_at, first_sent.label("sent")).where(
        signal.id >= first_of(since)
    )
    return list(connection.execute(statement.order_by(signal.id.desc()).limit(MOST)))[::-1]


def _answers(connection: Connection, since: datetime) -> list[timedelta]:
    call = schema.broker_call.c
    statement = select(call.ms).where(call.id >= first_of(since), call.intent.is_not(None))
    found = connection.execute(statement.order_by(call.id.desc()).limit(MOST)).scalars()
    return [timedelta(milliseconds=ms) for ms in found][::-1]


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    return type_coerce(column, Text)
