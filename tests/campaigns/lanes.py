"""What campaigns trade: shares, strategies, a lane a share; the alerts that are sent, and the HTTP log of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.strategy import (
    ContractsAre,
    Level,
    LevelKind,
    Protection,
    Rails,
    Short,
    Size,
    SizeKind,
    Strategy,
    Target,
    Trail,
)
from tests.builders import a_strategy
from tests.house import ACCOUNT

QUANTITY = 10
MAX_QUANTITY = 40
#: Rupees: for an entry of `waits`; of `steps`, with the percent that an entry takes; that `risky` may lose at a stop.
NOTIONAL, CAPITAL, PART, RISK = Decimal(15000), Decimal(100_000), Decimal(20), Decimal(300)
#: Rupees that `bare` may lose in a day: less than one stop costs.
MAX_LOSS = Decimal(250)


@dataclass(frozen=True, slots=True)
class Share:
    """What is traded: as TradingView names it, and the exchange's token."""

    exchange: str
    ticker: str
    token: str
    tick: str
    segment: str = ""  #: the exchange's own name for where a derivative trades
    lot: int = 1
    kind: Kind = Kind.CASH
    expiry: date | None = None
    symbol: str = ""  #: a derivative's at the broker
    underlying: str = ""

    @property
    def market(self) -> str:
        return self.segment or self.exchange

    @property
    def name(self) -> str:
        return f"{self.exchange}:{self.ticker}"

    @property
    def key(self) -> str:
        return f"{self.market}:{self.token}"

    @property
    def instrument(self) -> Instrument:
        """The row of the instrument table that it is."""
        is_nse = self.market == "NSE"
        return Instrument(
            InstrumentKey(Segment(self.market), self.token),
            self.symbol or (f"{self.ticker}-EQ" if is_nse else self.ticker),
            self.underlying or self.ticker,
            self.kind,
            self.lot,
            Decimal(self.tick),
            series="EQ" if is_nse else "",
            expiry=self.expiry,
        )


SHARES = (
    Share("NSE", "SBIN", "3045", "0.05"),
    Share("NSE", "RELIANCE", "2885", "0.10"),
    Share("NSE", "INFY", "1594", "0.10"),
    Share("NSE", "TCS", "11536", "0.10"),
    Share("NSE", "M&M", "2031", "0.10"),
    Share("NSE", "TATASTEEL", "3499", "0.01"),
    Share("NSE", "BHARTIARTL", "10604", "0.10"),
    Share("NSE", "SUZLON", "12018", "0.01"),
    Share("BSE", "RELIANCE", "500325", "0.05"),
    Share("BSE", "INFY", "500209", "0.05"),
    Share("BSE", "TCS", "532540", "0.05"),
    Share("NSE", "BAJAJ-AUTO", "16669", "1.00"),
)


#: The strategies of the lanes, in the order of their shares.
_NAMES = (
    *("pair", "shorts", "single", "bare", "ladder", "chart"),
    *("steps", "trail", "waits", "chart", "risky", "shorts"),
)
_SHORT = frozenset({"shorts", "chart"})


@dataclass(frozen=True, slots=True)
class Lane:
    """A strategy on a share; `short` may also sell first."""

    strategy: str
    share: Share
    short: bool = False
    units: int = QUANTITY  #: of an entry
    limit: int = MAX_QUANTITY  #: of a position
    last_entry: date | None = None  #: the last day on which its contract may be entered
    leave_on: date | None = None  #: the day on which it must be left

    def most(self, price: Decimal, asked: int) -> int:
        """Units that one entry at this price may have, `asked` by an alert of a chart; counted anew, not by ours."""
        match self.strategy:
            case "chart":
                return min(asked, self.limit)
            case "waits":
                return int(NOTIONAL / price)
            case "steps":
                return int(CAPITAL * PART / 100 / price)
            case "risky":
                return int(RISK / (price * Decimal("0.01")))
            case _:
                return self.units


def lanes() -> tuple[Lane, ...]:
    """Twelve, each on a share of its own, so that the exchange's net of a share is the position of its lane."""
    return tuple(Lane(name, share, short=name in _SHORT) for name, share in zip(_NAMES, SHARES, strict=True))


