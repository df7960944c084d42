from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from executor.clock import IST
from executor.domain.calendar import Calendar, Hours, Span, clock_time, trading_day
from executor.domain.instrument import Segment

OLD = Hours(time(9, 15), time(15, 30), time(15, 10), time(15, 0))
NEW = Hours(time(9, 15), time(15, 30), time(15, 5), time(14, 50), Span(time(15, 15), time(15, 35)))
EVENING = Hours(time(18, 0), time(19, 0), time(18, 40), time(18, 30))
CALENDAR = Calendar(
    hours={Segment.NSE: ((date(2026, 8, 3), NEW), (date.min, OLD))},
    holidays={Segment.NSE: frozenset({date(2026, 11, 24)})},
    specials={(Segment.NSE, date(2026, 11, 8)): EVENING},  # a Sunday
    valid_until=date(2026, 12, 31),
)
HOLIDAY = date(2026, 11, 24)
WEDNESDAY = date(2026, 11, 25)
DIWALI = date(2026, 11, 8)


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
    now = ist(2026, 11, 25, 11, 0)

    assert not CALENDAR.is_open(Segment.MCX, now)
    assert CALENDAR.next_session(Segment.MCX, now) is None
    assert CALENDAR.square_off(Segment.MCX, WEDNESDAY) is None


def test_the_day_and_the_clock_are_indias() -> None:
    late = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # 00:30 IST on the 25th

    assert (trading_day(late), clock_time(late)) == (date(2026, 11, 25), time(0, 30))


def test_we_square_off_five_minutes_before_the_broker() -> None:
    assert CALENDAR.square_off(Segment.NSE, WEDNESDAY) == ist(2026, 11, 25, 15, 0)


def test_hours_change_on_their_day() -> None:
    assert CALENDAR.square_off(Segment.NSE, date(2026, 7, 31)) == ist(2026, 7, 31, 15, 5)
    assert CALENDAR.square_off(Segment.NSE, date(2026, 8, 3)) == ist(2026, 8, 3, 15, 0)


def test_a_special_day_has_its_own_square_off_and_entries() -> None:
    assert CALENDAR.square_off(Segment.NSE, DIWALI) == ist(2026, 11, 8, 18, 35)
    assert CALENDAR.entries_from(Segment.NSE, DIWALI) == time(18, 1)
    assert CALENDAR.entries_until(Segment.NSE, DIWALI) == time(18, 30)


def test_entries_begin_a_minute_after_the_opening() -> None:
    assert CALENDAR.entries_from(Segment.NSE, WEDNESDAY) == time(9, 16)
    assert CALENDAR.entries_until(Segment.NSE, WEDNESDAY) == time(14, 50)


@pytest.mark.parametrize("day", [HOLIDAY, date(2026, 11, 28), date(2027, 1, 4)])
def test_a_closed_day_has_no_times(day: date) -> None:
    assert CALENDAR.session(Segment.NSE, day) is None
    assert CALENDAR.square_off(Segment.NSE, day) is None
    assert CALENDAR.entries_from(Segment.NSE, day) is None
    assert CALENDAR.entries_until(Segment.NSE, day) is None
    assert CALENDAR.closing_auction(Segment.NSE, day) is None


def test_the_closing_auction_begins_with_its_hours() -> None:
    auction = CALENDAR.closing_auction(Segment.NSE, WEDNESDAY)

    assert auction is not None
    assert (auction.opens_at, auction.closes_at) == (ist(2026, 11, 25, 15, 15), ist(2026, 11, 25, 15, 35))
    assert auction.covers(ist(2026, 11, 25, 15, 20))
    assert CALENDAR.closing_auction(Segment.NSE, date(2026, 7, 31)) is None
    assert CALENDAR.closing_auction(Segment.NSE, DIWALI) is None


