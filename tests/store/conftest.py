"""Databases without a schema, and a store in which something happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executor.store import chain
from executor.store.engine import Database, open_database
from executor.store.store import Store
from tests.postgres import Server
from tests.store.trading import trade


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/empty.db")
    yield database
    database.close()


@pytest.fixture
def empty_postgres(postgres: Server) -> Iterator[Database]:
    with postgres.empty() as url:
        database = open_database(url)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest) -> Database:
    """A database without a table."""
    found: Database = request.getfixturevalue(f"empty_{request.param}")
    return found


@pytest.fixture
def traded(store: Store) -> Store:
    """The store after one signal's life up to a fill."""
    trade(store)
    return store


@pytest.fixture
def head() -> Callable[[Store], chain.Head]:
    """Read the newest link of a store's audit."""

    def read(store: Store) -> chain.Head:
        with store.database.read() as connection:
            return chain.read_head(connection)

    return read
