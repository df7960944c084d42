"""A doorbell: after a commit somebody rings, so that somebody else looks at the database sooner.

It carries nothing and promises nothing: a sweep of the table stands behind it. Beside SQLite it is a Unix datagram;
on Postgres `store/bell.py` has the same two sides.
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

#: A Unix socket's path may have some 108 bytes; a deep state dir gets one in the temporary folder.
_LONGEST = 100


class Doorbell(Protocol):
    def ring(self) -> None:
        """Say "look"; after the commit. Never raises, never blocks."""

    def wait(self, timeout_s: float) -> None:
        """Return when rung or after the time; may wake for nothing."""


class Listener(Doorbell, Protocol):
    """The side that waits, and is hung up at the end."""

    def close(self) -> None: ...


class DatagramBell:
    """The ringing side on a Unix datagram socket: one byte, no answer."""

    def __init__(self, state_dir: Path) -> None:
        self._path = str(bell_path(state_dir))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self) -> None:
        with contextlib.suppress(OSError):  # nobody listens, or has not looked yet: the sweep will
            self._socket.sendto(b"!", self._path)

    def wait(self, timeout_s: float) -> None:
        """The ringing side has nothing to wait for."""

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

    def ring(self) -> None:
        """Nobody else waits on this side."""

    def wait(self, timeout_s: float) -> None:
        ready, _, _ = select.select([self._socket], [], [], timeout_s)
        with contextlib.suppress(BlockingIOError):
            while ready and self._socket.recv(16):
                pass

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
