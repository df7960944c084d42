"""What passes into the desk and out of it: events, evidence, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from executor.domain.bracket import Bracket, Leg
from executor.domain.command import Command
from executor.domain.ids import BracketId, IntentId, OrderId, SignalId
from executor.domain.instrument import Instrument, InstrumentKey, Price
from executor.domain.intent import Call, Intent, Sent
from executor.domain.option import OptionChain
from executor.domain.order import Order, Report
from executor.domain.reading import NetPosition, Query, QueryKind, Quote, Reading
from executor.domain.record import CallRow, Fill, Halt, Lane, ReportRow
from executor.domain.refusal import Refusal
from executor.domain.signal import Signal
from executor.domain.strategy import AccountRails, Rails, Strategy


@dataclass(frozen=True, slots=True)
class Resolved:
    """A signal's contract, found before `decide`: an instrument, options to choose among, or why there is none.

    `underlying`: what the chart shows, where that is neither the contract nor what the options are of. `halts`: those
    of its account when it was received, also such as have ended since: their end makes up for no alert.
    """

    signal: Signal
    strategy: Strategy
    contract: Instrument | OptionChain | Refusal
    underlying: Instrument | None = None
    halts: tuple[Halt, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalsArrived:
    signals: tuple[Resolved, ...]


@dataclass(frozen=True, slots=True)
class CommandsArrived:
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class SendEnded:
    """`ended_s`: when the answer was there, by the monotonic clock; None for right now."""

    intent: IntentId
    sent: Sent
    ended_s: float | None = None


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
class FeedChanged:
    """The order feed came up or went down; `why` in words."""

    up: bool
    why: str


@dataclass(frozen=True, slots=True)
class FeedFailed:
    """A fault of this program ended what listens to a feed; it is begun again."""

    name: str


@dataclass(frozen=True, slots=True)
class FeedTold:
    """What the order feed says of one order: early, but it may be lost, doubled or late."""

    report: Report


@dataclass(frozen=True, slots=True)
class Hinted:
    """Somebody says that something happened at the broker: a reason to read that book, nothing more."""

    book: QueryKind = QueryKind.ORDER_BOOK


@dataclass(frozen=True, slots=True)
class PricesSeen:
    """The newest prices of the price feed; those that did not change are left out."""

    prices: Mapping[InstrumentKey, Price]


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """The account can (or cannot) speak with the broker from now on."""

    open: bool


@dataclass(frozen=True, slots=True)
class HaltsRead:
    """The halts in force for this account, by scope text; entries are refused under any that covers them."""

    halts: tuple[Halt, ...]


@dataclass(frozen=True, slots=True)
class RailsRead:
    """The rails as they are now: those of every strategy by name, the account's own, and the exchange's: the freeze
    quantity of contracts that are held, as the newest master has it.
    """

    strategies: Mapping[str, Rails]
    account: AccountRails
    freezes: Mapping[InstrumentKey, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time has passed."""


@dataclass(frozen=True, slots=True)
class Started:
    """The desk has just been loaded: what was being sent then is in doubt."""


Event = (
    Started
    | SignalsArrived
    | CommandsArrived
    | SendEnded
    | ReadEnded
    | ReadFailed
    | FeedChanged
    | FeedFailed
    | FeedTold
    | PricesSeen
    | Hinted
    | SessionChanged
    | HaltsRead
    | RailsRead
    | Tick
)

Row = Signal | Lane | Bracket | Leg | Order | Intent | ReportRow | Fill | CallRow | Command


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
class Morning:
    """What was seen of one `day` about positions carried into it; forgotten at midnight.

    `prices` are the last of an earlier day, `closes` the previous closes that the exchange tells today. `owned`: the
    most shares that the holdings showed today, which only become fewer; `owned_at` when the last good read was begun.
    `missing` since when units of a bracket are not found; `decided` the brackets of which a person has said how they go
    on.
    """

    day: date
    prices: Mapping[InstrumentKey, Price] = field(default_factory=dict)
    closes: Mapping[InstrumentKey, Decimal] = field(default_factory=dict)
    owned: Mapping[InstrumentKey, int] = field(default_factory=dict)
    owned_at: datetime | None = None
    missing: Mapping[BracketId, datetime] = field(default_factory=dict)
    decided: frozenset[BracketId] = frozenset()


