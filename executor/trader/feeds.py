"""The feeds of one account: each is a connection that is kept up on a thread of its own.

A feed is wanted while the session is open. It is pinged every ten seconds, given up when nothing was heard for
twenty-five, and made again for ever, ever later while it fails; so is its thread, should a fault end it. What it hears
goes to its `Talk`, who tells the desk. The books stay the truth: a feed that is down costs time, nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from threading import Event as Flag
from threading import Thread
from typing import Protocol

from executor.broker.port import Frames, PriceSource
from executor.clock import Clock
from executor.domain.instrument import InstrumentKey
from executor.domain.messages import Event, FeedChanged, FeedTold, PricesSeen
from executor.domain.order import Report
from executor.errors import FeedLost, FeedRefused
from executor.trader.workers import Inbox

log = logging.getLogger(__name__)

PING, PONG = "ping", ("pong", b"pong")
PING_S, SILENT_S = 10.0, 25.0
#: Before a connection is made again: about so long, doubled each time, until it was up for a minute.
_AGAIN_S, _AGAIN_MOST_S, _UP_S = 1.0, 30.0, 60.0
#: Too many connections: another program has them; it is not to be pushed out.
_TOO_MANY, _TOO_MANY_S = 429, 60.0
_TOKEN_REFUSED = frozenset({401, 403})
#: How long a thread waits for a frame before it looks around.
_LOOK_S = 0.5
#: Frames taken in one go, before pings, subscriptions and the session are looked after again.
_FRAMES = 1000
#: A feed that is in doubt is connected anew, but not more often than this.
_ANEW_S = 60.0
#: Whoever did not look for so long was asleep, and what came in meanwhile is no news any more.
_ASLEEP_S = 5.0
#: A feed that fails by a fault of our own is told of once within so long, however often it fails.
_TOLD_S = 600.0


class Talk(Protocol):
    """Who hears a feed; all is called by the feed's own thread."""

    def opened(self) -> None:
        """A connection was made: nothing that came before is told again."""

    def take(self, frame: bytes | str) -> None:
        """Never raises for what a frame holds."""

    def tend(self, frames: Frames) -> None:
        """Say what is to be said. Raises FeedLost."""

    def lost(self, why: str) -> None:
        """The connection has ended."""


class OrderTalk:
    """Tells the desk what the order feed says."""

    def __init__(self, read: Callable[[bytes | str], Report | None], inbox: Inbox) -> None:
        self._read = read
        self._inbox = inbox

    def opened(self) -> None:
        self._inbox.put(FeedChanged(True, "connected"))

    def take(self, frame: bytes | str) -> None:
        report = self._read(frame)
        if report is not None:
            self._inbox.put(FeedTold(report))

    def tend(self, frames: Frames) -> None:
        """The order feed is only listened to."""

    def lost(self, why: str) -> None:
        self._inbox.put(FeedChanged(False, why))


