"""What is wrong is found from rows, and told with its remedy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.config.calendar import load_calendar
from executor.domain.strategy import Account, AccountKind
from executor.findings import findings
from executor.store.notices import Notices, Progress
from executor.store.store import Store
from tests.builders import ACCOUNT, NOW, a_delivery, a_signal

GOOD: dict[str, Any] = {
    "session": True,
    "session_wanted": True,
    "reconciled": True,
    "failed_reads": 0,
    "book_at": NOW.isoformat(),
    "unprotected": {},
    "feeds": {"orders": {"up": True, "doubted": False}, "prices": {"up": True}},
    "clock_ahead": 1,
    "disk": {"free": 5_000_000_000, "size": 9_000_000_000, "reserve": True},
}


class Ward:
    """A store with one account, and what its trader says."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.people.add_account(Account(ACCOUNT, AccountKind.SIMULATOR), by="test", at=NOW, new_id=str)

    def beat(self, *, ago: float = 0, **changes: Any) -> None:
        at = NOW - timedelta(seconds=ago)
        epoch = self.store.ledger.take_lease(ACCOUNT, "host:1", at=at, follows=self.store.ledger.lease(ACCOUNT))
        self.store.ledger.beat(ACCOUNT, epoch, at=at, status={**GOOD, **changes})

    def wrong(self, *, expected: tuple[str, ...] = (ACCOUNT,), later: float = 0) -> list[str]:
        now = NOW + timedelta(seconds=later)
        found = findings(self.store, load_calendar(None), now=now, expected=expected)
        return [f"{one.name}: {one.said}" for one in found if not one.ok and one.name != "instruments"]


@pytest.fixture
def ward(store: Store) -> Ward:
    return Ward(store)


def test_where_all_is_well_nothing_is_wrong(ward: Ward) -> None:
    ward.beat()

    assert ward.wrong() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"session": False}, "account paper: No session with the broker. The last words of a login"),
        ({"reconciled": False}, "account paper: The broker's books are not read yet"),
        ({"book_at": None, "failed_reads": 4}, "account paper: The order book was not read well for a minute (4 reads"),
        ({"book_at": (NOW - timedelta(seconds=61)).isoformat()}, "account paper: The order book was not read well"),
        ({"feeds": {"orders": {"up": False}}}, "account paper: The feed of orders is down, order books are read"),
        ({"feeds": {"prices": {"up": False}}}, "account paper: The feed of prices is down, prices are asked for"),
        ({"feeds": {"orders": {"up": True, "doubted": True}}}, "account paper: The feed of orders did not tell"),
        (
            {"unprotected": {"x": (NOW - timedelta(seconds=4)).isoformat()}},
            "account paper: A position has had no working stop for 4 s: look at `/positions`",
        ),
        ({"clock_ahead": -5}, "clock: This machine's clock is 5 s ahead of the broker's: set it by NTP"),
        ({"disk": {**GOOD["disk"], "free": 999_000_000}}, "disk: Only 1.0 GB free"),
        ({"disk": {**GOOD["disk"], "reserve": False}}, "disk: The disk is full"),
    ],
)
def test_each_trouble_that_a_trader_tells_is_found_with_its_remedy(
    ward: Ward, changes: dict[str, Any], said: str
) -> None:
    ward.beat(**changes)
    ward.store.ledger.record_calls(ACCOUNT, 1, [], say="login refused: AB1050", at=NOW)

    (wrong,) = ward.wrong()

    assert wrong.startswith(said)
    if "session" in changes:
        assert "login refused: AB1050" in wrong


def test_at_night_no_session_is_missed(ward: Ward) -> None:
    ward.beat(session=False, reconciled=False, session_wanted=False)

    assert ward.wrong() == []


def test_a_trader_that_fell_silent_is_told_and_nothing_of_what_it_said_before(ward: Ward) -> None:
    ward.beat(ago=6, session=False, clock_ahead=99)

    assert ward.wrong() == [
        "account paper: No trader has beaten since 25 Nov 09:19:54 IST: `executor run` starts it, and its log says why "
        "it ended."
    ]
    assert ward.wrong(expected=()) == []


def test_what_waits_too_long_is_told(ward: Ward) -> None:
    ward.beat()
    ward.store.intake.record_delivery(a_delivery(), a_signal(received_at=NOW - timedelta(seconds=11)))

    (wrong,) = ward.wrong()

    assert wrong.startswith("account paper: 1 signals wait, the oldest since 25 Nov 09:19:49 IST")


def test_an_address_that_takes_no_notices_is_told(ward: Ward, clock: ManualClock) -> None:
    ward.beat()
    failing = Progress("telegram 42", 3, failures=2, failing_since=clock.now().isoformat(), failure="refused")
    Notices(ward.store.database).remember("mark", failing)

    assert ward.wrong() == [
        "notices: telegram 42 takes none since 25 Nov 09:20 IST: refused. `executor notify test` tries it."
    ]


@pytest.mark.parametrize("ahead", [5, 3600])
def test_a_beat_of_the_future_proves_no_trader(ward: Ward, ahead: float) -> None:
    ward.beat(ago=-ahead)

    (said,) = ward.wrong()

    assert said.startswith("account paper: The trader's last beat lies in the future")
    assert "timedatectl" in said
