"""What holds on every day of the calendar that is shipped, and on any that is laid over it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.domain.calendar import SQUARE_OFF_AHEAD, trading_day
from executor.domain.instrument import Segment

CALENDAR = load_calendar()
SEGMENTS = st.sampled_from(Segment)
DAYS = st.dates(date(2026, 1, 1), date(2027, 3, 31))
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 3, 31), timezones=st.just(UTC))


@given(SEGMENTS, DAYS)
def test_we_square_off_inside_the_session_after_all_entries_and_before_the_broker(segment: Segment, day: date) -> None:
    session, hours, ours = (
        CALENDAR.session(segment, day),
        CALENDAR.hours_on(segment, day),
        CALENDAR.square_off(segment, day),
    )

    assert (session is None) is (hours is None) is (ours is None)
    if session is None or hours is None or ours is None:
        return
    broker = datetime.combine(day, hours.broker_square_off, IST)
    entries = datetime.combine(day, hours.entries_until, IST)
    assert session.opens_at < entries <= ours < broker < session.closes_at
    assert broker - ours == SQUARE_OFF_AHEAD
    assert CALENDAR.is_open(segment, ours)


@given(SEGMENTS, TIMES)
def test_the_next_session_lies_ahead_and_is_open_at_its_start_but_not_at_its_end(
    segment: Segment, now: datetime
) -> None:
    session = CALENDAR.next_session(segment, now)

    if session is None:
        assert now > datetime(2026, 12, 30, tzinfo=UTC)
        return
    assert session.opens_at > now
    assert CALENDAR.is_open(segment, session.opens_at)
    assert not CALENDAR.is_open(segment, session.opens_at - timedelta(microseconds=1))
    assert CALENDAR.is_open(segment, session.closes_at - timedelta(microseconds=1))
    assert not CALENDAR.is_open(segment, session.closes_at)


@given(SEGMENTS, TIMES)
def test_no_session_lies_between_now_and_the_next(segment: Segment, now: datetime) -> None:
    session = CALENDAR.next_session(segment, now)
    until = CALENDAR.valid_until if session is None else trading_day(session.opens_at) - timedelta(days=1)

    between = (trading_day(now) + timedelta(days=n) for n in range((until - trading_day(now)).days + 1))

    assert all(found is None or found.opens_at <= now for found in (CALENDAR.session(segment, day) for day in between))


@given(SEGMENTS, TIMES)
def test_open_is_what_the_session_covers(segment: Segment, now: datetime) -> None:
    session = CALENDAR.session(segment, trading_day(now))

    assert CALENDAR.is_open(segment, now) is (session is not None and session.covers(now))


@given(SEGMENTS, DAYS)
def test_a_session_is_as_long_by_utc_as_by_its_clock(segment: Segment, day: date) -> None:
    session = CALENDAR.session(segment, day)

    if session is not None:
        assert trading_day(session.opens_at) == trading_day(session.closes_at) == day
        assert session.opens_at.utcoffset() == session.closes_at.utcoffset() == timedelta(hours=5, minutes=30)


@given(SEGMENTS, DAYS, st.integers(0, 60))
def test_trading_days_are_counted_one_by_one(segment: Segment, a: date, ahead: int) -> None:
    b = a + timedelta(days=ahead)
    known = [day for n in range(1, ahead + 1) if CALENDAR.session(segment, day := a + timedelta(days=n)) is not None]

    count = CALENDAR.trading_days_between(segment, a, b)

    if b <= CALENDAR.valid_until:
        assert count == len(known)
    previous = CALENDAR.previous_trading_day(segment, b)
    assert previous < b
    assert CALENDAR.trading_days_between(segment, previous, b) <= 1


@given(SEGMENTS, DAYS)
def test_a_stock_derivative_is_left_after_its_last_entry_and_before_its_expiry_day(
    segment: Segment, expiry: date
) -> None:
    last, leave = CALENDAR.stock_derivative_cut_off(expiry, segment), CALENDAR.leave_by(expiry, segment)

    assert last < trading_day(leave) < expiry
    assert CALENDAR.trading_days_between(segment, last, expiry) in {3, 4}  # 3: the expiry itself is no trading day
    if trading_day(leave) <= CALENDAR.valid_until:
        assert CALENDAR.is_open(segment, leave)
