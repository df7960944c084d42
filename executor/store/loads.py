"""Loads of the instrument table: rows are added in chunks, compared, and one pointer is switched; their history.

A load whose switch never came (a file that was not good, a process that was killed) is nobody's: its rows go with the
next refresh. Its turn is one process's at a time, so no load is swept away while it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, tuple_

from executor.domain.calendar import trading_day
from executor.domain.instrument import Instrument, InstrumentKey
from executor.store import schema
from executor.store.changes import Changed, changes_between
from executor.store.engine import Database
from executor.store.master import LoadInfo, Master
from executor.store.spool import Values, in_order
from executor.store.statements import as_stored, put_stored
from executor.store.turn import the_turn
from executor.store.types import storable

#: Rows come and go in portions: an alert waits for SQLite's write lock no longer than one of them takes.
PORTION = 100
#: Nobody waits for one at Postgres.
_LARGE = 5_000
#: The day's refresh in table `job`, which is no account's.
JOB, EVERYBODY = "master", "ALL"

_TABLE, _ROW = schema.master_load, schema.instrument.c


_KEY = tuple(schema.instrument.primary_key.columns)
_PORTION_OF = select(*_KEY).where(_ROW.load == bindparam("of")).limit(bindparam("most"))
_FORGET = delete(schema.instrument).where(tuple_(*_KEY).in_(_PORTION_OF))

#: Is around each portion that is written, and may let others go first.
Among = Callable[[], AbstractContextManager[None]]


class Loads:
    def __init__(self, database: Database, *, among: Among = nullcontext, portion: int | None = None) -> None:
        self._database = database
        self._among = among
        self._portion = portion or (PORTION if database.is_sqlite else _LARGE)

    def refreshing(self) -> AbstractContextManager[None]:
        """The turn to refresh. Raises NotRecorded when another process has it."""
        return the_turn(self._database)

    def add_instruments(self, load: str, rows: Iterable[tuple[Instrument, str]]) -> None:
        """Add rows, each with its alias, under a load that nobody reads yet; none before the last one is read."""
        with in_order((_values(load, row, alias) for row, alias in rows), at_once=self._portion) as portions:
            for portion in portions:
                with self._among(), self._database.in_advance() as connection:
                    put_stored(connection, schema.instrument, portion)

    def drop_instruments(self, load: str, keys: Sequence[InstrumentKey]) -> None:
        """Take rows out of a load that nobody reads yet."""
        with self._database.in_advance() as connection:
            for key in keys:
                named = (_ROW.load == load, _ROW.segment == key.segment, _ROW.token == key.token)
                connection.execute(delete(schema.instrument).where(*named))

    def current_load(self) -> LoadInfo | None:
        return Master(self._database).current_load()

    def changes_to(self, load: str) -> dict[str, Changed]:
        """What a load that is complete changes in the current one; empty when there is none."""
        current = self.current_load()
        with self._database.read() as connection:
            return changes_between(connection, current.id, load) if current else {}

    def switch_master(self, load: str, checks: Mapping[str, Any], *, at: datetime, say: str = "") -> None:
        """Make a load the current one, and the day's refresh done."""
        with self._database.write(at) as transaction:
            for old in transaction.connection.execute(select(_TABLE.c.id).where(schema.MASTER_CURRENT)).scalars().all():
                transaction.change(_TABLE, {"id": old}, {"current": False})
            row = {"id": load, "at": at, "checks": checks, "current": True, "failure": None}
            transaction.insert(_TABLE, row)
            done = {"account": EVERYBODY, "kind": JOB, "day": trading_day(at), "done_at": at}
            transaction.insert_if_new(schema.job, done)
            transaction.note("master", load, f"instrument table switched: {say or 'checked'}")

    def record_failure(self, load: str, why: str, *, at: datetime) -> None:
        """Keep for the reader that a file was not taken."""
        row = {"id": load, "at": at, "checks": {}, "current": False, "failure": why}
        is_new = [one.failure for one in self.history(1)] != [why]  # it is tried again and again: told once
        with self._database.write(at) as transaction:
            transaction.insert(_TABLE, row)
            transaction.note("master", load, why, alarm=is_new)

    def forget_unused(self) -> None:
        """Remove the rows of every load but the current one and the one in use before it."""
        with self._database.read() as connection:
            statement = select(_TABLE.c.id).where(_TABLE.c.failure.is_(None)).order_by(_TABLE.c.id.desc()).limit(2)
            kept = set(connection.execute(statement).scalars())
        for load in self._loads_with_rows():
            while load not in kept and self._forget_portion(load) == self._portion:
                pass

    def history(self, limit: int) -> list[LoadInfo]:
        """Loads and failures, the newest first."""
        statement = select(_TABLE).order_by(_TABLE.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return [LoadInfo(row.id, row.at, row.checks, row.failure or "") for row in rows]

    def _loads_with_rows(self) -> list[str]:
        """From one load to the next through the primary key."""
        found: list[str] = []
        with self._database.read() as connection:
            statement = select(func.min(_ROW.load))
            while (load := connection.execute(statement).scalar_one()) is not None:
                found.append(load)
                statement = select(func.min(_ROW.load)).where(_ROW.load > load)
        return found

    def _forget_portion(self, load: str) -> int:
        with self._among(), self._database.in_advance() as connection:
            return connection.execute(_FORGET, {"of": load, "most": self._portion}).rowcount


def _values(load: str, row: Instrument, alias: str) -> Values:
    """A row as the store holds it, in the order of its columns.

    Converted here: the types of 200,000 rows one by one took a third of the time.
    """
    return (
        load,
        row.key.segment,
        storable(row.key.token),
        storable(row.symbol),
        alias,
        storable(row.name),
        row.kind,
        storable(row.series),
        row.lot,
        as_stored(_ROW.tick.type, row.tick),
        None if row.expiry is None else row.expiry.isoformat(),
        None if row.strike is None else as_stored(_ROW.strike.type, row.strike),
        row.right,
        row.freeze,
        row.closing_auction,
    )
