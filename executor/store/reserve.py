"""The reserve: 16 MB beside a SQLite database, given up when the disk is full, so that exits can still be recorded.

Its name tells every process how things stand: `reserve` while it is kept, `reserve.spent` (empty) while it is given
up; renaming and cutting need no space. While it is spent only what reduces or protects is written. It is made again
when there is space for it and as much again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

SIZE = 16 * 1024 * 1024


class Reserve:
    def __init__(self, folder: Path) -> None:
        self._kept = folder / "reserve"
        self._spent = folder / "reserve.spent"

    @property
    def is_spent(self) -> bool:
        return self.spent_since() is not None

    def spent_since(self) -> datetime | None:
        """When it was given up, by the file system; None while it is kept or there is none."""
        try:
            return datetime.fromtimestamp(self._spent.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def make(self) -> bool:
        """Make the reserve, at first or again; False while there is no space for it."""
        if not self._kept.exists() and not self._fill():
            return False
        self._spent.unlink(missing_ok=True)
        return True

    def release(self) -> bool:
        """Give its space free; False when it was given before, or there never was any."""
        with suppress(FileNotFoundError):
            self._kept.rename(self._spent)
            os.truncate(self._spent, 0)
            return True
        return False

    def _fill(self) -> bool:
        found = os.statvfs(self._kept.parent)
        if found.f_bavail * found.f_frsize < 2 * SIZE:
            return False
        draft = self._kept.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE)
            draft.rename(self._kept)
        except OSError:
            draft.unlink(missing_ok=True)
            return False
        return True
