"""Wrong passwords and API tokens: counted in the store, by source, and answered with a growing wait.

Passwords are counted by person too. A source waits longer than the person does: someone who guesses from one place does
not lock the trader out elsewhere. The counts survive a restart. What a source failed is forgotten after an hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from executor.store.people import People

FREE = 5
_FIRST = timedelta(seconds=2)
_PERSON_MOST = timedelta(seconds=60)
_SOURCE_MOST = timedelta(minutes=15)
_FORGET = timedelta(hours=1)
_SOURCES_KEPT = 200
#: Where the counts of passwords lie in the meta table.
PASSWORDS = "login_sources"

Failures = Mapping[str, tuple[int, datetime]]


class Attempts:
    """`now` is always system time."""

    def __init__(self, people: People, person: str = "", *, key: str = PASSWORDS) -> None:
        """`person` is whose logins these are, if anybody's; `key` is where the counts by source lie."""
        self._people = people
        self._person = person
        self._key = key

    def wait(self, source: str, now: datetime) -> timedelta:
        """How long until another password may be tried; zero when it may be now."""
        waits = [timedelta(0)]
        person = self._people.person(self._person)
        if person and person.failed_at:
            waits.append(person.failed_at + _delay(person.failures, _PERSON_MOST) - now)
        if source in (sources := self._sources(now)):
            count, failed_at = sources[source]
            waits.append(failed_at + _delay(count, _SOURCE_MOST) - now)
        return max(waits)

    def failed(self, source: str, now: datetime) -> None:
        person = self._people.person(self._person)
        if person:
            self._people.count_failure(self._person, failures=person.failures + 1, at=now)
        sources = dict(self._sources(now))
        count, _ = sources.pop(source, (0, now))
        self._keep({**sources, source: (count + 1, now)})

    def succeeded(self, source: str, now: datetime) -> None:
        person = self._people.person(self._person)
        if person and person.failures:
            self._people.count_failure(self._person, failures=0, at=None)
        sources = dict(self._sources(now))
        if sources.pop(source, None):
            self._keep(sources)

    def _sources(self, now: datetime) -> Failures:
        kept = json.loads(self._people.meta(self._key) or "{}")
        found = {source: (count, datetime.fromisoformat(at)) for source, (count, at) in kept.items()}
        return {source: value for source, value in found.items() if now - value[1] < _FORGET}

    def _keep(self, sources: Failures) -> None:
        newest = sorted(sources.items(), key=lambda item: item[1][1])[-_SOURCES_KEPT:]
        text = {source: (count, at.isoformat()) for source, (count, at) in newest}
        self._people.set_meta(self._key, json.dumps(text))


def _delay(failures: int, most: timedelta) -> timedelta:
    if failures < FREE:
        return timedelta(0)
    doublings = min(failures - FREE, 20)
    return min(_FIRST * (1 << doublings), most)
