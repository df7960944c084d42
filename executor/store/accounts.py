"""What the traders have written of each account, for who reads it; and the end of a live account's first halt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from executor.domain.bracket import Role
from executor.domain.ids import first_of
from executor.domain.order import Order, OrderState
from executor.domain.strategy import Account, AccountKind
from executor.errors import ConfigError
from executor.store import schema
from executor.store.commands import first_halts, readable
from executor.store.engine import Database
from executor.store.rows import load

REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the broker last said of an account, in our words."""

    account: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoginCall:
    """A login as it went; the answer is masked. `status` None: none came."""

    at: datetime
    status: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order with its place: `role` and `strategy` are None for a foreign one. `cause`: what its leg was made for, a
    signal when `by_signal`, else a command.
    """

    order: Order
    role: Role | None
    strategy: str | None
    cause: str | None = None
    by_signal: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders of a day: of one account or all, in these states or all, older than an id."""

    day: date
    account: str = ""
    states: frozenset[OrderState] = frozenset()
    before: str = ""


class Accounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def snapshots(self, kind: str) -> list[Snapshot]:
        """The newest of a kind (FUNDS, HOLDINGS) of every account that has one, by name."""
        table = schema.snapshot
        statement = select(table.c.account, table.c.at, table.c.body).where(table.c.kind == kind)
        with self._database.read() as connection:
            return [Snapshot(*row) for row in connection.execute(statement.order_by(table.c.account))]

    def last_logins(self, account: str, *, most: int) -> list[LoginCall]:
        """The newest logins that were tried, newest first."""
        call = schema.broker_call.c
        statement = select(call.at, call.status, call.answer).where(
            call.account == account, call.route == "loginByPassword"
        )
        with self._database.read() as connection:
            return [LoginCall(*row) for row in connection.execute(statement.order_by(call.id.desc()).limit(most))]

    def newest_send(self, account: str) -> tuple[datetime, str] | None:
        """When the account's newest order or change left, and what came of it; None before the first."""
        intent = schema.intent.c
        statement = select(intent.sending_at, intent.outcome).where(
            intent.account == account, intent.sending_at.is_not(None), intent.outcome.is_not(None)
        )
        with self._database.read() as connection:
            row = connection.execute(statement.order_by(intent.sending_at.desc()).limit(1)).first()
        return None if row is None else (row.sending_at, row.outcome)

    def orders(self, day: date) -> list[ListedOrder]:
        """All orders of a day, ours and foreign ones, the oldest first."""
        return self._listed(_orders(Wanted(day)).order_by(schema.broker_order.c.id))

    def newest_orders(self, wanted: Wanted, *, most: int) -> list[ListedOrder]:
        """The newest of these orders, ours and foreign ones, newest first."""
        return self._listed(_orders(wanted).order_by(schema.broker_order.c.id.desc()).limit(most))

    def _listed(self, statement: Select[Any]) -> list[ListedOrder]:
        with self._database.read() as connection:
            return [
                ListedOrder(load(Order, row), row.role, row.strategy, row.cause, row.signal is not None)
                for row in connection.execute(statement)
            ]

    def profile(self, account: str, *, since: datetime) -> LoginCall | None:
        """How the broker last told whose session it is, since a moment; the answer is masked."""
        call = schema.broker_call.c
        statement = select(call.at, call.status, call.answer).where(
            call.id >= first_of(since), call.account == account, call.route == "getProfile", call.status == 200
        )
        with self._database.read() as connection:
            row = connection.execute(statement.order_by(call.id.desc()).limit(1)).one_or_none()
        return LoginCall(*row) if row is not None else None

    def rehearsed(self, account: str) -> date | None:
        """The newest day on which the account's rehearsal was passed."""
        job = schema.job.c
        statement = select(func.max(job.day)).where(and_(job.account == account, job.kind == REHEARSAL))
        with self._database.read() as connection:
            found: date | None = connection.execute(statement).scalar_one_or_none()
        return found

    def unhalt(self, account: Account, *, by: str, at: datetime, why: str = "") -> bool:
        """End the halt with which a live account began, its name typed; False when none is in force.

        Raises ConfigError for a live account without limits or rehearsal.
        """
        self._check_proved(account)
        said = f": {readable(why)}" if why else ""
        with self._database.write(at) as transaction:
            scope = f"account:{account.name}"
            found = [row.id for row in transaction.connection.execute(first_halts()) if row.scope == scope]
            for halt in found:
                transaction.change(schema.halt, {"id": halt}, {"ended_at": transaction.at})
                transaction.note("halt", scope, f"the first halt ended by {by}, who typed the account's name{said}")
        return bool(found)

    def _check_proved(self, found: Account) -> None:
        if found.kind is not AccountKind.LIVE:
            return
        rails = found.rails
        if rails.max_daily_loss is None or (rails.max_order_quantity is None and rails.max_notional is None):
            raise ConfigError(
                f"account {found.name} has no limits yet: `executor account set {found.name} --max-daily-loss RUPEES` "
                "and --max-notional RUPEES or --max-order-quantity UNITS"
            )
        if self.rehearsed(found.name) is None:
            raise ConfigError(
                f"account {found.name} has not been rehearsed: `executor rehearse --account {found.name}`"
            )

    def open_positions(self, account: str) -> Sequence[str]:
        """The ids of the account's brackets that are not over."""
        statement = select(schema.bracket.c.id).where(schema.bracket.c.account == account, schema.BRACKET_ALIVE)
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())


def _orders(wanted: Wanted) -> Select[Any]:
    order, leg, bracket, signal = schema.broker_order, schema.leg, schema.bracket, schema.signal
    accounts = [wanted.account] if wanted.account else select(schema.account.c.name)  # they lie by account and day
    statement = (
        select(order, leg.c.role, leg.c.cause, bracket.c.strategy, signal.c.id.label("signal"))
        .outerjoin(leg, order.c.leg == leg.c.id)
        .outerjoin(bracket, leg.c.bracket == bracket.c.id)
        .outerjoin(signal, leg.c.cause == signal.c.id)
        .where(order.c.account.in_(accounts), order.c.day == wanted.day)
    )
    if wanted.states:
        statement = statement.where(order.c.state.in_(sorted(wanted.states)))
    return statement.where(order.c.id < wanted.before) if wanted.before else statement
