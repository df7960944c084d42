"""How processes are told to stop."""

from __future__ import annotations

import signal
from threading import Event as Flag


def stop_on_signals() -> Flag:
    """A flag that SIGTERM and Ctrl-C set."""
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
