"""The Procfile's processes, started apart by honcho as a platform would: ready together, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.conftest import Town, eventually

pytestmark = pytest.mark.process

_ROOT = Path(__file__).resolve().parents[2]


def test_web_and_trader_of_the_procfile_become_ready_and_end_together(sqlite_town: Town) -> None:
    town = sqlite_town
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    words = [sys.executable, "-m", "honcho", "-f", str(_ROOT / "Procfile"), "-d", str(town.state_dir), "start"]
    with (town.state_dir / "processes.log").open("ab") as log:
        honcho = subprocess.Popen(
            [*words, "web", "trader"],
            env={**town.environ, "PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    town.processes.append(honcho)
    eventually(lambda: town.get("/readyz") == 200)

    honcho.send_signal(signal.SIGTERM)

    honcho.wait(20)
    assert town.get("/healthz") == 0
    assert town.store.ledger.lease("default").holder == ""  # type: ignore[union-attr]  # given back: it ended in order
