"""The days of expiry that lie ahead of a day: weekdays, or the trading day before where one is a holiday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

TUESDAY, THURSDAY = 1, 3


@dataclass(frozen=True, slots=True)
class Days:
    """Seen from `today`; nothing that it finds lies before it."""

    today: date
    holidays: frozenset[date]

    def after(self, day: date, weekday: int) -> date:
        """Return the first such weekday from `day` on, or the trading day before it, not before today."""
        found = day + timedelta(days=(weekday - day.weekday()) % 7)
        while (expiry := self.trading_day(found)) < self.today:
            found += timedelta(days=7)
        return expiry

    def weeks(self, weekday: int, count: int = 2) -> list[date]:
        """Return that of this week, and of those after it."""
        found = [self.after(self.today, weekday)]
        following = found[0]
        while len(found) < count:
            following += timedelta(days=1)
            expiry = self.after(following, weekday)
            if expiry > found[-1]:
                found.append(expiry)
        return found

    def months(self, weekday: int, count: int = 3) -> list[date]:
        """Return the last such weekdays of months, the first that has not passed at the head."""
        found: list[date] = []
        first_of = self.today.replace(day=1)
        while len(found) < count:
            following = (first_of + timedelta(days=31)).replace(day=1)
            last = following - timedelta(days=1)
            expiry = self.trading_day(last - timedelta(days=(last.weekday() - weekday) % 7))
            if expiry >= self.today:
                found.append(expiry)
            first_of = following
        return found

    def monthly(self, day: int, count: int = 3) -> list[date]:
        """Return such days of months as commodities expire on, or the trading days before them."""
        found: list[date] = []
        first_of = self.today.replace(day=1)
        while len(found) < count:
            expiry = self.trading_day(first_of.replace(day=day))
            if expiry >= self.today:
                found.append(expiry)
            first_of = (first_of + timedelta(days=31)).replace(day=1)
        return found

    def trading_day(self, day: date) -> date:
        """Return the day itself, or the last before it on which there is trading."""
        while day.weekday() >= 5 or day in self.holidays:
            day -= timedelta(days=1)
        return day
