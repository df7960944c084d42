"""What has a price: what orders trade against, and what quotes tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from decimal import Decimal

from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.orders import Side


class Priced(ABC):
    """The price of one instrument, and its day's open, high, low and previous close (rupees)."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.held = False  #: set by hand: it stands until it is set again
        self.band: tuple[Decimal, Decimal] | None = None  #: set by hand: the lowest and highest price of the day
        self.spread: tuple[Decimal, Decimal] | None = None  #: set by hand: best bid and ask
        self.remark = ""  #: what orders are told that trade at this price

    @property
    @abstractmethod
    def ltp(self) -> Decimal: ...

    @property
    @abstractmethod
    def day(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Open, high, low of the session, and the close before it."""

    @abstractmethod
    def advance(self, at: datetime) -> None:
        """Go on to `at`."""

    @abstractmethod
    def next_outside(self, low: int, high: int, *, until: datetime) -> datetime | None:
        """Return when, up to `until`, the price, in ticks, may leave `low` to `high`; None if none."""

    @abstractmethod
    def hold(self, price: Decimal, *, band: Decimal) -> None:
        """Set the price and keep it; a price outside the day's `band` (percent) takes the band with it."""

    @abstractmethod
    def go_on_from(self, price: Decimal, at: datetime, *, band: Decimal) -> None:
        """Set the price, and go on from there."""

    @abstractmethod
    def split(self, factor: Decimal) -> None:
        """Divide all its prices while the market is closed."""

    @property
    def follows(self) -> frozenset[InstrumentKey]:
        """Whose prices move this one."""
        return frozenset()

    @property
    def previous_close(self) -> Decimal:
        return self.day[3]

    @property
    def settlement(self) -> Decimal:
        """At what a contract is closed when it expires."""
        return self.ltp

    @property
    def sides(self) -> tuple[Decimal, Decimal]:
        """Best bid and ask; a bid of zero is none."""
        return self.spread or (self.ltp - self.instrument.step, self.ltp + self.instrument.step)

    def trades_at(self, side: Side) -> Decimal:
        """At what an order of this side trades: the best price of the other one where these were set by hand."""
        if self.spread is None:
            return self.ltp
        return self.spread[1] if side is Side.BUY else self.spread[0]

    def circuit(self, percent: Decimal) -> tuple[Decimal, Decimal] | None:
        """The lowest and highest price of the day: set by hand, else `percent` around the close of cash alone."""
        if self.band is not None or not self.instrument.is_cash:
            return self.band
        return around(self.previous_close, percent)

    def lacks(self, side: Side) -> bool:
        """Tell whether nobody trades against this side, because the price stands at the edge of its band."""
        return self.band is not None and self.ltp == self.band[1 if side is Side.BUY else 0]


def around(price: Decimal, percent: Decimal) -> tuple[Decimal, Decimal]:
    """Return what lies `percent` below and above a price (rupees, not rounded)."""
    width = price * percent / 100
    return price - width, price + width
