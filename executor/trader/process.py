"""The trader process: a thread for each account it trades; around them everything that only wakes their loops."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread

from executor.clock import Clock
from executor.doorbell import EVERYBODY, Listener
from executor.trader.jobs import start_jobs
from executor.trader.lease import HostLock
from executor.trader.master import MasterKeeper
from executor.trader.seat import Seat

#: How long a thread that computes may keep the interpreter from one that has something to send; 5 ms by default,
#: which an order would wait several times on its way out.
_SWITCH_S = 0.0005
#: How soon the end of an account's trading is noticed.
_LOOK_S = 0.5
#: How soon an account that a person adds is traded, and how many one process trades at most.
_NEWCOMERS_S = 5.0
_MOST_ACCOUNTS = 64


@dataclass(frozen=True, slots=True)
class Trader:
    """The accounts that this process trades, wired by bootstrap; `lock` is held as long as this lives.

    `newcomers`: the seats of accounts that came to be since it was asked last; it never raises.
    """

    seats: list[Seat]
    newcomers: Callable[[], Sequence[Seat]]
    clock: Clock
    master: MasterKeeper
    doorbell: Listener
    lock: HostLock

    def run(self, stop: Flag) -> None:
        """Work until `stop`: what is on the wire ends, nothing new is sent."""
        sys.setswitchinterval(_SWITCH_S)
        gc.collect()
        gc.freeze()  # what was imported lives for ever: a full collection over it would hold up an order by 50 ms
        scheduler = start_jobs(self._wake, self.master.wake)
        listener = Thread(target=self._listen, args=[stop], name="doorbell", daemon=True)
        listener.start()
        threads = ThreadPoolExecutor(_MOST_ACCOUNTS, thread_name_prefix="account")
        looked_at = self.clock.monotonic()
        try:
            while not stop.is_set():
                if self.clock.monotonic() - looked_at >= _NEWCOMERS_S:
                    looked_at = self.clock.monotonic()
                    self.seats.extend(self.newcomers())
                for seat in self.seats:
                    seat.tend(threads, stop)
                self.master.tend(stop)
                stop.wait(_LOOK_S)
        finally:
            stop.set()
            scheduler.shutdown(wait=False)
            threads.shutdown(wait=True)
            self.master.stop()
            listener.join()
            self.doorbell.close()

    def _wake(self, rung: Set[str] = frozenset({EVERYBODY})) -> None:
        for seat in self.seats:
            if seat.account in rung or EVERYBODY in rung:
                seat.wake()

    def _listen(self, stop: Flag) -> None:
        while not stop.is_set():
            self._wake(self.doorbell.wait(1.0))
