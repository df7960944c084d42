"""What notices are made of: entries of the audit that a person may have to hear of, and how far each address heard.

Read only but for the cursors, which lie in the meta table and are no part of what is true.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from executor.domain.delivery import Delivery, Verdict
from executor.domain.signal import LaneKey, Signal
from executor.store import schema
from executor.store.engine import Database
from executor.store.rows import load

#: The word for a signal that has not ended.
UNDECIDED = "UNDECIDED"

_PREFIX = "notify:"
#: Kinds of the audit that may be told whether or not they are alarms; deliveries only when they were not accepted.
_KINDS = ("outcome", "halt", "calls")
#: How the text of an alarm begins: its keys are sorted (store/chain.py).
_ALARM = '{"alarm":true,'
#: The number of the lock at Postgres of whoever tells.
_TURN = 8


@dataclass(frozen=True, slots=True)
class Heard:
    """An entry of the audit with what it is about; `account` is None where it concerns all of them."""

    seq: int
    at: datetime
    kind: str
    subject: str
    say: str
    alarm: bool
    account: str | None
    signal: Signal | None
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an address heard: up to entry `seq`; `said` are things of a day with what was last told of each.

    `failures` in a row since `failing_since`, with the last one's words; 0 when it takes what it is given.
    """

    label: str
    seq: int
    said: Mapping[str, str] = field(default_factory=dict)
    told_at: str = ""
    failures: int = 0
    failing_since: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is known in the morning: when the session began, what the broker says of funds, which master counts."""

    login_at: datetime | None
    funds: Mapping[str, Any]
    master_at: datetime | None
    master: Mapping[str, Any]


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    def heard(self, after: int, up_to: int, *, limit: int) -> tuple[list[Heard], int]:
        """The newest such entries after one and up to another, oldest first, and how many older ones there are."""
        table = schema.audit
        found = select(table).outerjoin(schema.delivery, schema.delivery.c.id == table.c.subject)
        found = found.where(table.c.seq > after, table.c.seq <= up_to, _worth_hearing())
        with self._database.read() as connection:
            rows = connection.execute(found.order_by(table.c.seq.desc()).limit(limit)).all()[::-1]
            if not rows:  # as nearly always
                return [], 0
            older = 0
            if len(rows) == limit:
                counted = select(func.count()).select_from(found.with_only_columns(table.c.seq).subquery())
                older = connection.execute(counted).scalar_one() - limit
            about = _About(connection, [row.subject for row in rows])
        return [about.heard(row) for row in rows], older

    def readiness(self, account: str) -> Readiness:
        """What is known of an account's morning."""
        session, snapshot, master = schema.session.c, schema.snapshot.c, schema.master_load
        with self._database.read() as connection:
            login = connection.execute(select(session.opened_at).where(session.account == account)).scalar_one_or_none()
            body = select(snapshot.body).where(snapshot.account == account, snapshot.kind == "FUNDS")
            funds = connection.execute(body).scalar_one_or_none() or {}
            current = select(master.c.at, master.c.checks).where(master.c.current == True)  # noqa: E712
            row = connection.execute(current).one_or_none()
        return Readiness(login, funds, row.at if row else None, row.checks if row else {})

    def outcomes(self, first: datetime, last: datetime) -> list[tuple[str, str, int]]:
        """How many signals received from `first` to `last` came to what, by account; UNDECIDED for those under way."""
        row = schema.signal.c
        word = func.coalesce(type_coerce(row.outcome, Text), UNDECIDED)
        statement = select(row.account, word, func.count()).where(row.received_at.between(first, last))
        with self._database.read() as connection:
            return [tuple(one) for one in connection.execute(statement.group_by(row.account, word).order_by(word))]

    # cursors

    def progress(self) -> dict[str, Progress]:
        """All addresses by their marks."""
        row = schema.meta.c
        with self._database.read() as connection:
            found = connection.execute(select(row.key, row.value).where(row.key.startswith(_PREFIX))).all()
        return {one.key.removeprefix(_PREFIX): Progress(**json.loads(one.value)) for one in found}

    def remember(self, mark: str, progress: Progress) -> None:
        """Keep it. Raises NotRecorded."""
        key, value = _PREFIX + mark, json.dumps(asdict(progress))
        table = schema.meta
        with self._database.unaudited() as connection:
            if not connection.execute(update(table).where(table.c.key == key).values(value=value)).rowcount:
                connection.execute(insert(table).values(key=key, value=value))

    def forget(self, *, but: Collection[str]) -> None:
        """Drop the cursors of addresses that are no longer set. Raises NotRecorded."""
        kept = [_PREFIX + mark for mark in but]
        row = schema.meta.c
        with self._database.unaudited() as connection:
            connection.execute(delete(schema.meta).where(row.key.startswith(_PREFIX), row.key.not_in(kept)))


