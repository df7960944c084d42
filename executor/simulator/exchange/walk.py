"""A seeded price walk per instrument.

The walk is a chain of steps (hours.STEP) from the opening of the day the simulation starts on; each step moves the
price by a little chance and pulls it back towards its start, so that no price wanders off in a long run. The same
seed and the same moment always give the same price, however often or seldom it was asked for. A price set by hand is
held until it is set again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from random import Random

from executor.simulator.exchange.hours import hours_of
from executor.simulator.exchange.instrument import Instrument

#: The share of its distance from the start that a price is pulled back in one step.
_PULL = 1 / 4000
#: The width of a uniform chance whose standard deviation is 1.
_WIDTH = math.sqrt(12)


class Walk:
    """The price of one instrument, and its day's open, high, low and previous close (rupees)."""

    def __init__(self, instrument: Instrument, *, seed: int, start: datetime, volatility: float) -> None:
        self.instrument = instrument
        self.held = False
        self.remark = ""  #: what orders are told that trade at this price
        self._hours = hours_of(instrument.exchange)
        self._step = self._hours.step_at(self._hours.opening(start))
        self._random = Random(f"{seed}/{instrument.exchange}/{instrument.token}")
        self._width = volatility * _WIDTH
        self._start = instrument.ticks(instrument.start)
        self._offset = 0.0
        self._ahead: list[int] = []  # drawn to look ahead, not yet played
        self._ticks = self._open = self._high = self._low = self._close = self._start

    @property
    def ltp(self) -> Decimal:
        return self._ticks * self.instrument.step

    @property
    def day(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Open, high, low of the session, and the close before it."""
        step = self.instrument.step
        return self._open * step, self._high * step, self._low * step, self._close * step

    @property
    def previous_close(self) -> Decimal:
        return self._close * self.instrument.step

    def advance(self, at: datetime) -> None:
        """Go on to `at`; nothing happens while the price is held."""
        missing = self._hours.step_at(at) - self._step
        while not self.held and missing > 0:
            inside = min(missing, self._hours.steps_left(self._step))
            self._look_ahead(inside)
            played, self._ahead = self._ahead[:inside], self._ahead[inside:]
            if self._hours.starts_session(self._step + 1):
                self._close, self._open, self._high, self._low = self._ticks, *played[:1] * 3
            self._see(played)
            self._step += inside
            missing -= inside

    def next_outside(self, low: int, high: int, *, until: datetime) -> datetime | None:
        """Return the next moment up to `until` at which the price, in ticks, leaves `low` to `high`; None if none."""
        wanted = self._hours.step_at(until) - self._step
        if self.held or wanted <= 0:
            return None
        self._look_ahead(wanted)
        for step, ticks in enumerate(self._ahead[:wanted], self._step + 1):
            if not low <= ticks <= high:
                return self._hours.step_time(step)
        return None

    def hold(self, price: Decimal, *, band: Decimal) -> None:
        """Set the price and keep it; a price outside the day's `band` (percent) takes the band with it."""
        self.held = True
        self._see([self.instrument.ticks(price)])
        if abs(self._ticks - self._close) * 100 > band * self._close:
            self._close = self._ticks

    def go_on_from(self, price: Decimal, at: datetime, *, band: Decimal) -> None:
        """Set the price, and walk on around it."""
        self.hold(price, band=band)
        self.held = False
        self._start, self._offset, self._ahead = self._ticks, 0.0, []
        self._step = self._hours.step_at(at)

    def _look_ahead(self, wanted: int) -> None:
        """Draw until `wanted` steps lie ahead; a whole session in one go, so it is written to be fast."""
        uniform, offset, start, width = self._random.random, self._offset, self._start, self._width
        for _ in range(wanted - len(self._ahead)):
            offset += (uniform() - 0.5) * width - offset * _PULL
            self._ahead.append(max(1, round(start * (1.0 + offset))))
        self._offset = offset

    def _see(self, path: Sequence[int]) -> None:
        self._ticks = path[-1]
        self._high = max(self._high, *path)
        self._low = min(self._low, *path)
