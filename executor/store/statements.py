"""Inserts and updates as the driver takes them, made once for each table.

SQLAlchemy's own way from a statement to its execution costs several times the execution; two transactions lie between
an alert and its order. These take values as the store holds them (store/types.py), which the audit needs anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite


@dataclass(frozen=True, slots=True)
class Statement:
    """The text of one database's SQL, and the names of its values in their order where it takes them by place."""

    text: str
    places: tuple[str, ...] | None

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> int:
        """Execute it for rows of values as stored; returns how many it wrote."""
        given: list[Any] = list(rows)
        if self.places is not None:
            given = [tuple(row[name] for name in self.places) for row in rows]
        return connection.exec_driver_sql(self.text, given[0] if len(given) == 1 else given).rowcount


@lru_cache(maxsize=64)
def insert_into(table: Table, dialect: Dialect) -> Statement:
    """The insert of a whole row; its values by column."""
    return _made(insert(table), dialect, [column.name for column in table.columns])


@lru_cache(maxsize=64)
def insert_new_into(table: Table, dialect: Dialect) -> Statement:
    """The same, doing nothing where a constraint knows the row already."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return _made(make(table).on_conflict_do_nothing(), dialect, [column.name for column in table.columns])


@lru_cache(maxsize=512)
def update_of(table: Table, key: tuple[str, ...], changed: tuple[str, ...], dialect: Dialect) -> Statement:
    """The update of some columns of the row with a key; values are `key_…` and `new_…` by column."""
    statement = update(table).values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in changed})
    return _made(statement.where(*(table.c[name] == bindparam(f"key_{name}") for name in key)), dialect, None)


def _made(statement: Executable, dialect: Dialect, columns: list[str] | None) -> Statement:
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
    return Statement(str(compiled), tuple(compiled.positiontup) if compiled.positional else None)