@dataclass(frozen=True, slots=True)
class OrderFeed:
    """How far the order feed can be relied on. It may be silent while it answers pings: only the book shows that.

    `checked`: an order book was begun since it came up, which shows what was missed. `untold` are orders of ours whose
    change a book showed first, and since when: within two seconds the feed should say it too. `doubted`: it did not;
    until it is first again. `unbooked` are orders that no book has shown yet, and since when; `denied`
    those that ended unfilled for us and that books go on showing alive; `dated` what the broker
    wrote as the time of the newest terms of each order.
    """

    up_since: datetime | None = None
    checked: bool = False
    doubted: bool = False
    untold: Mapping[OrderId, datetime] = field(default_factory=dict)
    unbooked: Mapping[OrderId, datetime] = field(default_factory=dict)
    denied: Mapping[OrderId, datetime] = field(default_factory=dict)
    dated: Mapping[OrderId, datetime] = field(default_factory=dict)

    @property
    def is_trusted(self) -> bool:
        return self.up_since is not None and self.checked and not self.doubted


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the desk has seen and keeps in memory only; after a start it is gathered anew, in the safe direction.

    `read` are the queries answered well since the session opened; `asked_at` when each was last answered or failed;
    `quoted_at` when good reads of quotes were begun, of the last seconds; `clean_reads` when good order books of the
    last minute were begun; `waiting` the signals not aimed at yet; `positions_at` when the read of `positions` was
    begun, `filled_at` when any order was last seen to fill; `alarmed` the alarms that a person was told of a bracket
    while it is without a stop. `entered` the units of a bracket under a loss limit that
    came in, and since when; `unpriced` since when the price of what it holds is missing; `unknown_profit` the scopes
    whose profit of the day is therefore not known; `stuck` the brackets that a loss limit could not close in time.
    `unwatched` since when a bracket's underlying has no price, `blind` those of which a person was told.
    `watching`: the contracts whose price is wanted.
    """

    session_open: bool = False
    read: frozenset[QueryKind] = frozenset()
    asked_at: Mapping[Query, datetime] = field(default_factory=dict)
    clean_reads: tuple[datetime, ...] = ()
    failed_reads: int = 0
    prices: Mapping[InstrumentKey, Price] = field(default_factory=dict)
    quotes: Mapping[InstrumentKey, Quote] = field(default_factory=dict)
    quoted_at: Mapping[Query, datetime] = field(default_factory=dict)
    positions: tuple[NetPosition, ...] = ()
    positions_at: datetime | None = None
    filled_at: datetime | None = None
    calls: Mapping[str, CallRow] = field(default_factory=dict)
    waiting: Mapping[SignalId, Resolved] = field(default_factory=dict)
    unprotected_since: Mapping[BracketId, datetime] = field(default_factory=dict)
    alarmed: frozenset[tuple[BracketId, str]] = frozenset()
    strategy_rails: Mapping[str, Rails] = field(default_factory=dict)
    account_rails: AccountRails = field(default_factory=AccountRails)
    entered: Mapping[BracketId, tuple[int, datetime]] = field(default_factory=dict)
    unpriced: Mapping[BracketId, datetime] = field(default_factory=dict)
    unknown_profit: frozenset[str] = frozenset()
    stuck: frozenset[BracketId] = frozenset()
    unwatched: Mapping[BracketId, datetime] = field(default_factory=dict)
    blind: frozenset[BracketId] = frozenset()
    morning: Morning = field(default_factory=lambda: Morning(date.min))
    feed: OrderFeed = field(default_factory=OrderFeed)
    watching: frozenset[InstrumentKey] = frozenset()

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

    `intents` ask to leave now, most urgent first; `evidence` is what memory keeps without a row; `halts` come into
    force with it.
    """

    changes: tuple[Change, ...] = ()
    intents: tuple[Intent, ...] = ()
    queries: tuple[Query, ...] = ()
    evidence: Evidence | None = None
    notes: tuple[Note, ...] = ()
    halts: tuple[Halt, ...] = ()


@dataclass(frozen=True, slots=True)
class BookRows:
    """All that a desk starts from, as the store holds it. `losses`: the LOSS halts since midnight, also ended ones."""

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
    losses: tuple[Halt, ...] = ()
