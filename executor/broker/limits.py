"""Permits: how often the broker may be called, counted in sliding windows.

Nothing here waits: a permit is granted now or not. A write counts from its permit on until a window has passed after
its answer: when in between the broker counts it nobody can know, and sends that were held up on their way must not
meet later ones there. Protection does not wait for answers: what hangs counts for it one window from its permit, for
a stop that is refused for its rate is tried again, and one that is not sent protects nobody. Counts start from the
times of earlier writes, so that a restart does not forget them; a clock that ran back only makes it stricter. In the
long windows (a minute and more) the last share is for protection: an entry can never use up the permits of a stop.
While entries wait, other changes leave them a part of each second: trailing stops alone could fill all of it for ever.
When the broker says that calls came too fast, its short windows are twice as long for a while: half the pace.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from executor.domain.intent import PermitClass
from executor.domain.reading import QueryKind

_SECOND, _LONG = timedelta(seconds=1), timedelta(seconds=60)
#: So long the pace is halved after the broker's word that calls came too fast (smartapi.md 5, F-20).
SLOW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` in any `span`; of these `reserved` are for protection."""

    count: int
    span: timedelta
    reserved: int = 0

    def room(self, permit: PermitClass) -> int:
        return self.count if permit is PermitClass.PROTECT else self.count - self.reserved


@dataclass(frozen=True, slots=True)
class Limits:
    """`write` counts place, modify and cancel together; each kind of read has windows of its own.

    `changes_beside_entries`: how many of a second's writes are changes (class 2) at most while entries wait; None: all.
    """

    write: tuple[Window, ...]
    reads: Mapping[QueryKind, tuple[Window, ...]]
    changes_beside_entries: int | None = None


def load_limits() -> Limits:
    """Read our limits from `data/limits.toml`."""
    text = files("executor.data").joinpath("limits.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text, parse_float=Decimal)
    write, beside = _windows(found["write"]), found["write"]["changes_beside_entries"]
    return Limits(write, {kind: _windows(found[kind.value]) for kind in QueryKind}, beside)


class PermitBook:
    """What was granted lately, for one account. Used by one thread."""

    def __init__(
        self, limits: Limits, earlier_writes: Iterable[datetime] = (), *, last_read: datetime | None = None
    ) -> None:
        """`last_read`: when the trader before this one may have read any book last."""
        self._limits = limits
        self._away: list[datetime] = []
        self._changes: list[datetime] = []
        self._writes = sorted(earlier_writes)
        self._reads: dict[QueryKind, list[datetime]] = {kind: [last_read] if last_read else [] for kind in QueryKind}
        self._slow_until: dict[QueryKind | None, datetime] = {}

    def take(self, permits: Sequence[PermitClass], now: datetime) -> tuple[bool, ...]:
        """Grant or withhold a write for each, in the order given; what is granted is away until it has `landed`."""
        beside = PermitClass.ENTER in permits
        return tuple(self._take_write(permit, now, beside=beside) for permit in permits)

    def give_back(self, count: int) -> None:
        """Take the newest permits back: what they were for does not leave."""
        del self._away[len(self._away) - count :]

    def landed(self, count: int, now: datetime) -> None:
        """Writes have ended, however: from now on they count for the length of each window."""
        del self._away[:count]  # whichever it was: to forget the oldest never counts too little
        for _ in range(count):
            insort(self._writes, now)

    def slow_down(self, kind: QueryKind | None, now: datetime) -> None:
        """Halve the pace of a kind of read, of all writes for None: the broker counts otherwise than we do."""
        self._slow_until[kind] = now + SLOW

    def take_read(self, kind: QueryKind, now: datetime) -> bool:
        """Grant or withhold one read of a kind."""
        times, windows = self._reads[kind], self._paced(kind, self._limits.reads[kind], now)
        granted = _has_room(times, windows, PermitClass.READ, now)
        if granted:
            insort(times, now)
        return granted

    def _take_write(self, permit: PermitClass, now: datetime, *, beside: bool) -> bool:
        """`beside`: entries ask for permits at the same time."""
        if permit is PermitClass.CHANGE:
            self._changes = [at for at in self._changes if at > now - _SECOND]
            most = self._limits.changes_beside_entries
            if beside and most is not None and len(self._changes) >= most:
                return False
        granted = _has_room(self._writes, self._paced(None, self._limits.write, now), permit, now, away=self._away)
        if granted:
            self._away.append(now)
            if permit is PermitClass.CHANGE:
                self._changes.append(now)
        return granted

    def _paced(self, kind: QueryKind | None, windows: tuple[Window, ...], now: datetime) -> tuple[Window, ...]:
        until = self._slow_until.get(kind)
        if until is None or now >= until:
            return windows
        return tuple(window if window.span >= _LONG else replace(window, span=2 * window.span) for window in windows)


def _has_room(
    times: list[datetime],
    windows: tuple[Window, ...],
    permit: PermitClass,
    now: datetime,
    *,
    away: Sequence[datetime] = (),
) -> bool:
    longest = max(window.span for window in windows)
    del times[: bisect_right(times, now - longest)]
    return all(_used(times, away, window, permit, now) < window.room(permit) for window in windows)


def _used(
    times: Sequence[datetime], away: Sequence[datetime], window: Window, permit: PermitClass, now: datetime
) -> int:
    since = now - window.span
    hanging = sum(at > since for at in away) if permit is PermitClass.PROTECT else len(away)
    return hanging + len(times) - bisect_right(times, since)


def _windows(table: Mapping[str, Any]) -> tuple[Window, ...]:
    share = table.get("reserved", 0)
    return tuple(_window(count, timedelta(seconds=float(seconds)), share) for count, seconds in table["windows"])


def _window(count: int, span: timedelta, share: Decimal) -> Window:
    return Window(count, span, math.ceil(count * share) if span >= _LONG else 0)
