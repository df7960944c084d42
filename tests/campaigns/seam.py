"""The two seams at which a process can be killed: each transaction of the store, each call of the broker.

A `Seam` counts what passes; at planned counts it raises `Crash` before or after it was done. A crash is no Exception:
nothing in the product may catch it, as nothing catches SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from executor.broker.port import Broker, Session
from executor.domain.intent import Intent, Sent
from executor.domain.reading import Query, Reading

_Found = TypeVar("_Found")

#: What of the ledger is a transaction of its own. The beat is none that decides anything, and would drown the others.
_TRANSACTIONS = frozenset(
    {"take_lease", "commit", "save_session", "record_calls", "finish_job", "set_halt", "release_lease"}
)


class Crash(BaseException):
    """The process is gone at this very point."""


@dataclass(frozen=True, slots=True)
class Point:
    """The `count`-th passage of a seam, before or after it is done."""

    count: int
    after: bool


@dataclass
class Seam:
    """Counts passages; `passed` names them, for a sweep to go through, `times` says when each was by `now`."""

    points: set[Point] = field(default_factory=set)
    count: int = 0
    passed: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    now: Callable[[], float] = lambda: 0.0

    def through(self, name: str, act: Callable[[], _Found]) -> _Found:
        """Do it, unless the process dies here. Raises Crash."""
        self.count += 1
        self.passed.append(name)
        self.times.append(self.now())
        here = self.count
        self._die(Point(here, after=False))
        found = act()
        self._die(Point(here, after=True))
        return found

    def _die(self, point: Point) -> None:
        if point in self.points:
            self.points.discard(point)
            raise Crash(f"{self.passed[-1]} {'after' if point.after else 'before'} ({point.count})")


class SeamedLedger:
    """The ledger, each transaction through the seam; reads pass."""

    def __init__(self, ledger: Any, seam: Seam) -> None:
        self._ledger = ledger
        self._seam = seam

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if name not in _TRANSACTIONS:
            return found

        def counted(*words: Any, **more: Any) -> Any:
            return self._seam.through(name, lambda: found(*words, **more))

        return counted


class SeamedIntake:
    """The web's one transaction, through a seam of the web's own process."""

    def __init__(self, intake: Any, seam: Seam) -> None:
        self._intake = intake
        self._seam = seam

    def record_delivery(self, *words: Any) -> Any:
        return self._seam.through("record_delivery", lambda: self._intake.record_delivery(*words))

    def record_flood(self, *words: Any) -> None:
        self._intake.record_flood(*words)


class SeamedBroker:
    """The broker, each call through the seam; `trouble` is asked first what shall go wrong with it.

    `sends` hears of each send before it leaves: a campaign's checker of who may still send.
    """

    def __init__(self, broker: Broker, seam: Seam, *, trouble: Any, sends: Callable[[Intent], None]) -> None:
        self._broker = broker
        self._seam = seam
        self._trouble = trouble
        self._sends = sends

    def open_session(self, saved: Session | None, *, may_log_in: bool = True) -> Session:
        return self._seam.through("open_session", lambda: self._broker.open_session(saved, may_log_in=may_log_in))

    def close_session(self) -> Any:
        return self._broker.close_session()

    def send(self, intent: Intent) -> Sent:
        self._sends(intent)
        self._trouble.before_send(intent)
        return self._seam.through("send", lambda: self._broker.send(intent))

    def read(self, query: Query) -> Reading:
        self._trouble.before_read(query)
        return self._seam.through("read", lambda: self._broker.read(query))
