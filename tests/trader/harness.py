"""A loop over the real store and the real desk, with hands instead of threads: what it hands over is only kept.

Everything that comes back from outside is put into the inbox by the test, so each order of events can be played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event as Flag
from typing import Any

from sqlalchemy import select

from executor.broker.limits import PermitBook, load_limits
from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.domain.calendar import trading_day
from executor.domain.ids import BrokerOrderId, DeliveryId, Ids, SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.intent import Accepted, Call, Intent, IntentKind, Sent
from executor.domain.messages import ReadEnded, Resolved, SendEnded, SessionChanged
from executor.domain.reading import Query, QueryKind, Reading
from executor.domain.record import Halt, HaltKind
from executor.domain.signal import LaneKey, Signal
from executor.domain.strategy import Rails
from executor.errors import NotRecorded
from executor.store import schema
from executor.store.rows import load
from executor.store.store import Store
from executor.trader.lease import Lease
from executor.trader.loop import SWEEP_S, Loop, LoopParts
from tests.builders import a_delivery, a_signal, a_strategy

ACCOUNT = "default"
SHARE = Instrument(InstrumentKey(Segment.NSE, "3045"), "SBIN-EQ", "SBIN", Kind.CASH, 1, Decimal("0.05"), series="EQ")


class QuickFlag(Flag):
    """A stop flag whose waits end at once and are counted; it sets itself when it was waited for too often."""

    def __init__(self, patience: int = 1000) -> None:
        super().__init__()
        self.waits = 0
        self._patience = patience

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        if self.waits >= self._patience:
            self.set()
        return self.is_set()


class Wrapped:
    """Anything, with something done before the calls of one name."""

    def __init__(self, inner: Any, name: str, before: Callable[..., Any]) -> None:
        self._inner, self._name, self._before = inner, name, before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._name:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._before(*args, **kwargs)
            return found(*args, **kwargs)

        return call


@dataclass
class Refusing:
    """Raises NotRecorded as often as it is told to, then lets pass; counts how often it was asked."""

    times: int
    asked: int = 0

    def __call__(self, *_args: Any, **_kwargs: Any) -> None:
        self.asked += 1
        if self.asked <= self.times:
            raise NotRecorded("the disk is full")


@dataclass
class Hands:
    """Workers and sessions that only write down what they were given, and when."""

    clock: ManualClock
    sent: list[Intent] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)
    tended: list[bool] = field(default_factory=list)

    def submit(self, work: Intent | Query) -> None:
        if isinstance(work, Intent):
            self.sent.append(work)
            self.sent_at.append(self.clock.monotonic())
        else:
            self.asked.append(work)

    def tend(self, *, is_open: bool) -> None:
        self.tended.append(is_open)

    def placed(self) -> list[Intent]:
        return [intent for intent in self.sent if intent.kind is IntentKind.PLACE]


@dataclass
class Bench:
    store: Store
    clock: ManualClock
    ids: Ids
    kill_file: Path
    stop: QuickFlag = field(default_factory=QuickFlag)

    def __post_init__(self) -> None:
        self.strategy = a_strategy(account=ACCOUNT, rails=Rails(frozenset({"NSE:SBIN"}), 100, max_trades=200))
        self.store.people.save_strategy(self.strategy, by="test", at=self.clock.now())
        self.start()

    def start(self) -> None:
        """Start (again) from what the store holds: all memory is new."""
        now = self.clock.now()
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.hands = Hands(self.clock)
        self.epoch = self.store.ledger.take_lease(ACCOUNT, "bench", at=now, follows=self.store.ledger.lease(ACCOUNT))
        self.book = Book(self.store.recovery.load_book(ACCOUNT, trading_day(now)), load_calendar(None))
        writes = self.store.recovery.recent_writes(ACCOUNT, now)
        self.permits = PermitBook(load_limits(), writes)
        self.loop = self.a_loop()

    def a_loop(self, *, ledger: Any = None, recovery: Any = None) -> Loop:
        """A loop over this bench's parts, or with another store under it."""
        parts = LoopParts(
            ledger=ledger or self.store.ledger,
            recovery=recovery or self.store.recovery,
            book=self.book,
            workers=self.hands,
            sessions=self.hands,
            permits=self.permits,
            clock=self.clock,
            ids=Ids(self.clock.now, Random(5), above=self.store.recovery.newest_id()),
            inbox=self.inbox,
            resolve=lambda signal: Resolved(signal, self.strategy, SHARE),
            rails=lambda: self.store.people.rails(ACCOUNT),
            lease=Lease(ledger or self.store.ledger, ACCOUNT, self.epoch, clock=self.clock),
            kill_file=self.kill_file,
            reserve=self.store.database.reserve,
            status=lambda book: {"session": book.evidence.session_open},
        )
        return Loop(parts)

    def run(self, seconds: float = SWEEP_S) -> None:
        """Let time pass, a sweep at a time."""
        for _ in range(round(seconds / SWEEP_S)):
            self.clock.advance(SWEEP_S)
            self.drain()

    def drain(self) -> None:
        """Take all events that wait, and what this moment asks for."""
        while self.loop.round(self.stop, wait_s=0):
            pass

    def open(self) -> None:
        """Log in, and answer the first reads: the account is empty, and ready to trade."""
        self.inbox.put(SessionChanged(open=True))
        self.run()
        for query in list(self.hands.asked):
            self.answer(query)
        self.run()
        assert self.book.evidence.reconciled

    def answer(self, query: Query) -> None:
        """The broker has nothing to tell."""
        now = self.clock.now()
        call = Call(query.kind.value, "{}", "[]", 200, now, 20)
        self.inbox.put(ReadEnded(Reading(query, now, now, call)))

    def accept(self, intent: Intent, number: str = "261125000000001", *, ended_s: float | None = None) -> None:
        """The broker takes an order; its answer was there at `ended_s`, None for now."""
        call = Call("placeOrder", "{}", "{}", 200, self.clock.now(), 30)
        self.inbox.put(SendEnded(intent.id, Sent(Accepted(BrokerOrderId(number), None), (call,)), ended_s))

    def signal(self, **fields: Any) -> SignalId:
        """A buy at 800 as web would record it, fired now; `trade` gives it a lane of its own."""
        signal_id, delivery_id = SignalId(self.ids.new()), DeliveryId(self.ids.new())
        plain = {"exchange": "NSE", "ticker": "SBIN", "action": "buy", "price": "800", **fields}
        now = self.clock.now()
        signal = a_signal(
            id=signal_id,
            delivery=delivery_id,
            account=ACCOUNT,
            lane=LaneKey(ACCOUNT, "trend", "NSE:SBIN", plain.get("trade", "")).text,
            key=f"id:{signal_id}",
            fields=plain,
            fired_at=now,
            received_at=now,
        )
        self.store.intake.record_delivery(a_delivery(id=delivery_id, received_at=now), signal)
        return signal_id

    def halt(self, scope: str = f"account:{ACCOUNT}") -> None:
        """A person stops entries."""
        now = self.clock.now()
        self.store.ledger.set_halt(Halt(scope, HaltKind.HALT, now, "stop", "a person"), at=now)

    def stored(self, signal_id: SignalId) -> Signal:
        with self.store.database.read() as connection:
            return load(Signal, connection.execute(select(schema.signal).where(schema.signal.c.id == signal_id)).one())

    def intents(self) -> list[Intent]:
        """The intents as the store has them, oldest first."""
        with self.store.database.read() as connection:
            return [load(Intent, row) for row in connection.execute(select(schema.intent).order_by(schema.intent.c.id))]

    def asked(self, kind: QueryKind) -> int:
        return sum(query.kind is kind for query in self.hands.asked)
