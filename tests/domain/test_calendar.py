from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from executor.clock import IST
from executor.domain.calendar import Calendar, Hours, clock_time, trading_day
from executor.domain.instrument import Segment

CALENDAR = Calendar(
    hours={Segment.NSE: Hours(time(9, 15), time(15, 30))},
    holidays={Segment.NSE: frozenset({date(2026, 11, 24)})},
    specials={(Segment.NSE, date(2026, 11, 8)): Hours(time(18, 0), time(19, 0))},  # a Sunday evening
    valid_until=date(2026, 12, 31),
)


def ist(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=IST)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (ist(2026, 11, 25, 9, 14, 59), False),
        (ist(2026, 11, 25, 9, 15), True),
        (ist(2026, 11, 25, 15, 29, 59), True),
        (ist(2026, 11, 25, 15, 30), False),
        (ist(2026, 11, 24, 11, 0), False),  # holiday
        (ist(2026, 11, 28, 11, 0), False),  # Saturday
        (ist(2026, 11, 8, 18, 30), True),
        (ist(2026, 11, 8, 11, 0), False),
        (ist(2027, 1, 1, 11, 0), False),  # past the data
    ],
)
def test_a_session_is_open_in_its_hours_only(at: datetime, is_open: bool) -> None:
    assert CALENDAR.is_open(Segment.NSE, at) is is_open
    assert CALENDAR.is_open(Segment.NSE, at.astimezone(UTC)) is is_open


def test_a_segment_without_hours_is_closed() -> None:
    assert not CALENDAR.is_open(Segment.MCX, ist(2026, 11, 25, 11, 0))


def test_the_day_and_the_clock_are_indias() -> None:
    late = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # 00:30 IST on the 25th

    assert (trading_day(late), clock_time(late)) == (date(2026, 11, 25), time(0, 30))
