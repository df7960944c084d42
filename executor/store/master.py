"""The instrument table as it is in use: look-ups in the current load, each by an index.

An alias is the normal form of a name (instruments/ticker). The statements are said all day and therefore made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.store import schema
from executor.store.engine import Database
from executor.store.statements import Row, as_stored, ask

_ROW = schema.instrument.c
_CURRENT_LOAD = select(schema.master_load.c.id).where(schema.MASTER_CURRENT).scalar_subquery()
#: As an expression, so that SQLite takes the index of the name and not the primary key's first columns, which are a
#: whole segment (libraries.md 0.4); the other load's rows beside it are passed over within the index.
_IN_USE = _ROW.load.concat("") == _CURRENT_LOAD
_ROWS = select(schema.instrument).where(_IN_USE, _ROW.segment == bindparam("segment"))
_LOAD = select(schema.master_load).where(schema.MASTER_CURRENT)
_BY_KEY = select(schema.instrument).where(
    _ROW.load == _CURRENT_LOAD, _ROW.segment == bindparam("segment"), _ROW.token == bindparam("token")
)
_BY_SYMBOL = _ROWS.where(_ROW.symbol == bindparam("symbol"))
_NAMED = _ROWS.where(_ROW.alias == bindparam("alias"))
_BY_ALIAS = _NAMED.where(_ROW.expiry.is_(None))
_FUTURES = _NAMED.where(_ROW.kind == Kind.FUTURE).order_by(_ROW.expiry)
_OPTIONS = _NAMED.where(_ROW.kind == Kind.OPTION, _ROW.expiry == bindparam("expiry")).order_by(_ROW.strike)
_OPTION = _OPTIONS.where(_ROW.strike == bindparam("strike"), _ROW.right == bindparam("right"))


@dataclass(frozen=True, slots=True)
class LoadInfo:
    """A load of the master: when it was fetched, what was counted, and why it was not good (empty: it was)."""

    id: str
    at: datetime
    checks: Mapping[str, Any]
    failure: str = ""


class Master:
    def __init__(self, database: Database) -> None:
        self._database = database

    def current_load(self) -> LoadInfo | None:
        with self._database.glance() as connection:
            found = ask(connection, _LOAD)
        return LoadInfo(found[0]["id"], found[0]["at"], found[0]["checks"]) if found else None

    def find_by_key(self, key: InstrumentKey) -> Instrument | None:
        found = self._found(_BY_KEY, key.segment, token=key.token)
        return found[0] if found else None

    def find_by_alias(self, alias: str, segments: Sequence[Segment]) -> list[Instrument]:
        """Shares and indices."""
        return [row for segment in segments for row in self._found(_BY_ALIAS, segment, alias=alias)]

    def find_by_symbol(self, segment: Segment, symbol: str) -> list[Instrument]:
        return self._found(_BY_SYMBOL, segment, symbol=symbol)

    def futures_of(self, segment: Segment, alias: str) -> list[Instrument]:
        """All that are listed, the nearest first."""
        return self._found(_FUTURES, segment, alias=alias)

    def expiries_of(self, segment: Segment, alias: str) -> list[date]:
        """On which days options expire, the nearest first."""
        return sorted(row["expiry"] for row in self._rows(_EXPIRIES, segment=segment, alias=alias))

    def options_of(self, segment: Segment, alias: str, expiry: date) -> list[Instrument]:
        """Calls and puts of one expiry, by strike."""
        return self._found(_OPTIONS, segment, alias=alias, expiry=expiry)

    def option_of(self, segment: Segment, alias: str, expiry: date, strike: Decimal, right: str) -> list[Instrument]:
        return self._found(_OPTION, segment, alias=alias, expiry=expiry, strike=strike, right=right)

    def aliases_like(self, prefix: str, limit: int) -> list[str]:
        """Aliases of shares and indices that begin with a text: the nearest candidates for a refusal."""
        return self._beginning(prefix, _ROW.expiry.is_(None), limit)

    def names_like(self, prefix: str, limit: int) -> list[str]:
        """Aliases of derivatives that begin with a text."""
        return self._beginning(prefix, _ROW.expiry.is_not(None), limit)

    def search(self, alias: str, words: Sequence[str], limit: int) -> list[Instrument]:
        """Instruments whose alias or symbol begins with a text and whose symbol holds all the words, shares first."""
        more = [func.upper(_ROW.symbol).contains(word.upper(), autoescape=True) for word in words]
        named = _begins(_ROW.alias, alias)
        # each in the order of an index, so that the first rows are there at once
        by_name = (_ROW.alias, _ROW.segment, _ROW.kind)
        questions = (
            select(schema.instrument).where(named, _ROW.expiry.is_(None)).order_by(*by_name),
            select(schema.instrument)
            .where(named, _ROW.expiry.is_not(None))
            .order_by(*by_name, _ROW.expiry, _ROW.strike),
            select(schema.instrument).where(_begins(_ROW.symbol, alias)).order_by(_ROW.symbol, _ROW.segment),
        )
        found: dict[InstrumentKey, Instrument] = {}
        with self._database.read() as connection:
            for question in questions:
                for row in connection.execute(question.where(*more).limit(limit)):
                    instrument = _instrument(row._asdict())
                    found.setdefault(instrument.key, instrument)
        return list(found.values())[:limit]

    def _found(self, question: Select[Any], segment: Segment, **values: Any) -> list[Instrument]:
        return [_instrument(row) for row in self._rows(question, segment=segment, **values)]

    def _rows(self, question: Select[Any], **values: Any) -> list[Row]:
        stored = {name: as_stored(_ROW[name].type, value) for name, value in values.items()}
        with self._database.glance() as connection:
            return ask(connection, question, **stored)

    def _beginning(self, prefix: str, which: ColumnElement[bool], limit: int) -> list[str]:
        statement = select(_ROW.alias).distinct().where(_begins(_ROW.alias, prefix), which).order_by(_ROW.alias)
        with self._database.read() as connection:
            return list(connection.execute(statement.limit(limit)).scalars())


def _begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Rows in use whose column begins with a text.

    >= lets SQLite begin inside its index; what is a prefix is for LIKE to say, in any collation of Postgres.
    """
    return _IN_USE & (column >= prefix) & column.startswith(prefix, autoescape=True)


def _expiries() -> Select[Any]:
    """Each expiry once: from one to the next through the index, not over all strikes."""
    one = select(func.min(_ROW.expiry).label("expiry")).where(
        _IN_USE,
        _ROW.segment == bindparam("segment"),
        _ROW.alias == bindparam("alias"),
        _ROW.kind == Kind.OPTION,
    )
    hops = one.cte("hops", recursive=True)
    following = one.where(_ROW.expiry > hops.c.expiry).correlate(hops).scalar_subquery()
    hops = hops.union_all(select(following).where(hops.c.expiry.is_not(None)))
    return select(hops.c.expiry).where(hops.c.expiry.is_not(None))


_EXPIRIES = _expiries()


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
        closing_auction=row["closing_auction"],
    )
