"""`executor db upgrade`: every `executor run` begins with it, so it is quick when there is nothing to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from executor.bootstrap.setup import upgrade_database
from executor.config.environment import open_settings


def test_the_migrations_are_loaded_only_when_one_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = open_settings({"EXECUTOR_STATE_DIR": str(tmp_path), "SECRET_KEY": "k" * 32})
    first = upgrade_database(settings)
    monkeypatch.setitem(sys.modules, "executor.store.upgrade", None)  # importing it fails from now on

    second = upgrade_database(settings)

    assert second == first
