"""When an exchange trades: sessions, holidays and special days, as data with an end.

Past `valid_until` no day is known to be a trading day: entries are refused loudly instead of guessing (F-64).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from executor.clock import IST
from executor.domain.instrument import Segment


@dataclass(frozen=True, slots=True)
class Hours:
    """A day's continuous session, IST."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Session:
    """One segment on one day; aware times."""

    opens_at: datetime
    closes_at: datetime

    def covers(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at


@dataclass(frozen=True, slots=True)
class Calendar:
    """`hours` by segment, `holidays` by segment, `specials` by (segment, day) with their own hours."""

    hours: Mapping[Segment, Hours]
    holidays: Mapping[Segment, frozenset[date]]
    specials: Mapping[tuple[Segment, date], Hours]
    valid_until: date

    def session(self, segment: Segment, day: date) -> Session | None:
        """The session of a day; None when it is closed or lies past the data."""
        if day > self.valid_until:
            return None
        hours = self.specials.get((segment, day))
        if hours is None and day.weekday() < 5 and day not in self.holidays.get(segment, frozenset()):
            hours = self.hours.get(segment)
        if hours is None:
            return None
        return Session(datetime.combine(day, hours.opens, IST), datetime.combine(day, hours.closes, IST))

    def is_open(self, segment: Segment, now: datetime) -> bool:
        session = self.session(segment, trading_day(now))
        return session is not None and session.covers(now)

    def is_trading_day(self, day: date) -> bool:
        return any(self.session(segment, day) is not None for segment in self.hours)


def trading_day(now: datetime) -> date:
    """The day in India, to which order books, tags and limits belong."""
    return now.astimezone(IST).date()


def clock_time(now: datetime) -> time:
    """The wall clock in India."""
    return now.astimezone(IST).time().replace(tzinfo=None)
