"""Halts that stand beside the database because it cannot be written: the file KILL, and a full disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from executor.domain.record import Halt, HaltKind
from executor.store.reserve import Reserve

_BY = ("file", "disk")


def unrecorded(kill_file: Path, reserve: Reserve | None) -> tuple[Halt, ...]:
    """The halts in force that no row stands for."""
    return (*_kill_by_file(kill_file), *_disk_full(reserve))


def recorded(halts: Sequence[Halt]) -> list[Halt]:
    """Those that the database knows."""
    return [halt for halt in halts if halt.by not in _BY]


def _kill_by_file(path: Path) -> tuple[Halt, ...]:
    try:
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return ()
    why = f"the file {path.name} lies in the state dir; `executor resume` there takes it away"
    return (Halt("ALL", HaltKind.KILL, since, why, _BY[0]),)


def _disk_full(reserve: Reserve | None) -> tuple[Halt, ...]:
    since = reserve.spent_since() if reserve is not None else None
    if since is None:
        return ()
    return (Halt("ALL", HaltKind.HALT, since, "the disk is full: only exits and stops until there is space", _BY[1]),)
