"""The numbers of `/metrics`, made anew from rows at each request: any web process says the same, and none remembers.

So all are gauges: what counts up begins again with each day of India.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from executor.clock import IST
from executor.domain.calendar import trading_day
from executor.store.health import AccountHealth, Health, counted
from executor.store.pace import Counts, Paces
from executor.web.parts import WebParts

__all__ = ["CONTENT_TYPE", "exposition"]

Row = tuple[tuple[str, ...], float]


def exposition(parts: WebParts) -> bytes:
    """Everything in the text form of Prometheus. Raises StoreError."""
    now = parts.clock.now()
    day = trading_day(now)
    midnight = datetime.combine(day, time(), IST)
    accounts, counts = Health(parts.store.database).accounts(now), Paces(parts.store.database).counts(midnight, day)
    ready = counted(parts.store.pages.standing(), now, parts.expected()).is_ready
    registry = CollectorRegistry(auto_describe=False)
    families = [_gauge("ready", "1 while all accounts may trade.", (), [((), float(ready))]), *_counted(counts)]
    registry.register(_Made([*families, *_standing(accounts, now), *_used(accounts, now, parts)]))
    return generate_latest(registry)


class _Made:
    """A collector of what is known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _counted(counts: Counts) -> Iterator[Metric]:
    yield _gauge(
        "deliveries_today",
        "Arrivals at the hook that are kept, by verdict.",
        ("verdict",),
        [((verdict,), count) for verdict, count in counts.deliveries.items()],
    )
    yield _gauge(
        "signals_today", "Signals by outcome, or state until then.", ("account", "outcome"), _rows(counts.signals)
    )
    yield _gauge("orders_today", "Orders of ours by state.", ("account", "state"), _rows(counts.orders))


def _standing(accounts: list[AccountHealth], now: datetime) -> Iterator[Metric]:
    def each(name: str, text: str, rows: Iterable[tuple[AccountHealth, float | None]]) -> Metric:
        found: list[Row] = [((one.account.name,), value) for one, value in rows if value is not None]
        return _gauge(name, text, ("account",), found)

    beats = [(one, one.beat) for one in accounts if one.beat is not None]
    said = [(one, beat.status) for one, beat in beats if one.is_alive(now)]
    yield each(
        "beat_age_seconds",
        "Since the trader last beat.",
        ((one, (now - beat.at).total_seconds()) for one, beat in beats),
    )
    yield each(
        "session_up", "1 while a session is open.", ((one, float(bool(words.get("session")))) for one, words in said)
    )
    yield each(
        "reconciled",
        "1 while the books are read.",
        ((one, float(bool(words.get("reconciled")))) for one, words in said),
    )
    yield each(
        "unprotected_seconds",
        "How long a position has been without a working stop by now; the longest.",
        ((one, _longest(words.get("unprotected", {}).values(), now)) for one, words in said),
    )
    yield each(
        "clock_ahead_seconds",
        "The broker's clock against ours.",
        ((one, words.get("clock_ahead")) for one, words in said),
    )
    yield each(
        "disk_free_bytes",
        "Free in the trader's state dir.",
        ((one, (words.get("disk") or {}).get("free")) for one, words in said),
    )
    yield each("backlog_signals", "Signals no trader has taken up.", ((one, one.backlog.signals) for one in accounts))
    yield each("backlog_commands", "Commands without an answer.", ((one, one.backlog.commands) for one in accounts))
    yield each("unsettled_intents", "Sends whose end is not known.", ((one, one.backlog.intents) for one in accounts))
    yield _gauge(
        "feed_up",
        "1 while a feed is connected.",
        ("account", "feed"),
        [
            ((one.account.name, feed), float(bool(words["up"])))
            for one, status in said
            for feed, words in status.get("feeds", {}).items()
        ],
    )


def _used(accounts: list[AccountHealth], now: datetime, parts: WebParts) -> Iterator[Metric]:
    windows = [(count, span, str(round(span.total_seconds()))) for count, span in parts.windows]
    used: list[Row] = [
        ((one.account.name, seconds), sum(at > now - span for at in one.writes))
        for one in accounts
        for _, span, seconds in windows
    ]
    most: list[Row] = [((seconds,), count) for count, _, seconds in windows]
    yield _gauge("limit_used", "Orders, changes and cancels within the window.", ("account", "window_seconds"), used)
    yield _gauge("limit", "Our own limit of them.", ("window_seconds",), most)


def _longest(since: Iterable[str], now: datetime) -> float:
    return max(((now - datetime.fromisoformat(one)) for one in since), default=timedelta()).total_seconds()


def _rows(found: Mapping[tuple[str, str], int]) -> list[Row]:
    return [(labels, count) for labels, count in sorted(found.items())]


def _gauge(name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(f"executor_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, float(number))
    return family