def strategies() -> tuple[Strategy, ...]:
    """Both legs and long only; also short; `single`; a stop alone; and one for each other way to size and to leave.

    `ladder` leaves in thirds, `steps` in halves under `single` with a break-even, `trail` follows the price, `chart`
    obeys where its chart stands, `waits` enters by limit and stop orders, `risky` is sized by what its stop may lose.
    """
    rails = Rails(frozenset(share.name for share in SHARES), max_quantity=MAX_QUANTITY, max_trades=999)
    two = (Target(_percent(2)),)
    common = {"account": ACCOUNT, "rails": rails, "stop_loss": _percent(1)}
    return (
        a_strategy(name="pair", take_profit=two, **common),
        a_strategy(name="shorts", take_profit=two, short=Short.INTRADAY_CASH, **common),
        a_strategy(name="single", take_profit=two, protection=Protection.SINGLE, **common),
        a_strategy(name="bare", take_profit=(), **common | {"rails": replace(rails, max_daily_loss=MAX_LOSS)}),
        a_strategy(name="ladder", take_profit=_shares(("0.3", 50), ("0.9", 30), ("2", 20)), **common),
        a_strategy(
            name="steps",
            take_profit=_shares(("0.3", 50), ("2", 50)),
            protection=Protection.SINGLE,
            breakeven_after=_percent("0.5"),
            capital=CAPITAL,
            size=Size(SizeKind.PERCENT_OF_CAPITAL, PART),
            **common,
        ),
        a_strategy(name="trail", take_profit=(), trail=Trail(_percent("0.6"), Decimal("0.1")), **common),
        a_strategy(
            name="chart",
            take_profit=two,
            short=Short.INTRADAY_CASH,
            contracts_are=ContractsAre.UNITS,
            **common,
        ),
        a_strategy(name="waits", take_profit=two, entry_ttl=12, size=Size(SizeKind.NOTIONAL, NOTIONAL), **common),
        a_strategy(name="risky", take_profit=two, size=Size(SizeKind.RISK, RISK), **common),
    )


@dataclass(frozen=True, slots=True)
class Market:
    """What a campaign trades: its lanes, and the strategies that they belong to."""

    lanes: tuple[Lane, ...]
    strategies: tuple[Strategy, ...]


def day_market() -> Market:
    return Market(lanes(), strategies())


def _percent(value: int | str) -> Level:
    return Level(LevelKind.PERCENT, Decimal(value))


def _shares(*targets: tuple[str, int]) -> tuple[Target, ...]:
    return tuple(Target(_percent(away), Decimal(share)) for away, share in targets)


@dataclass(frozen=True, slots=True)
class Message:
    """An alert on its way: where to, its bytes, and what its sender knows of it.

    `chart`: the chart's position before and after it, a short below zero; None where the alert does not tell it.
    `is_late`: its chart's prices are, so it may only leave. `levels`: the prices that it names.
    """

    lane: Lane
    action: str
    url: str
    body: bytes
    kind: str = "genuine"
    chart: tuple[int, int] | None = None
    is_late: bool = False
    levels: tuple[str, ...] = ()

    @property
    def price(self) -> Decimal | None:
        """What it says that the last price is."""
        found = re.search(rb'"price": ?"([0-9.]+)"', self.body)
        return Decimal(found[1].decode()) if found else None

    @property
    def enters(self) -> bool:
        """Whether it opens something on a lane that is flat."""
        if self.is_late:
            return False
        if self.chart is not None:
            prev, now = self.chart
            return now != 0 and prev * now <= 0
        return self.action in {"buy", "short", "limit", "trigger"}

    @property
    def leaves(self) -> bool:
        """Whether nothing is to be held after it."""
        return self.action in {"exit", "flatten"} if self.chart is None else self.chart[1] == 0

    def asks_for(self, sign: int) -> bool:
        """Whether it asks for a side; where shorts are allowed a sell of a part opens one on a lane that is flat."""
        if self.is_late:
            return False
        if self.chart is not None:
            return self.chart[1] * sign > 0
        longs, shorts = {"buy", "limit", "trigger", "reverse"}, {"short", "part", "reverse"}
        return self.action in (longs if sign > 0 else shorts)

    def grows(self, sign: int) -> int:
        """Units by which it lets the lane grow on a side, as the chart counts; the usual ones where it does not."""
        if self.chart is None or self.is_late:
            return self.lane.units if self.asks_for(sign) else 0
        prev, now = self.chart
        return max(0, max(0, sign * now) - max(0, sign * prev))


@dataclass(frozen=True, slots=True)
class Post:
    """One line of the HTTP log. Status 0: no answer came.

    `halted`: by a person, when it came. `units`: of an entry, as a person had set them anew by then; 0: as ever.
    """

    at: datetime
    message: Message
    status: int
    signal: str | None
    halted: bool = False
    units: int = 0
