"""Take a new instrument file into the store: checked as a whole before anybody reads it.

Invariant: a file that cannot be fetched, breaks off, shrinks, lacks what must be there, says a token twice or cannot
be understood changes nothing; the rows of before stay in use, and why is recorded (smartapi.md 8, tradingview.md B5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from executor.domain.calendar import trading_day
from executor.domain.ids import Ids
from executor.domain.instrument import Instrument, InstrumentKey, LeftOut
from executor.errors import BrokerUnavailable
from executor.instruments.census import Census
from executor.instruments.ticker import alias_of
from executor.store.chain import Seen, unseen
from executor.store.changes import Changed
from executor.store.master import LoadInfo

_SEEN_EVERY = 500

Rows = Iterable[Instrument | LeftOut]


class LoadStore(Protocol):
    """The instrument table that is written; the store's `loads` is one."""

    def refreshing(self) -> AbstractContextManager[None]: ...
    def current_load(self) -> LoadInfo | None: ...
    def add_instruments(self, load: str, rows: Iterable[tuple[Instrument, str]]) -> None: ...
    def drop_instruments(self, load: str, keys: Sequence[InstrumentKey]) -> None: ...
    def changes_to(self, load: str) -> dict[str, Changed]: ...
    def switch_master(self, load: str, checks: Mapping[str, Any], *, at: datetime, say: str) -> None: ...
    def record_failure(self, load: str, why: str, *, at: datetime) -> None: ...
    def forget_unused(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a refresh took: rows by segment, by reason what it left out, by kind what it changed."""

    load: str
    at: datetime
    rows: int
    segments: Mapping[str, int]
    left_out: Mapping[str, int]
    changes: Mapping[str, Changed]


def refresh(fetch: Callable[[], Rows], loads: LoadStore, *, now: datetime, ids: Ids, seen: Seen = unseen) -> LoadReport:
    """Fetch a file into a new load and switch to it.

    Raises BrokerUnavailable when the file is not good, NotRecorded when another process takes it at this moment.
    """
    with loads.refreshing():
        load = ids.new()
        loads.forget_unused()
        try:
            return _take(fetch, loads, load, now, seen)
        except BrokerUnavailable as error:
            loads.record_failure(load, str(error), at=now)
            raise
        finally:
            loads.forget_unused()


def _take(fetch: Callable[[], Rows], loads: LoadStore, load: str, now: datetime, seen: Seen) -> LoadReport:
    census, before = Census(trading_day(now)), loads.current_load()
    checks = before.checks if before else {}
    try:
        loads.add_instruments(load, _good(fetch, census, checks, seen))
    except (OSError, ValueError, OverflowError) as error:
        raise not_good(str(error)) from error
    loads.drop_instruments(load, census.doubled)
    report = LoadReport(load, now, census.rows, dict(census.segments), dict(census.left_out), {})
    report = replace(report, changes=loads.changes_to(load))
    why = census.fault_of(report.changes)
    if why:
        raise not_good(why)
    loads.switch_master(load, _checks(report, census), at=now, say=_sentence(report))
    return report


def not_good(found: str) -> BrokerUnavailable:
    return BrokerUnavailable(f"the instrument file is not good: {found}; the one before stays in use, fetch it again")


def _good(
    fetch: Callable[[], Rows], census: Census, before: Mapping[str, Any], seen: Seen
) -> Iterator[tuple[Instrument, str]]:
    """Yield the instruments of a file with their aliases. Raises BrokerUnavailable after the last of a bad one."""
    expected = before.get("rows", 0)
    for number, instrument in enumerate(census.counted(fetch())):
        if number % _SEEN_EVERY == 0:
            seen(number, expected)
        yield instrument, alias_of(instrument)
    why = census.fault(before)
    if why:
        raise not_good(why)


def _checks(report: LoadReport, census: Census) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "segments": report.segments,
        "left_out": report.left_out,
        "sentinels": sorted(census.sentinels),
        "changes": {kind: changed.as_json() for kind, changed in report.changes.items()},
    }


def _sentence(report: LoadReport) -> str:
    counts = ", ".join(f"{segment} {count}" for segment, count in sorted(report.segments.items()))
    changes = ", ".join(f"{changed.count} {kind}" for kind, changed in report.changes.items() if changed.count)
    since = f"since the one before: {changes or 'nothing changed'}" if report.changes else "the first one"
    return f"{report.rows} instruments ({counts}); {since}"
