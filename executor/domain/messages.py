"""What passes between desk, trader, broker and store: intents, answers, readings, events, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from executor.domain.bracket import Bracket, Leg
from executor.domain.ids import BracketId, BrokerOrderId, CallId, IntentId, OrderId, OrderTag, SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Price
from executor.domain.order import FillReport, Order, OrderType, Report, Side
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.domain.strategy import Product, Strategy

# -- towards the broker ------------------------------------------------------------------------------------------


class IntentKind(StrEnum):
    PLACE = "PLACE"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


class PermitClass(IntEnum):
    """Who goes first when the broker's limits are near; the last fifth of minute and hour is for class 1."""

    PROTECT = 1  # a missing stop, the cancel of a filled leg's sibling, exits
    CHANGE = 2  # other modifies and cancels
    ENTER = 3
    READ = 4


class IntentState(StrEnum):
    READY = "READY"  # provably not sent
    SENDING = "SENDING"  # found at start: UNKNOWN
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    DROPPED = "DROPPED"


class SettledBy(StrEnum):
    """What ended the doubt about an intent."""

    ANSWER = "ANSWER"
    REPORT = "REPORT"
    READS = "READS"
    DROP = "DROP"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """All an order call needs, in our words. `quantity` is the total, also of a modify (smartapi.md 2.4)."""

    instrument: InstrumentKey
    symbol: str
    side: Side
    product: Product
    type: OrderType
    quantity: int
    price: Decimal
    trigger: Decimal | None
    tag: OrderTag
    broker_id: BrokerOrderId | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """The durable wish to send one thing to the broker; one unsettled an order."""

    id: IntentId
    order: OrderId
    account: str
    kind: IntentKind
    permit: PermitClass
    request: OrderRequest
    created_at: datetime
    state: IntentState = IntentState.READY
    epoch: int | None = None
    sending_at: datetime | None = None
    outcome: str | None = None
    settled_by: SettledBy | None = None


class RefusalReason(StrEnum):
    NEVER_SENT = "NEVER_SENT"
    RATE = "RATE"
    SESSION = "SESSION"
    ADDRESS = "ADDRESS"
    FUNDS = "FUNDS"
    PRICE = "PRICE"
    CLOSED = "CLOSED"
    INVALID = "INVALID"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The broker took the order or change; the exchange may still reject it."""

    order_id: BrokerOrderId
    unique_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Proof that nothing was done; `text` is the broker's, unchanged."""

    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Everything else, by default."""

    why: str


Answer = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange with the broker as it was, secrets masked. `status` None: no answer; `ms` on the wall."""

    route: str
    request: str
    answer: str
    status: int | None
    at: datetime
    ms: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a send: one of three answers, and the calls that were made."""

    answer: Answer
    calls: tuple[Call, ...]


class QueryKind(StrEnum):
    ORDER_BOOK = "ORDER_BOOK"
    TRADES = "TRADES"
    POSITIONS = "POSITIONS"
    LTP = "LTP"


@dataclass(frozen=True, slots=True)
class Query:
    """A read. `instrument` and `symbol` only for LTP."""

    kind: QueryKind
    instrument: InstrumentKey | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class NetPosition:
    """What the account nets in one contract and product, over all strategies and by hand."""

    instrument: InstrumentKey
    symbol: str
    product: Product
    quantity: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A good answer to a query; `began_at` is before its first byte left. Only the field of its kind is filled."""

    query: Query
    began_at: datetime
    ended_at: datetime
    call: Call
    reports: tuple[Report, ...] = ()
    fills: tuple[FillReport, ...] = ()
    positions: tuple[NetPosition, ...] = ()
    price: Price | None = None


# -- into the desk -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resolved:
    """A signal's contract, found before `decide`: an instrument or the reason why there is none."""

    signal: Signal
    strategy: Strategy
    contract: Instrument | Refusal


@dataclass(frozen=True, slots=True)
class SignalsArrived:
    signals: tuple[Resolved, ...]


@dataclass(frozen=True, slots=True)
class SendEnded:
    intent: IntentId
    sent: Sent


