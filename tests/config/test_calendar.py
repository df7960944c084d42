from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from executor.config.calendar import load_calendar
from executor.domain.instrument import Segment
from executor.errors import ConfigError

NEXT_YEAR = """
valid_until = 2027-12-31
[holidays]
equity = [2027-01-26]
MCX = []
"""


def written(tmp_path, text):
    path = tmp_path / "calendar.toml"
    path.write_text(text)
    return path


def test_a_weekday_is_open_from_quarter_past_nine_to_half_past_three():
    session = load_calendar().session(Segment.NSE, date(2026, 11, 25))

    assert session is not None
    assert session.opens_at.astimezone(UTC) == datetime(2026, 11, 25, 3, 45, tzinfo=UTC)
    assert session.closes_at.astimezone(UTC) == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def test_2026_has_its_16_holidays_of_equity_all_on_weekdays():
    calendar = load_calendar()
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    closed = [day for day in days if day.weekday() < 5 and calendar.session(Segment.NSE, day) is None]

    assert len(closed) == 16
    assert calendar.holidays[Segment.NSE] == calendar.holidays[Segment.BFO] == frozenset(closed)


def test_the_budget_sunday_is_open_and_other_sundays_are_not():
    calendar = load_calendar()

    assert calendar.session(Segment.NSE, date(2026, 2, 1)) is not None
    assert calendar.session(Segment.NSE, date(2026, 2, 8)) is None
    assert calendar.session(Segment.MCX, date(2026, 2, 1)) is None


def test_mcx_opens_in_the_evening_of_a_holiday_of_equity():
    calendar = load_calendar()

    session = calendar.session(Segment.MCX, date(2026, 11, 24))

    assert session is not None
    assert session.opens_at.time() == time(17, 0)
    assert calendar.session(Segment.NSE, date(2026, 11, 24)) is None


def test_nothing_is_open_past_the_data():
    assert load_calendar().session(Segment.NSE, date(2027, 1, 4)) is None


def test_a_file_over_it_extends_the_calendar_and_keeps_the_holidays_there_are(tmp_path):
    calendar = load_calendar(written(tmp_path, NEXT_YEAR))

    assert calendar.session(Segment.NSE, date(2027, 1, 25)) is not None
    assert calendar.session(Segment.NSE, date(2027, 1, 26)) is None
    assert calendar.session(Segment.NSE, date(2026, 12, 25)) is None


def test_a_special_of_the_file_opens_a_built_in_holiday(tmp_path):
    special = '[[special]]\ndays = [2026-12-25]\nsegments = ["NSE"]\nhours = ["18:00", "19:00"]\n'

    session = load_calendar(written(tmp_path, NEXT_YEAR + special)).session(Segment.NSE, date(2026, 12, 25))

    assert session is not None
    assert session.opens_at.time() == time(18, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "valid_until"),
        ('valid_until = "2027-12-31"', "valid_until is '2027-12-31'; give a date without quotes"),
        ("valid_until = 2027-12-31T00:00:00", "valid_until is datetime"),
        ('valid_until = 2027-12-31\n[hours]\nNSE = ["09:15"]', "hours.NSE is ['09:15']; give two times"),
        ('valid_until = 2027-12-31\n[hours]\nNSE = ["15:30", "09:15"]', "hours.NSE ends at 09:15, before it begins"),
        ('valid_until = 2027-12-31\n[hours]\nNYSE = ["09:15", "15:30"]', "hours.NYSE"),
        ("valid_until = 2027-12-31\n[holidays]\nbonds = []", "holidays.bonds"),
        ("valid_until = 2027-12-31\n[holidays]\nequity = [1]", "holidays.equity.0 is 1; give a date"),
        ("valid_until = 2027-12-31\nholiday = []", "holiday is no field"),
        ("valid_until = ", "cannot be read as TOML"),
    ],
)
def test_bad_data_is_refused_and_the_field_is_named(tmp_path, text, words):
    with pytest.raises(ConfigError) as caught:
        load_calendar(written(tmp_path, text))

    assert words in str(caught.value)
    assert "calendar.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_calendar(tmp_path / "none.toml")
