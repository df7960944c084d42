"""What is counted of an instrument file on its way into the store, and when it says that the file is not good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from executor.domain.instrument import UNREADABLE, Instrument, InstrumentKey, Kind, LeftOut, Segment
from executor.store.changes import Changed

#: Rows without which no file is whole.
ALWAYS = frozenset({"NSE:SBIN-EQ", "NSE:RELIANCE-EQ", "BSE:SBIN"})
_SHARES = frozenset(word.partition(":")[2] for word in ALWAYS)
#: Rows that a file must have when the one before had them: an index, and contracts of these that end soon.
_UNDERLYINGS = frozenset({"NIFTY", "BANKNIFTY", "SENSEX", "CRUDEOIL"})
_SOON = timedelta(days=40)
#: A segment that lost more than this part of its rows since the last file was cut off on the way.
MOST_LOST = 0.5
#: More rows than this that cannot be understood, that say a token again, or in which a token means another contract
#: than yesterday, mean a broken file or a new form of it.
MOST_UNREADABLE = MOST_TWICE = 0.01
MOST_REUSED = 0.05
TWICE = "token twice"

_SHOWN = 3


class Census:
    """Counts of one file; `day` is the trading day it is for."""

    def __init__(self, day: date) -> None:
        self.segments: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.sentinels: set[str] = set()
        self._soon = (day, day + _SOON)
        self._seen: dict[Segment, dict[str, int]] = {segment: {} for segment in Segment}
        self._doubled: dict[InstrumentKey, None] = {}
        self._unreadable: list[str] = []

    @property
    def rows(self) -> int:
        return self.segments.total()

    @property
    def doubled(self) -> list[InstrumentKey]:
        """Keys that stand twice with different words: nobody knows which of them is right."""
        return list(self._doubled)

    def counted(self, rows: Iterable[Instrument | LeftOut]) -> Iterator[Instrument]:
        """Yield the instruments, each key once, and count them."""
        for found in rows:
            if isinstance(found, LeftOut):
                self._leave_out(found)
            elif self._is_first(found):
                self.segments[found.key.segment.value] += 1
                self._note_sentinel(found)
                yield found

    def fault(self, before: Mapping[str, Any]) -> str:
        """Why the file is not good beside the checks of the one before; empty when it is."""
        if self.left_out[UNREADABLE] > MOST_UNREADABLE * self.rows:
            return f"{self.left_out[UNREADABLE]} rows cannot be understood, such as {self._unreadable[0]}"
        missing = sorted((ALWAYS | set(before.get("sentinels", ()))) - self.sentinels)
        if missing:
            return f"{', '.join(missing)} missing among {self.rows} instruments"
        if len(self._doubled) > MOST_TWICE * self.rows:
            return f"{len(self._doubled)} tokens stand twice with different words, such as {self.doubled[0].text}"
        for segment, had in before.get("segments", {}).items():
            if self.segments[segment] < had * (1 - MOST_LOST):
                return f"{segment} has {self.segments[segment]} instruments, the last file had {had}"
        return ""

    def fault_of(self, changes: Mapping[str, Changed]) -> str:
        """Why the file cannot mean what it says: too many tokens are another contract than before."""
        reused = changes.get("reused")
        if reused is None or reused.count <= MOST_REUSED * self.rows:
            return ""
        return f"{reused.count} tokens mean another contract than in the last file, such as {reused.examples[0]}"

    def _leave_out(self, row: LeftOut) -> None:
        self.left_out[row.reason] += 1
        if row.reason == UNREADABLE and len(self._unreadable) < _SHOWN:
            self._unreadable.append(row.detail)

    def _is_first(self, row: Instrument) -> bool:
        seen, token = self._seen[row.key.segment], row.key.token
        words = hash((row.symbol, row.lot, row.expiry, row.strike))
        first = seen.get(token)
        if first is None:
            seen[token] = words
            return True
        self.left_out[TWICE] += 1
        if first != words and row.key not in self._doubled:
            self._doubled[row.key] = None
            self.segments[row.key.segment.value] -= 1
        return False

    def _note_sentinel(self, row: Instrument) -> None:
        segment = row.key.segment
        if row.symbol in _SHARES:
            self.sentinels.add(f"{segment}:{row.symbol}")
        if row.name not in _UNDERLYINGS:
            return
        if row.kind is Kind.INDEX:
            self.sentinels.add(f"the index {row.name} in {segment}")
        elif row.expiry is not None and self._soon[0] <= row.expiry <= self._soon[1]:
            self.sentinels.add(f"a {row.kind.lower()} of {row.name} in {segment} that ends within {_SOON.days} days")
