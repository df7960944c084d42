"""The sealed logins of accounts: each a part of its account's newest version."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from executor.domain.strategy import AccountKind
from executor.store import schema
from executor.store.engine import Database


class SealedLogin(NamedTuple):
    kind: AccountKind
    text: str


class Logins:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, SealedLogin]:
        """The login of each account that has one of its own, by the account's name."""
        with self._database.read() as connection:
            rows = connection.execute(_newest()).all()
        return {row.name: SealedLogin(row.kind, row.credentials) for row in rows if row.credentials is not None}

    def replace(self, name: str, sealed: str, *, by: str, at: datetime) -> None:
        """Give an account that there is another login; it counts from the trader's next start."""
        with self._database.write(at) as transaction:
            newest = transaction.connection.execute(_newest().where(schema.account.c.name == name)).one()
            version = newest.version + 1
            changed = {"version": version, "credentials": sealed, "saved_at": at, "by": by}
            transaction.insert(schema.account, {**newest._mapping, **changed})
            transaction.note("account", name, f"version {version} saved by {by}: another login")


def _newest() -> Select[Any]:
    table = schema.account
    newest = select(table.c.name, func.max(table.c.version).label("version")).group_by(table.c.name).subquery()
    same = (table.c.name == newest.c.name) & (table.c.version == newest.c.version)
    return select(table).join(newest, same).order_by(table.c.name)
