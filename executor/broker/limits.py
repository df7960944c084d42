"""Permits: how often the broker may be called, counted in sliding windows.

Nothing here waits: a permit is granted now or not. Counts start from the times of earlier writes, so that a restart
does not forget them; a clock that ran back only makes it stricter. In the long windows (a minute and more) the last
share is for protection: an entry can never use up the permits of a stop.
"""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from executor.domain.intent import PermitClass
from executor.domain.reading import QueryKind

_LONG = timedelta(seconds=60)


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
    """`write` counts place, modify and cancel together; each kind of read has windows of its own."""

    write: tuple[Window, ...]
    reads: Mapping[QueryKind, tuple[Window, ...]]


def load_limits() -> Limits:
    """Read our limits from `data/limits.toml`."""
    text = files("executor.data").joinpath("limits.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text, parse_float=Decimal)
    return Limits(_windows(found["write"]), {kind: _windows(found[kind.value]) for kind in QueryKind})


class PermitBook:
    """What was granted lately, for one account. Used by one thread."""

    def __init__(self, limits: Limits, earlier_writes: Iterable[datetime] = ()) -> None:
        self._limits = limits
        self._writes = sorted(earlier_writes)
        self._reads: dict[QueryKind, list[datetime]] = {kind: [] for kind in QueryKind}

    def take(self, permits: Sequence[PermitClass], now: datetime) -> tuple[bool, ...]:
        """Grant or withhold a write for each, in the order given; what is granted counts from `now`."""
        return tuple(self._take_write(permit, now) for permit in permits)

    def give_back(self, count: int) -> None:
        """Take back the newest permits: what they were for was not recorded, so nothing leaves."""
        del self._writes[len(self._writes) - count :]

    def restamp(self, count: int, now: datetime) -> None:
        """Count the newest permits from `now`: a slow commit must not let two seconds' worth leave in one."""
        self.give_back(count)
        for _ in range(count):
            insort(self._writes, now)

    def take_read(self, kind: QueryKind, now: datetime) -> bool:
        """Grant or withhold one read of a kind."""
        return _take(self._reads[kind], self._limits.reads[kind], PermitClass.READ, now)

    def _take_write(self, permit: PermitClass, now: datetime) -> bool:
        return _take(self._writes, self._limits.write, permit, now)


def _take(times: list[datetime], windows: tuple[Window, ...], permit: PermitClass, now: datetime) -> bool:
    longest = max(window.span for window in windows)
    del times[: bisect_right(times, now - longest)]
    for window in windows:
        used = len(times) - bisect_right(times, now - window.span)
        if used >= window.room(permit):
            return False
    insort(times, now)
    return True


def _windows(table: Mapping[str, Any]) -> tuple[Window, ...]:
    share = table.get("reserved", 0)
    return tuple(_window(count, timedelta(seconds=float(seconds)), share) for count, seconds in table["windows"])


def _window(count: int, span: timedelta, share: Decimal) -> Window:
    return Window(count, span, math.ceil(count * share) if span >= _LONG else 0)
