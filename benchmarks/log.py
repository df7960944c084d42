"""The log's page over a long log: its first page, each filter alone, several at once, page 1,000; as the browser asks.

What is measured is the real view: session, statements, template; no network. The figure asks for each filter alone.
SQLite has no statistics, as in the product; Postgres has those that its autovacuum makes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select, text

from benchmarks.figures import Figure, spread
from benchmarks.findings import Findings, Place
from benchmarks.log_fill import QUIET, RARE, RARE_TIMES, REFUSED_NEVER_QUIET, STRATEGIES, TICKERS, Filled, fill_log
from benchmarks.town import BenchFailed
from executor.clock import ManualClock
from executor.store import schema
from executor.store.engine import open_database
from executor.store.store import Store
from executor.store.upgrade import upgrade
from executor.web.pages.audit import PAGE
from tests.builders import NOW, a_store
from tests.web.browser import Browser, a_browser

_LIMIT_MS = 100.0
_TIMES = 15
_DEEP = 1000


def measure(place: Place) -> Findings:
    """Fill a log, ask for it."""
    url, folder = place.town_in("log")
    Path(folder).mkdir(parents=True)
    database = open_database(url)
    upgrade(database)
    store = a_store(database, new_id=str)
    began = time.monotonic()
    filled = fill_log(store, place.effort.signals, place.say)
    if not database.is_sqlite:
        with database.glance() as connection:
            connection.execute(text("SET lock_timeout = 0"))  # the server may be at a table of its own accord
            connection.execute(text("VACUUM ANALYZE"))
    section = f"audit page, {place.effort.signals:,} signals"
    filling = Figure(section, "written in", time.monotonic() - began, "s", note=_size(store))
    browser = a_browser(store, ManualClock(NOW))
    figures = [_figure(section, browser, *case) for case in _cases(store, filled)]
    database.close()
    return Findings(
        [
            filling,
            *figures,
        ]
    )


def _cases(store: Store, filled: Filled) -> Sequence[tuple[str, Mapping[str, str], int]]:
    """Name, what the address asks for, how many lines there must be."""
    common, sbin = STRATEGIES[0], TICKERS[0]
    day = f"{filled.last_day:%Y-%m-%d}"
    everything = {"strategy": common, "account": "default", "ticker": sbin, "outcome": "FILLED", "text": "buy"}
    filters: list[tuple[str, Mapping[str, str], int]] = [
        ("first page", {}, PAGE),
        ("strategy", {"strategy": common}, PAGE),
        ("account", {"account": "second"}, PAGE),
        ("ticker", {"ticker": sbin}, PAGE),
        ("ticker without its exchange", {"ticker": sbin[4:].lower()}, PAGE),
        ("outcome FILLED", {"outcome": "FILLED"}, PAGE),
        ("outcome NOT_PLACED", {"outcome": "NOT_PLACED"}, PAGE),
        ("outcome WORKING", {"outcome": "WORKING"}, 20),
        ("refused because of the window", {"outcome": "outside_window"}, PAGE),
        ("day", {"day": day}, PAGE),
        ("text: a word of most lines", {"text": "nse"}, PAGE),
        ("text: the broker's words", {"text": "margin exceeds"}, PAGE),
        ("text: a refusal's words", {"text": "pauses after a loss"}, PAGE),
        ("text: how words begin", {"text": "ban"}, PAGE),
        (f"text: a word of {RARE_TIMES} lines", {"text": RARE}, RARE_TIMES),
        ("text: a word of none", {"text": "zzzz"}, 0),
        ("text: the broker's number of an order", {"text": filled.order_number}, 1),
        ("all filters but the day", everything, PAGE),
        ("two that meet nowhere", {"strategy": QUIET, "outcome": REFUSED_NEVER_QUIET.value}, 0),
    ]
    deep = [
        (f"page {_DEEP:,}", {}),
        (f"page {_DEEP:,} of a strategy", {"strategy": common}),
        (f"page {_DEEP:,} of a text", {"text": "nse"}),
    ]
    walked = [(name, {**asked, "before": key}, PAGE) for name, asked in deep if (key := _key(store, asked))]
    return [*filters, *walked]


def _key(store: Store, asked: Mapping[str, str]) -> str | None:
    """The last delivery of the page before page 1,000, told by counting; None where there are fewer."""
    table, skipped = schema.log_word.c, PAGE * (_DEEP - 1) - 1
    word = f"s:{asked['strategy']}" if "strategy" in asked else f"w:{asked.get('text')}"
    found = select(table.delivery).where(table.word == word).order_by(table.delivery.desc())
    every = select(schema.delivery.c.id).order_by(schema.delivery.c.id.desc())
    with store.database.read() as connection:
        return connection.execute((found if asked else every).offset(skipped).limit(1)).scalar_one_or_none()


def _figure(section: str, browser: Browser, name: str, asked: Mapping[str, str], lines: int) -> Figure:
    path = "/?" + urlencode(asked)
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        page = browser.get(path)
        took.append((time.perf_counter() - began) * 1000)
    found = page.text.count('<li id="d-')
    if found != lines and not (found and lines == PAGE):
        raise BenchFailed(f"{path}: {found} lines where {lines} should be")
    sample = spread(took)
    note = f"worst of {_TIMES}; median {sample.p50:.1f} ms, {found} lines"
    limit = None if len(asked.keys() - {"before"}) > 1 else _LIMIT_MS
    return Figure(section, name, sample.worst, "ms", limit, note=note)


def _size(store: Store) -> str:
    """How large the database has become."""
    sqlite = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    statement = sqlite if store.database.is_sqlite else "SELECT pg_database_size(current_database())"
    with store.database.read() as connection:
        return f"database of {connection.execute(text(statement)).scalar_one() / 1e6:,.0f} MB"
