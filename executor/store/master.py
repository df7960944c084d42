"""The instrument table: rows of a load are added in chunks, then one pointer is switched; look-ups by alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, tuple_

from executor.domain.instrument import Instrument, InstrumentKey, Segment
from executor.store import schema
from executor.store.engine import Database
from executor.store.statements import ask
from executor.store.types import canonical

_IS_CURRENT = schema.master_load.c.current == True  # noqa: E712  # a column of 0 and 1, not of booleans
#: Old rows go in portions, so that a delivery need not wait for the write lock.
_PORTION = 5000
_CURRENT_LOAD = select(schema.master_load.c.id).where(_IS_CURRENT).scalar_subquery()
_CURRENT_ROWS = select(schema.instrument).where(schema.instrument.c.load == _CURRENT_LOAD)
#: Asked for every entry.
_BY_ALIAS = _CURRENT_ROWS.where(
    schema.instrument.c.alias == bindparam("alias"), schema.instrument.c.segment == bindparam("segment")
)
_BY_SYMBOL = _CURRENT_ROWS.where(
    schema.instrument.c.symbol == bindparam("symbol"), schema.instrument.c.segment == bindparam("segment")
)
_BY_KEY = _CURRENT_ROWS.where(
    schema.instrument.c.segment == bindparam("segment"), schema.instrument.c.token == bindparam("token")
)


@dataclass(frozen=True, slots=True)
class LoadInfo:
    """A load of the master: when, and what was counted and checked."""

    id: str
    at: datetime
    checks: Mapping[str, Any]


class Master:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add_instruments(self, load: str, rows: Sequence[tuple[Instrument, str]]) -> None:
        """Add up to 500 rows, each with its alias, under a load that nobody reads yet."""
        if not rows:
            return
        with self._database.unaudited() as connection:
            connection.execute(insert(schema.instrument), [_values(load, row, alias) for row, alias in rows])

    def switch_master(self, load: str, checks: Mapping[str, Any], *, at: datetime) -> None:
        """Make a load the current one; the rows of loads before the last one go."""
        table = schema.master_load
        with self._database.write(at) as transaction:
            current = transaction.connection.execute(select(table.c.id).where(_IS_CURRENT)).scalars().all()
            for old in current:
                transaction.change(table, {"id": old}, {"current": False})
            transaction.insert(table, {"id": load, "at": at, "checks": checks, "current": True})
            transaction.note("master", load, f"instrument table switched: {canonical(checks)}")
        while self._forget(keep=[load, *current]):
            pass

    def current_load(self) -> LoadInfo | None:
        table = schema.master_load
        with self._database.read() as connection:
            row = connection.execute(select(table).where(_IS_CURRENT)).one_or_none()
        return LoadInfo(row.id, row.at, row.checks) if row else None

    def find_by_key(self, key: InstrumentKey) -> Instrument | None:
        with self._database.glance() as connection:
            found = ask(connection, _BY_KEY, segment=key.segment.value, token=key.token)
        return _instrument(found[0]) if found else None

    def find_by_alias(self, alias: str, segments: Sequence[Segment]) -> list[Instrument]:
        with self._database.glance() as connection:
            found = [row for one in segments for row in ask(connection, _BY_ALIAS, alias=alias, segment=one.value)]
        return [_instrument(row) for row in found]

    def find_by_symbol(self, segment: Segment, symbol: str) -> list[Instrument]:
        with self._database.glance() as connection:
            found = ask(connection, _BY_SYMBOL, symbol=symbol, segment=segment.value)
        return [_instrument(row) for row in found]

    def aliases_like(self, prefix: str, limit: int) -> list[str]:
        """Aliases that begin with a text: the nearest candidates for a refusal."""
        columns = schema.instrument.c
        # >= lets SQLite begin inside its index; what is a prefix is for LIKE to say, in any collation of Postgres;
        # the load as an expression keeps SQLite from scanning the primary key instead (libraries.md 0.4)
        wanted = (columns.alias >= prefix) & (columns.load.concat("") == _CURRENT_LOAD)
        matching = wanted & columns.alias.startswith(prefix, autoescape=True)
        statement = select(columns.alias).distinct().where(matching).order_by(columns.alias)
        with self._database.read() as connection:
            return list(connection.execute(statement.limit(limit)).scalars())

    def _forget(self, *, keep: Sequence[str]) -> int:
        """Delete a portion of the rows of other loads; returns how many there were."""
        key = schema.instrument.primary_key.columns
        portion = select(*key).where(schema.instrument.c.load.not_in(keep)).limit(_PORTION)
        with self._database.unaudited() as connection:
            return connection.execute(delete(schema.instrument).where(tuple_(*key).in_(portion))).rowcount


def _values(load: str, row: Instrument, alias: str) -> dict[str, Any]:
    return {
        "load": load,
        "segment": row.key.segment,
        "token": row.key.token,
        "symbol": row.symbol,
        "alias": alias,
        "name": row.name,
        "kind": row.kind,
        "series": row.series,
        "lot": row.lot,
        "tick": row.tick,
        "expiry": row.expiry,
        "strike": row.strike,
        "right": row.right,
        "freeze": row.freeze,
    }


def _instrument(row: Mapping[str, Any]) -> Instrument:
    return Instrument(
        key=InstrumentKey(row["segment"], row["token"]),
        symbol=row["symbol"],
        name=row["name"],
        kind=row["kind"],
        lot=row["lot"],
        tick=row["tick"],
        series=row["series"],
        expiry=row["expiry"],
        strike=row["strike"],
        right=row["right"],
        freeze=row["freeze"],
    )
