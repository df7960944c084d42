"""The order record and its states.

An order is a frozen value; each change makes a new version, and the book keeps them all. So the history of an order,
and the book as it was some seconds ago, are there without further bookkeeping.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from executor.simulator.exchange.instrument import Instrument


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOPLOSS_LIMIT = "STOPLOSS_LIMIT"
    STOPLOSS_MARKET = "STOPLOSS_MARKET"

    @property
    def has_trigger(self) -> bool:
        return self in (OrderType.STOPLOSS_LIMIT, OrderType.STOPLOSS_MARKET)

    @property
    def has_limit(self) -> bool:
        return self in (OrderType.LIMIT, OrderType.STOPLOSS_LIMIT)


class State(StrEnum):
    """The words of the broker's books (smartapi.md 2.7)."""

    OPEN = "open"
    TRIGGER_PENDING = "trigger pending"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    PARKED = "after market order req received"
    PARKED_CANCELLED = "cancelled after market order"

    @property
    def is_working(self) -> bool:
        return self in (State.OPEN, State.TRIGGER_PENDING)

    @property
    def is_over(self) -> bool:
        return not self.is_working and self is not State.PARKED


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order asks for; what a modification replaces."""

    type: OrderType
    product: str
    duration: str
    quantity: int  #: the whole quantity, filled or not
    price: Decimal
    trigger: Decimal


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new order as it was asked for."""

    instrument: Instrument
    side: Side
    terms: Terms
    tag: str
    disclosed: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One version of an order. `filled` and `cancelled` never exceed the quantity together."""

    order_id: str
    unique_id: str
    exchange_id: str
    instrument: Instrument
    side: Side
    tag: str
    disclosed: int
    terms: Terms
    state: State
    placed_at: datetime
    updated_at: datetime
    event: str = ""  #: the last thing that happened, where it differs from the state ("modified")
    text: str = ""
    filled: int = 0
    value: Decimal = Decimal(0)  #: sum of price times quantity over its fills
    cancelled: int = 0
    after_market: bool = False
    triggered: bool = False
    reached_at: datetime | None = None  #: when the exchange took it; None = never
    ready_at: datetime | None = None  #: not filled before (latency)

    @property
    def open_quantity(self) -> int:
        return self.terms.quantity - self.filled - self.cancelled

    @property
    def average(self) -> Decimal:
        return (self.value / self.filled).quantize(Decimal("0.01")) if self.filled else Decimal(0)


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of an order."""

    fill_id: str
    order_id: str
    tag: str
    instrument: Instrument
    side: Side
    product: str
    price: Decimal
    quantity: int
    at: datetime
