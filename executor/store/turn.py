"""One refresh of the instrument table at a time, over all processes of a database; who dies gives the turn back."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from executor.errors import NotRecorded
from executor.store.engine import Database

#: The number of the lock at Postgres; nobody else locks by numbers in our database.
_KEY = 6
_TAKEN = "another process takes the instrument file at this moment; wait until it is done"


@contextmanager
def the_turn(database: Database) -> Iterator[None]:
    """Hold the only turn. Raises NotRecorded when another process has it."""
    with _lock_beside(database) if database.is_sqlite else _lock_within(database):
        yield


@contextmanager
def _lock_beside(database: Database) -> Iterator[None]:
    with Path(f"{database.engine.url.database}.refresh").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotRecorded(_TAKEN) from None
        yield


@contextmanager
def _lock_within(database: Database) -> Iterator[None]:
    with database.glance() as connection:
        if not connection.execute(select(func.pg_try_advisory_lock(_KEY))).scalar_one():
            raise NotRecorded(_TAKEN)
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(_KEY)))
