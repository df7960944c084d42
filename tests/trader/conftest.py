"""A store on SQLite only: what both databases do alike is proved in tests/store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.engine import open_database
from executor.store.store import Store
from tests.builders import a_store
from tests.trader.harness import Bench


@pytest.fixture
def store(sqlite_url: str, ids: Ids) -> Iterator[Store]:
    database = open_database(sqlite_url)
    yield a_store(database, new_id=ids.new)
    database.close()


@pytest.fixture
def bench(store: Store, clock: ManualClock, ids: Ids, tmp_path: Path) -> Bench:
    return Bench(store, clock, ids, tmp_path / "KILL")
