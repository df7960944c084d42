"""What changed from one load of the instrument table to the next, worked out by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from executor.store import schema

#: How many of each kind are named.
_NAMED = 5

_BEFORE, _AFTER = schema.instrument.alias("before"), schema.instrument.alias("after")
_SAME = and_(_BEFORE.c.segment == _AFTER.c.segment, _BEFORE.c.token == _AFTER.c.token)


def _differ(*columns: str) -> ColumnElement[bool]:
    return or_(*(_BEFORE.c[name].is_distinct_from(_AFTER.c[name]) for name in columns))


#: Kind → what makes a row of it, and the column that is shown of both. REUSED: the token stands for another thing.
_ALTERED = {
    "lot": (_differ("lot"), "lot"),
    "freeze": (_differ("freeze"), "freeze"),
    "tick": (_differ("tick"), "tick"),
    "reused": (_differ("symbol", "name", "kind", "expiry", "strike", "right"), "symbol"),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """How many rows, and the first of them in words."""

    count: int
    examples: tuple[str, ...]

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self)


def changes_between(connection: Connection, before: str, after: str) -> dict[str, Changed]:
    """By kind: rows that are new, gone, or altered in lot, freeze or tick, and tokens that mean another thing."""
    loads = and_(_BEFORE.c.load == before, _AFTER.c.load == after)
    sums = [
        func.coalesce(func.sum(case((differs, 1), else_=0)), 0).label(kind) for kind, (differs, _) in _ALTERED.items()
    ]
    counts = connection.execute(select(*sums).where(loads, _SAME)).one()._mapping
    found = {"new": _missing(connection, after, within=before), "gone": _missing(connection, before, within=after)}
    for kind, (differs, column) in _ALTERED.items():
        statement = (
            select(_AFTER.c.segment, _BEFORE.c.symbol, _BEFORE.c[column], _AFTER.c[column])
            .where(loads, _SAME, differs)
            .order_by(_AFTER.c.segment, _AFTER.c.token)
            .limit(_NAMED if counts[kind] else 0)
        )
        rows = connection.execute(statement).all()
        found[kind] = Changed(
            counts[kind], tuple(f"{row[0]} {row[1]}: {_said(row[2])} → {_said(row[3])}" for row in rows)
        )
    return found


def _missing(connection: Connection, load: str, *, within: str) -> Changed:
    """Rows of a load that another one does not have."""
    there = select(1).where(_BEFORE.c.load == within, _SAME).exists()
    missing = and_(_AFTER.c.load == load, ~there)
    count = connection.execute(select(func.count()).select_from(_AFTER).where(missing)).scalar_one()
    named = select(_AFTER.c.segment, _AFTER.c.symbol).where(missing).order_by(_AFTER.c.segment, _AFTER.c.token)
    rows = connection.execute(named.limit(_NAMED if count else 0)).all()
    return Changed(count, tuple(f"{segment} {symbol}" for segment, symbol in rows))


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
