"""Programs that speak with the broker's own client, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def said_by(program: str, folder: Path) -> Any:
    """The JSON that a program of this folder prints; that client writes logs where it stands."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"tests.simulator.{program}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    return [name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name)]
