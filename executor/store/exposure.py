"""How long a position stood without a working stop, replayed from the audit: the values that rows had at each moment.

Counted as `desk/guard.py` does: a stop covers what it was shown to wait for, from the moment at which that was
recorded; what was sent covers nothing.
"""

from __future__ import annotations

import json
import threading
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
#: What is looked at of each kind of row.
_VALUES = {"broker_order": ("state", "filled", "working_type", "working_quantity"), "bracket": ("outside",)}


@dataclass(frozen=True, slots=True)
class Watched:
    """From when to when a stop had to be working, such as the hours of today's session."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class _Change:
    """New values of a row; `place` is that of the audit's entry, and within it."""

    place: tuple[int, int]
    at: datetime
    row: tuple[str, str]
    values: Mapping[str, Any]


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

    def take(self, change: _Change) -> None:
        """Take over new values of the bracket or of one of its orders."""
        table, row = change.row
        if table == "bracket":
            self.outside = change.values.get("outside", self.outside)
        else:
            self.orders.setdefault(row, {}).update(change.values)

    def pass_time(self, at: datetime, watched: Watched) -> None:
        """Count up to this moment, at which something changed."""
        if self.since is not None:
            span = min(at, watched.ends) - max(self.since, watched.begins)
            self.total += max(span, _NONE)
        self.since = at if self.is_exposed else None


class Exposures:
    """Remembers what it read of the audit: who asks every second reads only what is new. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen = _Seen()

    def of(self, positions: Sequence[OpenPosition], watched: Mapping[str, Watched]) -> dict[str, timedelta]:
        """How long each bracket was exposed within its span; what has no span, or is meant to have no stop, is out."""
        followed = [one for one in positions if one.bracket.id in watched and not one.never_had_a_stop]
        if not followed:
            return {}
        since = min(max(one.bracket.opened_at, watched[one.bracket.id].begins) for one in followed) - _MARGIN
        with self._lock, self._database.read() as connection:
            self._seen.follow(connection, since)
            changes = {one.bracket.id: self._seen.of(one) for one in followed}
        totals: dict[str, timedelta] = {}
        for one in followed:
            bracket, span = _begin(one, since), watched[one.bracket.id]
            for change in changes[one.bracket.id]:
                bracket.take(change)
                bracket.pass_time(change.at, span)
            bracket.pass_time(span.ends, span)
            totals[one.bracket.id] = bracket.total
        return totals


class _Seen:
    """The new values of orders and brackets, by their row, in all entries from one on to the newest that was read."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._first = 0
        self._last = 0
        self._rows: dict[tuple[str, str], list[_Change]] = {}

    def follow(self, connection: Connection, since: datetime) -> None:
        """Read what was recorded since a moment and was not read yet; forget what was before it."""
        if since != self._since:
            self._begin_at(_first(connection, since))
            self._since = since
        head = chain.read_head(connection).seq
        for change in _changes(connection, self._last + 1, head):
            self._rows.setdefault(change.row, []).append(change)
        self._last = head

    def of(self, position: OpenPosition) -> list[_Change]:
        """What changed of a bracket and its orders, in the order in which it was recorded."""
        rows = [("bracket", str(position.bracket.id)), *(("broker_order", str(one.id)) for _, one in position.orders)]
        return sorted((change for row in rows for change in self._rows.get(row, ())), key=lambda change: change.place)

    def _begin_at(self, first: int) -> None:
        if first < self._first or first > self._last:
            self._rows, self._last = {}, first - 1
        else:
            kept = {row: [one for one in of if one.place[0] >= first] for row, of in self._rows.items()}
            self._rows = {row: of for row, of in kept.items() if of}
        self._first = first


def _begin(position: OpenPosition, since: datetime) -> _Bracket:
    """What was there before is as it is now: orders of earlier days have ended."""
    before = [order for _, order in position.orders if order.created_at < since]
    orders = {str(order.id): {name: getattr(order, name) for name in _VALUES["broker_order"]} for order in before}
    made = _Bracket(position, orders, position.bracket.outside if position.bracket.opened_at < since else 0)
    made.since = since if made.is_exposed else None
    return made


def _changes(connection: Connection, first: int, last: int) -> Iterator[_Change]:
    table = schema.audit
    about = or_(*(table.c.text.contains(f'"{name}"', autoescape=True) for name in _VALUES))
    statement = select(table.c.seq, table.c.at, table.c.text).where(table.c.seq.between(first, last), about)
    for row in connection.execute(statement.order_by(table.c.seq)):
        text = json.loads(row.text)
        said = [(name, key, values) for name, key, _, values in text["new"]] + text["set"]
        for place, (name, key, values) in enumerate(said):
            if name in _VALUES:
                kept = {value: values[value] for value in _VALUES[name] if value in values}
                yield _Change((row.seq, place), row.at, (name, key), kept)


def _first(connection: Connection, since: datetime) -> int:
    """The first entry of a moment or later: times rise with the entries, and no index is kept on them."""
    table = schema.audit
    low, high = 1, chain.read_head(connection).seq + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(table.c.at).where(table.c.seq == middle)).scalar_one()
        low, high = (middle + 1, high) if at < since else (low, middle)
    return low
