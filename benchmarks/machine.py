"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

_ROOT = Path(__file__).resolve().parents[1]


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def describe(database_url: str) -> dict[str, Any]:
    """Cores, memory, versions, and the sources' commit."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "database": _database(database_url),
        "commit": _commit(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _database(url: str) -> str:
    if url.startswith("sqlite"):
        return f"SQLite {sqlite3.sqlite_version}"
    engine = create_engine(url)
    with engine.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    engine.dispose()
    return f"PostgreSQL {str(version).split()[0]}"


def _commit() -> str:
    """The commit, and whether the product's sources differ from it."""
    found = _git("rev-parse", "--short", "HEAD")
    return f"{found} and changes" if _git("status", "--porcelain", "--", "executor") else found


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True)
    return done.stdout.strip() or ("" if done.returncode == 0 else "unknown")
