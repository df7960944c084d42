"""The price of a contract that follows another: a future its share or index, an option the same.

A pure function of the underlying's price and of the days that are left, so that a set price of the index moves all
its contracts, and what nobody asks for costs nothing. The days change with the session alone: within one the price
only rises, or only falls, with the underlying's, which is how the moment of a trade is found on the underlying's path.
The model is simple and has no more in it than what an executor can notice: intrinsic value, and a time value that is
largest at the money, shrinks with distance and days and is gone at expiry; calls and puts keep parity with the spot.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from executor.simulator.exchange.hours import Hours, ist_day
from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.priced import Priced, around

#: What a future costs more than its underlying, for each day that is left.
_CARRY = 0.0001
#: The standard deviation of a day's move that options are priced with.
_VOLATILITY = {"IDX": 0.007, "STK": 0.016, "FUT": 0.018}
#: Of the last day, while it lasts.
_LAST_DAY = 0.3
#: A future's operating range around its close, in percent; an option's lies that far off for its underlying.
_RANGE_PERCENT = Decimal(10)
#: Half the spread of quotes as a share of the price: of a future, of an option at the money, and more of one for each
#: standard deviation that its strike lies away.
_FUTURE_SPREAD, _OPTION_SPREAD, _FAR_SPREAD, _FARTHEST = 0.00005, 0.002, 0.015, 8.0
#: More ticks than any price has.
_HIGHEST = 2**32
_ZERO = Decimal(0)


class Derived(Priced):
    """A price that follows that of `underlying`. Set by hand it is held and follows no more."""

    def __init__(self, instrument: Instrument, underlying: Priced, *, start: datetime, hours: Hours) -> None:
        super().__init__(instrument)
        assert instrument.expires is not None, "only contracts follow"
        self._underlying = underlying
        self._hours = hours
        self._expires = instrument.expires
        self._strike = float(instrument.strike or 0)
        self._tick = float(instrument.step)
        self._falls = instrument.option_type == "PE"
        self._hand = 0
        self._step = 0
        self._days = self._days_before = 0.0
        self.advance(start)

    @property
    def ltp(self) -> Decimal:
        return self._now() * self.instrument.step

    @property
    def day(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        opened, high, low, close = (float(price) for price in self._underlying.day)
        if self._falls:
            high, low = low, high
        now, step = self._now(), self.instrument.step
        first, most, least = (self._ticks(price, self._days) for price in (opened, high, low))
        return first * step, max(most, now) * step, min(least, now) * step, self._ticks(close, self._days_before) * step

    @property
    def follows(self) -> frozenset[InstrumentKey]:
        return self._underlying.follows | {self._underlying.instrument.key}

    @property
    def settlement(self) -> Decimal:
        if self.held:
            return self.ltp
        spot, strike = self._underlying.ltp, self.instrument.strike
        if strike is None:
            return spot
        return max(_ZERO, strike - spot if self._falls else spot - strike)

    @property
    def sides(self) -> tuple[Decimal, Decimal]:
        """The farther an option, the wider; below one tick nobody bids."""
        if self.spread is not None:
            return self.spread
        ltp, step = self.ltp, self.instrument.step
        half = max(step, self.instrument.ceil(ltp * Decimal(str(self._half_spread()))))
        return max(_ZERO, ltp - half), ltp + half

    def circuit(self, percent: Decimal) -> tuple[Decimal, Decimal] | None:  # noqa: ARG002 - that is cash's
        """As cash has it, but of a future's own percent; an option moves at most as far as its underlying."""
        if self.band is not None:
            return self.band
        if self.instrument.strike is None:
            return around(self.previous_close, _RANGE_PERCENT)
        move = self._underlying.previous_close * _RANGE_PERCENT / 100
        return max(self.instrument.step, self.previous_close - move), self.previous_close + move

    def advance(self, at: datetime) -> None:
        self._underlying.advance(at)
        step = self._hours.step_at(at)
        if step == self._step:
            return
        self._step = step
        session = ist_day(self._hours.step_time(step))
        before = ist_day(self._hours.step_time((step - 1) // self._hours.steps * self._hours.steps))
        is_over = session == self._expires and step % self._hours.steps == 0
        self._days = 0.0 if is_over else self._days_from(session)
        self._days_before = self._days_from(before)

    def next_outside(self, low: int, high: int, *, until: datetime) -> datetime | None:
        """Look on the underlying's path; the first price of the next session is always looked at."""
        if self.held:
            return None
        steps = self._hours.steps
        begins = self._hours.step_time(-(-self._step // steps) * steps + 1)
        found = self._underlying.next_outside(*self._window(low, high), until=min(until, begins))
        if found is not None:
            return found
        return begins if begins <= until else None

    def hold(self, price: Decimal, *, band: Decimal) -> None:  # noqa: ARG002 - its circuit is its underlying's
        self.held, self._hand = True, self.instrument.ticks(price)

    def go_on_from(self, price: Decimal, at: datetime, *, band: Decimal) -> None:  # noqa: ARG002 - it is not its own
        """Follow again, whatever it costs."""
        self.held = False
        self.advance(at)

    def split(self, factor: Decimal) -> None:
        raise ValueError(f"{self.instrument.symbol} follows its underlying, and is not split by itself (by {factor})")

    # -- the model

    def _now(self) -> int:
        return self._hand if self.held else self._ticks(float(self._underlying.ltp), self._days)

    def _ticks(self, spot: float, days: float) -> int:
        """The price in ticks, never below one."""
        return max(1, round(self._price(spot, days) / self._tick))

    def _price(self, spot: float, days: float) -> float:
        if not self.instrument.is_option:
            return spot * (1 + _CARRY * days)
        intrinsic = max(0.0, self._strike - spot if self._falls else spot - self._strike)
        deviation = self._deviation(days)
        return intrinsic + (deviation * _time_value(abs(spot - self._strike) / deviation) if deviation else 0.0)

    def _deviation(self, days: float) -> float:
        """How far the underlying may move until expiry, in rupees; of the strike, so that prices only rise or fall."""
        return self._strike * _VOLATILITY[self.instrument.kind[3:]] * math.sqrt(days)

    def _half_spread(self) -> float:
        deviation = self._deviation(self._days)
        if not self.instrument.is_option or not deviation:
            return _FUTURE_SPREAD
        away = abs(float(self._underlying.ltp) - self._strike) / deviation
        return _OPTION_SPREAD + _FAR_SPREAD * min(away, _FARTHEST)

    def _days_from(self, day: date) -> float:
        """Days until expiry as seen on a day; of a future of a future, those between the two."""
        other = self._underlying.instrument.expires
        if other is not None and not self.instrument.is_option:
            return float((self._expires - other).days)
        left = (self._expires - day).days
        return left + _LAST_DAY if left >= 0 else 0.0

    def _window(self, low: int, high: int) -> tuple[int, int]:
        """The prices of the underlying, in its ticks, at which this one is from `low` to `high`."""
        if self._falls:
            return self._first(lambda ticks: ticks <= high), self._first(lambda ticks: ticks < low) - 1
        return self._first(lambda ticks: ticks >= low), self._first(lambda ticks: ticks > high) - 1

    def _first(self, reached: Callable[[int], bool]) -> int:
        """The lowest price of the underlying, in its ticks, at which this one has reached a price."""
        tick = float(self._underlying.instrument.step)
        prices = range(1, _HIGHEST)
        return 1 + bisect_left(prices, True, key=lambda spot: reached(self._ticks(spot * tick, self._days)))


def _time_value(away: float) -> float:
    """In standard deviations, `away` of them from the money: 0.4 at it, its slope there a half. No libm in it."""
    return 0.4 / (1 + 0.15625 * away) ** 8
