from __future__ import annotations

from collections.abc import Iterator

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.engine import open_database
from executor.store.store import Store, build_store
from tests.builders import read_settings, settings_of
from tests.house import House


@pytest.fixture
def sqlite_store(sqlite_url: str, ids: Ids) -> Iterator[Store]:
    """The rules are the same on both databases; the store's own tests run on both."""
    database = open_database(sqlite_url)
    yield build_store(database, new_id=ids.new, read_strategy=read_settings, write_strategy=settings_of)
    database.close()


@pytest.fixture
def house(sqlite_store: Store, clock: ManualClock, ids: Ids) -> House:
    """A reconciled trader at 09:20 with SBIN at 800."""
    house = House(sqlite_store, clock, ids)
    house.price("800")
    house.run(3)
    return house
