"""Of which morning the instrument table is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.instruments.freshness import stale
from executor.store.master import LoadInfo

CALENDAR = load_calendar(None)
WEDNESDAY = datetime(2026, 11, 25, 9, 20, tzinfo=IST)


def loaded(at: datetime) -> LoadInfo:
    return LoadInfo("l1", at, {})


def test_without_a_table_that_is_said() -> None:
    assert stale(None, CALENDAR, WEDNESDAY) == "There is no instrument table yet."


@pytest.mark.parametrize(
    ("fetched", "now"),
    [
        (WEDNESDAY.replace(hour=8, minute=16), WEDNESDAY),
        (WEDNESDAY.replace(hour=8, minute=0), WEDNESDAY.replace(hour=23)),
        (WEDNESDAY - timedelta(days=1), WEDNESDAY.replace(hour=8, minute=14)),  # today's is not due yet
        (datetime(2026, 11, 20, 8, 16, tzinfo=IST), datetime(2026, 11, 22, 12, 0, tzinfo=IST)),  # a Sunday
    ],
)
def test_a_table_of_the_last_trading_mornings_is_fresh(fetched: datetime, now: datetime) -> None:
    assert stale(loaded(fetched), CALENDAR, now) == ""


@pytest.mark.parametrize(
    ("fetched", "now"),
    [
        (WEDNESDAY - timedelta(days=1), WEDNESDAY),
        (WEDNESDAY.replace(hour=7, minute=59), WEDNESDAY),  # the broker may not have made its file yet
        (WEDNESDAY - timedelta(days=1), WEDNESDAY.replace(hour=8, minute=15)),
        (datetime(2026, 11, 19, 8, 16, tzinfo=IST), datetime(2026, 11, 22, 12, 0, tzinfo=IST)),
    ],
)
def test_a_table_of_an_earlier_day_is_stale(fetched: datetime, now: datetime) -> None:
    assert stale(loaded(fetched), CALENDAR, now) != ""


def test_the_sentence_says_of_when_it_is_and_since_when_another_was_due() -> None:
    said = stale(loaded(WEDNESDAY - timedelta(days=1)), CALENDAR, WEDNESDAY)

    assert said == ("The instrument table is of 24 Nov 2026 09:20 IST; one of 25 Nov 2026 has been due since 08:15.")


def test_past_the_calendar_nothing_is_due() -> None:
    later = datetime.combine(CALENDAR.valid_until + timedelta(days=60), WEDNESDAY.timetz())

    assert stale(loaded(WEDNESDAY), CALENDAR, later) == ""
