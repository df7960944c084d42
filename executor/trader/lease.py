"""One trader a host: a file lock, held as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from executor.errors import LeaseLost


def lock_host(state_dir: Path) -> IO[str]:
    """Take the host's lock; keep the returned file open. Raises LeaseLost when another trader here holds it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / "trader.lock"
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise LeaseLost(f"another trader runs with this state dir ({path} is locked); stop it first") from error
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
