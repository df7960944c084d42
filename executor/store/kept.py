"""Connections that stay open between uses.

To take one from SQLAlchemy's pool and give it back costs five times the statement it is taken for, and on the way of
an alert, with cold caches, as much as a commit. So the last few that were used wait here, outside of any transaction;
the pool behind them decides how many there are and which of them are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Pool


class Kept:
    """At most `most` idle connections of an engine; one is used by one thread at a time."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._idle: list[tuple[Pool, Connection]] = []  # popped and appended without a lock: each is one step

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection in no transaction; what is left open in it is rolled back."""
        pool, connection = self._take()
        try:
            yield connection
            if connection.in_transaction():
                connection.rollback()
        except BaseException:
            self._end(pool, connection)
            raise
        if connection.invalidated or len(self._idle) >= self._most:
            self._end(pool, connection)
        else:
            self._idle.append((pool, connection))

    def close(self) -> None:
        """End those that are idle."""
        while (last := self._last()) is not None:
            self._end(*last)

    def _take(self) -> tuple[Pool, Connection]:
        """The connection that was used last, unless the pool it came from was given up since: the server was lost."""
        while (last := self._last()) is not None:
            if last[0] is self._engine.pool:
                return last
            self._end(*last)
        return self._engine.pool, self._engine.connect()

    def _last(self) -> tuple[Pool, Connection] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _end(self, pool: Pool, connection: Connection) -> None:
        if pool is not self._engine.pool and not connection.invalidated:
            connection.detach()  # a pool that was given up would keep it open, out of sight
        connection.close()
