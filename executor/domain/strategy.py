"""Who sends and what it may do. Authority is here, on the server: an alert can narrow it, never widen it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum

from executor.domain.option import OptionRule


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


class LevelOf(StrEnum):
    """Whose price a stop or target is one of, where the chart does not show what is traded."""

    CONTRACT = "contract"
    UNDERLYING = "underlying"


@dataclass(frozen=True, slots=True)
class Level:
    """Where a stop or target lies: points or percent away from the average, or a price in rupees."""

    kind: LevelKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class Target:
    """Where a part of a position leaves with profit; `share` in percent of what was entered.

    `of`: whose price it is one of, where the alert says so; None leaves it to the strategy.
    """

    level: Level
    share: Decimal = Decimal(100)
    of: LevelOf | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """A stop that follows the price at a `distance` (points or percent), in steps of at least `step` (same unit)."""

    distance: Level
    step: Decimal | None = None


class SizeKind(StrEnum):
    """lots · quantity (units) · notional (rupees) · percent of the strategy's capital · risk (rupees lost if the stop
    hits) · contracts (as the chart counts: lots or units, as the strategy declares).
    """

    LOTS = "lots"
    QUANTITY = "quantity"
    NOTIONAL = "notional"
    PERCENT_OF_CAPITAL = "percent_of_capital"
    RISK = "risk"
    CONTRACTS = "contracts"


class ContractsAre(StrEnum):
    """What a chart's "contracts" are in our words."""

    LOTS = "lots"
    UNITS = "units"


class Gap(StrEnum):
    """What happens when the first price of a day lies beyond a carried position's stop (F-75)."""

    EXIT = "exit"
    STOP_AGAIN = "stop-again"


class RollKind(StrEnum):
    """Which contract a continuous ticker such as NIFTY1! means."""

    NEAREST = "nearest"  # the first that has not expired
    BEFORE = "before"  # the next one from some days before its expiry on
    REFUSE = "refuse"  # none: the strategy's alerts name contracts


@dataclass(frozen=True, slots=True)
class Roll:
    """When a continuous ticker turns to the next contract; `days` trading days before expiry, `at` a time in India."""

    kind: RollKind = RollKind.NEAREST
    days: int = 0
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Size:
    kind: SizeKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class Rails:
    """What stops entries; exits pass all of these (each pass recorded). None: no limit of its own.

    Quantities in units: `max_quantity` the largest position, `max_order_quantity` the largest entry. `max_notional`
    rupees of one position, `max_open` brackets at a time, `max_trades` entries a day, `max_daily_loss` rupees (then the
    strategy is flattened and halted), `cooldown` seconds without entries after a position closed with a loss.
    The window is the calendar's for the contract's segment where the strategy has none.
    """

    tickers: frozenset[str]
    max_quantity: int
    max_order_quantity: int | None = None
    max_notional: Decimal | None = None
    max_open: int | None = None
    max_trades: int = 20
    max_daily_loss: Decimal | None = None
    cooldown: int = 0
    enter_from: time | None = None
    enter_until: time | None = None


@dataclass(frozen=True, slots=True)
class AccountRails:
    """The same limits over all strategies of an account; None: no limit of its own."""

    max_order_quantity: int | None = None
    max_notional: Decimal | None = None
    max_open: int | None = None
    max_trades: int | None = None
    max_daily_loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """One version of a strategy's settings; the newest counts for the next signal.

    `capital` in rupees: what a person allots to it. `entry_ttl` in seconds and `max_slippage` in percent override the
    defaults of the order's type and the contract's class. `expiry_day`: options may be entered until the close of
    their expiry day. `roll`: what `1!` means. `option`: with it the chart's ticker is an underlying and options of it
    are traded; an alert's own rule comes first. `max_spread`: percent of an option's price between bid and ask beyond
    which it is not entered. `disaster_stop`: percent of the premium at which a stop rests at the broker where the
    stop is one of the underlying. `levels_of`: whose prices stop and targets are where the chart does not show what is
    traded and the alert does not say.
    """

    name: str
    version: int
    account: str
    product: Product
    size: Size
    rails: Rails
    stop_loss: Level | None
    take_profit: tuple[Target, ...] = ()
    trail: Trail | None = None
    breakeven_after: Level | None = None
    capital: Decimal | None = None
    contracts_are: ContractsAre | None = None
    entry_ttl: int | None = None
    max_slippage: Decimal | None = None
    gap: Gap = Gap.EXIT
    expiry_day: bool = False
    roll: Roll = Roll()
    option: OptionRule | None = None
    max_spread: Decimal | None = None
    disaster_stop: Decimal | None = None
    levels_of: LevelOf = LevelOf.CONTRACT
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
    rails: AccountRails = AccountRails()
