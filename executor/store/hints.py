"""Hints that something happened at the broker: the moment of the newest, an account. No facts, so no audit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from executor.store import schema
from executor.store.engine import Database
from executor.store.statements import change, put_new

_PREFIX = "hint:"
#: Hints so close together are one.
_TOGETHER = timedelta(milliseconds=500)


def hint_key(account: str) -> str:
    """Where the hint of an account lies in the meta table."""
    return _PREFIX + account


class Hints:
    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, account: str, *, at: datetime) -> bool:
        """Note that the account should be looked at; False when that was just said. Raises NotRecorded."""
        table, key = schema.meta, hint_key(account)
        with self._database.read() as connection:
            last = connection.execute(select(table.c.value).where(table.c.key == key)).scalar_one_or_none()
        if last is not None and timedelta(0) <= at - datetime.fromisoformat(last) < _TOGETHER:
            return False
        with self._database.unaudited() as connection:
            value = at.isoformat()
            if not put_new(connection, table, {"key": key, "value": value}):  # two webs may note the first at once
                change(connection, table, {"key": key}, {"value": value})
        return True
