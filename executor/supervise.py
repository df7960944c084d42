"""Start processes of ours, start them again when they die, stop them together."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from threading import Event as Flag

log = logging.getLogger(__name__)

#: A process that dies is started again after this long; a supervisor above us sees only our own end.
_AGAIN_S = 1.0
_POLL_S = 0.2
#: What is on the wire may take its read timeout to end.
_GRACE_S = 10.0


def run_all(commands: Sequence[Sequence[str]], *, stop: Flag) -> int:
    """Run `executor COMMAND` for each until told to stop; returns the exit code 0."""
    running = {tuple(command): start(command) for command in commands}
    while not stop.wait(_POLL_S):
        for command, process in running.items():
            if process.poll() is not None:
                log.error("process_ended command=%s code=%s", command[0], process.returncode)
                stop.wait(_AGAIN_S)
                if not stop.is_set():
                    running[command] = start(command)
    for process in running.values():
        process.terminate()
    for process in running.values():
        end(process)
    return 0


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "executor", *command])


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to stop; kill it when it does not."""
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
