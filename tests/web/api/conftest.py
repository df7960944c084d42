"""A program beside a whole trader on a simulated exchange."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.store.engine import open_database
from executor.store.store import Store
from tests.builders import a_store
from tests.house import House
from tests.web.api.client import Program, a_program


@pytest.fixture
def store(sqlite_url: str, ids: Ids) -> Iterator[Store]:
    database = open_database(sqlite_url)
    yield a_store(database, new_id=ids.new)
    database.close()


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> House:
    house = House(store, clock, ids)
    house.price("800")
    house.run(3)
    return house


@pytest.fixture
def program(store: Store, clock: ManualClock) -> Program:
    return a_program(store, clock)
