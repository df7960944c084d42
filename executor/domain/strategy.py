"""Who sends and what it may do. Authority is here, on the server: an alert can narrow it, never widen it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum


class Product(StrEnum):
    INTRADAY = "INTRADAY"
    CARRYFORWARD = "CARRYFORWARD"
    DELIVERY = "DELIVERY"
    MARGIN = "MARGIN"


class Protection(StrEnum):
    """How a position is protected; AUTO is `pair` for INTRADAY cash and `single` for everything else."""

    AUTO = "auto"
    PAIR = "pair"
    SINGLE = "single"
    NONE = "none"


class Short(StrEnum):
    NONE = "none"
    INTRADAY_CASH = "intraday-cash"
    FUTURES = "futures"
    WRITE_OPTIONS = "write-options"


class LevelKind(StrEnum):
    POINTS = "points"
    PERCENT = "percent"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Level:
    """Where a stop or target lies: points or percent away from the average, or a price in rupees."""

    kind: LevelKind
    value: Decimal


class SizeKind(StrEnum):
    LOTS = "lots"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class Size:
    kind: SizeKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class Rails:
    """What stops entries; exits pass all of these (each pass recorded)."""

    tickers: frozenset[str]
    max_quantity: int
    max_trades: int = 20
    enter_from: time = time(9, 16)
    enter_until: time = time(15, 0)


@dataclass(frozen=True, slots=True)
class Strategy:
    """One version of a strategy's settings; the newest counts for the next signal."""

    name: str
    version: int
    account: str
    product: Product
    size: Size
    rails: Rails
    stop_loss: Level | None
    take_profit: Level | None = None
    protection: Protection = Protection.AUTO
    short: Short = Short.NONE
    enabled: bool = True
    rotation: int = 1
    rotation_before: int | None = field(default=None)


class AccountKind(StrEnum):
    """For ever the same for one account. SIMULATOR: its base URL is on loopback."""

    LIVE = "LIVE"
    SIMULATOR = "SIMULATOR"
    PAPER = "PAPER"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    kind: AccountKind
