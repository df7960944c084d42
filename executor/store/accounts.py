"""What the traders have written of each account, for who reads it; and the end of a live account's first halt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select

from executor.domain.bracket import Role
from executor.domain.order import Order
from executor.store import schema
from executor.store.commands import first_halts
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
    """An order with its place: `role` and `strategy` are None for a foreign one."""

    order: Order
    role: Role | None
    strategy: str | None


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

    def orders(self, day: date) -> list[ListedOrder]:
        """All orders of a day, ours and foreign ones, the oldest first."""
        order, leg, bracket = schema.broker_order, schema.leg, schema.bracket
        statement = (
            select(order, leg.c.role, bracket.c.strategy)
            .outerjoin(leg, order.c.leg == leg.c.id)
            .outerjoin(bracket, leg.c.bracket == bracket.c.id)
            .where(order.c.day == day)
            .order_by(order.c.id)
        )
        with self._database.read() as connection:
            return [ListedOrder(load(Order, row), row.role, row.strategy) for row in connection.execute(statement)]

    def rehearsed(self, account: str) -> date | None:
        """The newest day on which the account's rehearsal was passed."""
        job = schema.job.c
        statement = select(func.max(job.day)).where(and_(job.account == account, job.kind == REHEARSAL))
        with self._database.read() as connection:
            found: date | None = connection.execute(statement).scalar_one_or_none()
        return found

    def unhalt(self, account: str, *, by: str, at: datetime) -> bool:
        """End the halt with which a live account began; False when none is in force."""
        with self._database.write(at) as transaction:
            scope = f"account:{account}"
            found = [row.id for row in transaction.connection.execute(first_halts()) if row.scope == scope]
            for halt in found:
                transaction.change(schema.halt, {"id": halt}, {"ended_at": transaction.at})
                transaction.note("halt", scope, f"the first halt ended by {by}, who typed the account's name")
        return bool(found)

    def open_positions(self, account: str) -> Sequence[str]:
        """The ids of the account's brackets that are not over."""
        statement = select(schema.bracket.c.id).where(schema.bracket.c.account == account, schema.BRACKET_ALIVE)
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())
