"""A doorbell: after a commit somebody rings, so that somebody else looks at the database sooner.

It carries no more than for whom, and promises nothing: a sweep of the table stands behind it. Whoever else were woken
would compete with the one who has work to do. Beside SQLite it is a Unix datagram; on Postgres `store/bell.py` has the
same two sides.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import tempfile
from pathlib import Path
from typing import Protocol

#: Rung for nobody by name.
EVERYBODY = ""
#: A Unix socket's path may have some 108 bytes; a deep state dir gets one in the temporary folder.
_LONGEST = 100
_NAME_BYTES = 1024


class Doorbell(Protocol):
    def ring(self, account: str = EVERYBODY) -> None:
        """Say "look", to an account or to all; after the commit. Never raises, never blocks."""


class Listener(Protocol):
    """The side that waits, and is hung up at the end."""

    def wait(self, timeout_s: float) -> set[str]:
        """For whom it was rung; nobody when the time was over first. May say EVERYBODY for nothing."""

    def close(self) -> None: ...


class DatagramBell:
    """The ringing side on a Unix datagram socket: a name, no answer."""

    def __init__(self, state_dir: Path) -> None:
        self._path = str(bell_path(state_dir))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, account: str = EVERYBODY) -> None:
        with contextlib.suppress(OSError):  # nobody listens, or has not looked yet: the sweep will
            self._socket.sendto(account.encode("utf-8", "replace"), self._path)

    def close(self) -> None:
        self._socket.close()


class DatagramListener:
    """The side that waits; it owns the socket's file. One a state dir (the trader's file lock sees to that)."""

    def __init__(self, state_dir: Path) -> None:
        self._path = bell_path(state_dir)
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._socket.setblocking(False)

    def wait(self, timeout_s: float) -> set[str]:
        ready, _, _ = select.select([self._socket], [], [], timeout_s)
        rung: set[str] = set()
        with contextlib.suppress(BlockingIOError):
            while ready:
                rung.add(self._socket.recv(_NAME_BYTES).decode("utf-8", "replace"))
        return rung

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


def bell_path(state_dir: Path) -> Path:
    """Where the doorbell of a state dir hangs."""
    inside = state_dir.resolve() / "doorbell"
    if len(os.fsencode(inside)) <= _LONGEST:
        return inside
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"executor-{name}.bell"
