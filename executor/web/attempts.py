"""Wrong passwords: counted in the store, by source, and answered with a growing wait.

They are counted by person too. A source waits longer than the person does: someone who guesses from one place does
not lock the trader out elsewhere. The counts survive a restart. What a source failed is forgotten after an hour. What
the store does not take, on a full disk, is counted in this process: nobody may guess without end meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from executor.errors import StoreError
from executor.store.people import People

FREE = 5
_FIRST = timedelta(seconds=2)
_PERSON_MOST = timedelta(seconds=60)
SOURCE_MOST = timedelta(minutes=15)
FORGET = timedelta(hours=1)
SOURCES_KEPT = 200
#: Where the counts by source lie in the meta table.
_KEY = "login_sources"

Failures = Mapping[str, tuple[int, datetime]]


class Attempts:
    """`now` is always system time."""

    def __init__(self, people: People, person: str) -> None:
        """`person` is whose logins these are."""
        self._people = people
        self._person = person
        self._unkept: dict[str, tuple[int, datetime]] = {}  # the oldest first; "" is the person

    def wait(self, source: str, now: datetime) -> timedelta:
        """How long until another password may be tried; zero when it may be now."""
        waits = [timedelta(0)]
        person = self._people.person(self._person)
        if person and person.failed_at:
            waits.append(person.failed_at + delay(person.failures, _PERSON_MOST) - now)
        if source in (sources := self._sources(now)):
            count, failed_at = sources[source]
            waits.append(failed_at + delay(count, SOURCE_MOST) - now)
        for name, most in (("", _PERSON_MOST), (source, SOURCE_MOST)):
            count, failed_at = self._unkept.get(name, (0, now))
            waits.append(failed_at + delay(count, most) - now)
        return max(waits)

    def failed(self, source: str, now: datetime) -> None:
        """Count a wrong password. Raises StoreError: it is counted here then."""
        try:
            self._count(source, now)
        except StoreError:
            for name in ("", source):
                count, _ = self._unkept.pop(name, (0, now))
                self._unkept[name] = (count + 1, now)
            while len(self._unkept) > SOURCES_KEPT:
                del self._unkept[next(iter(self._unkept))]
            raise
        self._unkept.clear()

    def _count(self, source: str, now: datetime) -> None:
        person = self._people.person(self._person)
        if person:
            self._people.count_failure(self._person, failures=person.failures + 1, at=now)
        sources = dict(self._sources(now))
        count, _ = sources.pop(source, (0, now))
        self._keep({**sources, source: (count + 1, now)})

    def succeeded(self, source: str, now: datetime) -> None:
        for name in ("", source):
            self._unkept.pop(name, None)
        person = self._people.person(self._person)
        if person and person.failures:
            self._people.count_failure(self._person, failures=0, at=None)
        sources = dict(self._sources(now))
        if sources.pop(source, None):
            self._keep(sources)

    def _sources(self, now: datetime) -> Failures:
        kept = json.loads(self._people.meta(_KEY) or "{}")
        found = {source: (count, datetime.fromisoformat(at)) for source, (count, at) in kept.items()}
        return {source: value for source, value in found.items() if now - value[1] < FORGET}

    def _keep(self, sources: Failures) -> None:
        newest = sorted(sources.items(), key=lambda item: item[1][1])[-SOURCES_KEPT:]
        text = {source: (count, at.isoformat()) for source, (count, at) in newest}
        self._people.set_meta(_KEY, json.dumps(text))


def delay(failures: int, most: timedelta) -> timedelta:
    """How long to wait after so many failures, `most` at most: the first ones are free, then it doubles."""
    if failures < FREE:
        return timedelta(0)
    doublings = min(failures - FREE, 20)
    return min(_FIRST * (1 << doublings), most)
