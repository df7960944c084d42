"""The doorbell on Postgres: LISTEN/NOTIFY, for any number of web hosts and traders on one database.

Like every doorbell it only says "look", and to whom, and promises nothing: the sweep stands behind it. A connection of
its own, in autocommit, kept out of the pool and made anew when it is lost. Ringing is left to a thread, so that an
answer never waits for it; rings for one account that come while one is on its way are one ring.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event as Flag
from threading import Thread
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from executor.store.engine import Database

log = logging.getLogger(__name__)

_CHANNEL = "executor_doorbell"
#: As in `executor/doorbell.py`.
_EVERYBODY = ""
_NOTIFY = select(func.pg_notify(_CHANNEL, bindparam("account")))
#: How long the ringing side leaves a database alone that does not answer; nobody there hears a bell.
_PAUSE_S = 1.0


class NotifyBell:
    """The ringing side."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._rung, self._closed = Flag(), Flag()
        self._accounts: set[str] = set()
        self._thread = Thread(target=self._notify_for_ever, name="bell", daemon=True)
        self._thread.start()

    def ring(self, account: str = _EVERYBODY) -> None:
        self._accounts.add(account)
        self._rung.set()

    def close(self) -> None:
        self._closed.set()
        self._rung.set()
        self._thread.join()

    def _notify_for_ever(self) -> None:
        while self._rung.wait() and not self._closed.is_set():
            self._rung.clear()
            try:
                self._connection = self._connection or _alone(self._database)
                while self._accounts:
                    self._connection.execute(_NOTIFY, {"account": self._accounts.pop()})
            except (DBAPIError, PoolTimeout) as error:
                log.warning("bell_not_rung why=%s", _first_line(error))
                self._drop()
                self._closed.wait(_PAUSE_S)
        self._drop()

    def _drop(self) -> None:
        _close(self._connection)
        self._connection = None


class NotifyListener:
    """The side that waits; used by one thread, closed by any when that thread has ended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._failure: type[Exception] = database.engine.dialect.loaded_dbapi.Error
        self._closed = Flag()

    def wait(self, timeout_s: float) -> set[str]:
        """For whom it was rung; for all right after listening began: something may have been missed."""
        try:
            if self._connection is None:
                self._connection = _alone(self._database)
                self._connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
                return {_EVERYBODY}
            raw: Any = self._connection.connection.dbapi_connection
            return {notice.payload for notice in raw.notifies(timeout=timeout_s, stop_after=1)}
        except (DBAPIError, PoolTimeout, self._failure) as error:
            log.warning("bell_not_heard why=%s", _first_line(error))
            self._drop()
            self._closed.wait(timeout_s)
            return set()

    def close(self) -> None:
        self._closed.set()
        self._drop()

    def _drop(self) -> None:
        _close(self._connection)
        self._connection = None


def _alone(database: Database) -> Connection:
    """A connection in autocommit that never goes back to the pool."""
    connection = database.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    connection.detach()
    return connection


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().split("\n")[0]


def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(DBAPIError):  # it may be lost already
            connection.close()
