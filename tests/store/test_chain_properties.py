"""Flip any character, drop or swap any row: the verification finds it (reliability.md 3.2). Each change is undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.exc import IntegrityError

from executor.errors import ChainBroken
from executor.store import chain, schema
from executor.store.schema import Keeping
from executor.store.store import Store

SAMPLES = 300
_APPEND_ONLY = ("audit_no_update", "audit_no_delete")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is verified is the same text on both stores; here changes are many, and SQLite takes them quicker."""
    return sqlite_url


def test_a_flipped_character_of_any_row_is_found(traded: Store) -> None:
    random = Random("flip")
    found: Counter[str] = Counter()
    held = [(table, row) for table in _tables() for row in _rows(traded, table)]

    for table, row in (random.choice(held) for _ in range(SAMPLES)):
        free = {column.name for column in table.columns if column.info.get("keeping") is Keeping.FREE}
        column = random.choice([name for name, value in row.items() if value not in (None, "") and name not in free])
        changed = _flipped(row[column], random)
        assert not _survives(traded, table, row, {column: changed}), (
            f"{table.name}.{column}: {row[column]!r} ⇒ {changed!r}"
        )
        found[table.name] += 1

    assert set(found) >= {"audit", "delivery", "signal", "broker_order", "intent", "fill", "report", "broker_call"}
    with traded.database.read() as connection:
        chain.verify(connection)  # all of it was undone


def test_a_dropped_row_of_any_table_is_found(traded: Store) -> None:
    for table in _tables():
        for row in _rows(traded, table):
            assert not _survives(traded, table, row, None), f"{table.name} {chain.key_text(table, row)}"


def test_two_swapped_rows_of_the_audit_are_found(traded: Store) -> None:
    entries = _rows(traded, schema.audit)

    for one, two in permutations(entries, 2):
        with _behind_its_back(traded) as connection:
            for row in (one, two):
                connection.execute(text("DELETE FROM audit WHERE seq = :seq"), row)
            for row, seq in ((one, two["seq"]), (two, one["seq"])):
                connection.execute(insert(chain.as_plain(schema.audit)), {**row, "seq": seq})
            with pytest.raises(ChainBroken):
                chain.verify(connection)


# -- changes behind the program's back ---------------------------------------------------------------------------------


def _tables() -> list[Table]:
    return [*chain.audited_tables(), schema.audit]


def _rows(store: Store, table: Table) -> list[dict[str, Any]]:
    """The rows as the database holds them: integers and text."""
    with store.database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(select(chain.as_plain(table)))]


@contextmanager
def _behind_its_back(store: Store) -> Iterator[Connection]:
    """A transaction without append-only triggers and foreign keys at once; undone at the end."""
    with store.database.engine.connect() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for trigger in _APPEND_ONLY:
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        yield connection
        connection.rollback()


def _survives(store: Store, table: Table, row: dict[str, Any], change: dict[str, Any] | None) -> bool:
    """Whether a row could be changed (dropped: None) without anybody seeing it; a constraint's no is seeing it."""
    where = " AND ".join(f'"{column.name}" = :key_{column.name}' for column in table.primary_key.columns)
    keys = {f"key_{column.name}": row[column.name] for column in table.primary_key.columns}
    statement = f'DELETE FROM "{table.name}" WHERE {where}'
    if change is not None:
        (column,) = change
        statement = f'UPDATE "{table.name}" SET "{column}" = :{column} WHERE {where}'
    with _behind_its_back(store) as connection:
        try:
            assert connection.execute(text(statement), keys | (change or {})).rowcount == 1
            chain.verify(connection)
        except (ChainBroken, IntegrityError):
            return False
    return True


def _flipped(value: int | str, random: Random) -> int | str:
    """One bit of a number, one character of a text."""
    if isinstance(value, int):
        return value ^ (1 << random.randrange(8))
    place = random.randrange(len(value))
    return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