class Line:
    """One feed kept up, a round at a time.

    `connect` takes a token and raises FeedLost; `token` is the one of the open session, None while there is none:
    then the line is down. `refused` is told once of a token that the broker does not take, `failed` of a fault of ours.
    """

    def __init__(
        self,
        name: str,
        *,
        connect: Callable[[], Frames],
        token: Callable[[], str | None],
        talk: Talk,
        refused: Callable[[], None],
        failed: Callable[[], None],
        clock: Clock,
        chance: Random,
        pause_s: float = 0.0,
    ) -> None:
        """`pause_s`: how long frames may gather before they are taken, so that many cost one awakening."""
        self._name = name
        self._connect = connect
        self._token = token
        self._talk = talk
        self._refused = refused
        self._failed = failed
        self._clock = clock
        self._chance = chance
        self.pause_s = pause_s
        self._frames: Frames | None = None
        self._with: str | None = None
        self._refused_token: str | None = None
        self._fails = 0
        self._not_before = self._opened_at = self._heard_at = self._pinged_at = self._looked_at = -_AGAIN_MOST_S
        self._told_at = -_TOLD_S
        self._anew = self._doubted = False

    @property
    def is_up(self) -> bool:
        return self._frames is not None

    @property
    def name(self) -> str:
        return self._name

    @property
    def silent_s(self) -> float | None:
        """How long nothing was heard; None while it is down."""
        return self._clock.monotonic() - self._heard_at if self.is_up else None

    def doubt(self, doubted: bool) -> None:
        """Connect anew, once, when the feed comes into doubt: it did not tell what the book shows."""
        self._anew = self._anew or (doubted and not self._doubted)
        self._doubted = doubted

    def round(self, wait_s: float) -> None:
        """Connect if it is time, take what has come within `wait_s`, ping, and notice the end."""
        token, now = self._token(), self._clock.monotonic()
        try:
            if self._frames is None:
                if token is not None and now >= self._not_before:
                    self._open(token, now)
                return
            if token != self._with:
                raise FeedLost("the session has ended" if token is None else "there is a new session")
            if self._anew and now - self._opened_at >= _ANEW_S:
                raise FeedLost("it did not tell what the book shows")
            if now - self._looked_at > _ASLEEP_S:
                raise FeedLost(f"nobody listened for {now - self._looked_at:.0f} s")
            self._listen(self._frames, wait_s, now)
        except FeedLost as error:
            self._lose(error, now, token)
        finally:
            self._looked_at = self._clock.monotonic()

    def broke(self) -> None:
        """Begin anew after a fault of our own ended a round; it is told, but not again and again."""
        now = self._clock.monotonic()
        if now - self._told_at >= _TOLD_S:
            self._told_at = now
            self._failed()
        self._lose(FeedLost("a fault of this program"), now, None)

    def close(self) -> None:
        frames, self._frames = self._frames, None
        if frames is not None:
            frames.close()

    def _open(self, token: str, now: float) -> None:
        self._frames, self._with = self._connect(), token
        self._opened_at = self._heard_at = self._pinged_at = now
        self._anew = False
        log.info("feed_up feed=%s", self._name)
        self._talk.opened()

    def _listen(self, frames: Frames, wait_s: float, now: float) -> None:
        if now - self._pinged_at >= PING_S:
            self._pinged_at = now
            frames.send(PING)
        self._talk.tend(frames)
        frame = frames.receive(wait_s)
        if frame is None:
            if self._clock.monotonic() - self._heard_at > SILENT_S:
                raise FeedLost(f"nothing was heard for {SILENT_S:.0f} s")
            return
        self._heard_at = self._clock.monotonic()
        taken = 0
        while frame is not None:
            if frame not in PONG:
                self._talk.take(frame)
            taken += 1
            frame = frames.receive(0) if taken < _FRAMES else None

    def _lose(self, error: FeedLost, now: float, token: str | None) -> None:
        was_up = self._frames is not None
        self.close()
        if was_up and now - self._opened_at >= _UP_S:
            self._fails = 0
        pause = min(_AGAIN_S * 2**self._fails, _AGAIN_MOST_S)
        self._fails = min(self._fails + 1, 10)
        if isinstance(error, FeedRefused):
            if error.status == _TOO_MANY:
                pause = _TOO_MANY_S
            elif error.status in _TOKEN_REFUSED:
                self._tell_refused(token)
        self._not_before = now + pause * self._chance.uniform(0.5, 1.5)
        log.warning("feed_lost feed=%s why=%s", self._name, error)
        if was_up:
            self._talk.lost(str(error))

    def _tell_refused(self, token: str | None) -> None:
        """Have the session looked at, once a token, unless there is a newer one: the feed alone may be out of order."""
        if token == self._token() and token != self._refused_token:
            self._refused_token = token
            self._refused()


class ThreadFeeds:
    """The lines of one account, a thread each; begun when the session is first open, ended with the trading."""

    def __init__(self, *, orders: Line | None = None, prices: tuple[Line, PriceSource] | None = None) -> None:
        """Without a line there is nothing to keep up: the books tell all."""
        self._orders = orders
        self._prices = prices[1] if prices else None
        self._lines = [line for line in (orders, prices[0] if prices else None) if line is not None]
        self._threads: dict[Line, Thread] = {}
        self._stop = Flag()

    def tend(self, *, is_open: bool, doubted: bool, watching: frozenset[InstrumentKey]) -> None:
        """Begin when there is a session, and again what a fault ended; pass on what the desk wants. Never blocks."""
        for line in self._lines:
            thread = self._threads.get(line)
            if (is_open and thread is None) or (thread is not None and not thread.is_alive()):
                log.info("feed_begins feed=%s again=%s", line.name, thread is not None)
                self._begin(line, again=thread is not None)
        if self._orders is not None:
            self._orders.doubt(doubted)
        if self._prices is not None:
            self._prices.watch(watching)

    def news(self) -> Event | None:
        """The prices that were told since the last call, as one event."""
        prices = self._prices.changed() if self._prices is not None else {}
        return PricesSeen(prices) if prices else None

    def silence(self) -> dict[str, float | None]:
        """How long nothing was heard from each feed there is, in seconds; None of one that is down."""
        return {line.name: line.silent_s for line in self._lines}

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads.values():
            thread.join(2 * _LOOK_S)  # one that is just connecting tells nobody any more

    def _begin(self, line: Line, *, again: bool) -> None:
        self._threads[line] = thread = Thread(target=self._keep_up, args=[line, again], name="feed", daemon=True)
        thread.start()

    def _keep_up(self, line: Line, again: bool) -> None:
        if again:
            line.broke()
        while not self._stop.is_set():
            line.round(_LOOK_S)
            if not line.is_up:
                self._stop.wait(_LOOK_S)
            elif line.pause_s:
                self._stop.wait(line.pause_s)
        line.close()
