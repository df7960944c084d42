"""The instrument file, taken in a process of its own: 200,000 rows would hold up an order and the memory of a trader.

`python -m executor.bootstrap.refreshing` reads the trader's settings from its standard input, and ends with 1 when the
file was not good; why is recorded in the store.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
from contextlib import suppress
from subprocess import PIPE, Popen
from threading import Event as Flag
from typing import IO

from executor.bootstrap import open_store
from executor.bootstrap.master import LONG_REST, refresh_master
from executor.config.environment import Settings
from executor.errors import BrokerUnavailable, NotRecorded
from executor.logs import start_logging
from executor.supervise import end

log = logging.getLogger(__name__)

_POLL_S = 0.2
#: Orders come first.
_NICE = 10


def refresh_apart(settings: Settings, stop: Flag) -> bool:
    """Take the file in another process, which ends early when `stop` is set; whether it is in use now."""
    process = Popen([sys.executable, "-m", __name__], stdin=PIPE)
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as given:  # it may end before it reads
        pickle.dump(settings, given)
    while process.poll() is None and not stop.wait(_POLL_S):
        pass
    if process.poll() is None:
        process.terminate()
        end(process)
    return process.returncode == 0


def main(given: IO[bytes]) -> int:
    """Take the file with the settings that are given; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the trader, who ends this
    os.nice(_NICE)
    start_logging()
    settings: Settings = pickle.load(given)  # noqa: S301 - from the process that started this one
    store = open_store(settings)
    try:
        report = refresh_master(settings, store, rest=LONG_REST)
    except (BrokerUnavailable, NotRecorded) as error:
        log.error("master_not_taken why=%s", error)
        return 1
    finally:
        store.database.close()
    log.info("master_taken load=%s rows=%s", report.load, report.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer))
