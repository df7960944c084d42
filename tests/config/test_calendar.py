from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.domain.instrument import Segment
from executor.errors import ConfigError
from executor.simulator.exchange.hours import hours_of

NEXT_YEAR = """
valid_until = 2027-12-31
[holidays]
equity = [2027-01-26]
MCX = []
"""


MUHURAT = """
[[special]]
days = [2026-11-08]
segments = ["NSE", "NFO"]
session = ["18:00", "19:00"]
"""
SUNDAY = date(2026, 11, 8)
WEDNESDAY = date(2026, 11, 25)


def hours(
    *,
    since: str | None = None,
    segments: str = '["NSE"]',
    close: str = "15:30",
    square_off: str = "15:10",
    enter_until: str = "15:00",
) -> str:
    dated = "" if since is None else f"since = {since}\n"
    times = f'session = ["09:15", "{close}"]\nsquare_off = "{square_off}"\nenter_until = "{enter_until}"\n'
    return f"[[hours]]\n{dated}segments = {segments}\n{times}"


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
    special = '[[special]]\ndays = [2026-12-25]\nsegments = ["NSE"]\nsession = ["18:00", "19:00"]\n'

    session = load_calendar(written(tmp_path, NEXT_YEAR + special)).session(Segment.NSE, date(2026, 12, 25))

    assert session is not None
    assert session.opens_at.time() == time(18, 0)


def test_equity_is_squared_off_at_five_past_three_and_entered_until_three():
    calendar = load_calendar()

    for segment in (Segment.NSE, Segment.BSE, Segment.NFO, Segment.BFO):
        assert calendar.square_off(segment, WEDNESDAY) == datetime(2026, 11, 25, 15, 5, tzinfo=IST)
        assert calendar.entries_from(segment, WEDNESDAY) == time(9, 16)
        assert calendar.entries_until(segment, WEDNESDAY) == time(15, 0)


def test_derivatives_trade_ten_minutes_longer_and_stocks_have_an_auction_since_august():
    calendar = load_calendar()
    before, since = date(2026, 7, 31), date(2026, 8, 3)

    closes = [calendar.session(Segment.NFO, day).closes_at.time() for day in (before, since)]
    auctions = [calendar.closing_auction(Segment.NSE, day) for day in (before, since)]

    assert closes == [time(15, 30), time(15, 40)]
    assert auctions[0] is None
    assert auctions[1].opens_at == datetime(2026, 8, 3, 15, 15, tzinfo=IST)
    assert calendar.closing_auction(Segment.NFO, since) is None


@pytest.mark.parametrize(
    ("day", "entries_from", "entries_until", "square_off"),
    [
        (date(2026, 11, 25), time(9, 1), time(23, 0), time(23, 10)),
        (date(2026, 11, 24), time(17, 1), time(23, 0), time(23, 10)),  # evening only
        (date(2026, 1, 1), time(9, 1), time(16, 30), time(16, 40)),  # morning only
    ],
)
def test_mcx_goes_by_its_own_hours_and_by_those_of_a_half_day(day, entries_from, entries_until, square_off):
    calendar = load_calendar()

    assert calendar.entries_from(Segment.MCX, day) == entries_from
    assert calendar.entries_until(Segment.MCX, day) == entries_until
    assert calendar.square_off(Segment.MCX, day).time() == square_off


def test_a_short_special_session_moves_square_off_and_entries(tmp_path):
    calendar = load_calendar(written(tmp_path, MUHURAT))

    assert calendar.square_off(Segment.NSE, SUNDAY) == datetime(2026, 11, 8, 18, 35, tzinfo=IST)
    assert calendar.entries_until(Segment.NSE, SUNDAY) == time(18, 30)
    assert calendar.square_off(Segment.NFO, SUNDAY).time() == time(18, 25)  # 30 minutes before its usual close
    assert calendar.closing_auction(Segment.NSE, SUNDAY) is None


def test_a_special_session_may_give_its_own_times(tmp_path):
    own = MUHURAT + 'square_off = "18:45"\nenter_until = "18:20"\n'

    calendar = load_calendar(written(tmp_path, own))

    assert calendar.square_off(Segment.NFO, SUNDAY).time() == time(18, 40)
    assert calendar.entries_until(Segment.NFO, SUNDAY) == time(18, 20)


def test_hours_of_the_file_hold_from_their_day_on(tmp_path):
    calendar = load_calendar(written(tmp_path, hours(since="2026-11-02", segments='["MCX"]', close="23:55")))

    closes = [calendar.session(Segment.MCX, date(2026, 11, day)).closes_at.time() for day in (2, 25)]

    assert closes == [time(23, 55), time(23, 55)]
    assert calendar.session(Segment.MCX, date(2026, 10, 30)).closes_at.time() == time(23, 30)
    assert calendar.session(Segment.MCX, date(2026, 11, 24)).closes_at.time() == time(23, 30)  # a special day stays


