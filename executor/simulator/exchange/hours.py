"""Trading hours, and the numbering of price steps inside them.

Monday to Friday, but for the holidays that an exchange is given. A step is 250 ms of an open session. Steps are
numbered through all sessions, so that the number at a moment is found without walking there; outside the hours the
number stands still.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from executor.clock import IST

STEP = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Hours:
    """The session of one exchange, in IST; parked orders are sent on at `release`."""

    release: time
    opens: time
    closes: time
    holidays: tuple[date, ...] = ()  #: weekdays only, in order
    evenings: frozenset[date] = frozenset()  #: days on which it opens in the evening only

    def trades_on(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(IST)
        return self._opens_on(local.date()) <= local.time() < self.closes and self.trades_on(local.date())

    def next_release(self, at: datetime) -> datetime:
        """The next moment at which parked orders are sent on: at release, or at the opening when that has passed."""
        day = at.astimezone(IST).date()
        while not self.trades_on(day) or moment(day, self._opens_on(day)) <= at:
            day += timedelta(days=1)
        release = moment(day, self.release)
        return release if release > at else moment(day, self._opens_on(day))

    def opening(self, at: datetime) -> datetime:
        day = at.astimezone(IST).date()
        return moment(day, self._opens_on(day))

    def close(self, at: datetime) -> datetime:
        return moment(at.astimezone(IST).date(), self.closes)

    @property
    def steps(self) -> int:
        """Price steps in one session."""
        return _steps(self.closes) - _steps(self.opens)

    def step_at(self, at: datetime) -> int:
        local = at.astimezone(IST)
        day = local.date()
        days = _weekdays_before(day) - bisect_left(self.holidays, day)
        if not self.trades_on(day):
            return days * self.steps
        inside = _steps(local.time()) - _steps(self.opens)
        return days * self.steps + min(max(inside, 0), self.steps)

    def step_time(self, step: int) -> datetime:
        """The first moment at which `step` is reached."""
        days, inside = divmod(step, self.steps)
        if inside == 0:
            days, inside = days - 1, self.steps
        return moment(self._trading_day(days), self.opens) + inside * STEP

    def steps_left(self, step: int) -> int:
        """Return how many steps follow `step` in its session, or in the next when it ends one."""
        return self.steps - step % self.steps

    def _opens_on(self, day: date) -> time:
        return _EVENING if day in self.evenings else self.opens

    def _trading_day(self, number: int) -> date:
        skipped, day = 0, _weekday(number)
        while (holidays := bisect_right(self.holidays, day)) > skipped:
            skipped, day = holidays, _weekday(number + holidays)
        return day


_STOCKS = Hours(time(9, 0), time(9, 15), time(15, 30))
#: Ten minutes longer since 3 August 2026, so that they trade through the stocks' closing auction.
_DERIVATIVES = Hours(time(9, 0), time(9, 15), time(15, 40))
_EVENING = time(17, 0)
_COMMODITIES = Hours(time(8, 45), time(9, 0), time(23, 30))


def hours_of(exchange: str, holidays: Iterable[date] = (), *, evenings: Iterable[date] = ()) -> Hours:
    """Return the hours of `exchange` (NSE, BSE, NFO, BFO, MCX), closed on `holidays`; on `evenings` MCX opens late."""
    late = frozenset(evenings) if exchange == "MCX" else frozenset()
    weekdays = tuple(sorted({day for day in holidays if day.weekday() < 5 and day not in late}))
    return replace(_hours_of(exchange), holidays=weekdays, evenings=late)


def _hours_of(exchange: str) -> Hours:
    match exchange:
        case "MCX":
            return _COMMODITIES
        case "NFO" | "BFO":
            return _DERIVATIVES
        case _:
            return _STOCKS


def next_midnight(at: datetime) -> datetime:
    """Return the next midnight in India after `at`, as UTC."""
    return moment(at.astimezone(IST).date() + timedelta(days=1), time(0))


def ist_day(at: datetime) -> date:
    return at.astimezone(IST).date()


def moment(day: date, at: time) -> datetime:
    """Return a time of an Indian day as UTC."""
    return datetime.combine(day, at, IST).astimezone(UTC)


def _steps(at: time) -> int:
    """Whole steps from midnight; hours begin and end with one."""
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 4 + at.microsecond // 250_000


def _weekdays_before(day: date) -> int:
    weeks, inside = divmod(day.toordinal() - 1, 7)  # day 1 of the calendar is a Monday
    return weeks * 5 + min(inside, 5)


def _weekday(number: int) -> date:
    weeks, inside = divmod(number, 5)
    return date.fromordinal(weeks * 7 + inside + 1)