@pytest.mark.parametrize(
    ("after", "opens_at"),
    [
        (ist(2026, 11, 25, 9, 14), ist(2026, 11, 25, 9, 15)),
        (ist(2026, 11, 25, 9, 15), ist(2026, 11, 26, 9, 15)),  # the one that is open is not the next
        (ist(2026, 11, 23, 16, 0), ist(2026, 11, 25, 9, 15)),  # over a holiday
        (ist(2026, 11, 6, 16, 0), ist(2026, 11, 8, 18, 0)),  # into a special Sunday
        (ist(2026, 11, 27, 16, 0), ist(2026, 11, 30, 9, 15)),  # over a weekend
    ],
)
def test_the_next_session_is_the_first_to_open_later(after: datetime, opens_at: datetime) -> None:
    session = CALENDAR.next_session(Segment.NSE, after.astimezone(UTC))

    assert session is not None
    assert session.opens_at == opens_at


def test_past_the_data_there_is_no_next_session() -> None:
    assert CALENDAR.next_session(Segment.NSE, ist(2026, 12, 31, 9, 15)) is None
    assert CALENDAR.next_session(Segment.NSE, ist(2027, 3, 1, 8, 0)) is None


def test_trading_days_are_counted_over_holidays_weekends_and_special_days() -> None:
    assert CALENDAR.previous_trading_day(Segment.NSE, WEDNESDAY) == date(2026, 11, 23)
    assert CALENDAR.previous_trading_day(Segment.NSE, date(2026, 11, 9)) == DIWALI
    assert CALENDAR.trading_days_between(Segment.NSE, date(2026, 11, 20), WEDNESDAY) == 2  # Monday, Wednesday
    assert CALENDAR.trading_days_between(Segment.NSE, WEDNESDAY, WEDNESDAY) == 0
    assert CALENDAR.trading_days_between(Segment.NSE, WEDNESDAY, HOLIDAY) == 0


def test_the_last_entry_lies_before_the_third_trading_day_before_expiry() -> None:
    expiry = date(2026, 11, 27)  # Friday: three trading days before it is Monday, Tuesday being a holiday

    last = CALENDAR.stock_derivative_cut_off(expiry, Segment.NSE)

    assert last == date(2026, 11, 20)
    assert CALENDAR.trading_days_between(Segment.NSE, last, expiry) == 4


def test_a_stock_derivative_is_left_at_the_square_off_of_the_trading_day_before_expiry() -> None:
    assert CALENDAR.leave_by(WEDNESDAY, Segment.NSE) == ist(2026, 11, 23, 15, 0)


def test_an_expiry_past_the_data_counts_weekdays() -> None:
    expiry = date(2027, 1, 26)

    assert CALENDAR.stock_derivative_cut_off(expiry, Segment.NSE) == date(2027, 1, 20)
    assert CALENDAR.leave_by(expiry, Segment.NSE) == ist(2027, 1, 25, 15, 0)


def test_a_segment_without_hours_is_left_before_the_day_begins() -> None:
    assert CALENDAR.leave_by(WEDNESDAY, Segment.MCX) == ist(2026, 11, 24)


def test_index_options_are_not_entered_in_the_last_hour_of_their_life() -> None:
    assert CALENDAR.index_option_until(WEDNESDAY) == ist(2026, 11, 25, 14, 45)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (ist(2026, 11, 30, 23, 59), ""),
        (ist(2026, 12, 1, 0, 0), "ends on 31 Dec 2026 (30 days left)"),
        (ist(2026, 12, 31, 12, 0), "ends on 31 Dec 2026 (0 days left)"),
        (ist(2027, 1, 1, 0, 0), "ended on 31 Dec 2026: no day counts as open"),
    ],
)
def test_the_calendar_says_that_it_ends(now: datetime, words: str) -> None:
    told = CALENDAR.ends_soon(now.astimezone(UTC))

    assert words in told
    assert bool(told) is bool(words)
    assert ("EXECUTOR_CALENDAR_FILE" in told) is bool(words)
