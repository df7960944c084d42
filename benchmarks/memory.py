"""Memory of processes: proportional set size, a page that n share counting one n-th in each."""

from __future__ import annotations

import os
from pathlib import Path


def pss_mb(pid: int) -> float:
    """PSS of a process and all below it, in MB of 2^20 bytes."""
    return sum(_pss_kb(one) for one in family(pid)) / 1024


def own_mb() -> float:
    """PSS of this process alone."""
    return _pss_kb(os.getpid()) / 1024


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in below for one in family(int(child)))]


def _pss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
