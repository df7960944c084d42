"""Statements that must stay fast with a million rows: SQLite's plan, without statistics (libraries.md 0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.messages import Change
from executor.domain.strategy import Account, AccountKind
from executor.store.engine import Database, open_database
from executor.store.master import Master
from executor.store.profit import Days
from executor.store.store import Store
from tests.builders import ACCOUNT, LANE, NOW, TODAY, a_fill, a_store, an_id, an_order
from tests.store.trading import commit, decision_of, trade


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """On SQLite alone."""
    database = open_database(sqlite_url)
    yield a_store(database, new_id=str)
    database.close()


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        seen.append((statement, parameters))

    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def _plan(store: Store, read: Callable[[], object]) -> list[str]:
    with _statements(store.database) as seen:
        read()
    steps = []
    with store.database.read() as connection:
        for statement, parameters in seen:
            if statement.startswith(("SELECT", "WITH")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                steps += [str(row[3]) for row in rows]
    return steps


@pytest.mark.parametrize(
    ("read", "step"),
    [
        (
            lambda master: master.find_by_key(InstrumentKey(Segment.NSE, "1")),
            "(load=? AND segment=? AND token=?)",
        ),
        (lambda master: master.find_by_alias("TATASTEEL", [Segment.NSE]), "instrument_alias (alias=? AND segment=?)"),
        (lambda master: master.find_by_symbol(Segment.NSE, "SBIN-EQ"), "instrument_symbol (symbol=? AND segment=?)"),
        (lambda master: master.futures_of(Segment.NFO, "NIFTY"), "(alias=? AND segment=? AND kind=?)"),
        (lambda master: master.options_of(Segment.NFO, "NIFTY", TODAY), "segment=? AND kind=? AND expiry=?)"),
        (lambda master: master.option_of(Segment.NFO, "NIFTY", TODAY, Decimal(9), "CE"), "expiry=? AND strike=?)"),
        (lambda master: master.expiries_of(Segment.NFO, "NIFTY"), "segment=? AND kind=? AND expiry>?)"),
        (lambda master: master.aliases_like("TATA", 5), "COVERING INDEX instrument_alias (alias>?"),
        (lambda master: master.names_like("NIF", 5), "COVERING INDEX instrument_alias (alias>?"),
        (lambda master: master.search("NIFTY", ["24000"], 5), "instrument_symbol (symbol>?)"),
    ],
)
def test_an_instrument_is_found_by_an_index(store: Store, read: Callable[[Master], object], step: str):
    plan = _plan(store, lambda: read(store.master))

    assert any(step in one for one in plan), plan
    assert not any(one.startswith(("SCAN instrument", "USE TEMP")) for one in plan), plan


def test_new_work_is_found_among_open_signals(store: Store):
    plan = _plan(store, lambda: store.recovery.new_work(ACCOUNT).signals)

    assert any("signal_open" in step for step in plan), plan


def test_a_book_is_loaded_without_reading_whole_tables(store: Store):
    trade(store)

    plan = _plan(store, lambda: store.recovery.load_book(ACCOUNT, TODAY))

    scanned = [step for step in plan if step.startswith("SCAN")]
    assert scanned == ["SCAN halt USING INDEX sqlite_autoindex_halt_1"]  # halts are few, whatever the age of the store


def test_the_writes_of_the_last_hour_are_found_by_their_time(store: Store):
    plan = _plan(store, lambda: store.recovery.recent_writes(ACCOUNT, NOW))

    assert any("intent_written (account=? AND sending_at>?)" in step for step in plan), plan


def test_what_was_filled_is_found_by_the_days_of_its_orders(store: Store):
    trade(store)
    store.people.add_account(Account(ACCOUNT, AccountKind.PAPER), by="test", at=NOW, new_id=lambda: an_id(90))
    filled = replace(an_order(), broker_id=a_fill().broker_id, filled=4, average=a_fill().price)
    commit(store, decision_of(Change(filled, before=an_order())))

    plan = _plan(store, lambda: list(store.pages.traded(Days(TODAY, TODAY, strategy=LANE.strategy))))

    assert any("broker_order" in step and "(account=? AND day>? AND day<?)" in step for step in plan), plan
    assert any(step.startswith("SEARCH fill") for step in plan), plan
    assert all(step.startswith("SCAN account") for step in plan if step.startswith("SCAN")), plan
