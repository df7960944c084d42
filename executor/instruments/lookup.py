"""What is asked of the current instrument table; the store's `master` answers, and in tests rows in memory do.

`alias` is always `norm` of a name (instruments/ticker): of a share's symbol without its series, of an index's name, of
the name under which a derivative is listed. More than one row may fit: whoever asks decides, rows come in no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from executor.domain.instrument import Instrument, InstrumentKey, Segment


class Load(Protocol):
    """Which rows are in use, and when they were fetched."""

    @property
    def at(self) -> datetime: ...


class MasterLookup(Protocol):
    """The current instrument table, read only."""

    def current_load(self) -> Load | None: ...
    def find_by_key(self, key: InstrumentKey) -> Instrument | None: ...

    def find_by_symbol(self, segment: Segment, symbol: str) -> list[Instrument]:
        """Angel One's own spelling, exactly."""
        ...

    def find_by_alias(self, alias: str, segments: Sequence[Segment]) -> list[Instrument]:
        """Shares and indices only."""
        ...

    def futures_of(self, segment: Segment, alias: str) -> list[Instrument]:
        """Every future under a name, of all expiries."""
        ...

    def expiries_of(self, segment: Segment, alias: str) -> list[date]:
        """On which days options under a name expire, each once."""
        ...

    def options_of(self, segment: Segment, alias: str, expiry: date) -> list[Instrument]:
        """Calls and puts of one expiry."""
        ...

    def option_of(self, segment: Segment, alias: str, expiry: date, strike: Decimal, right: str) -> list[Instrument]:
        """The contract of these parts; `right` is CE or PE. More than one row is for the caller to refuse."""
        ...

    def aliases_like(self, prefix: str, limit: int) -> list[str]:
        """Aliases of shares and indices that begin with a text."""
        ...

    def names_like(self, prefix: str, limit: int) -> list[str]:
        """Aliases under which derivatives are listed that begin with a text, each once."""
        ...
