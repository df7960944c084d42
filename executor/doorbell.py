"""A doorbell: after a commit somebody rings, so that somebody else looks at the database sooner.

It carries nothing and promises nothing: a sweep of the table stands behind it.
"""

from __future__ import annotations

from typing import Protocol


class Doorbell(Protocol):
    def ring(self) -> None:
        """Say "look"; after the commit. Never raises, never blocks."""

    def wait(self, timeout_s: float) -> None:
        """Return when rung or after the time; may wake for nothing."""
