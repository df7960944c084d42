"""What the desk's state machine is made of: a Book, a clock, what is on the wire, and the tiny exchange behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.desk.decide import decide
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.ids import Ids, SignalId
from executor.domain.instrument import Instrument, Price
from executor.domain.intent import (
    Accepted,
    Answer,
    Call,
    Intent,
    IntentState,
    RefusalReason,
    Refused,
    Sent,
    Unknown,
)
from executor.domain.messages import (
    BookRows,
    Committed,
    Event,
    ReadEnded,
    Resolved,
    SendEnded,
    SessionChanged,
    SignalsArrived,
    Started,
    Tick,
)
from executor.domain.option import OptionChain
from executor.domain.order import Order
from executor.domain.reading import Query, QueryKind, Quote, Reading
from executor.domain.record import Fill, Halt, Lane
from executor.domain.signal import Signal, SignalState
from executor.domain.strategy import Strategy
from tests.builders import ACCOUNT, an_instrument
from tests.desk.exchange import Exchange, Resting

_LOOK = timedelta(seconds=0.55)
_ROWS = {
    "signals": Signal, "lanes": Lane, "brackets": Bracket, "legs": Leg, "orders": Order, "intents": Intent,
    "fills": Fill,
}  # fmt: skip
_SENT_REASONS = (RefusalReason.INVALID, RefusalReason.FUNDS, RefusalReason.RATE, RefusalReason.NEVER_SENT)


class Machinery(RuleBasedStateMachine):
    """`flying` is sent and not answered, `late` will arrive after its answer, `asked` are the reads not heard yet."""

    now: datetime
    ids: Ids
    strategy: Strategy
    exchange: Exchange
    last: Decimal
    received: dict[SignalId, Signal]
    halts: tuple[Halt, ...]
    permits: int
    book: Book
    contract: Instrument | OptionChain = an_instrument()
    is_whole = False

    def _judge(self, sending: Sequence[Intent]) -> None:
        """What must hold of the intents that leave now."""
        raise NotImplementedError  # no ABC: hypothesis has a metaclass of its own

    def _honest_look(self) -> None:
        if not self.book.evidence.session_open:
            self._do(SessionChanged(open=True))
        while self.flying:
            intent = self.flying.pop(0)
            self._do(SendEnded(intent.id, Sent(self.exchange.take(intent, self.now), ())))
        self._read_all()
        self.exchange.match(self.last, self.now)
        self.now += _LOOK
        self._sweep()
        self._do(Tick())

    def _kept(self) -> BookRows:
        """What a store would hold of the book."""
        tables, hashes = self.book.rows.tables, frozenset(self.book.report_hashes)
        rows: Any = {name: tuple(tables[kind].values()) for name, kind in _ROWS.items()}
        return BookRows(account=ACCOUNT, report_hashes=hashes, halts=self.halts, **rows)

    def _begin(self, rows: BookRows) -> None:
        self.book = Book(rows, load_calendar(None))
        self.flying: list[Intent] = []
        self.late: list[Intent] = getattr(self, "late", [])
        self.asked: dict[Query, Reading] = {}
        self._do(Started())
        self._do(SessionChanged(open=True))
        self._sweep()

    def _sweep(self) -> None:
        """Signals that are still RECEIVED and that the desk does not know."""
        waiting = self.book.evidence.waiting
        known = {*self.book.rows.tables[Signal], *self.book.rows.ended}
        fresh = [one for one in self.received.values() if one.id not in waiting and one.id not in known]
        if fresh:
            self._do(SignalsArrived(tuple(Resolved(one, self.strategy, self.contract) for one in fresh)))

    def _do(self, event: Event) -> None:
        self.is_whole = False
        decision = decide(self.book, event, self.now, self.ids)
        sending = [
            replace(one, state=IntentState.SENDING, epoch=1, sending_at=self.now)
            for one in decision.intents[: self.permits]
        ]
        self.halts = (*self.halts, *decision.halts)
        self.book.apply(decision, Committed(tuple(sending), self.halts))
        self._judge(sending)
        self.flying += sending
        for query in decision.queries:
            self.asked.setdefault(query, self._reading(query))
        self.is_whole = True

    def _reading(self, query: Query) -> Reading:
        """The answer as of now; it may be heard later."""
        call = Call(query.kind.value, "", str(self.now), 200, self.now, 1)
        reading = Reading(query, self.now, self.now, call)
        match query.kind:
            case QueryKind.ORDER_BOOK:
                return replace(reading, reports=self.exchange.reports())
            case QueryKind.TRADES:
                return replace(reading, fills=tuple(self.exchange.trades))
            case QueryKind.POSITIONS:
                return replace(reading, positions=self.exchange.positions())
            case QueryKind.HOLDINGS | QueryKind.FUNDS:
                return reading
            case QueryKind.LTP:
                return replace(reading, price=Price(self.last, self.now))
            case QueryKind.QUOTES:
                price = Price(self.last, self.now)
                return replace(reading, quotes=tuple(Quote(one, price, None, None) for one in query.instruments))

    def _read_all(self) -> None:
        answers, self.asked = list(self.asked.values()), {}
        for answer in answers:
            self._do(ReadEnded(answer))

    def _fated(self, intent: Intent, fate: str) -> Answer:
        match fate:
            case "taken":
                return self.exchange.take(intent, self.now)
            case "lost":
                self.exchange.take(intent, self.now)
            case "late":
                self.late.append(intent)
            case "refused":
                return Refused(_SENT_REASONS[len(self.received) % len(_SENT_REASONS)], "test")
            case "idle" if intent.request.broker_id is not None:
                return Accepted(intent.request.broker_id, None)  # taken without effect (F-71)
        return Unknown(fate)

    def _resting(self) -> list[Resting]:
        return list(self.exchange.working())

    def _picked(self, pick: int) -> Resting:
        resting = self._resting()
        return resting[pick % len(resting)]

    def _placed(self, role: Role) -> list[tuple[Resting, Leg]]:
        if not hasattr(self, "book"):
            return []
        tables = self.book.rows.tables
        legs = {row.tag: tables[Leg][row.leg] for row in tables[Order].values() if row.leg}
        pairs = [(order, legs[order.request.tag]) for order in self.exchange.orders.values()]
        return [(order, leg) for order, leg in pairs if leg.role is role]

    def _rows(self, kind: type) -> list[Any]:
        return list(self.book.rows.tables[kind].values())

    def _state_of(self, signal: SignalId) -> SignalState:
        if signal in self.book.rows.ended:
            return SignalState.ENDED
        row: Signal = self.book.rows.tables[Signal].get(signal, self.received[signal])
        return row.state
