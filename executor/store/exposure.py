"""How long a position stood without a working stop, replayed from the audit: the values that rows had at each moment.

Counted as `desk/guard.py` does: a stop covers what it was shown to wait for, from the moment at which that was
recorded; what was sent covers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from executor.domain.bracket import Role
from executor.domain.order import OrderState, OrderType
from executor.store import chain, schema
from executor.store.engine import Database
from executor.store.positions import OpenPosition

_NONE = timedelta()
#: Clocks of hosts that took turns may differ so much; the audit's times need not rise.
_MARGIN = timedelta(seconds=10)
#: So many rows are looked for by name; of more it is quicker to read whatever tells of any such row.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Watched:
    """From when to when a stop had to be working, such as the hours of today's session."""

    begins: datetime
    ends: datetime


@dataclass(slots=True)
class _Bracket:
    """A bracket's quantities as of the entries that were replayed; orders by their id."""

    position: OpenPosition
    orders: dict[str, dict[str, Any]]
    outside: int
    since: datetime | None = None
    total: timedelta = field(default=_NONE)

    @property
    def is_exposed(self) -> bool:
        held, stopped = -self.outside, 0
        for leg, order in self.position.orders:
            known = self.orders.get(order.id)
            if known is None:
                continue
            filled = known.get("filled") or 0
            held += filled if leg.side is self.position.bracket.side else -filled
            waits = known.get("state") == OrderState.ACCEPTED and known.get("working_type") == OrderType.STOP_LIMIT
            if leg.role is Role.STOP and waits:
                stopped += (known.get("working_quantity") or 0) - filled
        return held < 0 or held > stopped

    def pass_time(self, at: datetime, watched: Watched) -> None:
        """Count up to this moment, at which something changed."""
        if self.since is not None:
            span = min(at, watched.ends) - max(self.since, watched.begins)
            self.total += max(span, _NONE)
        self.since = at if self.is_exposed else None


class Exposures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, positions: Sequence[OpenPosition], watched: Mapping[str, Watched]) -> dict[str, timedelta]:
        """How long each bracket was exposed within its span; what has no span, or is meant to have no stop, is out."""
        followed = [one for one in positions if one.bracket.id in watched and not one.never_had_a_stop]
        if not followed:
            return {}
        since = min(max(one.bracket.opened_at, watched[one.bracket.id].begins) for one in followed) - _MARGIN
        found = {one.bracket.id: _begin(one, since) for one in followed}
        with self._database.read() as connection:
            for at, key, values in _changes(connection, followed, since):
                for bracket in found.values():
                    if _takes(bracket, key, values):
                        bracket.pass_time(at, watched[bracket.position.bracket.id])
        for name, bracket in found.items():
            bracket.pass_time(watched[name].ends, watched[name])
        return {name: bracket.total for name, bracket in found.items()}


def _begin(position: OpenPosition, since: datetime) -> _Bracket:
    """What was there before is as it is now: orders of earlier days have ended."""
    before = [order for _, order in position.orders if order.created_at < since]
    names = ("state", "filled", "working_type", "working_quantity")
    orders = {str(order.id): {name: getattr(order, name) for name in names} for order in before}
    made = _Bracket(position, orders, position.bracket.outside if position.bracket.opened_at < since else 0)
    made.since = since if made.is_exposed else None
    return made


def _takes(bracket: _Bracket, key: tuple[str, str], values: Mapping[str, Any]) -> bool:
    """Take over new values; False when they are of something else."""
    table, row = key
    if table == "bracket" and row == bracket.position.bracket.id:
        bracket.outside = values.get("outside", bracket.outside)
        return True
    if table != "broker_order" or row not in {order.id for _, order in bracket.position.orders}:
        return False
    bracket.orders.setdefault(row, {}).update(values)
    return True


def _changes(
    connection: Connection, positions: Sequence[OpenPosition], since: datetime
) -> Iterator[tuple[datetime, tuple[str, str], Mapping[str, Any]]]:
    """The new values of these brackets' rows since a moment, in the order in which they were recorded."""
    table = schema.audit
    ids = [row for one in positions for row in (one.bracket.id, *(order.id for _, order in one.orders))]
    words = ids if len(ids) <= _NAMED else ("broker_order", "bracket")
    about = or_(*(table.c.text.contains(f'"{word}"', autoescape=True) for word in words))
    statement = select(table.c.at, table.c.text).where(table.c.seq >= _first(connection, since), about)
    for row in connection.execute(statement.order_by(table.c.seq)):
        text = json.loads(row.text)
        for name, key, _, values in text["new"]:
            yield row.at, (name, key), values
        for name, key, values in text["set"]:
            yield row.at, (name, key), values


def _first(connection: Connection, since: datetime) -> int:
    """The first entry of a moment or later: times rise with the entries, and no index is kept on them."""
    table = schema.audit
    low, high = 1, chain.read_head(connection).seq + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(table.c.at).where(table.c.seq == middle)).scalar_one()
        low, high = (middle + 1, high) if at < since else (low, middle)
    return low
