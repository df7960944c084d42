"""What a beat tells of feeds and disk, as the pages read it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from executor.bootstrap.status import StatusTeller
from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.domain.messages import BookRows
from executor.store.store import Store
from executor.trader.feeds import ThreadFeeds
from tests.builders import ACCOUNT, TODAY
from tests.trader.test_feeds import Hall


def told(store: Store, hall: Hall, state_dir: Path) -> dict[str, Any]:
    rows: BookRows = store.recovery.load_book(ACCOUNT, TODAY)
    teller = StatusTeller(
        hall.clock, state_dir, None, ThreadFeeds(orders=hall.line), lambda _now: True, lambda: timedelta(seconds=-7.6)
    )
    return dict(teller.status(Book(rows, load_calendar(None))))


def test_a_feed_that_is_up_tells_for_how_long_nothing_was_heard(store: Store, tmp_path: Path) -> None:
    hall = Hall()
    hall.line.round(0)
    hall.clock.advance(3.04)

    found = told(store, hall, tmp_path)

    assert found["feeds"] == {"orders": {"up": True, "silent": 3.0, "since": None, "doubted": False}}
    assert (found["session_wanted"], found["book_at"], found["clock_ahead"]) == (True, None, -8)


def test_a_feed_that_is_down_is_told_as_down(store: Store, tmp_path: Path) -> None:
    found = told(store, Hall(), tmp_path)

    assert (found["feeds"]["orders"]["up"], found["feeds"]["orders"]["silent"]) == (False, None)


def test_a_disk_that_cannot_be_asked_ends_no_beat(store: Store, tmp_path: Path) -> None:
    assert told(store, Hall(), tmp_path / "gone")["disk"] is None
    assert told(store, Hall(), tmp_path)["disk"]["reserve"] is None
