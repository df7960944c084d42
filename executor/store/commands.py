"""A person's orders: recorded with their halt in one transaction, one command an account.

What stops or reduces is written from the reserve too. A live account's first halt is not ended here: that takes its
name, typed (DESIGN: Rails).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, Select, literal, select

from executor.domain.command import Command, CommandKind
from executor.domain.ids import CommandId
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError, InvariantBroken
from executor.store import schema
from executor.store.engine import Database, Transaction
from executor.store.rows import load, values_of

_HALTS = {CommandKind.HALT: HaltKind.HALT, CommandKind.FLATTEN: HaltKind.HALT, CommandKind.KILL: HaltKind.KILL}
_PRICES = ("stop", "target")
_UNSAID = ("scope", "totp")
_LONGEST_WHY = 200
_HIGHEST_PRICE = Decimal(10_000_000)


class Commands:
    def __init__(self, database: Database, *, new_id: Callable[[], str]) -> None:
        self._database = database
        self._new_id = new_id

    def record(
        self, kind: CommandKind, *, scope: str, arguments: Mapping[str, Any], by: str, why: str, at: datetime
    ) -> list[CommandId]:
        """Make a command durable for each account of its scope; halt, flatten and kill take effect with the commit.

        Raises ConfigError for a scope that does not exist or a price that is none, NotRecorded.
        """
        _check_prices(kind, arguments)
        wanted = {**arguments, "scope": scope}

        def write() -> list[CommandId]:
            return self._record(kind, wanted, by=by, why=readable(why), at=at)

        try:
            return self._database.from_reserve(write)
        except InvariantBroken:  # somebody halted the same at this very moment
            return self._database.from_reserve(write)

    def _record(
        self, kind: CommandKind, arguments: Mapping[str, Any], *, by: str, why: str, at: datetime
    ) -> list[CommandId]:
        scope = arguments["scope"]
        with self._database.write(at, urgent=kind is not CommandKind.RESUME) as transaction:
            accounts = _accounts_of(transaction.connection, scope)
            if kind in _HALTS:
                self._halt(transaction, scope, _HALTS[kind], by=by, why=why)
            elif kind is CommandKind.RESUME:
                _end_halts(transaction, scope, by=by)
            made = []
            for account in accounts:
                command = Command(CommandId(self._new_id()), account, kind, arguments, by, transaction.at)
                transaction.insert(schema.command, values_of(command))
                transaction.note("command", command.id, f"{_said(command)} by {by}: {why}")
                made.append(command.id)
        return made

    def answers(self, ids: Sequence[CommandId]) -> list[Command]:
        """The commands as they stand."""
        table = schema.command
        with self._database.read() as connection:
            rows = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
            return [load(Command, row) for row in rows]

    def newest(self, kind: CommandKind, account: str) -> Command | None:
        """The newest command of a kind for an account's trader."""
        table = schema.command
        statement = select(table).where(table.c.kind == kind, table.c.account == account)
        with self._database.read() as connection:
            row = connection.execute(statement.order_by(table.c.id.desc()).limit(1)).first()
            return None if row is None else load(Command, row)

    def _halt(self, transaction: Transaction, scope: str, kind: HaltKind, *, by: str, why: str) -> None:
        if not _in_force(transaction.connection, scope, kind):
            halt = Halt(scope, kind, transaction.at, why, by)
            transaction.insert(schema.halt, {"id": self._new_id(), **values_of(halt)})
            transaction.note("halt", scope, f"{kind}: {why} (by {by})")


def first_halts() -> Select[Any]:
    """The halts in force with which live accounts began."""
    halt, account = schema.halt.c, schema.account.c
    began = (halt.scope == literal("account:") + account.name) & (halt.since == account.saved_at)
    live = (account.version == 1) & (account.kind == AccountKind.LIVE)
    statement = select(halt.id, halt.scope).join(schema.account, began & live)
    return statement.where(halt.kind == HaltKind.HALT, halt.ended_at.is_(None))


def readable(why: str) -> str:
    """A person's reason in one line, that no page, log or terminal can stumble over."""
    words = "".join(one if one.isprintable() else " " for one in why).split()
    return " ".join(words)[:_LONGEST_WHY] or "no reason given"


def _check_prices(kind: CommandKind, arguments: Mapping[str, Any]) -> None:
    """What the desk reads as a price must be one, or it would stop there."""
    if kind is CommandKind.PROTECT and not set(_PRICES) & set(arguments):
        raise ConfigError("protect: give a stop, a target or both")
    for name in _PRICES:
        text = arguments.get(name)
        if text is not None and not _is_price(text):
            raise ConfigError(f"{name}: expected a price such as 812.50, was {text!r}")


def _is_price(text: str) -> bool:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and 0 < price < _HIGHEST_PRICE and price == round(price, 4)


def _said(command: Command) -> str:
    """The command in words: what, on which scope, and what it names."""
    named = [f"{name} {value}" for name, value in sorted(command.arguments.items()) if name not in _UNSAID]
    return ", ".join([f"{command.kind} on {command.scope}", *named])


def _accounts_of(connection: Connection, scope: str) -> list[str]:
    kind, _, name = scope.partition(":")
    accounts, strategies = schema.account.c, schema.strategy.c
    statement = select(accounts.name).distinct().order_by(accounts.name)
    if kind == "account":
        statement = statement.where(accounts.name == name)
    elif kind == "strategy":
        newest = select(strategies.account).where(strategies.name == name).order_by(strategies.version.desc()).limit(1)
        statement = statement.where(accounts.name == newest.scalar_subquery())
    elif scope != "ALL":
        statement = statement.where(literal(False))
    found = list(connection.execute(statement).scalars())
    if not found:
        known = ", ".join(_names(connection, kind)) or "none"
        words = f"there are: {known}" if kind in {"account", "strategy"} else "of one that exists"
        raise ConfigError(f"there is no {scope!r}; give ALL, account:NAME or strategy:NAME; {words}")
    return found


def _in_force(connection: Connection, scope: str, kind: HaltKind | None) -> list[str]:
    table = schema.halt.c
    statement = select(table.id).where(table.scope == scope, table.ended_at.is_(None))
    if kind is not None:
        statement = statement.where(table.kind == kind)
    return list(connection.execute(statement).scalars())


def _end_halts(transaction: Transaction, scope: str, *, by: str) -> None:
    kept = {row.id for row in transaction.connection.execute(first_halts())}
    for halt in _in_force(transaction.connection, scope, None):
        if halt not in kept:
            transaction.change(schema.halt, {"id": halt}, {"ended_at": transaction.at})
            transaction.note("halt", scope, f"ended by {by}")


def _names(connection: Connection, kind: str) -> list[str]:
    """Of all accounts or strategies, in order."""
    names = schema.strategy.c.name if kind == "strategy" else schema.account.c.name
    return list(connection.execute(select(names).distinct().order_by(names)).scalars())
