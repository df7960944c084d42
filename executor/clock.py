"""Time, and the only room where the system's clock is read.

Everything else is handed a `Clock`. Stamps and the trading calendar use `now` (aware UTC); waits and ages of real
input and output use `monotonic`. A simulator publishes its time to a file that web, trader and CLI follow, so that a
demo or a test plays a Wednesday morning on a Sunday night.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

#: India has no daylight saving; the host may. Fixed on purpose (facts: F-63).
IST = timezone(timedelta(hours=5, minutes=30), "IST")


def in_ist(at: datetime) -> str:
    """A moment as sentences for people tell it."""
    return f"{at.astimezone(IST):%d %b %Y %H:%M:%S} IST"


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware UTC: for stamps and the calendar."""

    def monotonic(self) -> float:
        """Seconds that never run back: for waits and ages of real input and output."""


def _since_boot() -> float:
    """Seconds that go on while the machine sleeps, as Python's monotonic clock does not: a lease has ended by then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return _since_boot()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a simulated time runs: base + (system time − epoch) × speed, in seconds since 1970."""

    epoch: float
    base: float
    speed: float

    def at(self, system: float) -> datetime:
        return datetime.fromtimestamp(self.base + (system - self.epoch) * self.speed, UTC)


class SimulatedClock:
    """A clock that starts anywhere, runs at any speed and can be set forward; optionally published to a file."""

    def __init__(self, start: datetime | None = None, *, speed: float = 1.0, publish: Path | None = None) -> None:
        system = time.time()
        self._pace = Pace(system, start.timestamp() if start else system, speed)
        self._publish = publish
        self._write()

    def now(self) -> datetime:
        return self._pace.at(time.time())

    def monotonic(self) -> float:
        return _since_boot()

    @property
    def speed(self) -> float:
        return self._pace.speed

    def set(self, moment: datetime, *, speed: float | None = None) -> None:
        """Go on from `moment`. Raises ValueError when it lies in the past: time never runs back."""
        if moment < self.now():
            raise ValueError(f"the clock cannot run back: it is {self.now():%Y-%m-%d %H:%M:%S}, asked {moment}")
        self._pace = Pace(time.time(), moment.timestamp(), self._pace.speed if speed is None else speed)
        self._write()

    def _write(self) -> None:
        if self._publish is None:
            return
        text = json.dumps({"epoch": self._pace.epoch, "base": self._pace.base, "speed": self._pace.speed})
        draft = self._publish.with_suffix(".new")
        draft.write_text(text)
        os.replace(draft, self._publish)


class FileClock:
    """Follows the time that a simulator publishes; never runs back when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen_mtime = -1
        self._pace = Pace(0.0, 0.0, 1.0)
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._follow()

    def now(self) -> datetime:
        self._follow()
        self._latest = max(self._latest, self._pace.at(time.time()))
        return self._latest

    def monotonic(self) -> float:
        return _since_boot()

    def _follow(self) -> None:
        mtime = self._path.stat().st_mtime_ns
        if mtime != self._seen_mtime:
            found = json.loads(self._path.read_text())
            self._pace = Pace(float(found["epoch"]), float(found["base"]), float(found["speed"]))
            self._seen_mtime = mtime


class ManualClock:
    """A clock that stands until it is moved: tests and simulated days."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set(self, moment: datetime, *, speed: float | None = None) -> None:
        """Jump forward to `moment`; `speed` has no meaning here. Raises ValueError for the past."""
        if speed not in (None, 1.0):
            raise ValueError("a manual clock has no speed")
        if moment < self._now:
            raise ValueError("the clock cannot run back")
        self.advance((moment - self._now).total_seconds())


def open_clock(path: Path | None) -> Clock:
    """The clock of a process: the published one if a path is given, else the system's."""
    return SystemClock() if path is None else FileClock(path)
