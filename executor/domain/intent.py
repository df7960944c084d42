"""Intents, and what comes of sending one: one of three answers, and the calls that were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from executor.domain.ids import BrokerOrderId, IntentId, OrderId, OrderTag
from executor.domain.instrument import InstrumentKey
from executor.domain.order import OrderType, Side
from executor.domain.strategy import Product


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
    ACCOUNT = "ACCOUNT"  # the client or its API key may not trade at all
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
    """Proof that nothing was done; `text` are the broker's words with their code, and what to do."""

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
