"""The trader process: a loop on its thread, and around it everything that only puts events into its inbox."""

from __future__ import annotations

import gc
import logging
import sys
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread

from executor.domain.messages import Tick
from executor.doorbell import Listener
from executor.errors import LeaseLost, NotRecorded
from executor.trader.accounts import SessionKeeper
from executor.trader.jobs import start_jobs
from executor.trader.lease import HostLock, Lease
from executor.trader.loop import Loop
from executor.trader.workers import Inbox, ThreadWorkers

log = logging.getLogger(__name__)

#: How long a thread that computes may keep the interpreter from one that has something to send; 5 ms by default,
#: which an order would wait several times on its way out.
_SWITCH_S = 0.0005


@dataclass(frozen=True, slots=True)
class Trader:
    """One account's trader, wired by bootstrap; `lock` is held as long as this lives."""

    loop: Loop
    workers: ThreadWorkers
    sessions: SessionKeeper
    doorbell: Listener
    inbox: Inbox
    lease: Lease
    lock: HostLock

    def run(self, stop: Flag) -> None:
        """Work until `stop`: what is on the wire ends, nothing new is sent. Raises LeaseLost."""
        sys.setswitchinterval(_SWITCH_S)
        gc.collect()
        gc.freeze()  # what was imported lives for ever: a full collection over it would hold up an order by 50 ms
        scheduler = start_jobs(self.inbox)
        listener = Thread(target=self._listen, args=[stop], name="doorbell", daemon=True)
        listener.start()
        try:
            self.loop.run(stop)
        except LeaseLost:
            self.lease.lose()  # what waits for a worker does not begin
            raise
        finally:
            stop.set()
            scheduler.shutdown(wait=False)
            self.workers.stop()
            self.sessions.stop()
            listener.join()
            self.doorbell.close()
        self._give_back()

    def _give_back(self) -> None:
        try:
            self.lease.give_back()
        except (NotRecorded, LeaseLost) as error:
            log.warning("lease_not_given_back why=%s", error)

    def _listen(self, stop: Flag) -> None:
        while not stop.is_set():
            self.doorbell.wait(1.0)
            self.inbox.put(Tick())