def test_hours_of_the_file_without_a_day_replace_all_there_are(tmp_path):
    calendar = load_calendar(written(tmp_path, hours(segments='["NFO"]', close="15:20")))

    closes = [calendar.session(Segment.NFO, day).closes_at.time() for day in (date(2026, 7, 31), WEDNESDAY)]

    assert closes == [time(15, 20), time(15, 20)]
    assert calendar.session(Segment.BFO, WEDNESDAY).closes_at.time() == time(15, 40)


def test_hours_of_a_file_may_stand_in_any_order(tmp_path):
    later, sooner = (
        hours(since=since, close=close) for since, close in [("2026-12-01", "15:25"), ("2026-11-01", "15:20")]
    )

    calendar = load_calendar(written(tmp_path, later + sooner))

    closes = [calendar.session(Segment.NSE, day).closes_at.time() for day in (WEDNESDAY, date(2026, 12, 1))]
    assert closes == [time(15, 20), time(15, 25)]


def test_a_holiday_of_the_file_closes_a_special_day(tmp_path):
    calendar = load_calendar(written(tmp_path, "[holidays]\nMCX = [2026-11-24]\n"))

    assert calendar.session(Segment.MCX, date(2026, 11, 24)) is None
    assert calendar.session(Segment.MCX, date(2026, 11, 10)) is not None


def test_a_file_need_not_move_the_end(tmp_path):
    assert load_calendar(written(tmp_path, "")) == load_calendar()


def test_the_rules_of_expiry_can_be_replaced_one_by_one(tmp_path):
    rules = load_calendar(written(tmp_path, "[expiry]\nno_entry_days = 5\n")).expiry

    assert (rules.no_entry_days, rules.leave_days, rules.index_options_until) == (5, 1, time(14, 45))


@pytest.mark.parametrize("segment", Segment)
def test_the_simulator_keeps_the_same_hours(segment):
    session = load_calendar().session(segment, WEDNESDAY)
    simulated = hours_of(segment)

    assert (session.opens_at.time(), session.closes_at.time()) == (simulated.opens, simulated.closes)


def test_every_segment_has_hours():
    calendar = load_calendar()

    assert all(calendar.session(segment, WEDNESDAY) is not None for segment in Segment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('valid_until = "2027-12-31"', "valid_until is '2027-12-31'; give a date without quotes"),
        ("valid_until = 2027-12-31T00:00:00", "valid_until is datetime"),
        ("[holidays]\nbonds = []", "holidays.bonds"),
        ("[holidays]\nequity = [1]", "holidays.equity.0 is 1; give a date"),
        ("[holidays]\nMCX = [2026-12-31, 2027-01-26]", "holidays.MCX.1 has 2027-01-26, past valid_until 2026-12-31"),
        (
            MUHURAT.replace("2026-11-08", "2027-10-29"),
            "special.0.days has 2027-10-29, past valid_until 2026-12-31; set",
        ),
        (MUHURAT.replace('"18:00"', '"18:36"'), "NSE: session 18:36–19:00, square_off 18:40; give a square_off"),
        (
            MUHURAT.replace('"18:00"', '"18:24"'),
            "special.0 for NFO: session 18:24–19:00, square_off 18:30, enter_until 18:20; give an enter_until after",
        ),
        (
            MUHURAT + 'square_off = "19:00"',
            "special.0 for NSE: session 18:00–19:00, square_off 19:00; give a square_off before",
        ),
        (
            MUHURAT + 'enter_until = "18:36"',
            "square_off 18:40, enter_until 18:36; give an enter_until after the opening",
        ),
        ('[[special]]\ndays = []\nsegments = []\nsession = ["09:15", "15:30"]', "special.0.segments"),
        (hours(close="9:15"), "hours.0.session ends at 09:15, before it begins"),
        (hours(close="half past"), "hours.0.session is ['09:15', 'half past']; give two times"),
        (hours(close="15:30:10"), "give two times"),
        (hours(segments='["NYSE"]'), "hours.0.segments.0"),
        (hours(square_off="3 pm"), "hours.0.square_off is '3 pm'; give a time of day in India such as"),
        (
            hours(square_off="15:30"),
            "hours.0: session 09:15–15:30, square_off 15:30; give a square_off before the close",
        ),
        (hours(square_off="09:20"), "square_off 09:20; give a square_off before the close and more than 5 minutes"),
        (hours(enter_until="15:06"), "square_off 15:10, enter_until 15:06; give an enter_until after the opening"),
        (hours() + 'closing_auction = ["15:05", "15:20"]', "closing_auction 15:05; give an earlier square_off"),
        (hours().replace("enter_until", "enter_before"), "hours.0.enter_before is no field"),
        ("[expiry]\nno_entry_days = -1", "expiry.no_entry_days"),
        ("holiday = []", "holiday is no field"),
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
