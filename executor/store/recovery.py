"""What a trader reads: everything a desk starts from, new work, and the writes that count against the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, bindparam, func, or_, outerjoin, select

from executor.clock import IST
from executor.domain.bracket import Bracket, Leg
from executor.domain.command import ERRANDS, Command, CommandKind
from executor.domain.intent import Intent, IntentState
from executor.domain.messages import BookRows
from executor.domain.order import MAY_COME, MAY_COME_FOR, Order
from executor.domain.record import Fill, Halt, Lane
from executor.domain.signal import Signal, SignalState
from executor.store import schema
from executor.store.engine import Database
from executor.store.hints import hint_key
from executor.store.ledger import concerning, halts_in_force
from executor.store.rows import load, made
from executor.store.statements import as_stored, ask

T = TypeVar("T")

#: After every halt has ended.
_NEVER = datetime.max.replace(tzinfo=UTC)

#: How many versions of strategies and accounts and loads of the master there are and the newest hint, beside each halt
#: in force; one row where there is none.
_VERSIONS = select(
    (
        select(func.count()).select_from(schema.strategy).scalar_subquery()
        + select(func.count()).select_from(schema.account).scalar_subquery()
        + select(func.count()).select_from(schema.master_load).scalar_subquery()
    ).label("versions"),
    select(schema.meta.c.value).where(schema.meta.c.key == bindparam("hint")).scalar_subquery().label("hint"),
).subquery()
_ENDED_AT = schema.halt.c.ended_at
#: Asked four times a second: made once. Halts in force, and those that ended after a moment.
_STANDING = (
    select(_VERSIONS.c.versions, _VERSIONS.c.hint.label("hint"), schema.halt)
    .select_from(outerjoin(_VERSIONS, schema.halt, or_(_ENDED_AT.is_(None), bindparam("after") < _ENDED_AT)))
    .order_by(schema.halt.c.id)
)
_COMMANDS = (
    select(schema.command)
    .where(schema.command.c.account == bindparam("account"), schema.COMMAND_NEW)
    .where(*(schema.command.c.kind != kind for kind in (CommandKind.LOGIN, *sorted(ERRANDS))))
    .order_by(schema.command.c.id)
)
_SIGNALS = (
    select(schema.signal)
    .where(schema.signal.c.account == bindparam("account"), schema.SIGNAL_OPEN)
    .where(schema.signal.c.state == SignalState.RECEIVED)
    .order_by(schema.signal.c.id)
)


@dataclass(frozen=True, slots=True)
class NewWork:
    """Halts in force, commands NEW, signals RECEIVED; `versions` is another one when rails may have changed, `hint`
    when somebody said that something happened at the broker. `ended`: the halts that ended after the oldest of these
    signals was received.
    """

    halts: tuple[Halt, ...]
    ended: tuple[Halt, ...]
    versions: int
    commands: list[Command]
    signals: list[Signal]
    hint: str | None = None


class Recovery:
    def __init__(self, database: Database) -> None:
        self._database = database

    def load_book(self, account: str, day: date) -> BookRows:
        """All that a desk starts from: live brackets, those with orders of the day or such as may come still, with
        everything on them.
        """
        with self._database.read() as connection:
            brackets = self._all(connection, Bracket, _brackets(account, day))
            legs = self._all(connection, Leg, _legs([bracket.id for bracket in brackets]))
            orders = self._all(connection, Order, _orders(account, day, [leg.id for leg in legs]))
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
                losses=concerning(account, self._all(connection, Halt, _losses(day))),
            )

    def new_work(self, account: str) -> NewWork:
        """What waits for the desk: by state and never by cursor, oldest id first.

        No snapshot is needed, which a Postgres takes two more round trips for: signals are read first and what stands
        last, so that whatever was recorded before a signal that is found here is found too.
        """
        with self._database.glance() as connection:
            signals = ask(connection, _SIGNALS, account=account)
            commands = ask(connection, _COMMANDS, account=account)
            after = min((row["received_at"] for row in signals), default=_NEVER)
            standing = ask(connection, _STANDING, hint=hint_key(account), after=as_stored(_ENDED_AT.type, after))
        halts = concerning(account, [made(Halt, row) for row in standing if row["id"] is not None])
        return NewWork(
            halts=tuple(halt for halt in halts if halt.ended_at is None),
            ended=tuple(halt for halt in halts if halt.ended_at is not None),
            versions=standing[0]["versions"],
            commands=[made(Command, row) for row in commands],
            signals=[made(Signal, row) for row in signals],
            hint=standing[0]["hint"],
        )

    def recent_writes(self, account: str, now: datetime) -> list[datetime]:
        """When place, modify and cancel left in the last hour, for the sliding windows.

        What was being sent when the last trader stopped may arrive at any moment: it counts from `now`. So does what
        was stamped by a clock that was ahead and has been set back: it would fill every window until that time came.
        """
        sent, state = schema.intent.c.sending_at, schema.intent.c.state
        since = now - timedelta(hours=1)
        statement = select(sent, state).where(schema.intent.c.account == account, sent >= since).order_by(sent)
        with self._database.read() as connection:
            found = connection.execute(statement).all()
        return [now if row.state is IntentState.SENDING else min(row.sending_at, now) for row in found]

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


def _brackets(account: str, day: date) -> Select[Any]:
    order, leg, bracket = schema.broker_order.c, schema.leg.c, schema.bracket.c
    today = select(leg.bracket).join(schema.broker_order, order.leg == leg.id)
    comes = order.state.in_(sorted(MAY_COME)) & (order.filled == 0) & (order.day >= day - MAY_COME_FOR)
    today = today.where(order.account == account, or_(order.day == day, comes))
    wanted = or_((bracket.account == account) & schema.BRACKET_ALIVE, bracket.id.in_(today))
    return select(schema.bracket).where(wanted).order_by(bracket.id)


def _legs(brackets: Sequence[str]) -> Select[Any]:
    return select(schema.leg).where(schema.leg.c.bracket.in_(brackets)).order_by(schema.leg.c.id)


def _orders(account: str, day: date, legs: Sequence[str]) -> Select[Any]:
    """Orders of these legs, and all of the account's day: foreign ones have no leg."""
    order = schema.broker_order.c
    wanted = or_(order.leg.in_(legs), (order.account == account) & (order.day == day))
    return select(schema.broker_order).where(wanted).order_by(order.id)