@dataclass(frozen=True, slots=True)
class ReadEnded:
    reading: Reading


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read without a good answer: proof of nothing. `session_lost` when the broker refused the token."""

    query: Query
    why: str
    session_lost: bool
    call: Call | None


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """The account can (or cannot) speak with the broker from now on."""

    open: bool


@dataclass(frozen=True, slots=True)
class HaltsRead:
    """The halts in force for this account, by scope text; entries are refused under any that covers them."""

    halts: tuple[Halt, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time has passed."""


@dataclass(frozen=True, slots=True)
class Started:
    """The desk has just been loaded: what was being sent then is in doubt."""


Event = Started | SignalsArrived | SendEnded | ReadEnded | ReadFailed | SessionChanged | HaltsRead | Tick


class HaltKind(StrEnum):
    HALT = "HALT"
    KILL = "KILL"
    LOSS = "LOSS"


@dataclass(frozen=True, slots=True)
class Halt:
    """`scope` is ALL, account:NAME, strategy:NAME or lane:TEXT."""

    scope: str
    kind: HaltKind
    since: datetime
    why: str
    by: str


# -- out of the desk ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane has seen; `key` is a LaneKey's text."""

    key: str
    account: str
    strategy: str
    ticker: str
    trade: str
    synced: bool = False
    last_fired_at: datetime | None = None
    last_exit_fired_at: datetime | None = None
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    account: str
    day: date
    broker_id: BrokerOrderId
    fill_id: str
    order: OrderId | None
    quantity: int
    price: Decimal
    at: datetime
    raw: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as it is kept: raw, once a content and day."""

    account: str
    day: date
    hash: str
    source: str
    broker_id: BrokerOrderId
    order: OrderId | None
    raw: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as it is kept. A read is kept when its answer differs from the last; `equal` counts the same ones."""

    id: CallId
    account: str
    intent: IntentId | None
    call: Call
    equal: int
    last_at: datetime


Row = Signal | Lane | Bracket | Leg | Order | Intent | ReportRow | Fill | CallRow


@dataclass(frozen=True, slots=True)
class Change:
    """A row after the decision; `before` is None when the decision makes it."""

    row: Row
    before: Row | None


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the audit and its reader. `subject` is the id it is about; an alarm also goes to a person."""

    kind: str
    subject: str
    text: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the desk has seen and keeps in memory only; after a start it is gathered anew, in the safe direction.

    `read` are the queries answered well since the session opened; `asked_at` when each was last answered or failed;
    `clean_reads` when good order books of the last minute were begun; `waiting` the signals not aimed at yet.
    """

    session_open: bool = False
    read: frozenset[QueryKind] = frozenset()
    asked_at: Mapping[Query, datetime] = field(default_factory=dict)
    clean_reads: tuple[datetime, ...] = ()
    failed_reads: int = 0
    prices: Mapping[InstrumentKey, Price] = field(default_factory=dict)
    positions: tuple[NetPosition, ...] = ()
    calls: Mapping[str, CallRow] = field(default_factory=dict)
    waiting: Mapping[SignalId, Resolved] = field(default_factory=dict)
    unprotected_since: Mapping[BracketId, datetime] = field(default_factory=dict)
    alarmed: frozenset[BracketId] = frozenset()

    @property
    def reconciled(self) -> bool:
        """Order book, trades and positions were read: nothing is sent before."""
        return self.session_open and self.read >= {QueryKind.ORDER_BOOK, QueryKind.TRADES, QueryKind.POSITIONS}


@dataclass(frozen=True, slots=True)
class Committed:
    """What the store made of a decision: the intents that may leave now, and the halts as they stand."""

    sending: tuple[Intent, ...]
    halts: tuple[Halt, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an event. Nothing of it counts before its transaction is committed.

    `intents` ask to leave now, most urgent first; `evidence` is what memory keeps without a row.
    """

    changes: tuple[Change, ...] = ()
    intents: tuple[Intent, ...] = ()
    queries: tuple[Query, ...] = ()
    evidence: Evidence | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class BookRows:
    """All that a desk starts from, as the store holds it."""

    account: str
    signals: tuple[Signal, ...]
    lanes: tuple[Lane, ...]
    brackets: tuple[Bracket, ...]
    legs: tuple[Leg, ...]
    orders: tuple[Order, ...]
    intents: tuple[Intent, ...]
    fills: tuple[Fill, ...]
    report_hashes: frozenset[str]
    halts: tuple[Halt, ...]
