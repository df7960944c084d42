"""A seeded price walk per instrument.

The walk is a chain of steps (hours.STEP) from the opening of the day the simulation starts on; each step moves the
price by a little chance and pulls it back towards its start, so that no price wanders off in a long run. The same
seed and the same moment always give the same price, however often or seldom it was asked for. A price set by hand is
held until it is set again; set while the market is closed it is the price at which the next session opens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from random import Random

from executor.simulator.exchange.hours import Hours
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.priced import Priced

#: The share of its distance from the start that a price is pulled back in one step.
_PULL = 1 / 4000
#: The width of a uniform chance whose standard deviation is 1.
_WIDTH = math.sqrt(12)


class Walk(Priced):
    """A price that walks by itself."""

    def __init__(
        self, instrument: Instrument, *, seed: int, start: datetime, hours: Hours, volatility: float = 0.0
    ) -> None:
        super().__init__(instrument)
        self._hours = hours
        self._step = hours.step_at(hours.opening(start))
        self._steps = hours.steps  # in one session
        self._session = self._step // self._steps - 1  # the number of that whose open, high and low are kept
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
        step = self.instrument.step
        return self._open * step, self._high * step, self._low * step, self._close * step

    @property
    def previous_close(self) -> Decimal:
        return self._close * self.instrument.step

    def advance(self, at: datetime) -> None:
        """Go on to `at`; a held price stays, but sessions begin and end with it."""
        missing = self._hours.step_at(at) - self._step
        if self.held and missing > 0:
            self._step += missing
            self._begin((self._step - 1) // self._steps, self._ticks)
            return
        while not self.held and missing > 0:
            inside = min(missing, self._hours.steps_left(self._step))
            self._look_ahead(inside)
            played, self._ahead = self._ahead[:inside], self._ahead[inside:]
            self._begin(self._step // self._steps, played[0])
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
        self.held, ticks = True, self.instrument.ticks(price)
        self._begin(self._step // self._steps, ticks)
        self._see([ticks])
        if abs(self._ticks - self._close) * 100 > band * self._close:
            self._close = self._ticks

    def go_on_from(self, price: Decimal, at: datetime, *, band: Decimal) -> None:
        """Set the price, and walk on around it."""
        self._step = self._hours.step_at(at)
        self.hold(price, band=band)
        self.held = False
        self._start, self._offset, self._ahead = self._ticks, 0.0, []

    def split(self, factor: Decimal) -> None:
        """Divide all its prices while the market is closed, and walk on from there unless it is held."""
        self._begin(self._step // self._steps, self._ticks)
        prices = (self._ticks, self._open, self._high, self._low, self._close)
        divided = (max(1, int((ticks / factor).to_integral_value())) for ticks in prices)
        self._ticks, self._open, self._high, self._low, self._close = divided
        self._start, self._offset, self._ahead, self.band = self._ticks, 0.0, [], None

    def _begin(self, session: int, first: int) -> None:
        """Let a session begin, unless it has: what was last is its previous close."""
        if session > self._session:
            self._session = session
            self._close, self._open, self._high, self._low = self._ticks, first, first, first

    def _look_ahead(self, wanted: int) -> None:
        """Draw until `wanted` steps lie ahead; a whole session in one go, so it is written to be fast."""
        if not self._width:
            self._ahead += [self._start] * (wanted - len(self._ahead))
            return
        uniform, offset, start, width = self._random.random, self._offset, self._start, self._width
        for _ in range(wanted - len(self._ahead)):
            offset += (uniform() - 0.5) * width - offset * _PULL
            self._ahead.append(max(1, round(start * (1.0 + offset))))
        self._offset = offset

    def _see(self, path: Sequence[int]) -> None:
        self._ticks = path[-1]
        self._high = max(self._high, *path)
        self._low = min(self._low, *path)
