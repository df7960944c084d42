"""Between the domain's values and the tables: a field is the column of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from sqlalchemy import Row, Table

from executor.domain.bracket import Bracket, Leg
from executor.domain.command import Command
from executor.domain.intent import Intent
from executor.domain.order import Order
from executor.domain.record import Fill, Lane, ReportRow
from executor.domain.signal import Signal
from executor.store import schema
from executor.store.chain import key_names

T = TypeVar("T")

TABLE_OF: dict[type, Table] = {
    Signal: schema.signal,
    Lane: schema.lane,
    Bracket: schema.bracket,
    Leg: schema.leg,
    Order: schema.broker_order,
    Intent: schema.intent,
    ReportRow: schema.report,
    Fill: schema.fill,
    Command: schema.command,
}


def values_of(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def changed_values(before: Any, after: Any) -> dict[str, Any]:
    """The columns in which two versions of a row differ."""
    old, new = values_of(before), values_of(after)
    return {name: value for name, value in new.items() if value != old[name]}


def load(kind: type[T], row: Row[Any]) -> T:
    """A value from a row of its table; columns without a field are left out."""
    return made(kind, cast(Mapping[str, Any], row._mapping))


def made(kind: type[T], found: Mapping[str, Any]) -> T:
    """A value from the columns of its row by name."""
    names: Mapping[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined]  # every kind of row is one
    return kind(**{name: found[name] for name in names})


def key_of(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in key_names(table)}
