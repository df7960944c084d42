"""An account's seat: what ends one account's trading begins it again, and never touches another's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event as Flag
from typing import Any, cast

import pytest

from executor.clock import ManualClock
from executor.domain.messages import Tick
from executor.errors import ClockSetBack, LeaseLost, NotRecorded
from executor.trader.seat import Seat, Trading

PATIENCE_S = 5.0


@dataclass
class Work:
    """An account's trading that ends when the test says so, and how."""

    inbox: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    begun: Flag = field(default_factory=Flag)
    over: Flag = field(default_factory=Flag)
    error: Exception | None = None

    def run(self, stop: Flag) -> None:
        self.begun.set()
        assert self.over.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error


class Bench:
    """A seat, and all that was traded on it."""

    def __init__(self, clock: ManualClock, threads: Executor) -> None:
        self.clock, self.threads, self.stop = clock, threads, Flag()
        self.works: list[Work] = []
        self.seat = Seat("paper", self._take, clock)

    def _take(self, stop: Flag) -> Trading:
        self.works.append(Work())
        return cast(Trading, self.works[-1])

    def tend(self) -> None:
        """Tend it; what begins has begun when this returns."""
        before = len(self.works)
        running = self.seat._ended
        self.seat.tend(self.threads, self.stop)
        if self.seat._ended not in (None, running):
            settle(lambda: len(self.works) > before and self.works[-1].begun.is_set())

    def end(self, error: Exception | None = None) -> None:
        """End the trading, and have the seat notice."""
        work, ended = self.works[-1], self.seat._ended
        work.error = error
        work.over.set()
        assert ended is not None
        settle(ended.done)
        self.tend()

    def begins_again_after(self) -> int:
        """Seconds until it is traded again."""
        before, seconds = len(self.works), 0
        while len(self.works) == before:
            seconds += 1
            self.clock.advance(1)
            self.tend()
        return seconds


def settle(holds: Callable[[], bool]) -> None:
    looks = Flag()
    for _ in range(int(PATIENCE_S / 0.01)):
        if holds():
            return
        looks.wait(0.01)
    raise AssertionError("not in time")


@pytest.fixture
def bench(clock: ManualClock) -> Iterator[Bench]:
    with ThreadPoolExecutor(1) as threads:
        made = Bench(clock, threads)
        made.tend()
        yield made
        made.works[-1].over.set()


def test_an_account_is_traded_once_however_often_it_is_tended(bench: Bench) -> None:
    for _ in range(3):
        bench.clock.advance(100)
        bench.tend()

    assert len(bench.works) == 1
    assert bench.seat.trading is bench.works[0]  # type: ignore[comparison-overlap]


def test_a_ring_reaches_what_trades_now_and_nobody_when_nothing_does(bench: Bench) -> None:
    bench.seat.wake()
    bench.end(LeaseLost("taken"))
    bench.seat.wake()

    assert bench.seat.trading is None
    assert bench.works[0].inbox.qsize() == 1
    assert bench.works[0].inbox.get() == Tick()


def test_an_account_that_was_lost_is_taken_again(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.end(LeaseLost("followed"))

    assert bench.begins_again_after() == 1
    assert "account_lost account=paper why=followed" in caplog.text


def test_a_clock_that_goes_on_being_set_back_is_no_fault_that_waits_ever_longer(bench: Bench) -> None:
    bench.tend()

    for _ in range(3):
        bench.end(ClockSetBack("two minutes"))
        assert bench.begins_again_after() == 1


def test_a_database_that_is_away_is_asked_again_every_second(bench: Bench) -> None:
    for _ in range(5):
        bench.end(NotRecorded("no answer"))

        assert bench.begins_again_after() == 1


def test_a_fault_is_told_with_its_place_and_ends_only_this_account(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.end(ZeroDivisionError("a fault"))

    assert bench.begins_again_after() == 1
    (record,) = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert "account_failed account=paper" in record.getMessage()
    assert record.exc_info is not None


def test_what_keeps_failing_is_begun_ever_later_until_it_worked_for_a_while(bench: Bench) -> None:
    pauses = []
    for _ in range(7):
        bench.end(ZeroDivisionError())
        pauses.append(bench.begins_again_after())
    bench.clock.advance(60)
    bench.end(ZeroDivisionError())

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert bench.begins_again_after() == 1
