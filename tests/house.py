"""The whole trader in one thread: real loop, store and SmartAPI client over the simulator, on a clock that is moved.

Only threads are missing: `InlineWorkers` does each send and read at once, and may answer later. Tests assert the
exchange's truth (`house.state()`), not what the house believes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event as Flag
from typing import Any

from sqlalchemy import select

from executor.broker.limits import PermitBook, load_limits
from executor.broker.port import Broker, Session
from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire, to_app
from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.domain.bracket import Bracket
from executor.domain.calendar import Calendar, trading_day
from executor.domain.command import Command, CommandKind
from executor.domain.delivery import Delivery, Verdict
from executor.domain.ids import DeliveryId, Ids, SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment, lane_ticker
from executor.domain.intent import Intent, IntentKind, IntentState, PermitClass, Sent
from executor.domain.messages import ReadEnded, ReadFailed, Resolved, SendEnded, SessionChanged
from executor.domain.order import Order
from executor.domain.reading import Query, Reading
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, LaneKey, Signal, SignalState
from executor.domain.strategy import Account, AccountKind, Rails, Strategy
from executor.errors import BrokerError, BrokerUnavailable, SessionLost
from executor.simulator import SimulatorConfig, create_app, credentials
from executor.store import schema
from executor.store.rows import load
from executor.store.store import Store
from executor.trader.feeds import ThreadFeeds
from executor.trader.lease import BEAT_S, Lease
from executor.trader.loop import SWEEP_S, Feeds, Loop, LoopParts, Sessions
from tests.builders import a_strategy

ACCOUNT = "default"
SBIN = InstrumentKey(Segment.NSE, "3045")
SBIN_EQ = Instrument(SBIN, "SBIN-EQ", "SBIN", Kind.CASH, 1, Decimal("0.05"), series="EQ")


class InlineWorkers:
    """Does sends and reads at once; the answers come in after `latency()` seconds, as from threads."""

    def __init__(self, house: House, inbox: SimpleQueue[Any]) -> None:
        self.house = house
        self.broker = house.broker  # a process that was followed goes on with its own
        self.inbox = inbox
        self.coming: list[tuple[float, Any]] = []

    def submit(self, work: Intent | Query) -> None:
        answer = self._send(work) if isinstance(work, Intent) else self._read(work)
        self.coming.append((self.house.clock.monotonic() + self.house.latency(), answer))
        self.deliver()

    def deliver(self) -> None:
        """Put the answers that are due into the inbox."""
        now = self.house.clock.monotonic()
        due = [answer for at, answer in self.coming if at <= now]
        self.coming = [(at, answer) for at, answer in self.coming if at > now]
        for answer in due:
            self.inbox.put(answer)

    def _send(self, intent: Intent) -> SendEnded:
        return SendEnded(intent.id, self.broker.send(intent))

    def _read(self, query: Query) -> ReadEnded | ReadFailed:
        try:
            return ReadEnded(self.broker.read(query))
        except SessionLost as error:
            return ReadFailed(query, str(error), session_lost=True, call=error.call)
        except BrokerUnavailable as error:
            return ReadFailed(query, str(error), session_lost=False, call=error.call)


class Watched:
    """A broker that looks at the exchange after each send: the most that could be sold beyond what is held, ever.

    `stops` counts resting stops alone, `limits` resting targets and exits alone, `all` both together.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._broker = house.workers.broker
        self.beyond = {"stops": -1000, "limits": -1000, "all": -1000}
        house.workers.broker = self

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self._broker.open_session(saved, may_log_in=may_log_in)

    def read(self, query: Query) -> Reading:
        return self._broker.read(query)

    def send(self, intent: Intent) -> Sent:
        sent = self._broker.send(intent)
        held = self._house.net()
        stops, limits = self._house.stopped(), self._house.targeted()
        for kind, units in (("stops", stops), ("limits", limits), ("all", stops + limits)):
            self.beyond[kind] = max(self.beyond[kind], units - held)
        return sent


