"""Reads of the broker's books and prices, and their good answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from executor.domain.instrument import InstrumentKey, Price
from executor.domain.intent import Call
from executor.domain.order import FillReport, Report
from executor.domain.strategy import Product


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
