"""What a beat tells pages of an account and its host, every second: small, and only what no row says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from executor.clock import Clock
from executor.desk.book import Book
from executor.desk.rows import LIVE
from executor.domain.messages import Evidence
from executor.store.reserve import Reserve
from executor.trader.feeds import ThreadFeeds
from executor.trader.halts import recorded

VERSION = version("executor")


@dataclass(frozen=True, slots=True)
class StatusTeller:
    """`wanted`: whether a session belongs to a moment; `clock_ahead`: how far the broker's clock is ahead of ours, None
    where both are one.
    """

    clock: Clock
    state_dir: Path
    reserve: Reserve | None
    feeds: ThreadFeeds
    wanted: Callable[[datetime], bool]
    clock_ahead: Callable[[], timedelta] | None

    def status(self, book: Book) -> Mapping[str, Any]:
        """The words of one beat; times as ISO texts, lengths in seconds, `disk` in bytes."""
        evidence, now = book.evidence, self.clock.now()
        return {
            "session": evidence.session_open,
            "session_wanted": self.wanted(now),
            "reconciled": evidence.reconciled,
            "waiting": len(evidence.waiting),
            "failed_reads": evidence.failed_reads,
            "calendar": book.calendar.ends_soon(now),
            "halts": [
                {"kind": one.kind, "scope": one.scope, "since": one.since.isoformat(), "why": one.why, "by": one.by}
                for one in book.halts
                if not recorded([one])
            ],
            "book_at": _iso(max(evidence.clean_reads, default=None)),
            "unprotected": {one: since.isoformat() for one, since in evidence.unprotected_since.items()},
            "prices": _prices(book),
            "feeds": self._feeds(evidence),
            "clock_ahead": None if self.clock_ahead is None else round(self.clock_ahead().total_seconds()),
            "disk": self._disk(),
            "version": VERSION,
        }

    def _feeds(self, evidence: Evidence) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {
            name: {"up": silent is not None, "silent": None if silent is None else round(silent, 1)}
            for name, silent in self.feeds.silence().items()
        }
        if "orders" in found:
            feed = evidence.feed
            found["orders"] = {**found["orders"], "since": _iso(feed.up_since), "doubted": feed.doubted}
        return found

    def _disk(self) -> dict[str, Any] | None:
        try:
            found = os.statvfs(self.state_dir)
        except OSError:  # what cannot be told must not end a beat
            return None
        return {
            "free": found.f_bavail * found.f_frsize,
            "size": found.f_blocks * found.f_frsize,
            "reserve": None if self.reserve is None else not self.reserve.is_spent,
        }


def _prices(book: Book) -> dict[str, dict[str, str]]:
    """The last price of each contract that is held, and when it was seen."""
    held, seen = {one.instrument for one in book.rows.watched(LIVE)}, book.evidence.prices
    return {
        one.text: {"value": str(price.value), "at": price.at.isoformat()} for one, price in seen.items() if one in held
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
