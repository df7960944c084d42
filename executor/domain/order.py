"""An order at the broker and how reports about it merge.

`merge` is a lattice of state rank and greatest cumulative fill: commutative and idempotent, so duplicates, disorder
and two sources do no harm (reliability.md F-51). Each report is judged by its own quantities. Terminal states may
still gain fills until the day ends (F-38). What is *working* (quantity, price, trigger) is that of the newest report
and stands outside the lattice. As long as no report has shown an order, its state is only our belief, and the first
report overrides it, whatever it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from executor.domain.ids import BrokerOrderId, LegId, OrderId, OrderTag
from executor.domain.instrument import InstrumentKey
from executor.domain.strategy import Product


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    STOP_LIMIT = "STOP_LIMIT"
    MARKET = "MARKET"  # never sent by us; foreign orders may be


class OrderState(StrEnum):
    INITIALIZED = "INITIALIZED"
    SUBMITTED = "SUBMITTED"
    UNKNOWN = "UNKNOWN"
    NOT_PLACED = "NOT_PLACED"
    ACCEPTED = "ACCEPTED"
    TRIGGERED = "TRIGGERED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    FILLED = "FILLED"


#: From weakest to strongest evidence; a report never moves an order to a lower rank.
RANK = {state: rank for rank, state in enumerate(OrderState)}
#: No report about the order has been seen.
UNSEEN = frozenset({OrderState.INITIALIZED, OrderState.SUBMITTED, OrderState.UNKNOWN, OrderState.NOT_PLACED})
#: The order may or may not be at the broker.
DOUBTFUL = frozenset({OrderState.SUBMITTED, OrderState.UNKNOWN})
#: The broker showed it and it can still fill by itself.
WORKING = frozenset({OrderState.ACCEPTED, OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED})
#: It ended; fills may still be added until the day ends.
TERMINAL = frozenset({OrderState.EXPIRED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.FILLED})
#: Nothing more is expected of it.
DONE = TERMINAL | {OrderState.NOT_PLACED}
#: It ended for us without a fill, yet a broker who took it after a close sends it on the next morning.
MAY_COME = frozenset({OrderState.EXPIRED, OrderState.NOT_PLACED})
#: So long after its day: over a weekend and holidays.
MAY_COME_FOR = timedelta(days=7)


class Source(StrEnum):
    FEED = "FEED"
    BOOK = "BOOK"
    TRADES = "TRADES"
    POSTBACK = "POSTBACK"


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt of a leg (leg None: foreign). Prices in rupees, quantities in units.

    `sent_*` is what was last asked for, `working_*` what the broker last showed; None until it did. `triggered`: it
    was ever shown as a stop whose trigger was reached, whatever became of it.
    """

    id: OrderId
    leg: LegId | None
    account: str
    day: date
    attempt: int
    tag: OrderTag | None
    instrument: InstrumentKey
    symbol: str
    side: Side
    product: Product
    type: OrderType
    sent_quantity: int
    sent_price: Decimal
    sent_trigger: Decimal | None
    created_at: datetime
    broker_id: BrokerOrderId | None = None
    unique_id: str | None = None
    working_type: OrderType | None = None
    working_quantity: int | None = None
    working_price: Decimal | None = None
    working_trigger: Decimal | None = None
    filled: int = 0
    average: Decimal | None = None
    state: OrderState = OrderState.INITIALIZED
    triggered: bool = False
    text: str = ""
    seen_at: datetime | None = None

    @property
    def shown(self) -> bool:
        """Whether the broker ever showed it: a report came."""
        return self.working_quantity is not None

    @property
    def remaining(self) -> int:
        """Units that can still fill, by the newest word of the broker."""
        if self.state in DONE:
            return 0
        quantity = self.sent_quantity if self.working_quantity is None else self.working_quantity
        return max(0, quantity - self.filled)


@dataclass(frozen=True, slots=True)
class Report:
    """What a feed frame or a book entry says of one order, in our words; `raw` is its canonical text, secrets masked.

    `filled` is cumulative. `hash` is the SHA-256 of `raw`: one content is kept once a day.
    """

    broker_id: BrokerOrderId
    unique_id: str | None
    tag: OrderTag | None
    source: Source
    state: OrderState
    instrument: InstrumentKey
    symbol: str
    side: Side
    product: Product
    type: OrderType
    quantity: int
    price: Decimal
    trigger: Decimal | None
    filled: int
    average: Decimal | None
    text: str
    updated_at: datetime | None
    raw: str
    hash: str


@dataclass(frozen=True, slots=True)
class FillReport:
    """One row of the trade book: it explains and prices; `filled = max(cumulative)` decides (reliability.md 1.7)."""

    broker_id: BrokerOrderId
    fill_id: str
    quantity: int
    price: Decimal
    at: datetime
    raw: str


def merge(order: Order, report: Report) -> Order:
    """The order after a report: greatest rank, greatest cumulative fill; working values of this report."""
    told = state_told(report)
    return replace(
        order,
        broker_id=report.broker_id,
        unique_id=report.unique_id or order.unique_id,
        filled=max(order.filled, report.filled),
        average=report.average if report.filled >= order.filled and report.filled else order.average,
        state=max(order.state, told, key=RANK.__getitem__) if order.shown else told,
        triggered=order.triggered or _shows_triggered(report),
        text=report.text or order.text,
        working_type=report.type,
        working_quantity=report.quantity,
        working_price=report.price,
        working_trigger=report.trigger,
    )


def _shows_triggered(report: Report) -> bool:
    return report.type is OrderType.STOP_LIMIT and (report.state is OrderState.TRIGGERED or report.filled > 0)


def state_told(report: Report) -> OrderState:
    """The state of a report, made to agree with its own fills."""
    if report.state in WORKING and 0 < report.quantity <= report.filled:
        return OrderState.FILLED
    if report.state in WORKING and report.filled > 0:
        return OrderState.PARTIALLY_FILLED
    return report.state
