"""The day's instrument file is taken when it is due, and tried again ever later while it is not good."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Flag

import pytest

from executor.clock import ManualClock
from executor.errors import NotRecorded
from executor.trader.master import MasterKeeper


class Office:
    """A keeper whose file is good or not as a test says; `tries` holds when it was fetched."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.began = clock.monotonic()
        self.due: bool | Exception = True
        self.good = True
        self.tries: list[float] = []
        self.worked, self.stop = Flag(), Flag()
        self.keeper = MasterKeeper(is_due=self._is_due, take=self._take, clock=clock)

    def _is_due(self) -> bool:
        if isinstance(self.due, Exception):
            raise self.due
        return self.due

    def _take(self, stop: Flag) -> bool:
        assert stop is self.stop
        self.tries.append(self.clock.monotonic() - self.began)
        return self.good

    def run(self, seconds: int) -> None:
        """Let time pass, tended twice a second; the work of each turn ends within it."""
        for _ in range(2 * seconds):
            self.keeper.tend(self.stop)
            working = self.keeper._working
            if working is not None:
                working.exception(timeout=5)
            self.clock.advance(0.5)


@pytest.fixture
def office(clock: ManualClock) -> Iterator[Office]:
    office = Office(clock)
    yield office
    office.keeper.stop()


def test_at_the_start_a_file_that_is_due_is_taken(office: Office) -> None:
    office.run(1)

    assert office.tries == [0]


def test_a_file_that_is_not_due_is_left_alone_until_it_is(office: Office) -> None:
    office.due = False
    office.run(100)
    assert office.tries == []

    office.due = True
    office.run(60)

    assert len(office.tries) == 1


def test_the_scheduler_does_not_wait_for_the_next_look(office: Office) -> None:
    office.due = False
    office.run(10)

    office.due = True
    office.keeper.wake()
    office.run(1)

    assert office.tries == [10]


def test_a_failed_file_is_tried_ever_later_for_as_long_as_it_takes(office: Office) -> None:
    office.good = False

    office.run(5000)

    pauses = [round(later - earlier) for earlier, later in zip(office.tries, office.tries[1:], strict=False)]
    assert pauses[:6] == [30, 60, 120, 240, 480, 900]
    assert set(pauses[6:]) == {900}


def test_after_a_good_file_the_next_failure_is_tried_soon_again(office: Office) -> None:
    office.good = False
    office.run(400)
    office.good = True
    office.run(600)
    office.good = False
    tried = len(office.tries)

    office.run(100)

    first, second, *_ = office.tries[tried:]
    assert round(second - first) == 30


def test_a_database_that_is_away_ends_nothing(office: Office) -> None:
    office.due = NotRecorded("away")
    office.run(20)

    office.due = True
    office.run(30)

    assert office.tries == [30.5]