class Turn:
    """Who tells: one process of a database. With SQLite there is one trader; Postgres lends a lock to whoever asks
    first, and takes it back when that one's connection ends.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def is_ours(self) -> bool:
        """Have it, or take it where nobody has."""
        if self._database.is_sqlite:
            return True
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            return self._take()
        except (DBAPIError, PoolTimeout):
            self.close()
            return False

    def close(self) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _take(self) -> bool:
        connection = self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        if connection.execute(select(func.pg_try_advisory_lock(_TURN))).scalar_one():
            self._connection = connection
            return True
        connection.close()
        return False


def _worth_hearing() -> ColumnElement[bool]:
    audit, delivery = schema.audit.c, schema.delivery.c
    refused = delivery.verdict.in_([Verdict.REFUSED, Verdict.CONFLICT])
    return or_(audit.kind.in_(_KINDS), (audit.kind == "delivery") & refused, audit.text.startswith(_ALARM))


class _About:
    """The rows that entries are about, and the accounts that these belong to."""

    def __init__(self, connection: Connection, subjects: Sequence[str]) -> None:
        self._signals = self._rows(connection, Signal, schema.signal, subjects)
        self._deliveries = self._rows(connection, Delivery, schema.delivery, subjects)
        self._accounts: dict[str, str] = {}
        for table in (schema.signal, schema.bracket, schema.broker_order, schema.command):
            owned = select(table.c.id, table.c.account).where(table.c.id.in_(subjects))
            self._accounts |= {row.id: row.account for row in connection.execute(owned)}
        strategy = schema.strategy.c
        newest = select(strategy.name, strategy.account).order_by(strategy.version)
        self._strategies = {row.name: row.account for row in connection.execute(newest)}
        self._names = set(connection.execute(select(schema.account.c.name)).scalars())

    def heard(self, row: Any) -> Heard:
        told = json.loads(row.text)
        delivery = self._deliveries.get(row.subject)
        return Heard(
            seq=row.seq,
            at=row.at,
            kind=row.kind,
            subject=row.subject,
            say=told["say"],
            alarm=told.get("alarm", False),
            account=self._account(row.subject, delivery),
            signal=self._signals.get(row.subject),
            delivery=delivery,
        )

    def _account(self, subject: str, delivery: Delivery | None) -> str | None:
        if delivery is not None:
            return self._strategies.get(delivery.strategy or "")
        kind, _, name = subject.partition(":")
        match kind:
            case "account":
                return name
            case "strategy":
                return self._strategies.get(name)
            case "lane":
                return LaneKey(*name.split("|")).account
            case _:
                return self._accounts.get(subject, subject if subject in self._names else None)

    @staticmethod
    def _rows(connection: Connection, kind: type[Any], table: Any, keys: Sequence[str]) -> dict[str, Any]:
        found: Select[Any] = select(table).where(table.c.id.in_(keys))
        return {row.id: load(kind, row) for row in connection.execute(found)}


def failed(progress: Progress, why: str, *, at: datetime) -> Progress:
    """One failure more."""
    since = progress.failing_since or at.isoformat()
    return replace(progress, failures=progress.failures + 1, failing_since=since, failure=why)
