"""Empty stores as campaigns make them, so that the same seed gives the same audit in a test and in a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executor.store.store import Store
from tests.campaigns.stores import StoreMaker, opened_store


@pytest.fixture(scope="session")
def sqlite_stores() -> Iterator[StoreMaker]:
    maker = StoreMaker(None)
    yield maker
    maker.close()


@pytest.fixture
def sqlite_store(sqlite_stores: StoreMaker) -> Iterator[Store]:
    with sqlite_stores.a_store() as store:
        yield store


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    with opened_store(postgres_url) as store:
        yield store
