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


class InstrumentKey(NamedTuple):
    """Tokens are unique only within a segment (smartapi.md 8.1)."""

    segment: Segment
    token: str

    @property
    def text(self) -> str:
        return f"{self.segment}:{self.token}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the master. `tick` in rupees; `freeze` is the first refused quantity (None: no limit known)."""

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
