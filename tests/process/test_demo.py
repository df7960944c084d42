"""The demo, as a user runs it: real processes, and the exchange's own truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from executor.cli.demo import perform
from executor.clock import IST
from executor.demo.stage import Stage

pytestmark = pytest.mark.process


def test_the_demo_is_as_expected_on_a_sunday_night() -> None:
    path = os.pathsep.join([str(Path(__file__).parent / "sunday"), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "-m", "executor", "demo", "--once", "--json"]

    sunday = datetime(2026, 11, 29, 23, 40, tzinfo=IST)
    offset_s = (sunday - datetime.now(UTC)).total_seconds()
    moved = os.environ | {"PYTHONPATH": path, "SUNDAY_OFFSET_S": str(offset_s)}

    done = subprocess.run(words, env=moved, capture_output=True, text=True, timeout=150)

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["wrong"] for row in rows] == [[]] * 8, done.stderr
    assert done.returncode == 0


def test_the_demo_fails_when_the_exchange_swallows_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    def drop_an_order(stage: Stage) -> None:
        stage.control("fault", {"route": "placeOrder", "kind": "drop", "times": 1})

    assert perform(once=True, as_json=True, prepare=drop_an_order) == 1

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any("is not at the exchange" in words for words in rows[0]["wrong"]), rows[0]