class InlineSessions:
    """Opens the session at once whenever it is not open: with the old token if it still holds, else by a login.

    31 s after a failure it is tried again, for the next TOTP step.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.saved: Session | None = None
        self.failed_at = -60.0

    def tend(self, *, is_open: bool) -> None:
        now = self.house.clock.monotonic()
        if is_open or not self.house.sessions_allowed or now - self.failed_at < 31:
            return
        try:
            self.saved = self.house.broker.open_session(self.saved)
            self.house.inbox.put(SessionChanged(open=True))
        except BrokerError:
            self.failed_at = now


@dataclass
class House:
    store: Store
    clock: ManualClock
    ids: Ids
    strategy: Strategy = field(default_factory=lambda: a_strategy(account=ACCOUNT, rails=rails()))
    wrap_broker: Callable[[Broker], Broker] = lambda broker: broker
    sessions_allowed: bool = True
    latency: Callable[[], float] = lambda: 0.0
    simulator: SimulatorConfig = field(default_factory=lambda: SimulatorConfig(seed=3))
    kill_file: Path = Path("no-such-dir") / "KILL"
    contract: Instrument = SBIN_EQ
    calendar: Calendar = field(default_factory=lambda: load_calendar(None))

    def __post_init__(self) -> None:
        app = create_app(self.simulator, self.clock_of_exchange())
        self.client = app.test_client()
        self.app = app
        self.stop = Flag()
        self.store.people.add_account(
            Account(ACCOUNT, AccountKind.SIMULATOR), by="test", at=self.clock.now(), new_id=self.ids.new
        )
        self.store.people.save_strategy(self.strategy, by="test", at=self.clock.now())
        self.start()

    def start(self) -> None:
        """Start (again) from what the store holds: all memory is new."""
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        now = self.clock.now()
        ledger = self.a_ledger()
        before = ledger.lease(ACCOUNT)
        epoch = ledger.take_lease(ACCOUNT, "house", at=now, follows=before)
        self.broker: Broker = self.wrap_broker(self.a_client(epoch))
        self.book = Book(self.store.recovery.load_book(ACCOUNT, trading_day(now)), self.calendar)
        writes = self.store.recovery.recent_writes(ACCOUNT, now)
        last_read = min(now, before.beat_at + timedelta(seconds=BEAT_S)) if before else None
        self.permits = PermitBook(load_limits(), writes, last_read=last_read)
        self.workers = InlineWorkers(self, self.inbox)
        self.loop = Loop(
            LoopParts(
                ledger=ledger,
                recovery=self.store.recovery,
                book=self.book,
                workers=self.workers,
                sessions=self.sessions(epoch),
                permits=self.permits,
                clock=self.clock,
                ids=Ids(self.clock.now, Random(11), above=self.store.recovery.newest_id()),
                inbox=self.inbox,
                resolve=self.resolve,
                rails=lambda: self.store.people.rails(ACCOUNT),
                lease=Lease(ledger, ACCOUNT, epoch, clock=self.clock),
                kill_file=self.kill_file,
                reserve=self.store.database.reserve,
                status=lambda book: {},
                feeds=self.feeds(),
            )
        )
        self.loop.begin(self.stop)

    def clock_of_exchange(self) -> ManualClock:
        return self.clock

    def a_ledger(self) -> Any:
        """What the trader writes through."""
        return self.store.ledger

    def a_client(self, epoch: int) -> SmartApi:
        return SmartApi(self.secrets, wire=self.a_wire(), clock=self.clock, reserve_step=lambda step: None)

    def a_wire(self) -> Wire:
        return Wire("http://broker", headers=headers_of(self.secrets), transport=to_app(self.app))

    @property
    def secrets(self) -> Credentials:
        login = credentials(self.simulator.seed)
        return Credentials(login.api_key, login.client_code, login.pin, login.totp_secret)

    def feeds(self) -> Feeds:
        """None: the books tell all."""
        return ThreadFeeds()

    def sessions(self, epoch: int) -> Sessions:
        return InlineSessions(self)

    def command(self, kind: str, scope: str = "ALL", **arguments: Any) -> Command:
        """A person's order, carried out with the next sweep."""
        made = self.store.commands.record(
            CommandKind(kind), scope=scope, arguments=arguments, by="trader", why="test", at=self.clock.now()
        )
        self.run(0.5)
        return next(one for one in self.store.commands.answers(made) if one.account == ACCOUNT)

    def run(self, seconds: float) -> None:
        """Let time pass, a sweep at a time."""
        for _ in range(round(seconds / SWEEP_S)):
            self.clock.advance(SWEEP_S)
            self.workers.deliver()
            while self.loop.round(self.stop, wait_s=0):
                pass

    def until(self, is_so: Callable[[], Any], *, within: float) -> None:
        """Let time pass until something holds; a failure when it does not in time."""
        for _ in range(round(within / SWEEP_S)):
            if is_so():
                return
            self.run(SWEEP_S)
        assert is_so(), f"not within {within} s"

    def signal(self, action: str = "buy", *, ago: float = 0, **fields: Any) -> SignalId:
        """A signal as web would record it, fired now or `ago` seconds before."""
        signal_id, delivery_id = SignalId(self.ids.new()), DeliveryId(self.ids.new())
        now = self.clock.now()
        plain = {"exchange": "NSE", "ticker": "SBIN", "action": action, **fields}
        ticker = lane_ticker(plain["exchange"], plain["ticker"])
        signal = Signal(
            id=signal_id,
            delivery=delivery_id,
            strategy=self.strategy.name,
            strategy_version=1,
            account=ACCOUNT,
            lane=LaneKey(ACCOUNT, self.strategy.name, ticker, plain.get("trade", "")).text,
            key=f"id:{signal_id}",
            action=Action(action),
            fields=plain,
            fired_at=now - timedelta(seconds=ago),
            received_at=now,
        )
        delivery = Delivery(delivery_id, self.strategy.name, "test", {}, "0", "{}", {}, Verdict.ACCEPTED, now)
        self.store.intake.record_delivery(delivery, signal)
        return signal_id

    def ended(self, signal_id: SignalId) -> Signal:
        """The signal as the store holds it; it must have ended."""
        signal = self.stored(signal_id)
        assert signal.state is SignalState.ENDED, f"still {signal.state}"
        return signal

    def stored(self, signal_id: SignalId) -> Signal:
        rows = self.store.recovery.load_book(ACCOUNT, trading_day(self.clock.now())).signals
        return next((row for row in rows if row.id == signal_id), None) or self._any_signal(signal_id)

    def price(self, value: str | Decimal) -> None:
        """Set SBIN's price; it is held until it is set again."""
        self.control("price", {"exchange": "NSE", "token": "3045", "ltp": str(value)})

    def resting_long(self) -> SignalId:
        """A long whose entry (limit 802.40) rests below the price of 803 and waits for `fill`."""
        self.price("803")
        signal = self.signal("buy", price="800")
        self.run(1)
        return signal

    def ready_entry(self) -> SignalId:
        """A buy whose intent is READY: this second's permits are used up."""
        self.permits.take([PermitClass.ENTER] * 8, self.clock.now())
        self.permits.landed(8, self.clock.now())
        signal = self.signal("buy", price="800")
        self.until(lambda: self.book.rows.tables[Intent], within=2 * SWEEP_S)
        assert [one.state for one in self.book.rows.tables[Intent].values()] == [IntentState.READY]
        return signal

    def long(self, **fields: Any) -> SignalId:
        """A long of 10, entered at 800 with its stop (792) and target (816) resting."""
        signal = self.signal("buy", price="800", **fields)
        self.run(6)
        return signal

    def fill(self, order: Any, quantity: int, **more: Any) -> None:
        """The market takes a part of an order."""
        self.control(f"order/{order['orderid']}/fill", {"quantity": quantity, **more})

    def cancel(self, order: Any) -> None:
        """The hand in the broker's app cancels an order."""
        self.control(f"order/{order['orderid']}/cancel", {})

    def modify_by_hand(self, order: Any, quantity: int) -> None:
        """The hand in the broker's app changes an order's quantity."""
        ours = next(row for row in self.book.rows.tables[Order].values() if row.broker_id == order["orderid"])
        placed = next(row for row in self.book.rows.tables[Intent].values() if row.order == ours.id)
        request = replace(placed.request, quantity=quantity, broker_id=ours.broker_id)
        self.broker.send(replace(placed, kind=IntentKind.MODIFY, request=request))

    def fault(self, route: str, kind: str, **more: Any) -> None:
        self.control("fault", {"route": route, "kind": kind, "times": 1, **more})

    def control(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = self.client.post(f"/_control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def state(self) -> Any:
        return json.loads(self.client.get("/_control/state").text)

    def orders(self, **where: Any) -> list[Any]:
        """The exchange's own orders, in the order in which they came."""
        return [row for row in self.state()["orders"] if all(row[name] == value for name, value in where.items())]

    def working(self, **where: Any) -> list[Any]:
        """The exchange's orders that can still trade."""
        return [row for row in self.orders(**where) if row["status"] in {"open", "trigger pending"}]

    def stopped(self) -> int:
        """Units that resting stops would sell or buy."""
        return sum(row["quantity"] - row["filled"] for row in self.working(type="STOPLOSS_LIMIT"))

    def targeted(self) -> int:
        """Units that resting targets would sell or buy."""
        return sum(row["quantity"] - row["filled"] for row in self.working(type="LIMIT", side="SELL"))

    def leaving(self) -> list[tuple[str, int]]:
        """Price and open units of each resting LIMIT that leaves a long, the nearest first."""
        rows = self.working(type="LIMIT", side="SELL")
        return sorted((row["price"], row["quantity"] - row["filled"]) for row in rows)

    def requests(self, route: str) -> list[Any]:
        return [row for row in self.state()["requests"] if row["route"] == route]

    def said(self, kind: str) -> list[str]:
        """What the audit says under a kind, oldest first."""
        with self.store.database.read() as connection:
            rows = connection.execute(select(schema.audit).order_by(schema.audit.c.seq)).all()
        return [json.loads(row.text)["say"] for row in rows if row.kind == kind]

    def brackets(self) -> list[Bracket]:
        return list(self.book.rows.tables[Bracket].values())

    def net(self) -> int:
        """What the exchange says the account nets in SBIN."""
        sign = {"BUY": 1, "SELL": -1}
        return sum(sign[fill["side"]] * fill["quantity"] for fill in self.state()["fills"])

    def resolve(self, signal: Signal) -> Resolved:
        found: Instrument | Refusal = Refusal(RefusalCode.TICKER_UNKNOWN, signal.fields["ticker"])
        if signal.fields["ticker"] == "SBIN":
            found = self.contract
        return Resolved(signal, self.strategy, found)

    def _any_signal(self, signal_id: SignalId) -> Signal:
        with self.store.database.read() as connection:
            return load(Signal, connection.execute(select(schema.signal).where(schema.signal.c.id == signal_id)).one())


def rails(**changes: Any) -> Rails:
    return Rails(**{"tickers": frozenset({"NSE:SBIN"}), "max_quantity": 100, **changes})
