"""Rows of the instrument table, put in the order of its indexes on disk before they are written.

In the order of a file each row changes a page of each index of its own: six times as much to write, and an alert's
commit waits until all that lies in the log before it is on the disk. They wait in a database without a name, which
SQLite keeps in a file that goes with its connection, whichever store they are for: memory does not grow with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from executor.errors import NotRecorded
from executor.store import schema

#: A row as the store holds it, by the columns of the table.
Values = tuple[Any, ...]

_COLUMNS = tuple(column.name for column in schema.instrument.columns)
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_ADD = f"INSERT INTO spool VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - names of our own columns
_SORTED = f"SELECT {_NAMES} FROM spool ORDER BY segment, alias, token"  # noqa: S608


@contextmanager
def in_order(rows: Iterable[Values], *, at_once: int) -> Iterator[Iterator[list[Values]]]:
    """Take all rows and give them back sorted in portions.

    Raises NotRecorded when there is no space for them, and whatever their reading raises.
    """
    try:
        with closing(sqlite3.connect("", isolation_level=None)) as spool:
            spool.execute("PRAGMA journal_mode=OFF")
            spool.execute(f"CREATE TABLE spool ({_NAMES})")
            spool.execute("BEGIN")
            spool.executemany(_ADD, rows)
            yield _portions(spool.execute(_SORTED), at_once)
    except sqlite3.Error as error:
        raise NotRecorded(f"the instruments could not be sorted in the folder for temporary files: {error}") from error


def _portions(found: sqlite3.Cursor, at_once: int) -> Iterator[list[Values]]:
    while portion := found.fetchmany(at_once):
        yield portion
