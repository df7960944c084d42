"""The book: what one account's desk knows, and the draft on which a decision is worked out.

Memory moves only after the commit: rules change a `Draft`, which leaves the book as it was; `Book.apply` takes over
what was committed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from executor.desk.rows import LIVE, OPEN_ORDERS, UNSETTLED, R, Rows, Watch, key_of
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.calendar import Calendar, trading_day
from executor.domain.command import Command
from executor.domain.ids import BracketId, BrokerOrderId, Ids, IntentId, LegId, OrderId, OrderTag, SignalId
from executor.domain.intent import Intent, IntentKind, IntentState, PermitClass
from executor.domain.messages import BookRows, Change, Committed, Decision, Evidence, Note, Row
from executor.domain.order import DONE, Order, OrderState, OrderType
from executor.domain.position import NOTHING, Holding
from executor.domain.reading import Query
from executor.domain.record import CallRow, Fill, Halt, HaltKind, Lane, ReportRow
from executor.domain.signal import Signal

_OF_ORDERS = frozenset({Order, Intent})


class Book:
    """The rows, halts and evidence of an account; only `apply` changes it."""

    def __init__(self, rows: BookRows, calendar: Calendar) -> None:
        self.account = rows.account
        self.calendar = calendar
        self.halts: tuple[Halt, ...] = rows.halts
        #: Loss limits that were reached, also ended ones: a limit counts on from there.
        self.losses: tuple[Halt, ...] = rows.losses
        self.evidence = Evidence()
        self.report_hashes = set(rows.report_hashes)
        self.rows = Rows()
        for group in (rows.signals, rows.lanes, rows.brackets, rows.legs, rows.orders, rows.intents, rows.fills):
            for row in group:
                self.rows.take(row)

    def apply(self, decision: Decision, committed: Committed | None) -> None:
        """Take over a decision after its transaction; `committed` is None when it had nothing to commit."""
        for change in decision.changes:
            if isinstance(change.row, ReportRow):
                self.report_hashes.add(change.row.hash)
            elif not isinstance(change.row, CallRow | Command):
                self.rows.take(change.row)
        for change in decision.changes:
            if isinstance(change.row, Signal):
                self.rows.let_go(change.row)
        if committed is not None:
            for intent in committed.sending:
                self.rows.take(intent)
            self.halts = committed.halts
            self.losses = (*self.losses, *(halt for halt in decision.halts if halt.kind is HaltKind.LOSS))
        if decision.evidence is not None:
            before, self.evidence = self.evidence.morning.day, decision.evidence
            if date.min < before < self.evidence.morning.day:
                self._begin_day(self.evidence.morning.day)

    def _begin_day(self, day: date) -> None:
        """Forget what ended on earlier days, as a start would: memory does not grow with the days."""
        self.rows = self.rows.of_day(day)
        self.report_hashes = set()


class Draft:
    """The book for one decision, with the questions that rules ask of it. What is put inside `with` is tried on the
    book's own rows, and taken back at the end: a copy would cost more with every order of the day.
    """

    def __init__(self, book: Book, now: datetime, ids: Ids) -> None:
        self.account = book.account
        self.calendar = book.calendar
        self.now = now
        self.day = trading_day(now)
        self.ids = ids
        self.halts = book.halts
        self.losses = book.losses
        self._new_halts: list[Halt] = []
        self.evidence = book.evidence
        self.commands: tuple[Command, ...] = ()
        #: The only lanes that news came for; None: it may be news for any. See `judged`.
        self.concerned: frozenset[str] | None = None
        self.queries: list[Query] = []
        self.notes: list[Note] = []
        self._known_hashes = book.report_hashes
        self._rows = book.rows
        self._tried = ExitStack()
        self._before: dict[tuple[type, Any], Row | None] = {}

    def __enter__(self) -> Draft:
        self._tried.enter_context(self._rows.tried())
        return self

    def __exit__(self, *_raised: object) -> None:
        self._tried.close()

    # tables

    @property
    def signals(self) -> dict[Any, Signal]:
        return self._rows.tables[Signal]

    def has_ended(self, signal: SignalId) -> bool:
        """Whether it was decided on and is not kept any more."""
        return signal in self._rows.ended

    @property
    def lanes(self) -> dict[str, Lane]:
        return self._rows.tables[Lane]

    @property
    def brackets(self) -> dict[BracketId, Bracket]:
        return self._rows.tables[Bracket]

    @property
    def legs(self) -> dict[LegId, Leg]:
        return self._rows.tables[Leg]

    @property
    def orders(self) -> dict[OrderId, Order]:
        return self._rows.tables[Order]

    @property
    def intents(self) -> dict[IntentId, Intent]:
        return self._rows.tables[Intent]

    @property
    def fills(self) -> dict[Any, Fill]:
        return self._rows.tables[Fill]

    # changes

    def put(self, row: Row, *, before: Row | None = None) -> None:
        """Set a row. `before`: the row as the store holds it, when the book has not seen it yet."""
        assert self._rows.are_tried, "outside of `with` nothing would take it back"
        place = (type(row), key_of(row))
        if place not in self._before:
            self._before[place] = self._rows.tables[place[0]].get(place[1], before)
        self._rows.take(row)

    def learn(self, **fields: Any) -> None:
        """Keep evidence, in memory only."""
        self.evidence = replace(self.evidence, **fields)

    def note(self, kind: str, subject: str, text: str, *, alarm: bool = False) -> None:
        self.notes.append(Note(kind, subject, text, alarm))

    def halt(self, halt: Halt) -> None:
        """Put a halt in force from here on, unless one of its kind and scope is."""
        if (halt.scope, halt.kind) not in {(one.scope, one.kind) for one in self.halts}:
            self.halts = (*self.halts, halt)
            self._new_halts.append(halt)
            self.note("halted", halt.scope, f"{halt.kind}: {halt.why}", alarm=True)

    def ask(self, query: Query) -> None:
        if query not in self.queries:
            self.queries.append(query)

    def knows_report(self, content_hash: str) -> bool:
        return content_hash in self._known_hashes or (self.day, content_hash) in self._rows.tables[ReportRow]

    def decision(self, intents: Iterable[Intent]) -> Decision:
        changes = [
            Change(row=row, before=before)
            for (kind, key), before in self._before.items()
            if (row := self._rows.tables[kind][key]) != before
        ]
        return Decision(
            changes=tuple(changes),
            intents=_most_urgent_first(intents),
            queries=tuple(self.queries),
            evidence=self.evidence,
            notes=tuple(self.notes),
            halts=tuple(self._new_halts),
        )

    # questions

    def watched(self, watch: Watch[R]) -> list[R]:
        """The rows that a rule looks at at every event; any other way over all rows grows with the day."""
        return self._rows.watched(watch)

    def live_brackets(self) -> list[Bracket]:
        return self.watched(LIVE)

    def judged(self) -> list[Bracket]:
        """The live brackets that this event may change. Signals are news for their lanes alone: what an order waits
        for must not grow with the positions of others, which the next tick judges. What asks to leave already takes
        part, for permits go by urgency.
        """
        live = self.live_brackets()
        if self.concerned is None:
            return live
        moving = self._changed() | self._asking()
        return [row for row in live if row.lane in self.concerned or row.id in moving]

    def _changed(self) -> set[BracketId | None]:
        """The brackets that this decision has changed so far, or something of."""
        orders = [key if kind is Order else self.intents[key].order for kind, key in self._before if kind in _OF_ORDERS]
        legs = [*(key for kind, key in self._before if kind is Leg), *(self.orders[one].leg for one in orders)]
        whole = {key for kind, key in self._before if kind is Bracket}
        return whole | {self.legs[leg].bracket for leg in legs if leg is not None}

    def _asking(self) -> set[BracketId | None]:
        """The brackets of which something has not left."""
        ready = [one.order for one in self.watched(UNSETTLED) if one.state is IntentState.READY]
        unsent = [one.id for one in self.watched(OPEN_ORDERS) if one.state is OrderState.INITIALIZED]
        legs = [self.orders[order].leg for order in (*ready, *unsent)]
        return {self.legs[leg].bracket for leg in legs if leg is not None}

    def bracket_of_lane(self, lane: str) -> Bracket | None:
        """The one live bracket of a lane; recovered ones are wound up beside it."""
        found = [row for row in self.live_brackets() if row.lane == lane and not row.recovered]
        return found[0] if found else None

    def legs_of(self, bracket: BracketId, *roles: Role) -> list[Leg]:
        legs = self.legs
        found = [legs[leg] for leg in self._rows.legs_of.get(bracket, ())]
        return [leg for leg in found if leg.role in roles] if roles else found

    def legs_by_cause(self, cause: str) -> list[Leg]:
        """The legs that a signal or command asked for."""
        return [self.legs[leg] for leg in self._rows.legs_by_cause.get(cause, ())]

    def orders_of(self, leg: LegId) -> list[Order]:
        """The attempts of a leg, oldest first."""
        orders = self.orders
        return [orders[order] for order in self._rows.orders_of.get(leg, ())]

    def orders_of_bracket(self, bracket: BracketId, *roles: Role) -> list[tuple[Leg, Order]]:
        return [(leg, order) for leg in self.legs_of(bracket, *roles) for order in self.orders_of(leg.id)]

    def order_by_broker_id(self, day: date, broker_id: BrokerOrderId) -> Order | None:
        found = self._rows.by_broker_id.get((day, broker_id))
        return self.orders[found] if found else None

    def order_by_tag(self, tag: OrderTag) -> Order | None:
        """Our own order with this tag; a foreign one may bear it too."""
        found = self._rows.by_tag.get(tag)
        return self.orders[found] if found else None

    def bracket_of(self, order: Order) -> Bracket | None:
        return self.brackets[self.legs[order.leg].bracket] if order.leg else None

    def intents_of(self, order: OrderId) -> list[Intent]:
        return [self.intents[intent] for intent in self._rows.intents_of.get(order, ())]

    def unsettled(self, order: OrderId) -> Intent | None:
        return next((intent for intent in self.intents_of(order) if intent.settled_by is None), None)

    def placing(self, order: OrderId) -> Intent | None:
        """The newest PLACE intent of an order."""
        return next((one for one in reversed(self.intents_of(order)) if one.kind is IntentKind.PLACE), None)

    def fills_of(self, order: Order) -> tuple[Fill, ...]:
        """What the trade book told of an order so far."""
        return self._rows.fills_of.get((order.day, order.broker_id), ()) if order.broker_id else ()

    def was_sent(self, order: OrderId) -> bool:
        """Whether a byte of it may have left."""
        placing = self.placing(order)
        return placing is not None and placing.sending_at is not None

    def may_rest(self, order: Order) -> bool:
        """Whether an order works at the broker, or is on its way or in doubt."""
        return order.state not in DONE and (order.shown or self.was_sent(order.id))

    def closed_by(self, cause: str) -> list[Bracket]:
        """The brackets that a signal or command closes, or has closed."""
        found = [self.brackets[bracket] for bracket in self._rows.by_closer.get(cause, ())]
        return [bracket for bracket in found if bracket.closer == cause]

    def holding_brackets(self) -> list[Bracket]:
        """Those that hold something, whatever their state."""
        return [self.brackets[bracket] for bracket in self._rows.holding]

    def unexplained(self) -> list[Order]:
        """Orders that have filled more than their known fills tell."""
        return [self.orders[order] for order in self._rows.unexplained]

    def entries_today(self, strategy: str | None = None) -> list[Leg]:
        """The day's ENTRY legs of a strategy; of all for None."""
        keys = [(self.day, strategy)] if strategy else [key for key in self._rows.entries if key[0] == self.day]
        return [self.legs[leg] for key in keys for leg in self._rows.entries.get(key, ())]

    def made_today(self, strategy: str | None = None) -> Decimal:
        """What the closed brackets of a strategy made on the day; of all for None. Rupees before charges."""
        made = self._rows.made
        keys = [(self.day, strategy)] if strategy else [key for key in made if key[0] == self.day]
        return sum((made.get(key, Decimal(0)) for key in keys), Decimal(0))

    def closed_with_loss(self, strategy: str) -> list[Bracket]:
        """The closed brackets of a strategy that cost more than they brought."""
        lost = [self.brackets[one] for one, days in self._rows.realised.items() if sum(days.values()) < 0]
        return [bracket for bracket in lost if bracket.strategy == strategy]

    def holding(self, bracket: Bracket) -> Holding:
        return self._rows.holdings.get(bracket.id, NOTHING)


def _most_urgent_first(intents: Iterable[Intent]) -> tuple[Intent, ...]:
    """By class, then by age; missing stops and what leaves take turns, so that neither waits for all of the other."""
    waiting: Counter[tuple[PermitClass, bool]] = Counter()
    places: dict[IntentId, tuple[int, int, bool, str]] = {}
    oldest_first = sorted(intents, key=lambda intent: intent.id)
    for intent in oldest_first:
        places_stop = intent.kind is IntentKind.PLACE and intent.request.type is OrderType.STOP_LIMIT
        queue = (intent.permit, places_stop and intent.permit is PermitClass.PROTECT)
        places[intent.id] = (intent.permit, waiting[queue], queue[1], intent.id)
        waiting[queue] += 1
    return tuple(sorted(oldest_first, key=lambda intent: places[intent.id]))
