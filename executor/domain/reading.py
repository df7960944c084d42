"""Reads of the broker's books and prices, and their good answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from executor.domain.instrument import InstrumentKey, Price
from executor.domain.intent import Call
from executor.domain.order import FillReport, Report, Side
from executor.domain.strategy import Product


class QueryKind(StrEnum):
    ORDER_BOOK = "ORDER_BOOK"
    TRADES = "TRADES"
    POSITIONS = "POSITIONS"
    HOLDINGS = "HOLDINGS"
    LTP = "LTP"
    QUOTES = "QUOTES"
    FUNDS = "FUNDS"
    ORDER = "ORDER"
    MARGIN = "MARGIN"
    CHARGES = "CHARGES"


@dataclass(frozen=True, slots=True)
class Sketch:
    """An order that is only thought of: what would it take? `quantity` in units, `price` in rupees."""

    symbol: str
    side: Side
    product: Product
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Query:
    """A read. `instrument` and `symbol` only for LTP, up to 50 `instruments` only for QUOTES; `unique_id` (the broker's
    second name of an order) only for ORDER; `instrument` and `sketch` only for MARGIN and CHARGES.
    """

    kind: QueryKind
    instrument: InstrumentKey | None = None
    symbol: str | None = None
    instruments: tuple[InstrumentKey, ...] = ()
    unique_id: str | None = None
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A contract's last price with the best prices of both sides; None where nobody offers (smartapi.md 2.12)."""

    instrument: InstrumentKey
    price: Price
    bid: Decimal | None
    ask: Decimal | None


@dataclass(frozen=True, slots=True)
class NetPosition:
    """What the account nets in one contract and product, over all strategies and by hand, and what it traded today."""

    instrument: InstrumentKey
    symbol: str
    product: Product
    quantity: int
    bought: int = 0
    sold: int = 0


@dataclass(frozen=True, slots=True)
class OwnedShares:
    """Shares bought for delivery before today, over all strategies and by hand; today's trades are in positions."""

    instrument: InstrumentKey
    symbol: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Funds:
    """The account's money as the broker counts it, in rupees: `available` is what is left to trade with."""

    available: Decimal
    cash: Decimal
    collateral: Decimal
    used: Decimal


@dataclass(frozen=True, slots=True)
class Margin:
    """The money that an order would tie up, in rupees, and what it is made of."""

    total: Decimal
    span: Decimal
    premium: Decimal
    delivery: Decimal
    benefit: Decimal


@dataclass(frozen=True, slots=True)
class Charges:
    """What an order would cost beside its price, by the broker's estimate, in rupees."""

    total: Decimal
    value: Decimal
    parts: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A good answer to a query; `began_at` is before its first byte left. Only the fields of its kind are filled.

    `previous_close`, beside a price: that of the session before, as the exchange adjusts it for a split or bonus.
    """

    query: Query
    began_at: datetime
    ended_at: datetime
    call: Call
    reports: tuple[Report, ...] = ()
    fills: tuple[FillReport, ...] = ()
    positions: tuple[NetPosition, ...] = ()
    holdings: tuple[OwnedShares, ...] = ()
    price: Price | None = None
    quotes: tuple[Quote, ...] = ()
    previous_close: Decimal | None = None
    funds: Funds | None = None
    margin: Margin | None = None
    charges: Charges | None = None
