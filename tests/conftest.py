"""What all tests share: a clean environment, a clock that stands, and the store on both databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from executor.clock import IST, ManualClock
from executor.domain.ids import Ids
from executor.store.engine import Database, open_database
from executor.store.store import Store
from executor.store.upgrade import upgrade
from tests.builders import a_store
from tests.postgres import Cluster, NoPostgres, Server, private_cluster, running_server

_OURS = ("EXECUTOR_", "SMARTAPI_", "SECRET_KEY", "DATABASE_URL", "HOST", "PORT", "WEB_CONCURRENCY")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own reaches a test."""
    for name in list(os.environ):
        if name.startswith(_OURS[:3]) or name.removesuffix("_FILE") in _OURS:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands back for trading would make all tests behind it stand back too: a process cannot take it back."""
    monkeypatch.setattr(os, "nice", lambda _by: 0)


@pytest.fixture
def clock() -> ManualClock:
    """Wednesday 2026-11-25, 09:20 IST: a trading morning. Stands until it is moved."""
    return ManualClock(datetime(2026, 11, 25, 9, 20, tzinfo=IST))


@pytest.fixture
def ids(clock: ManualClock) -> Ids:
    return Ids(clock.now, Random(7))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "executor.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A Postgres server, or a skip that says what is missing (a failure with REQUIRE_POSTGRES=1)."""
    try:
        with running_server() as server:
            yield server
    except NoPostgres as missing:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A Postgres of this test alone, to be stopped and started again."""
    try:
        with private_cluster() as cluster:
            yield cluster
    except NoPostgres as missing:
        pytest.skip(str(missing))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "executor.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    with postgres.migrated() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database; the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def store(database: Database, ids: Ids) -> Store:
    return a_store(database, new_id=ids.new)
