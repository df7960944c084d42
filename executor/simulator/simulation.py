"""One running simulation: exchange, sessions, limits, faults and the journal of requests, under one lock.

Whoever touches a part holds `lock` and has called `advance` first, so that all parts stand at the same moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any

from executor.clock import Clock
from executor.simulator.config import SimulatorConfig
from executor.simulator.exchange.exchange import Exchange
from executor.simulator.exchange.hours import ist_day
from executor.simulator.faults import Faults
from executor.simulator.master import Listing
from executor.simulator.wire.limits import Limits
from executor.simulator.wire.session import Sessions

_SECRET_FIELDS = ("pin", "password", "totp", "refreshToken", "jwtToken")


class Simulation:
    """The state behind the HTTP routes."""

    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.lock = Lock()
        self.reset()

    def reset(self, holidays: Iterable[date] | None = None) -> None:
        """Begin anew at the present time: no orders, sessions, faults or journal; with other holidays if given.

        The seed stays, so the numbers that orders get are repeated.
        """
        now, rules = self.clock.now(), self.config.rules
        if holidays is not None:
            rules = replace(rules, holidays=frozenset(holidays))
        size, all_follow = self.config.master_rows, self.config.all_follow
        self.listing = Listing(ist_day(now), rules.holidays, size=size, all_follow=all_follow)
        self.exchange = Exchange(
            self.listing.at_once, seed=self.config.seed, start=now, rules=rules, find=self.listing.find
        )
        self.sessions = Sessions(self.config)
        self.limits = Limits()
        self.faults = Faults()
        self.journal: deque[dict[str, Any]] = deque(maxlen=self.config.journal)

    def advance(self) -> datetime:
        """Play the exchange up to the clock; return its time."""
        self.exchange.advance(self.clock.now())
        return self.exchange.at

    def note(self, **entry: Any) -> dict[str, Any]:
        """Add one request to the journal; the entry may be completed later."""
        self.journal.append(entry)
        return entry


def iso(at: datetime) -> str:
    """Return ISO 8601 in UTC with microseconds, as all times of journal and control API are told."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def masked(body: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a body for the journal, without PIN, password, TOTP and tokens."""
    if body is None:
        return None
    return {name: "***" if name in _SECRET_FIELDS else value for name, value in body.items()}
