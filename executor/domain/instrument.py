"""What can be traded: a segment and token at the broker, with the facts an order needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Segment(StrEnum):
    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"
    MCX = "MCX"


class Kind(StrEnum):
    CASH = "CASH"
    INDEX = "INDEX"
    FUTURE = "FUTURE"
    OPTION = "OPTION"


class ContractClass(StrEnum):
    """What decides a contract's price protection band, charges and expiry rules (smartapi.md 4.2)."""

    CASH = "CASH"
    INDEX_FUTURE = "INDEX_FUTURE"
    STOCK_FUTURE = "STOCK_FUTURE"
    INDEX_OPTION = "INDEX_OPTION"
    STOCK_OPTION = "STOCK_OPTION"
    COMMODITY_FUTURE = "COMMODITY_FUTURE"
    COMMODITY_OPTION = "COMMODITY_OPTION"


#: Names under which the master lists derivatives of an index (smartapi.md 8.3).
INDEX_NAMES = frozenset({"NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50", "SENSEX", "BANKEX", "SENSEX50"})


#: What an exchange's name ends in where its chart shows prices late (tradingview.md B6).
DELAYED = ("_DL", "_DLY")


def charted(ticker: str) -> str:
    """A ticker as TradingView's charts spell it: `_` for `&` and `-` (tradingview.md B1)."""
    return ticker.replace("&", "_").replace("-", "_")


def in_time(exchange: str) -> str:
    """The exchange itself, where a chart's prices are late: NSE of NSE_DLY; any other as it is."""
    return next((exchange.removesuffix(end) for end in DELAYED if exchange.endswith(end)), exchange)


def lane_ticker(exchange: str, ticker: str) -> str:
    """What an alert's lane is called by: one name, were its chart to spell M&M as M_M or its prices to become late."""
    return f"{in_time(exchange)}:{charted(ticker)}"


class InstrumentKey(NamedTuple):
    """Tokens are unique only within a segment (smartapi.md 8.1)."""

    segment: Segment
    token: str

    @property
    def text(self) -> str:
        return f"{self.segment}:{self.token}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the master. `tick` in rupees; `freeze` is the first refused quantity (None: no limit known).

    `closing_auction` as the broker says (None: it does not); what it means is not documented (smartapi.md 8.1).
    """

    key: InstrumentKey
    symbol: str
    name: str
    kind: Kind
    lot: int
    tick: Decimal
    series: str = ""
    expiry: date | None = None
    strike: Decimal | None = None
    right: str | None = None
    freeze: int | None = None
    closing_auction: bool | None = None

    @property
    def contract_class(self) -> ContractClass:
        if self.kind in {Kind.CASH, Kind.INDEX}:
            return ContractClass.CASH
        future = self.kind is Kind.FUTURE
        if self.key.segment is Segment.MCX:
            return ContractClass.COMMODITY_FUTURE if future else ContractClass.COMMODITY_OPTION
        if self.name in INDEX_NAMES:
            return ContractClass.INDEX_FUTURE if future else ContractClass.INDEX_OPTION
        return ContractClass.STOCK_FUTURE if future else ContractClass.STOCK_OPTION


UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the master that is not taken, and why; UNREADABLE ones count against the file."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """The last traded price, in rupees, and when it was seen."""

    value: Decimal
    at: datetime