def _intents(orders: Sequence[str]) -> Select[Any]:
    return select(schema.intent).where(schema.intent.c.order.in_(orders)).order_by(schema.intent.c.id)


def _open_signals(account: str, causes: Sequence[str]) -> Select[Any]:
    """Signals that have not ended, and those behind the loaded legs: a late truth may correct their outcome."""
    table = schema.signal
    wanted = or_((table.c.account == account) & schema.SIGNAL_OPEN, table.c.id.in_(set(causes)))
    return select(table).where(wanted).order_by(table.c.id)


def _lanes(account: str) -> Select[Any]:
    return select(schema.lane).where(schema.lane.c.account == account).order_by(schema.lane.c.key)


def _fills(account: str, day: date) -> Select[Any]:
    columns = schema.fill.c
    statement = select(schema.fill).where(columns.account == account, columns.day == day)
    return statement.order_by(columns.broker_id, columns.fill_id)


def _losses(day: date) -> Select[Any]:
    """Loss limits reached on a day, also those that a person has ended since."""
    halt = schema.halt.c
    midnight = datetime.combine(day, time(), IST)
    return select(schema.halt).where(schema.HALT_LOSS, halt.since >= midnight).order_by(halt.since)


def _hashes(account: str, day: date) -> Select[Any]:
    return select(schema.report.c.hash).where(schema.report.c.account == account, schema.report.c.day == day)
