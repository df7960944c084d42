"""SIGKILL at many instants, on both stores: nothing acknowledged is lost, nothing doubled; and the campaign can fail.

More: `make forkkills N=10000`, or `FORKKILLS=1000 pytest tests/campaigns/test_forkkill.py`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from executor.store.store import Store
from tests.campaigns.bad import bad
from tests.campaigns.forkkill import A_TOWN, play_town, summary

KILLS = int(os.environ.get("FORKKILLS", "80"))

pytestmark = pytest.mark.timeout(60 + 2 * KILLS)


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A life logs what it survives, and dies in the middle of it."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def kill(store: Store, kills: int = KILLS) -> dict[str, Any]:
    return summary([play_town(7, kills, store)])


def assert_nothing_lost(report: dict[str, Any], kills: int = KILLS) -> None:
    assert (report["lost"], report["doubled"], report["violations"]) == (0, 0, {})
    assert report["kills"] == kills
    assert report["acknowledged"] >= kills
    assert report["unacknowledged"], "no child died between its commit and its answer: nothing is shown"
    assert report["in_flight"], "no child died while it was sending: nothing is shown"


def test_kills_on_sqlite_lose_and_double_nothing(sqlite_store: Store) -> None:
    assert_nothing_lost(kill(sqlite_store))


@pytest.mark.postgres
def test_kills_on_postgres_lose_and_double_nothing(postgres_store: Store) -> None:
    assert_nothing_lost(kill(postgres_store))


def test_an_executor_that_answers_before_it_commits_loses_alerts(sqlite_store: Store) -> None:
    with bad("answer before commit"):
        report = kill(sqlite_store, A_TOWN)

    assert report["lost"]


def test_an_executor_that_sends_before_it_commits_leaves_orders_that_nobody_knows(sqlite_store: Store) -> None:
    with bad("record after send"):
        report = kill(sqlite_store, A_TOWN)

    assert report["violations"]["forgotten"]
