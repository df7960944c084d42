"""A trader that kills itself at a chosen point: the test's own entry point, wrapping Store and Broker.

    python -m tests.process.crashing_trader POINT

POINT: `received` before its first decision about a signal is committed · `ready` after a commit whose intent got no
permit · `sending` with the intent SENDING and nothing on the wire · `accepted` after the broker took the order.
"""

from __future__ import annotations

import os
import signal
import sys
from threading import Event as Flag
from typing import Any

from executor.bootstrap.trader import Wraps, build_trader
from executor.broker.port import Broker
from executor.config.environment import open_settings
from executor.domain.intent import Intent, IntentKind, Sent
from executor.domain.reading import Query, Reading
from executor.logs import start_logging


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingLedger:
    """The real ledger; it dies around the first commit that has a PLACE intent."""

    def __init__(self, ledger: Any, point: str) -> None:
        self._ledger = ledger
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def commit(self, account: str, epoch: int, decision: Any, *, permits: Any, **rest: Any) -> Any:
        placing = any(intent.kind is IntentKind.PLACE for intent in decision.intents)
        if placing and self._point == "received":
            die()
        if placing and self._point == "ready":
            self._ledger.commit(account, epoch, decision, permits=(), **rest)
            die()
        return self._ledger.commit(account, epoch, decision, permits=permits, **rest)


class CrashingBroker:
    """The real broker; it dies before or after the first send."""

    def __init__(self, broker: Broker, point: str) -> None:
        self._broker = broker
        self._point = point

    def open_session(self, saved: Any, *, may_log_in: bool = True) -> Any:
        return self._broker.open_session(saved, may_log_in=may_log_in)

    def close_session(self) -> Any:
        return self._broker.close_session()

    def read(self, query: Query) -> Reading:
        return self._broker.read(query)

    def send(self, intent: Intent) -> Sent:
        if self._point == "sending":
            die()
        sent = self._broker.send(intent)
        if self._point == "accepted":
            die()
        return sent


def main(point: str) -> None:
    start_logging()
    wraps = Wraps(
        ledger=lambda ledger: CrashingLedger(ledger, point), broker=lambda broker: CrashingBroker(broker, point)
    )
    build_trader(open_settings(), wraps=wraps).run(Flag())


if __name__ == "__main__":
    main(sys.argv[1])
