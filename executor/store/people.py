"""What people set: strategies, accounts, issued alerts, passwords."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, Table, bindparam, func, insert, select, update

from executor.domain.delivery import IssuedAlert
from executor.domain.messages import RailsRead
from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind, AccountRails, Strategy
from executor.store import schema
from executor.store.engine import Database
from executor.store.rows import load, made, values_of
from executor.store.statements import ask
from executor.store.types import storable

#: Asked for every alert.
_NEWEST_VERSION = select(func.max(schema.strategy.c.version).label("version")).where(
    schema.strategy.c.name == bindparam("name")
)
_NEWEST_ACCOUNT = (
    select(schema.account)
    .where(schema.account.c.name == bindparam("name"))
    .order_by(schema.account.c.version.desc())
    .limit(1)
)
#: The first version, which there always is: who holds it changes the account alone.
_ACCOUNT_LOCKED = (
    select(schema.account.c.version)
    .where(schema.account.c.name == bindparam("name"), schema.account.c.version == 1)
    .with_for_update()
)
_ALERT = select(schema.alert).where(schema.alert.c.id == bindparam("id"))

#: Rails of an account that are Decimals: text in its settings.
_RUPEES = ("max_notional", "max_daily_loss")

StrategyReader = Callable[[Mapping[str, Any], str, int], Strategy]
StrategyWriter = Callable[[Strategy], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    password_hash: str
    failures: int
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SavedStrategy:
    """A version of a strategy, when it was saved and by whom."""

    strategy: Strategy
    at: datetime
    by: str


class People:
    """`read_strategy` and `write_strategy` turn stored settings into a Strategy and back (config/strategy)."""

    def __init__(self, database: Database, *, read_strategy: StrategyReader, write_strategy: StrategyWriter) -> None:
        self._database = database
        self._read_strategy = read_strategy
        self._write_strategy = write_strategy
        self._known: dict[tuple[str, int], Strategy] = {}

    # strategies

    def strategy(self, name: str) -> Strategy | None:
        """The newest version of a strategy; its settings are read once, for a version never changes."""
        with self._database.glance() as connection:
            version = ask(connection, _NEWEST_VERSION, name=storable(name))[0]["version"]
        if version is None:
            return None
        known = self._known.get((name, version))
        if known is None:
            row = schema.strategy.c
            found = self._strategies(select(schema.strategy).where(row.name == name, row.version == version))
            known = self._known[name, version] = found[0]
        return known

    def strategies(self) -> list[Strategy]:
        """The newest version of every strategy, by name."""
        return self._strategies(_newest(schema.strategy).order_by(schema.strategy.c.name))

    def versions(self, name: str, most: int) -> list[SavedStrategy]:
        """The newest versions of a strategy, the newest first."""
        row = schema.strategy.c
        statement = select(schema.strategy).where(row.name == storable(name)).order_by(row.version.desc()).limit(most)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return [
            SavedStrategy(self._read_strategy(row.settings, name, row.version), row.saved_at, row.by) for row in rows
        ]

    def save_strategy(self, strategy: Strategy, *, by: str, at: datetime) -> None:
        """Add a version; it counts from the next signal. Raises NotRecorded; InvariantBroken for one that there is."""
        with self._database.write(at) as transaction:
            values = {
                "name": strategy.name,
                "version": strategy.version,
                "account": strategy.account,
                "settings": self._write_strategy(strategy),
                "saved_at": at,
                "by": by,
            }
            transaction.insert(schema.strategy, values)
            transaction.note("strategy", strategy.name, f"version {strategy.version} saved by {by}")

    def _strategies(self, statement: Select[Any]) -> list[Strategy]:
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return [self._read_strategy(row.settings, row.name, row.version) for row in rows]

    def rails(self, account: str) -> RailsRead:
        """The rails as they are now, for a trader of this account."""
        known = self.account(account)
        strategies = {strategy.name: strategy.rails for strategy in self.strategies()}
        return RailsRead(strategies, known.rails if known else AccountRails())

    # accounts

    def account(self, name: str) -> Account | None:
        """The newest version of an account."""
        with self._database.glance() as connection:
            found = ask(connection, _NEWEST_ACCOUNT, name=storable(name))
        return _account(name, found[0]["kind"], found[0]["settings"]) if found else None

    def accounts(self) -> list[Account]:
        """The newest version of every account, by name."""
        table = schema.account
        with self._database.read() as connection:
            rows = connection.execute(_newest(table).order_by(table.c.name)).all()
        return [_account(row.name, row.kind, row.settings) for row in rows]

    def add_account(
        self, account: Account, *, by: str, at: datetime, new_id: Callable[[], str], login: str | None = None
    ) -> None:
        """Make an account, `login` sealed. A live one starts halted, until a person has typed its name."""
        with self._database.write(at) as transaction:
            values = {"name": account.name, "version": 1, "kind": account.kind, "credentials": login}
            rest = {"settings": _rails_settings(account.rails), "saved_at": at, "by": by}
            transaction.insert(schema.account, {**values, **rest})
            transaction.note("account", account.name, f"{account.kind} account made by {by}")
            if account.kind is AccountKind.LIVE:
                why = "a live account starts halted: set its rails, rehearse, then unhalt it by name"
                halt = Halt(f"account:{account.name}", HaltKind.HALT, at, why, by)
                transaction.insert(schema.halt, {"id": new_id(), **values_of(halt)})
                transaction.note("halt", halt.scope, why)

    def change_rails(
        self, name: str, change: Callable[[AccountRails], AccountRails], *, by: str, at: datetime
    ) -> Account:
        """Add a version of an account that there is: kind and login stay. It counts from the next entry.

        `change` is given the newest rails inside the transaction: of two at the same time neither is lost.
        """
        with self._database.write(at) as transaction:
            ask(transaction.connection, _ACCOUNT_LOCKED, name=storable(name))
            newest = ask(transaction.connection, _NEWEST_ACCOUNT, name=storable(name))[0]
            before, version = _account(name, newest["kind"], newest["settings"]), newest["version"] + 1
            after = replace(before, rails=change(before.rails))
            if after != before:
                said = {"version": version, "settings": _rails_settings(after.rails), "saved_at": at, "by": by}
                transaction.insert(schema.account, {**newest, **said})
                transaction.note("account", name, f"version {version} saved by {by}")
        return after

    # issued alerts

    def issued_alert(self, alert_id: str) -> IssuedAlert | None:
        with self._database.glance() as connection:
            found = ask(connection, _ALERT, id=storable(alert_id))
        return made(IssuedAlert, found[0]) if found else None

    def alerts(self, strategy: str, most: int) -> list[IssuedAlert]:
        """The newest alerts of a strategy, the newest first."""
        row = schema.alert.c
        statement = select(schema.alert).where(row.strategy == storable(strategy)).order_by(row.id.desc()).limit(most)
        with self._database.read() as connection:
            return [load(IssuedAlert, found) for found in connection.execute(statement).all()]

    def issue_alert(self, issued: IssuedAlert, *, by: str = "") -> None:
        words = f"template issued for {issued.strategy}, until {issued.expires}"
        with self._database.write(issued.issued) as transaction:
            transaction.insert(schema.alert, values_of(issued))
            transaction.note("alert", issued.id, f"{words}, by {by}" if by else words)

    def revoke_alert(self, alert_id: str, at: datetime, *, by: str = "") -> bool:
        """End a token for ever; False when there is no such alert."""
        with self._database.write(at) as transaction:
            changed = transaction.change(schema.alert, {"id": alert_id}, {"revoked_at": at})
            if changed:
                transaction.note("alert", alert_id, f"revoked by {by}" if by else "revoked")
        return bool(changed)

    # passwords

    def person(self, name: str) -> Person | None:
        with self._database.read() as connection:
            row = connection.execute(select(schema.person).where(schema.person.c.name == name)).one_or_none()
        return load(Person, row) if row else None

    def set_password(self, name: str, password_hash: str, *, at: datetime) -> None:
        """Set or replace a person's password; sessions made before it end with the next request."""
        values = {"password_hash": password_hash, "failures": 0, "failed_at": None}
        with self._database.write(at) as transaction:
            if not transaction.change(schema.person, {"name": name}, values):
                transaction.insert(schema.person, {"name": name, **values})
            transaction.note("password", name, "password set")

    def count_failure(self, name: str, *, failures: int, at: datetime | None) -> None:
        """Keep how many logins failed in a row; bookkeeping, not audited."""
        statement = update(schema.person).where(schema.person.c.name == name)
        with self._database.unaudited() as connection:
            connection.execute(statement.values(failures=failures, failed_at=at))

    # the key's fingerprint

    def meta(self, key: str) -> str | None:
        with self._database.read() as connection:
            return connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar_one_or_none()

    def set_meta(self, key: str, value: str) -> None:
        with self._database.unaudited() as connection:
            if not connection.execute(update(schema.meta).where(schema.meta.c.key == key).values(value=value)).rowcount:
                connection.execute(insert(schema.meta).values(key=key, value=value))


def _newest(table: Table) -> Select[Any]:
    """The newest version of each name."""
    newest = select(table.c.name, func.max(table.c.version).label("version")).group_by(table.c.name).subquery()
    return select(table).join(newest, (table.c.name == newest.c.name) & (table.c.version == newest.c.version))


def _account(name: str, kind: AccountKind, settings: Mapping[str, Any]) -> Account:
    rails: dict[str, Any] = {key: Decimal(said) if key in _RUPEES else said for key, said in settings.items()}
    return Account(name, kind, AccountRails(**rails))


def _rails_settings(rails: AccountRails) -> dict[str, Any]:
    said = {name: value for name, value in values_of(rails).items() if value is not None}
    return {name: str(value) if name in _RUPEES else value for name, value in said.items()}
