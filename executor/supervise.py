"""Start processes of ours, start them again when they die, stop them together."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from threading import Event as Flag

from executor.clock import Clock

log = logging.getLogger(__name__)

#: Before a process that died is started again: longer each time, until one has lived for a while.
_AGAIN_S, _AGAIN_MOST_S = 1.0, 30.0
_LIVED_S = 60.0
_POLL_S = 0.2
#: What is on the wire may take its read timeout to end.
_GRACE_S = 10.0


def run_all(commands: Sequence[Sequence[str]], *, stop: Flag, clock: Clock) -> int:
    """Run `executor COMMAND` for each until told to stop; returns the exit code 0."""
    children = [_Child(tuple(command), clock) for command in commands]
    while not stop.is_set():
        for child in children:
            child.tend()
        stop.wait(_POLL_S)
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    for process in running:
        end(process)
    return 0


def run_once(command: Sequence[str], *, stop: Flag) -> bool:
    """Run `executor COMMAND` to its end, which being told to stop brings about; whether it did what it was to do."""
    process = start(command)
    while process.poll() is None and not stop.wait(_POLL_S / 10):
        pass
    if process.poll() is None:
        process.terminate()
        end(process)
    return process.returncode == 0


class _Child:
    """A command that is kept running."""

    def __init__(self, command: tuple[str, ...], clock: Clock) -> None:
        self._command = command
        self._clock = clock
        self._pause = _AGAIN_S
        self._due = self._began = clock.monotonic()
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Notice its end, and start it (again) when it is time."""
        now = self._clock.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._ended(self.process.returncode, now)
        if self.process is None and now >= self._due:
            self._began = now
            try:
                self.process = start(self._command)
            except OSError as error:  # no memory or process to be had now; what runs already goes on
                self._ended(str(error), now)

    def _ended(self, code: int | str, now: float) -> None:
        self.process = None
        if now - self._began >= _LIVED_S:
            self._pause = _AGAIN_S
        self._due = now + self._pause
        log.error("process_ended command=%s code=%s again_in=%.0fs", self._command[0], code, self._pause)
        self._pause = min(2 * self._pause, _AGAIN_MOST_S)


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "executor", *command])


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to stop; kill it when it does not."""
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
