"""Writes down what was counted: the minutes that are over, every few seconds, and the rest when the process ends.

A thread, because a flood's last minute has no arrival after it that would write it. What the store does not take is
tried again, so that a locked database loses no count; a process that is killed loses its last minute.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event, Thread

from executor.clock import Clock
from executor.domain.delivery import Flood
from executor.errors import InvariantBroken, StoreError
from executor.store.intake import Intake
from executor.web.authenticity import Floods

_LOG = logging.getLogger(__name__)

_EVERY_S = 5.0
#: Rows that wait for a store that takes nothing; the oldest are dropped then.
_MOST_WAITING = 5000
_END_S = 3.0


class FloodWriter:
    """Started once in each web process, after the fork."""

    def __init__(self, floods: Floods, intake: Intake, clock: Clock, *, every_s: float = _EVERY_S) -> None:
        self._floods = floods
        self._intake = intake
        self._clock = clock
        self._every_s = every_s
        self._waiting: list[Flood] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, name="floods", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write down what is counted so far and end."""
        self._stop.set()
        self._thread.join(_END_S)
        self._write(self._floods.take_all())

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._write(self._floods.take_finished(self._clock.now()))

    def _write(self, rows: Sequence[Flood]) -> None:
        waiting = [*self._waiting, *rows][-_MOST_WAITING:]
        self._waiting = []
        try:
            self._intake.record_flood(waiting, self._clock.now())
        except StoreError as error:
            _LOG.error("%s counts of floods wait for the store: %s", len(waiting), error)
            self._waiting = waiting
        except InvariantBroken as error:
            # a container that restarts within a minute has its old process id
            _LOG.error("%s counts of floods were dropped: %s", len(waiting), error)
