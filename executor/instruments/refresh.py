"""Take a new instrument file into the store: checked as a whole before anybody reads it.

Invariant: a file that breaks off, shrinks, lacks what must be there or cannot be understood changes nothing; the
rows of before stay in use (smartapi.md 8, tradingview.md B5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from executor.domain.ids import Ids
from executor.domain.instrument import UNREADABLE, Instrument, InstrumentKey, LeftOut, Segment
from executor.errors import BrokerUnavailable
from executor.instruments.ticker import alias_of
from executor.store.master import LoadInfo

CHUNK = 500
#: Rows without which no file is whole.
SENTINELS = ((Segment.NSE, "SBIN-EQ"), (Segment.NSE, "RELIANCE-EQ"), (Segment.BSE, "SBIN"))
#: A segment that lost more than this part of its rows since the last file was cut off on the way.
MOST_LOST = 0.5
#: More rows than this that cannot be understood mean a new form of the file.
MOST_UNREADABLE = 0.01

_SHOWN = 3


class MasterStore(Protocol):
    """The instrument table that is written; the store's `master` is one."""

    def add_instruments(self, load: str, rows: Sequence[tuple[Instrument, str]]) -> None: ...
    def switch_master(self, load: str, checks: Mapping[str, Any], *, at: datetime) -> None: ...
    def current_load(self) -> LoadInfo | None: ...


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a refresh took: rows by segment, and by reason what it left out."""

    load: str
    at: datetime
    rows: int
    segments: Mapping[str, int]
    left_out: Mapping[str, int]


@dataclass(slots=True)
class _Count:
    """What was seen of a file so far."""

    segments: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    keys: set[InstrumentKey] = field(default_factory=set)
    sentinels: set[tuple[Segment, str]] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.segments.total()


def refresh(rows: Iterable[Instrument | LeftOut], master: MasterStore, *, now: datetime, ids: Ids) -> LoadReport:
    """Take the rows of a file into a new load and switch to it. Raises BrokerUnavailable when the file is not good."""
    load, count, before = ids.new(), _Count(), master.current_load()
    chunk: list[tuple[Instrument, str]] = []
    try:
        for instrument in _instruments(rows, count):
            chunk.append((instrument, alias_of(instrument)))
            if len(chunk) == CHUNK:
                master.add_instruments(load, chunk)
                chunk = []
    except (OSError, ValueError) as error:
        raise _not_good(str(error)) from error
    _check(count, before)
    master.add_instruments(load, chunk)
    report = LoadReport(load, now, count.rows, dict(count.segments), dict(count.left_out))
    master.switch_master(load, {"segments": report.segments, "left_out": report.left_out}, at=now)
    return report


def _instruments(rows: Iterable[Instrument | LeftOut], count: _Count) -> Iterator[Instrument]:
    for found in rows:
        if isinstance(found, LeftOut):
            count.left_out[found.reason] += 1
            if found.reason == UNREADABLE and len(count.unreadable) < _SHOWN:
                count.unreadable.append(found.detail)
        elif found.key in count.keys:
            count.left_out["token twice"] += 1
        else:
            count.keys.add(found.key)
            count.segments[found.key.segment.value] += 1
            if (found.key.segment, found.symbol) in SENTINELS:
                count.sentinels.add((found.key.segment, found.symbol))
            yield found


def _check(count: _Count, before: LoadInfo | None) -> None:
    missing = [f"{segment}:{symbol}" for segment, symbol in SENTINELS if (segment, symbol) not in count.sentinels]
    if missing:
        raise _not_good(f"{', '.join(missing)} missing among {count.rows} instruments")
    if count.left_out[UNREADABLE] > MOST_UNREADABLE * count.rows:
        raise _not_good(f"{count.left_out['unreadable']} rows cannot be understood, such as {count.unreadable[0]}")
    for segment, had in (before.checks["segments"] if before else {}).items():
        if count.segments[segment] < had * (1 - MOST_LOST):
            raise _not_good(f"{segment} has {count.segments[segment]} instruments, the last file had {had}")


def _not_good(found: str) -> BrokerUnavailable:
    return BrokerUnavailable(f"the instrument file is not good: {found}; the one before stays in use, fetch it again")
