"""The scheduler only wakes: late rather than never, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from executor.clock import IST
from executor.trader.jobs import start_jobs

EVENING = datetime(2026, 11, 24, 20, 0, tzinfo=IST)


@pytest.fixture
def woken() -> list[str]:
    """A word for each time that the loops were woken."""
    return []


@pytest.fixture
def jobs(woken: list[str]) -> Iterator[dict[str, Any]]:
    scheduler = start_jobs(lambda: woken.append("woken"), lambda: woken.append("master"))
    yield {job.id: job for job in scheduler.get_jobs()}
    scheduler.shutdown()


def test_the_morning_login_wakes_at_half_past_eight_in_india(jobs: dict[str, Any]) -> None:
    due = jobs["morning-login"].trigger.get_next_fire_time(None, EVENING)

    assert due == datetime(2026, 11, 25, 8, 30, tzinfo=IST)


def test_the_instrument_file_is_taken_at_a_quarter_past_eight(jobs: dict[str, Any], woken: list[str]) -> None:
    job = jobs["morning-master"]

    job.func(*job.args, **job.kwargs)

    assert job.trigger.get_next_fire_time(None, EVENING) == datetime(2026, 11, 25, 8, 15, tzinfo=IST)
    assert woken == ["master"]


def test_there_is_a_wake_up_every_minute(jobs: dict[str, Any]) -> None:
    trigger = jobs["every-minute"].trigger

    assert trigger.get_next_fire_time(EVENING, EVENING) - EVENING == timedelta(minutes=1)


def test_a_job_does_nothing_but_wake(jobs: dict[str, Any], woken: list[str]) -> None:
    for job in jobs.values():
        job.func(*job.args, **job.kwargs)

    assert sorted(woken) == ["master", "woken", "woken"]


def test_a_machine_that_slept_runs_a_job_once_and_late(jobs: dict[str, Any]) -> None:
    assert all(job.coalesce for job in jobs.values())
    assert all(job.misfire_grace_time >= 3600 for job in jobs.values())
