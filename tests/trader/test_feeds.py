"""A feed is kept up: pinged, given up when silent, made again for ever, with the token of the open session."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from queue import SimpleQueue
from random import Random
from threading import Event as Flag
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.instrument import InstrumentKey, Price, Segment
from executor.domain.messages import FeedChanged, FeedTold, PricesSeen
from executor.errors import FeedLost, FeedRefused
from executor.trader.feeds import PING_S, SILENT_S, Line, OrderTalk, ThreadFeeds
from tests.builders import NOW

SBIN = InstrumentKey(Segment.NSE, "3045")


class Socket:
    """A connection whose frames a test writes."""

    def __init__(self) -> None:
        self.coming: deque[bytes | str] = deque()
        self.sent: list[bytes | str] = []
        self.is_cut = self.is_closed = False

    def receive(self, timeout_s: float) -> bytes | str | None:
        if self.is_cut:
            raise FeedLost("cut")
        return self.coming.popleft() if self.coming else None

    def send(self, frame: bytes | str) -> None:
        self.sent.append(frame)

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Hall:
    """A line with its clock; what is heard is in `heard`."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    token: str | None = "jwt-1"
    refusal: FeedLost | None = None
    sockets: list[Socket] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)
    refused: int = 0
    failures: SimpleQueue[float] = field(default_factory=SimpleQueue)
    tried: int = 0

    def __post_init__(self) -> None:
        self.line = Line(
            "orders",
            connect=self._connect,
            token=lambda: self.token,
            talk=self,
            refused=self._count,
            failed=lambda: self.failures.put(self.clock.monotonic()),
            clock=self.clock,
            chance=Random(1),
        )

    def _connect(self) -> Socket:
        self.tried += 1
        if self.refusal is not None:
            raise self.refusal
        self.sockets.append(Socket())
        return self.sockets[-1]

    def _count(self) -> None:
        self.refused += 1

    def opened(self) -> None:
        self.heard.append("up")

    def take(self, frame: bytes | str) -> None:
        self.heard.append(frame)

    def tend(self, frames: Any) -> None:
        """Nothing to say."""

    def lost(self, why: str) -> None:
        self.heard.append("down")

    def run(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.advance(0.5)
            each()
            self.line.round(0)

    def pong(self) -> None:
        self.sockets[-1].coming.append("pong")


def test_frames_are_heard_in_order_and_pongs_are_not():
    hall = Hall()
    hall.line.round(0)
    hall.sockets[0].coming.extend(["one", "pong", b"pong", "two"])

    hall.line.round(0)

    assert hall.heard == ["up", "one", "two"]


def test_it_is_pinged_every_ten_seconds_and_kept_while_it_answers():
    hall = Hall()
    hall.line.round(0)

    hall.run(10 * PING_S, hall.pong)

    assert hall.sockets[0].sent == ["ping"] * 10
    assert len(hall.sockets) == 1


def test_silence_ends_a_connection_and_another_is_made():
    hall = Hall()

    hall.run(SILENT_S + 5)

    assert hall.sockets[0].is_closed
    assert hall.heard == ["up", "down", "up"]


def test_what_queued_while_the_machine_slept_is_not_taken_for_news():
    """A price of minutes ago would be stamped as of now, and the connection counts as alive, which may be long dead."""
    hall = Hall()
    hall.line.round(0)
    hall.run(2, hall.pong)
    hall.sockets[0].coming.append("a price of before")

    hall.clock.advance(60)
    hall.line.round(0)
    hall.run(3, hall.pong)

    assert hall.heard == ["up", "down", "up"]
    assert hall.sockets[0].is_closed


def test_attempts_go_on_for_ever_and_ever_later_with_jitter():
    hall = Hall(refusal=FeedLost("no route"))

    hall.run(600)
    within_ten_minutes = hall.tried
    hall.refusal = None
    hall.run(60, lambda: hall.pong() if hall.sockets else None)

    assert 600 / 45 <= within_ten_minutes <= 600 / 15 + 6
    assert hall.line.is_up


def test_two_lines_do_not_come_back_in_step():
    times = []
    for seed in (1, 2):
        hall = Hall(refusal=FeedLost("no route"))
        hall.line._chance = Random(seed)
        hall.run(60)
        times.append(hall.line._not_before)

    assert times[0] != times[1]


def test_too_many_connections_are_not_pushed_against():
    hall = Hall(refusal=FeedRefused("HTTP 429", 429))

    hall.run(300)

    assert hall.tried <= 10
    assert hall.refused == 0


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_has_the_session_looked_at_once(status: int):
    hall = Hall(refusal=FeedRefused(f"HTTP {status}", status))

    hall.run(120)
    first = hall.refused
    hall.token = "jwt-2"
    hall.run(120)

    assert (first, hall.refused) == (1, 2)


def test_a_new_session_means_a_new_connection():
    hall = Hall()
    hall.line.round(0)

    hall.token = "jwt-2"
    hall.run(4)

    assert hall.sockets[0].is_closed
    assert hall.heard == ["up", "down", "up"]


def test_without_a_session_there_is_no_connection():
    hall = Hall(token=None)
    hall.run(60)
    assert hall.tried == 0

    hall.token = "jwt-1"
    hall.line.round(0)
    hall.token = None
    hall.run(60)

    assert hall.sockets[0].is_closed
    assert hall.tried == 1


def test_doubt_means_one_new_connection():
    hall = Hall()
    hall.run(1)

    for _ in range(3):
        hall.line.doubt(True)
        hall.run(100, hall.pong)

    assert len(hall.sockets) == 2


def test_a_cut_in_the_middle_of_frames_is_told():
    hall = Hall()
    hall.line.round(0)
    hall.sockets[0].is_cut = True

    hall.line.round(0)

    assert hall.heard == ["up", "down"]


def test_the_desk_hears_of_orders_and_of_the_feed_itself():
    inbox: SimpleQueue[Any] = SimpleQueue()
    report: Any = object()
    talk = OrderTalk(lambda frame: report if frame == "an order" else None, inbox)

    talk.opened()
    talk.take("nonsense")
    talk.take("an order")
    talk.lost("cut")

    assert [inbox.get_nowait() for _ in range(3)] == [
        FeedChanged(True, "connected"),
        FeedTold(report),
        FeedChanged(False, "cut"),
    ]
    assert inbox.empty()


class Board:
    """Prices that a test sets."""

    def __init__(self) -> None:
        self.told: dict[InstrumentKey, Price] = {}
        self.watched: frozenset[InstrumentKey] = frozenset()

    def watch(self, instruments: frozenset[InstrumentKey]) -> None:
        self.watched = instruments

    def changed(self) -> dict[InstrumentKey, Price]:
        told, self.told = self.told, {}
        return told


def test_threads_begin_with_the_session_and_end_with_the_trading():
    hall, board, opened = Hall(), Board(), Flag()
    hall.opened = opened.set  # type: ignore[method-assign]
    feeds = ThreadFeeds(prices=(hall.line, board))

    feeds.tend(is_open=False, doubted=False, watching=frozenset())
    before = hall.tried
    feeds.tend(is_open=True, doubted=False, watching=frozenset({SBIN}))
    assert opened.wait(5)
    feeds.stop()

    assert before == 0
    assert board.watched == {SBIN}
    assert hall.sockets[0].is_closed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_feed_whose_thread_ends_by_a_fault_is_begun_again_and_that_is_told():
    hall, wait = Hall(), Flag().wait
    hall.line.round(0)
    hall.take = lambda _frame: 1 // 0  # type: ignore[method-assign]
    hall.sockets[0].coming.append("what no one foresaw")
    feeds = ThreadFeeds(orders=hall.line)

    for _ in range(100):
        feeds.tend(is_open=True, doubted=False, watching=frozenset())
        hall.clock.advance(0.5)
        if hall.heard == ["up", "down", "up"]:
            break
        wait(0.05)
    feeds.stop()

    assert hall.heard == ["up", "down", "up"]
    assert hall.sockets[0].is_closed
    assert hall.failures.qsize() == 1


def test_a_fault_that_comes_back_is_not_told_again_and_again_and_begins_ever_later():
    hall = Hall()

    for _ in range(20):
        hall.run(40, hall.pong if hall.sockets else lambda: None)
        hall.line.broke()

    assert hall.failures.qsize() == 2
    assert 10 <= len(hall.sockets) <= 20


def test_prices_come_as_one_event_or_none():
    board, price = Board(), Price(Decimal(800), NOW)
    feeds = ThreadFeeds(prices=(Hall().line, board))
    board.told = {SBIN: price}

    assert feeds.news() == PricesSeen({SBIN: price})
    assert feeds.news() is None


def test_frames_that_never_cease_do_not_keep_it_from_looking_around():
    hall = Hall()
    hall.run(1)
    flood = hall.sockets[-1]
    flood.receive = lambda _wait: "frame"  # type: ignore[method-assign]

    hall.run(11)

    assert "ping" in flood.sent


def test_the_refusal_of_a_token_says_nothing_of_the_one_behind_it():
    hall = Hall()

    def slow() -> Any:
        hall.token = "jwt-2"  # a login came in between
        raise FeedRefused("the handshake was refused with HTTP 401", 401)

    hall.line._connect = slow
    hall.run(0.5)

    assert hall.refused == 0
