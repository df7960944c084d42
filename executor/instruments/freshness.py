"""Whether the instrument table is of this trading day: contracts are listed, expire and change their lot every morning.

The broker makes its file anew in the early morning and does not say when (smartapi.md 8.1), so a table counts for a
trading day when it was fetched at 08:00 IST or later; it is due at 08:15 and in use until the next trading day's 08:15.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Protocol

from executor.clock import IST
from executor.domain.calendar import Calendar, trading_day
from executor.instruments.lookup import Load

#: When the day's file is fetched, and from when on a file counts as the day's.
DUE_AT = time(8, 15)
COUNTS_FROM = time(8, 0)

_MEANWHILE = "Shares are traded on, futures and options are refused until a new one is taken"
_NOTHING = "Every ticker is refused until one is taken"
_REMEDY = "a trader that runs takes it, or `executor instruments refresh`"
#: The longest that no exchange trades; behind the end of the calendar's data no file is due.
_LOOK_BACK_DAYS = 15


class Tried(Protocol):
    """A file that was fetched, or was to be."""

    @property
    def at(self) -> datetime: ...
    @property
    def failure(self) -> str: ...


def stale(load: Load | None, calendar: Calendar, now: datetime) -> str:
    """Why the table may not be trusted with contracts, as a sentence; empty when it is of this trading day."""
    if load is None:
        return "There is no instrument table yet."
    due = _last_due(calendar, now)
    if due is None or load.at >= datetime.combine(trading_day(due), COUNTS_FROM, IST):
        return ""
    return f"The instrument table is of {_ist(load.at)}; one of {due:%d %b %Y} has been due since {due:%H:%M}."


def troubles(current: Load | None, newest: Tried | None, calendar: Calendar, now: datetime) -> list[str]:
    """What a person should know of the table: that it is stale and what that means, that the newest file was not good.

    `newest` is the last try, good or not.
    """
    said = stale(current, calendar, now)
    found = [f"{said} {_MEANWHILE if current else _NOTHING}: {_REMEDY}."] if said else []
    if newest is not None and newest.failure:
        found.append(f"The last try, at {_ist(newest.at)}, failed: {newest.failure}.")
    return found


def _last_due(calendar: Calendar, now: datetime) -> datetime | None:
    """The newest moment at which a file was due; None when there was none for weeks."""
    for days in range(_LOOK_BACK_DAYS):
        day = trading_day(now) - timedelta(days=days)
        due = datetime.combine(day, DUE_AT, IST)
        if due <= now and calendar.is_trading_day(day):
            return due
    return None


def _ist(at: datetime) -> str:
    return f"{at.astimezone(IST):%d %b %Y %H:%M} IST"
