"""The system's clocks, which nothing else reads."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from executor.clock import IST, Clock, FileClock, SimulatedClock, SystemClock


@pytest.fixture(params=["system", "simulated", "file"])
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> Clock:
    published = tmp_path / "clock.json"
    simulated = SimulatedClock(datetime(2026, 11, 25, 9, 20, tzinfo=IST), publish=published)
    return {"system": SystemClock(), "simulated": simulated, "file": FileClock(published)}[request.param]


def test_a_machine_that_slept_is_as_much_older(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """CLOCK_MONOTONIC stands still then: a lease would still hold that another host took meanwhile, a feed be up."""
    before = clock.monotonic()
    awake = time.clock_gettime

    def slept(which: int) -> float:
        return awake(which) + (3600 if which == time.CLOCK_BOOTTIME else 0)

    monkeypatch.setattr(time, "clock_gettime", slept)

    assert clock.monotonic() - before >= 3600
