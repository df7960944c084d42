"""The day's instrument file: taken when it is due, beside the accounts, tried again ever later while it is not good.

What is due is asked of the store, so whoever took the file has done it for everybody: another host, or a person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event as Flag

from executor.clock import Clock

log = logging.getLogger(__name__)

#: How often it is asked whether a file is due; how long after a failure, and at most.
_LOOK_S = 60.0
_AGAIN_S, _AGAIN_MOST_S = 30.0, 900.0


class MasterKeeper:
    """`take` fetches the file and says whether it is in use now; it returns soon when its flag is set."""

    def __init__(self, *, is_due: Callable[[], bool], take: Callable[[Flag], bool], clock: Clock) -> None:
        self._is_due = is_due
        self._take = take
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="master")
        self._working: Future[bool] | None = None
        self._next = clock.monotonic()
        self._pause = _AGAIN_S

    def tend(self, stop: Flag) -> None:
        """Notice how the last try ended, and begin the next when it is time."""
        now = self._clock.monotonic()
        if self._working is not None and self._working.done():
            self._next = now + self._pause_after(self._working)
            self._working = None
        if self._working is None and now >= self._next:
            self._working = self._thread.submit(self._work, stop)

    def wake(self) -> None:
        """Look at once: a file has become due."""
        self._next, self._pause = self._clock.monotonic(), _AGAIN_S

    def stop(self) -> None:
        """Wait for a try that was told to stop."""
        self._thread.shutdown(wait=True)

    def _work(self, stop: Flag) -> bool:
        return not self._is_due() or self._take(stop)

    def _pause_after(self, work: Future[bool]) -> float:
        error = work.exception()
        if error is None and work.result():
            self._pause = _AGAIN_S
            return _LOOK_S
        pause, self._pause = self._pause, min(2 * self._pause, _AGAIN_MOST_S)
        log.error("master_not_taken again_in=%.0fs why=%s", pause, error or "it is recorded with the load")
        return pause
