from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Product, Protection, Rails
from executor.store.engine import open_database
from executor.store.store import Store, build_store
from tests.builders import a_strategy, read_settings, settings_of
from tests.desk.large import FREEZE, Sliced
from tests.desk.nights import Make, Nights, listed
from tests.house import ACCOUNT, House, rails


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


@pytest.fixture
def sliced(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Sliced:
    """A reconciled house whose SBIN (at 800) takes fewer than 25 in one order; stop 1 %, target 2 %."""

    def build(**changes: Any) -> House:
        fields = {"protection": Protection.SINGLE, "rails": rails(max_quantity=1000), **changes}
        house = House(sqlite_store, clock, ids, strategy=a_strategy(account=ACCOUNT, **fields))
        house.contract = replace(house.contract, freeze=FREEZE)
        house.price("800")
        house.run(3)
        return house

    return build


@pytest.fixture
def make(sqlite_store: Store, clock: ManualClock, ids: Ids) -> Make:
    """A reconciled house on Wednesday 09:20 with SBIN at 800."""

    def made(**settings: Any) -> Nights:
        rails = Rails(frozenset({"NSE:SBIN"}), 100, enter_from=time(9, 15), enter_until=time(15, 30))
        Nights.contracts = listed({})
        strategy = a_strategy(**{"account": ACCOUNT, "rails": rails, **settings})
        house = Nights(sqlite_store, clock, ids, strategy=strategy)
        house.price("800")
        house.run(3)
        return house

    return made


@pytest.fixture
def carried(make: Make) -> Nights:
    """A long of 10 for delivery, bought on Wednesday at 800, its stop at 792."""
    house = make(product=Product.DELIVERY)
    house.long()
    assert house.stopped() == 10
    return house
