"""A machine on which nothing was set up but the database, for commands that need no trader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from executor import bootstrap
from executor.bootstrap.setup import upgrade_database
from executor.config.environment import Settings, open_settings
from executor.store.store import Store


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    settings = open_settings()
    upgrade_database(settings)
    return settings


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = bootstrap.open_store(settings)
    yield store
    store.database.close()
