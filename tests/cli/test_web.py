"""`executor web`: what it hands on to the server that it becomes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from executor.cli import main
from executor.config.environment import open_settings
from tests.process.conftest import free_port


def test_its_workers_read_the_settings_that_it_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9002\n")
    for name, value in {"EXECUTOR_STATE_DIR": tmp_path, "PORT_FILE": tmp_path / "port"}.items():
        monkeypatch.setenv(name, str(value))
    for name in ("HOST", "PORT", "WEB_CONCURRENCY"):
        monkeypatch.setenv(name, "")  # given back behind the test
    monkeypatch.setattr(os, "execv", lambda *_: None)

    assert CliRunner().invoke(main, ["web"]).exit_code == 0

    assert open_settings().port == int(os.environ["PORT"]) == 9002


def test_what_keeps_it_from_starting_is_told_without_a_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "EXECUTOR_STATE_DIR": str(tmp_path / "var"), "PORT": str(free_port())}

    words = [sys.executable, "-m", "executor", "web"]
    ended = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=30)

    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert f"executor: there is no database {tmp_path}/var/executor.sqlite3" in ended.stderr
    assert list(tmp_path.iterdir()) == []
