"""What the status page and `/metrics` ask again and again takes a day's rows of a million: SQLite's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from executor.store.accounts import Accounts, Wanted
from executor.store.engine import open_database
from executor.store.exposure import Exposures, Watched
from executor.store.health import Health
from executor.store.pace import Paces
from executor.store.store import Store
from tests.builders import ACCOUNT, BRACKET, NOW, TODAY, a_store
from tests.store.test_plans import _plan
from tests.store.trading import trade

LARGE = ("delivery", "signal", "leg", "bracket", "broker_order", "intent", "broker_call", "report", "fill", "audit")

#: Partial indexes: they are as long as what is open.
OF_WHAT_IS_OPEN = ("signal_open", "intent_one_unsettled", "bracket_alive")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """On SQLite alone, with one of each row."""
    database = open_database(sqlite_url)
    made = a_store(database, new_id=str)
    trade(made)
    yield made
    database.close()


@pytest.mark.parametrize(
    "read",
    [
        lambda store: Health(store.database).accounts(NOW),
        lambda store: Paces(store.database).pace(NOW),
        lambda store: Paces(store.database).counts(NOW, TODAY),
        lambda store: Accounts(store.database).newest_orders(Wanted(TODAY), most=9),
        lambda store: Accounts(store.database).newest_orders(Wanted(TODAY, account=ACCOUNT, before="x"), most=9),
        lambda store: Accounts(store.database).profile(ACCOUNT, since=NOW),
        lambda store: Exposures(store.database).of(store.pages.positions(), {BRACKET: Watched(NOW, NOW)}),
    ],
    ids=["accounts", "pace", "counts", "orders", "older orders", "profile", "exposure"],
)
def test_no_large_table_is_read_as_a_whole(store: Store, read: Callable[[Store], object]) -> None:
    plan = _plan(store, lambda: read(store))

    assert plan
    whole = [step for step in plan if step.startswith(tuple(f"SCAN {name}" for name in LARGE))]
    assert [step for step in whole if not step.endswith(OF_WHAT_IS_OPEN)] == [], plan
