"""Sessions that were left before their time: a cookie that somebody kept would open the pages for hours otherwise."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from executor.store.people import People

_KEY = "ended_sessions"
_KEPT = 200


class Ended:
    def __init__(self, people: People, life: timedelta) -> None:
        """`life` is how long any session lives: what ended longer ago need not be known."""
        self._people = people
        self._life = life

    def add(self, session: str, now: datetime) -> None:
        found = {**self._known(), session: now.timestamp()}
        newest = sorted(found.items(), key=lambda item: item[1])[-_KEPT:]
        oldest = now.timestamp() - self._life.total_seconds()
        self._people.set_meta(_KEY, json.dumps({key: at for key, at in newest if at > oldest}))

    def holds(self, session: str) -> bool:
        return session in self._known()

    def _known(self) -> dict[str, float]:
        known: dict[str, float] = json.loads(self._people.meta(_KEY) or "{}")
        return known
