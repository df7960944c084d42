"""The book: what one account's desk knows, and the draft on which a decision is worked out.

Memory moves only after the commit: rules change a `Draft`; `Book.apply` takes over what was committed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from executor.domain.bracket import Bracket, BracketState, Leg, Role
from executor.domain.calendar import Calendar, trading_day
from executor.domain.ids import BracketId, Ids, IntentId, LegId, OrderId
from executor.domain.messages import (
    BookRows,
    CallRow,
    Change,
    Committed,
    Decision,
    Evidence,
    Fill,
    Halt,
    Intent,
    IntentKind,
    Lane,
    Note,
    Query,
    ReportRow,
    Row,
)
from executor.domain.order import Order
from executor.domain.position import Holding, holding_of
from executor.domain.signal import Signal

Tables = dict[type, dict[Any, Any]]


class Book:
    """Rows by kind and key, halts, and evidence; only `apply` changes it."""

    def __init__(self, rows: BookRows, calendar: Calendar) -> None:
        self.account = rows.account
        self.calendar = calendar
        self.halts: tuple[Halt, ...] = rows.halts
        self.evidence = Evidence()
        self.report_hashes = set(rows.report_hashes)
        self.tables: Tables = {kind: {} for kind in (Signal, Lane, Bracket, Leg, Order, Intent, Fill)}
        for group in (rows.signals, rows.lanes, rows.brackets, rows.legs, rows.orders, rows.intents, rows.fills):
            for row in group:
                self._take(row)

    def apply(self, decision: Decision, committed: Committed | None) -> None:
        """Take over a decision after its transaction; `committed` is None when it had nothing to commit."""
        for change in decision.changes:
            self._take(change.row)
        if committed is not None:
            for intent in committed.sending:
                self._take(intent)
            self.halts = committed.halts
        if decision.evidence is not None:
            self.evidence = decision.evidence

    def _take(self, row: Row) -> None:
        if isinstance(row, ReportRow):
            self.report_hashes.add(row.hash)
        elif not isinstance(row, CallRow):
            self.tables[type(row)][key_of(row)] = row


class Draft:
    """A working copy of the book for one decision, with the questions that rules ask of it."""

    def __init__(self, book: Book, now: datetime, ids: Ids) -> None:
        self.account = book.account
        self.calendar = book.calendar
        self.now = now
        self.ids = ids
        self.halts = book.halts
        self.evidence = book.evidence
        self.queries: list[Query] = []
        self.notes: list[Note] = []
        self._base = book
        self._tables: Tables = {kind: dict(rows) for kind, rows in book.tables.items()}
        self._tables[ReportRow] = {}
        self._tables[CallRow] = {}
        self._before: dict[tuple[type, Any], Row | None] = {}
        self._legs_of: dict[BracketId, list[LegId]] = defaultdict(list)
        self._orders_of: dict[LegId, list[OrderId]] = defaultdict(list)
        self._intents_of: dict[OrderId, list[IntentId]] = defaultdict(list)
        for kind in (Leg, Order, Intent):
            for row in self._tables[kind].values():
                self._index(row)

    # tables

    @property
    def signals(self) -> dict[Any, Signal]:
        return self._tables[Signal]

    @property
    def lanes(self) -> dict[str, Lane]:
        return self._tables[Lane]

    @property
    def brackets(self) -> dict[BracketId, Bracket]:
        return self._tables[Bracket]

    @property
    def legs(self) -> dict[LegId, Leg]:
        return self._tables[Leg]

    @property
    def orders(self) -> dict[OrderId, Order]:
        return self._tables[Order]

    @property
    def intents(self) -> dict[IntentId, Intent]:
        return self._tables[Intent]

    @property
    def fills(self) -> dict[Any, Fill]:
        return self._tables[Fill]

    @property
    def day(self) -> date:
        return trading_day(self.now)

    # changes

    def put(self, row: Row, *, before: Row | None = None) -> None:
        """Set a row. `before`: the row as the store holds it, when the book has not seen it yet."""
        table = self._tables[type(row)]
        place = (type(row), key_of(row))
        if place not in self._before:
            self._before[place] = table.get(place[1], before)
            if place[1] not in table:
                self._index(row)
        table[place[1]] = row

    def learn(self, **fields: Any) -> None:
        """Keep evidence, in memory only."""
        self.evidence = replace(self.evidence, **fields)

    def note(self, kind: str, subject: str, text: str, *, alarm: bool = False) -> None:
        self.notes.append(Note(kind, subject, text, alarm))

    def ask(self, query: Query) -> None:
        if query not in self.queries:
            self.queries.append(query)

    def knows_report(self, content_hash: str) -> bool:
        return content_hash in self._base.report_hashes or content_hash in {
            row.hash for row in self._tables[ReportRow].values()
        }

    def decision(self, intents: Iterable[Intent]) -> Decision:
        changes = [
            Change(row=self._tables[kind][key], before=before)
            for (kind, key), before in self._before.items()
            if self._tables[kind][key] != before
        ]
        ordered = sorted(intents, key=lambda intent: (intent.permit, intent.id))
        return Decision(tuple(changes), tuple(ordered), tuple(self.queries), self.evidence, tuple(self.notes))

    # questions

    def live_brackets(self) -> list[Bracket]:
        return [row for row in self.brackets.values() if row.state is not BracketState.CLOSED]

    def bracket_of_lane(self, lane: str) -> Bracket | None:
        """The one live bracket of a lane; recovered ones are wound up beside it."""
        found = [row for row in self.live_brackets() if row.lane == lane and not row.recovered]
        return found[0] if found else None

    def legs_of(self, bracket: BracketId, *roles: Role) -> list[Leg]:
        legs = [self.legs[leg] for leg in self._legs_of[bracket]]
        return [leg for leg in legs if not roles or leg.role in roles]

    def orders_of(self, leg: LegId) -> list[Order]:
        """The attempts of a leg, oldest first."""
        return [self.orders[order] for order in self._orders_of[leg]]

    def orders_of_bracket(self, bracket: BracketId, *roles: Role) -> list[tuple[Leg, Order]]:
        return [(leg, order) for leg in self.legs_of(bracket, *roles) for order in self.orders_of(leg.id)]

    def intents_of(self, order: OrderId) -> list[Intent]:
        return [self.intents[intent] for intent in self._intents_of[order]]

    def unsettled(self, order: OrderId) -> Intent | None:
        found = [intent for intent in self.intents_of(order) if intent.settled_by is None]
        return found[0] if found else None

    def placing(self, order: OrderId) -> Intent | None:
        """The newest PLACE intent of an order."""
        found = [intent for intent in self.intents_of(order) if intent.kind is IntentKind.PLACE]
        return found[-1] if found else None

    def holding(self, bracket: Bracket) -> Holding:
        return holding_of(bracket.side, self.orders_of_bracket(bracket.id))

    def _index(self, row: Row) -> None:
        if isinstance(row, Leg):
            self._legs_of[row.bracket].append(row.id)
        elif isinstance(row, Order) and row.leg is not None:
            self._orders_of[row.leg].append(row.id)
        elif isinstance(row, Intent):
            self._intents_of[row.order].append(row.id)


def key_of(row: Row) -> Any:
    """The key of a row within its kind."""
    match row:
        case Lane():
            return row.key
        case Fill():
            return (row.day, row.broker_id, row.fill_id)
        case ReportRow():
            return (row.day, row.hash)
        case _:
            return row.id
