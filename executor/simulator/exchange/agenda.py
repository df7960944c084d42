"""What is due later: late orders, the release of parked ones, closing time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime


class Agenda:
    """Actions by due time; those of the same moment run in the order in which they were added."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._added = 0

    def add(self, at: datetime, action: Callable[[], None]) -> None:
        self._added += 1
        heapq.heappush(self._heap, (at, self._added, action))

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def run_due(self, now: datetime) -> None:
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
