"""The status page: what is wrong stands first; each account, the machine, and how fast it goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.domain.ids import DeliveryId, SignalId, first_of
from executor.store.pace import Pace
from executor.store.store import Store
from executor.web.pages.status import sessions, speeds, used
from tests.builders import NOW, a_delivery, a_signal
from tests.house import House
from tests.test_findings import GOOD
from tests.web.browser import Browser, words


def say(house: House, **changes: Any) -> None:
    """The trader's beat of this moment."""
    now = house.clock.now()
    status: Mapping[str, Any] = {**GOOD, "book_at": now.isoformat(), "version": "9.9", **changes}
    house.store.ledger.beat("default", 1, at=now, status=status)


def test_the_page_tells_of_session_lease_books_limits_and_machine(house: House, browser: Browser) -> None:
    house.long()
    say(house)

    text = words(browser.get("/status").text)

    for said in (
        "received → on the wire",
        "on the wire → answered",
        "session open",
        "trader beats house lease 1",
        "order book read 0 ms ago",
        "orders feed up",
        "waiting 0 signals, 0 commands",
        "sends not settled 0",
        "without a working stop none",
        "in a minute 3 of 450",
        "5.0 GB free of 9.0 GB, the reserve is kept",
        "1 s behind the broker's",
        "09:15 to 15:30, open",
        "SQLite",
        "notices to nobody",
        "version of default's trader 9.9",
    ):
        assert said in text, said


def test_what_is_wrong_stands_first_with_its_remedy(house: House, browser: Browser) -> None:
    say(house, session=False, reconciled=False)

    page = browser.get("/status").text.split("<main")[1]
    text = words(page)

    assert text.index("No session with the broker.") < text.index("How fast, today")
    assert "<code>executor login</code> and the page Account take a code" in page
    assert 'class="note bad" role="alert"><strong>account default</strong>' in page


def test_before_anything_ran_it_tells_what_starts_it(browser: Browser) -> None:
    text = words(browser.get("/status").text)

    assert "There is no account yet. executor run makes paper" in text
    assert "No alert came today." in text


def test_charts_are_drawn_without_script_or_style(store: Store, browser: Browser) -> None:
    for minute in range(3):
        at = NOW + timedelta(minutes=minute)
        delivery, signal = (first_of(at)[:-1] + letter for letter in "12")
        fields: dict[str, Any] = {"id": SignalId(signal), "key": signal, "received_at": at}
        store.intake.record_delivery(
            a_delivery(id=DeliveryId(delivery), received_at=at),
            a_signal(delivery=DeliveryId(delivery), fired_at=at - timedelta(seconds=minute + 1), **fields),
        )

    page = browser.get("/status").text

    assert '<svg class="chart spark' in page
    assert "2.0 s half of 3; 95 of 100 within 3.0 s, the longest 3.0 s" in words(page)
    assert "style=" not in page


def test_figures_are_of_all_spans_and_steps_that_nothing_took_are_left_out() -> None:
    spans = [timedelta(milliseconds=ms) for ms in (*range(1, 100), 5000)]

    (received,) = speeds(Pace(spans, [], []))

    assert (received.count, received.half, received.nearly_all) == (100, spans[49], spans[94])
    assert received.longest == timedelta(seconds=5)
    assert speeds(Pace(spans[:1], [], []))[0].nearly_all == spans[0]


def test_a_window_counts_what_left_within_it() -> None:
    writes = [NOW - timedelta(seconds=seconds) for seconds in (0, 0.5, 1, 59, 3000)]
    windows = [(8, timedelta(seconds=1)), (450, timedelta(minutes=1)), (950, timedelta(hours=1))]

    found = used(writes, windows, NOW)

    assert [(one.words, one.used, one.most) for one in found] == [
        ("in a second", 2, 8),
        ("in a minute", 4, 450),
        ("in an hour", 5, 950),
    ]


def test_hours_are_told_of_segments_together_and_a_holiday_is_closed() -> None:
    calendar = load_calendar(None)

    friday, sunday = (sessions(calendar, datetime(2026, 11, day, 16, tzinfo=IST)) for day in (27, 29))

    assert any("NSE" in segments and hours.endswith("over") for segments, hours in friday)
    assert {hours for _, hours in sunday} == {"closed today"}
