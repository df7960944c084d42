"""The log's statements go by an index on both stores, in the order of the page: nothing is read through or sorted.

SQLite is asked without statistics (libraries.md 0.4); Postgres with those of some thousand signals, and without the way
that it takes through small tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, text

from benchmarks.log_fill import fill_log
from executor.store import schema
from executor.store.log_search import Filters
from executor.store.store import Store

DAY = date(2026, 11, 20)
TICKER = "NSE:AARINDS"
FILTERS = {
    "strategy": Filters(strategy="strategy01"),
    "account": Filters(account="second"),
    "ticker": Filters(ticker=TICKER),
    "ticker alone": Filters(ticker=TICKER[4:]),
    "outcome": Filters(outcome="FILLED"),
    "code": Filters(outcome="cool_down"),
    "day": Filters(day=DAY),
    "text": Filters(text="nse buy"),
    "signals": Filters(signals=True, strategy="strategy01"),
    "all": Filters("strategy01", "default", TICKER, "FILLED", DAY, "buy"),
}
#: Below it some thousand lie.
BEFORE = "1m7"


@pytest.fixture
def long_log(store: Store) -> Store:
    fill_log(store, 4000, lambda _said: None)
    if not store.database.is_sqlite:
        with store.database.glance() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return store


def plans(store: Store, read: Callable[[], object]) -> list[tuple[str, list[str]]]:
    """Each statement that is read by, with its plan."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        seen.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", note)
    read()
    event.remove(store.database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    found = []
    with store.database.read() as connection:
        if not store.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in seen:
            if statement.startswith(("SELECT", "WITH")):
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
                found.append((statement, [str(row[-1]) for row in rows]))
    return found


def read_through(found: list[tuple[str, list[str]]]) -> list[str]:
    """The steps that read a whole table; the few open signals stand in an index of their own."""
    tables = "|".join(schema.metadata.tables)
    whole = [step for _, plan in found for step in plan if re.search(rf"^SCAN ({tables})\b|Seq Scan", step)]
    return [step for step in whole if "signal_open" not in step]


def page(store: Store, filters: Filters, before: str | None) -> list[tuple[str, list[str]]]:
    return plans(store, lambda: store.pages.deliveries(filters, before=before, limit=50))


def test_each_filter_follows_the_key_of_its_words_from_the_newest_down(long_log: Store) -> None:
    for name, filters in FILTERS.items():
        for before in (None, BEFORE):
            found = page(long_log, filters, before)
            ordered = [plan for statement, plan in found if "FROM log_word" in statement and "DESC" in statement]
            assert ordered, name
            for plan in ordered:
                steps = "\n".join(plan)
                if long_log.database.is_sqlite:
                    key = "(word=? AND delivery<?)" if before else "(word=?)"
                    assert re.search(rf"SEARCH log_word\w* USING PRIMARY KEY {re.escape(key)}", steps), (name, steps)
                else:
                    assert "Index Only Scan Backward using log_word_pkey" in steps, (name, steps)
                    assert ("AND (delivery <" in steps) == bool(before), (name, steps)
                assert "TEMP B-TREE" not in steps and "Sort" not in steps, (name, steps)
            assert read_through(found) == [], name


def test_every_other_way_into_the_log_goes_by_an_index_too(long_log: Store) -> None:
    [line] = long_log.pages.deliveries(Filters(outcome="FILLED"), before=None, limit=1)
    [(_, order)] = line.orders
    assert line.signal and order.tag and order.broker_id

    for named, index in [
        (line.signal.id, "PRIMARY KEY (id=?)|signal_pkey"),
        (order.tag, "(tag=?)|broker_order_tag_key"),
        (order.broker_id, "order_number (broker_id=?)|order_number"),
    ]:
        found = page(long_log, Filters(text=named), None)
        assert any(one in step for _, plan in found for step in plan for one in index.split("|")), (named, found)
        assert read_through(found) == [], named
    for filters in (Filters(), Filters(signals=True)):
        [(_, plan), *others] = page(long_log, filters, BEFORE)
        steps = "\n".join(plan)
        assert "autoindex_delivery_1 (id<?)" in steps or "Index Scan Backward using delivery_pkey" in steps, steps
        assert "TEMP B-TREE" not in steps and "Sort" not in steps, steps
        assert read_through(others) == []
    assert read_through(plans(long_log, lambda: long_log.pages.line(line.delivery.id))) == []
    assert read_through(plans(long_log, lambda: long_log.pages.line(str(order.tag)))) == []


def test_all_words_with_one_beginning_are_hopped_over_not_read(long_log: Store) -> None:
    [(_, plan), *_] = page(long_log, Filters(text="ban"), None)

    hops = [step for step in plan if "PRIMARY KEY (word>? AND word<?)" in step or "log_word_pkey" in step]
    assert len(hops) == 2 if long_log.database.is_sqlite else hops, "\n".join(plan)
    assert all("Only Scan" in step for step in hops if "pkey" in step), hops
    assert read_through([("", plan)]) == []
