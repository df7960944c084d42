"""When an exchange trades and until when a position may stand: sessions, holidays, special days, as data with an end.

Past `valid_until` no day is known to be a trading day: entries are refused loudly instead of guessing (F-64). Times of
day are India's, which has no daylight saving; hours may change on a date. Expiry days are not here: a contract has its
own. What is asked of an expiry past the data counts every weekday, because a contract may outlive the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from executor.clock import IST
from executor.domain.instrument import Segment

#: Our square-off comes this long before the broker's, our first entry this long after the opening (DESIGN: Overnight).
SQUARE_OFF_AHEAD = timedelta(minutes=5)
_FIRST_ENTRY_AFTER = timedelta(minutes=1)
#: How long before its end the calendar says that it ends.
_SAY_BEFORE = timedelta(days=30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Hours:
    """One day's continuous session, the broker's square-off of INTRADAY, and the end of entries.

    `auction`: from its opening, stocks with derivatives no longer trade continuously and take no stop orders (F-66).
    """

    opens: time
    closes: time
    broker_square_off: time
    entries_until: time
    auction: Span | None = None


@dataclass(frozen=True, slots=True)
class ExpiryRules:
    """Trading days before the expiry of a stock's derivative (it is delivered); time of day for index options."""

    no_entry_days: int = 3
    leave_days: int = 1
    index_options_until: time = time(14, 45)


@dataclass(frozen=True, slots=True)
class Session:
    """One segment on one day; aware times."""

    opens_at: datetime
    closes_at: datetime

    def covers(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at


@dataclass(frozen=True, slots=True)
class Calendar:
    """`hours` by segment with the day since when they hold, newest first; `specials` have hours of their own."""

    hours: Mapping[Segment, tuple[tuple[date, Hours], ...]]
    holidays: Mapping[Segment, frozenset[date]]
    specials: Mapping[tuple[Segment, date], Hours]
    valid_until: date
    expiry: ExpiryRules = ExpiryRules()

    def is_open(self, segment: Segment, now: datetime) -> bool:
        local = now.astimezone(IST)
        hours = self.hours_on(segment, local.date())
        return hours is not None and hours.opens <= local.time() < hours.closes

    def is_trading_day(self, day: date) -> bool:
        return any(self.hours_on(segment, day) is not None for segment in self.hours)

    def hours_on(self, segment: Segment, day: date) -> Hours | None:
        """The hours of a day; None when it is closed or lies past the data."""
        return None if day > self.valid_until else self._expected(segment, day)

    def session(self, segment: Segment, day: date) -> Session | None:
        """The session of a day; None when it is closed or lies past the data."""
        hours = self.hours_on(segment, day)
        return None if hours is None else Session(_at(day, hours.opens), _at(day, hours.closes))

    def last_close(self, day: date) -> datetime | None:
        """When the last segment closes; None on a day without trade."""
        sessions = [self.session(segment, day) for segment in self.hours]
        return max((one.closes_at for one in sessions if one is not None), default=None)

    def next_session(self, segment: Segment, after: datetime) -> Session | None:
        """The first session that opens later than `after`; None when the data knows of none."""
        day = trading_day(after)
        while day <= self.valid_until:
            session = self.session(segment, day)
            if session is not None and session.opens_at > after:
                return session
            day += _DAY
        return None

    def closing_auction(self, segment: Segment, day: date) -> Session | None:
        """The auction in which stocks that have derivatives end the day; None where there is none."""
        hours = self.hours_on(segment, day)
        if hours is None or hours.auction is None:
            return None
        return Session(_at(day, hours.auction.opens), _at(day, hours.auction.closes))

    def square_off(self, segment: Segment, day: date) -> datetime | None:
        """When INTRADAY positions are left by us, before the broker does it; None when the segment is closed."""
        hours = self.hours_on(segment, day)
        return None if hours is None else _at(day, hours.broker_square_off) - SQUARE_OFF_AHEAD

    def entries_from(self, segment: Segment, day: date) -> time | None:
        """Time of day of the first entry, unless a strategy says otherwise; None when the segment is closed."""
        hours = self.hours_on(segment, day)
        return None if hours is None else (_at(day, hours.opens) + _FIRST_ENTRY_AFTER).time()

    def entries_until(self, segment: Segment, day: date) -> time | None:
        """Time of day at which entries end, unless a strategy says otherwise; None when the segment is closed."""
        hours = self.hours_on(segment, day)
        return None if hours is None else hours.entries_until

    def previous_trading_day(self, segment: Segment, day: date) -> date:
        """The last trading day before `day`; past the data every weekday counts."""
        return self._trading_day_before(segment, day, 1)

    def trading_days_between(self, segment: Segment, a: date, b: date) -> int:
        """How many trading days follow `a` up to and with `b`: 0 on the day itself and after it."""
        return sum(self._trades(segment, a + n * _DAY) for n in range(1, (b - a).days + 1))

    def stock_derivative_cut_off(self, expiry: date, segment: Segment) -> date:
        """The last day on which a stock's derivative that expires on `expiry` may be entered."""
        return self._trading_day_before(segment, expiry, self.expiry.no_entry_days + 1)

    def leave_by(self, expiry: date, segment: Segment) -> datetime:
        """When a stock's derivative must be left, so that it is not settled by delivery: at that day's square-off."""
        day = self._trading_day_before(segment, expiry, self.expiry.leave_days)
        hours = self._expected(segment, day)
        return _at(day, time.min) if hours is None else _at(day, hours.broker_square_off) - SQUARE_OFF_AHEAD

    def index_option_until(self, expiry: date) -> datetime:
        """When entries into an index option end for good, unless its strategy allows them until the close."""
        return _at(expiry, self.expiry.index_options_until)

    def ends_soon(self, now: datetime) -> str:
        """A sentence in the last 30 days of the data and after them; empty before."""
        left = self.valid_until - trading_day(now)
        if left > _SAY_BEFORE:
            return ""
        ends = f"{self.valid_until:%d %b %Y}"
        remedy = "lay the exchanges' new list over it with EXECUTOR_CALENDAR_FILE"
        if left < timedelta(0):
            return f"The trading calendar ended on {ends}: no day counts as open and entries are refused; {remedy}."
        return f"The trading calendar ends on {ends} ({left.days} days left), then entries are refused; {remedy}."

    def _trades(self, segment: Segment, day: date) -> bool:
        return (segment, day) in self.specials or self._is_plain(segment, day)

    def _is_plain(self, segment: Segment, day: date) -> bool:
        """Whether it would be a trading day were there no special ones."""
        return day.weekday() < 5 and day not in self.holidays.get(segment, ())

    def _expected(self, segment: Segment, day: date) -> Hours | None:
        """The hours of a day as they would be, past the data too."""
        special = self.specials.get((segment, day))
        if special is not None or not self._is_plain(segment, day):
            return special
        for since, hours in self.hours.get(segment, ()):
            if since <= day:
                return hours
        return None

    def _trading_day_before(self, segment: Segment, day: date, count: int) -> date:
        for _ in range(count):
            day = next(earlier for earlier in _backwards(day) if self._trades(segment, earlier))
        return day


def trading_day(now: datetime) -> date:
    """The day in India, to which order books, tags and limits belong."""
    return now.astimezone(IST).date()


def clock_time(now: datetime) -> time:
    """The wall clock in India."""
    return now.astimezone(IST).time().replace(tzinfo=None)


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, IST)


def _backwards(day: date) -> Iterator[date]:
    while True:
        day -= _DAY
        yield day
