"""Which future a continuous ticker means at a moment, and from when it means the next one (tradingview.md B3).

Pure: the same futures in any order, moment and calendar give the same answer. A future counts until its trading ends
on the day of its expiry, or until its strategy rolls, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from executor.clock import IST
from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument, Segment
from executor.domain.strategy import Roll, RollKind


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at` on a continuous ticker means `contract`; None: the one after is not listed yet."""

    at: datetime
    contract: Instrument | None


def contract_on(
    futures: Iterable[Instrument], n: int, roll: Roll, *, now: datetime, calendar: Calendar
) -> Instrument | None:
    """The nth of one name's futures, counted from the first that is not rolled over; None when so many are not listed.

    Under `refuse` the nearest contract is told: whether it may be traded is asked before.
    """
    alive = _alive(futures, roll, now=now, calendar=calendar)
    return alive[n - 1] if len(alive) >= n else None


def next_turn(futures: Iterable[Instrument], n: int, roll: Roll, *, now: datetime, calendar: Calendar) -> Turn | None:
    """When a continuous ticker turns next, and to what; None when it means nothing today."""
    alive = _alive(futures, roll, now=now, calendar=calendar)
    if len(alive) < n:
        return None
    return Turn(_rolled_at(alive[0], roll, calendar), alive[n] if len(alive) > n else None)


def over(contract: Instrument, *, now: datetime, calendar: Calendar) -> bool:
    """Whether a contract's last trading day has ended."""
    return contract.expiry is not None and now >= ends_at(contract.key.segment, contract.expiry, calendar)


def ends_at(segment: Segment, expiry: date, calendar: Calendar) -> datetime:
    """The end of trading on an expiry day; the day's end where the calendar does not know it as a trading day."""
    session = calendar.session(segment, expiry)
    return session.closes_at if session else datetime.combine(expiry + timedelta(days=1), time.min, IST)


def _alive(futures: Iterable[Instrument], roll: Roll, *, now: datetime, calendar: Calendar) -> Sequence[Instrument]:
    """Those not rolled over, the nearest first."""
    dated = sorted((future for future in futures if future.expiry), key=lambda future: future.expiry or date.max)
    return [future for future in dated if now < _rolled_at(future, roll, calendar)]


def _rolled_at(future: Instrument, roll: Roll, calendar: Calendar) -> datetime:
    assert future.expiry is not None, "a future has an expiry"
    segment, day = future.key.segment, future.expiry
    end = ends_at(segment, day, calendar)
    if roll.kind is not RollKind.BEFORE:
        return end
    for _ in range(roll.days):
        day = calendar.previous_trading_day(segment, day)
    return min(end, datetime.combine(day, roll.at or time.min, IST))
