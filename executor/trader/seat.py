"""An account's place in the trader: taken when its lease can be had, and again after it was lost or its loop failed.

Each account has a thread, a lease, a loop and all memory of its own; one that fails disturbs no other, and begins
anew from what the store holds, ever later while it keeps failing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from threading import Event as Flag

from executor.broker.port import Broker
from executor.clock import Clock
from executor.domain.messages import Tick
from executor.errors import ClockSetBack, InvariantBroken, LeaseLost, NotRecorded
from executor.trader.accounts import SessionKeeper
from executor.trader.feeds import ThreadFeeds
from executor.trader.lease import Lease
from executor.trader.loop import Loop
from executor.trader.workers import Inbox, ThreadWorkers

log = logging.getLogger(__name__)

#: Before an account is taken again: longer each time, until it was traded for a while.
_AGAIN_S, _AGAIN_MOST_S = 1.0, 30.0
_TRADED_S = 60.0


@dataclass(frozen=True, slots=True)
class Trading:
    """One account while its lease is ours: made from what the store holds."""

    loop: Loop
    workers: ThreadWorkers
    sessions: SessionKeeper
    feeds: ThreadFeeds
    broker: Broker
    inbox: Inbox
    lease: Lease

    def run(self, stop: Flag) -> None:
        """Work until `stop`: what is on the wire ends, nothing new is sent. Raises LeaseLost, ClockSetBack."""
        try:
            self.loop.run(stop)
            self._take_in()
        except LeaseLost:
            self.lease.lose()  # what waits for a worker does not begin
            raise
        finally:
            self.workers.stop()
            self.sessions.stop()
            self.feeds.stop()
            self._give_back()

    def _take_in(self) -> None:
        """Record how what was on the wire has ended: the next start would find it in doubt, and its answer nowhere."""
        self.workers.stop()
        try:
            self.loop.finish()
        except (NotRecorded, InvariantBroken) as error:
            log.warning("answers_not_recorded why=%s", error)

    def _give_back(self) -> None:
        """Also after a fault: nothing of ours is on the wire any more."""
        try:
            self.lease.give_back()
        except (NotRecorded, LeaseLost) as error:
            log.warning("lease_not_given_back why=%s", error)


class Seat:
    """`take` waits for the account's lease and wires its trading; it raises LeaseLost, also when told to stop."""

    def __init__(self, account: str, take: Callable[[Flag], Trading], clock: Clock) -> None:
        self.account = account
        self._take = take
        self._clock = clock
        self._trading: Trading | None = None
        self._ended: Future[None] | None = None
        self._pause = _AGAIN_S
        self._due = self._began = clock.monotonic()

    @property
    def trading(self) -> Trading | None:
        """What trades the account now; None while its lease is waited for."""
        return self._trading

    def wake(self) -> None:
        """Have the loop look at the database."""
        trading = self._trading
        if trading is not None:
            trading.inbox.put(Tick())

    def tend(self, threads: Executor, stop: Flag) -> None:
        """Notice the end of the account's trading, and begin it (again) when it is time."""
        now = self._clock.monotonic()
        if self._ended is not None and self._ended.done():
            self._tell(self._ended.exception(), now)
            self._ended = None
        if self._ended is None and now >= self._due:
            self._began = now
            self._ended = threads.submit(self._trade, stop)

    def _trade(self, stop: Flag) -> None:
        trading = self._take(stop)
        self._trading = trading
        try:
            trading.run(stop)
        finally:
            self._trading = None

    def _tell(self, error: BaseException | None, now: float) -> None:
        if now - self._began >= _TRADED_S:
            self._pause = _AGAIN_S
        self._due = now + _AGAIN_S
        match error:
            case LeaseLost():
                log.error("account_lost account=%s why=%s", self.account, error)
            case ClockSetBack():
                log.error("account_begins_anew account=%s why=%s", self.account, error)
            case NotRecorded():  # whoever has the database back first shall have the account
                log.error("account_not_taken account=%s why=%s", self.account, error)
            case Exception():
                log.critical("account_failed account=%s again_in=%.0fs", self.account, self._pause, exc_info=error)
                self._due = now + self._pause
                self._pause = min(2 * self._pause, _AGAIN_MOST_S)
