"""Instrument files that are not good, from a real server: each leaves the table of before in use, and is recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from executor.bootstrap.master import refresh_master
from executor.broker.smartapi import wire
from executor.clock import SimulatedClock
from executor.config.calendar import load_calendar
from executor.domain.instrument import Segment
from executor.errors import BrokerUnavailable
from executor.instruments.freshness import troubles
from executor.simulator.master import Listing
from executor.store import schema
from executor.store.store import Store
from tests.bootstrap.conftest import LOCAL, Site
from tests.builders import NOW, TODAY
from tests.instruments.served import Served, say

Row = dict[str, Any]
Broken = Callable[[list[Row]], list[Row]]


@dataclass
class Morning:
    """Yesterday's good file is in use; today's is as a test says."""

    site: Site
    served: Served
    store: Store

    def take(self) -> None:
        refresh_master(self.site.settings(), self.store)

    def refused(self) -> str:
        """Take today's file, which must be refused and change nothing; returns what is recorded."""
        before = self.store.loads.current_load()
        with pytest.raises(BrokerUnavailable) as caught:
            self.take()
        newest = self.store.loads.history(1)[0]
        assert newest.failure == str(caught.value)
        assert self.store.loads.current_load() == before
        assert self._loads_with_rows() == {before.id if before else None}
        assert [share.key.token for share in self.store.master.find_by_symbol(Segment.NSE, "SBIN-EQ")] == ["3045"]
        assert any(newest.failure in said for said in troubles(before, newest, load_calendar(None), NOW))
        assert not list(self.site.state_dir.glob("instruments*"))
        return newest.failure

    def _loads_with_rows(self) -> set[str]:
        with self.store.database.read() as connection:
            return set(connection.execute(select(schema.instrument.c.load).distinct()).scalars())


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(Listing(TODAY).rows(lambda _one: True))


@pytest.fixture
def morning(site: Site, rows: list[Row]) -> Iterator[Morning]:
    site.state_dir.mkdir()
    SimulatedClock(NOW, publish=site.state_dir / "clock.json")
    with Served() as served:
        served.rows = rows
        more = {"SMARTAPI_MASTER_URL": served.url, "EXECUTOR_CLOCK_FILE": str(site.state_dir / "clock.json")}
        site.environ |= LOCAL | more
        site.upgrade()
        morning = Morning(site, served, site.look(lambda store: store))
        morning.take()
        yield morning


def without(column: str) -> Broken:
    def broken(rows: list[Row]) -> list[Row]:
        return [{(f"new_{name}" if name == column else name): value for name, value in row.items()} for row in rows]

    return broken


def only(which: Callable[[Row], bool]) -> Broken:
    return lambda rows: [row for row in rows if which(row)]


def changed(**values: Callable[[Row], Any]) -> Broken:
    return lambda rows: [{**row, **{name: value(row) for name, value in values.items()}} for row in rows]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        *((without(column), "") for column in ("token", "symbol", "name", "expiry", "strike", "lotsize")),
        *((without(column), "") for column in ("instrumenttype", "exch_seg", "tick_size")),
        *((only(lambda row, empty=empty: row["exch_seg"] != empty), empty) for empty in ("NFO", "BFO", "MCX", "BSE")),
        (lambda rows: rows[: len(rows) // 10], "missing"),
        (lambda rows: rows[::10], "missing"),
        (lambda rows: [*rows, *({**row, "symbol": f"X{row['symbol']}"} for row in rows[:200])], "tokens stand twice"),
        (only(lambda row: row["expiry"] == "" or row["name"] != "NIFTY"), "of NIFTY in NFO"),
        (only(lambda row: row["symbol"] != "SENSEX"), "the index SENSEX in BSE missing"),
        (changed(strike=lambda row: str(float(row["strike"] or 0) / 100)), "mean another contract"),
        (changed(tick_size=lambda _row: "five"), "tick_size 'five'"),
        (changed(lotsize=lambda _row: 1.5), "lotsize 1.5"),
        (lambda _rows: [], "missing among 0 instruments"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_good_leaves_yesterdays_in_use(
    morning: Morning, rows: list[Row], broken: Broken, words: str
) -> None:
    morning.served.rows = broken(rows)

    assert words in morning.refused()


def cut(request: BaseHTTPRequestHandler) -> None:
    say(request, b"[" + b" " * 1000, promised=100_000)


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(10):
        request.wfile.write(b"[")
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda request: say(request, b"<!DOCTYPE html><title>Rejected</title>"), "begins with '<!DOCTYPE html>"),
        (lambda request: say(request, b'{"status": false}'), "instead of a list"),
        (lambda request: say(request, b"not found", status=404), "HTTP 404"),
        (lambda request: say(request, b"busy", status=503), "HTTP 503"),
        (lambda request: say(request, b"", status=301), "HTTP 301"),
        (lambda request: say(request, b""), "instead of a list"),
        (lambda request: say(request, b'[{"token": "1"}, {"tok'), "breaks off or is broken after row 1"),
        (lambda request: say(request, b"[\xff\xfe]"), "not good"),
        (lambda request: say(request, json.dumps([1, 2]).encode()), "row 1 is no object"),
        (cut, "could not be fetched"),
        (lambda request: request.connection.close(), "could not be fetched"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_file_leaves_yesterdays_in_use(morning: Morning, answer: Any, words: str) -> None:
    morning.served.answer = answer

    assert words in morning.refused()


def test_a_server_that_does_not_answer_leaves_yesterdays_in_use(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_TIMEOUT", httpx.Timeout(0.2))
    morning.served.hang = True

    assert "ReadTimeout" in morning.refused()


def test_a_file_that_drips_leaves_yesterdays_in_use(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_LONGEST_S", 0.3)
    morning.served.answer = drip

    said = morning.refused()
    assert "did not end within 0.3 s" in said or "timed out" in said  # the last piece may be what comes too late


def test_a_server_that_is_not_there_leaves_yesterdays_in_use(morning: Morning) -> None:
    morning.site.environ |= LOCAL

    assert "could not be fetched" in morning.refused()


def test_after_a_refused_file_a_good_one_is_taken(morning: Morning, rows: list[Row]) -> None:
    morning.served.rows = rows[:5]
    morning.refused()
    morning.served.rows = rows

    morning.take()

    taken, failed, before = morning.store.loads.history(9)
    assert [bool(load.failure) for load in (taken, failed, before)] == [False, True, False]
    assert morning.store.loads.current_load() == taken
    assert {kind: change["count"] for kind, change in taken.checks["changes"].items()} == dict.fromkeys(
        ("new", "gone", "lot", "freeze", "tick", "reused"), 0
    )


def test_columns_that_are_not_needed_may_go_and_others_come(morning: Morning, rows: list[Row]) -> None:
    needless = ("freeze_qty", "is_cas_enabled")
    fewer = [{name: value for name, value in row.items() if name not in needless} for row in rows]
    morning.served.rows = [{**row, "isin": "INE000A01000", "market_lot": 1} for row in fewer]

    morning.take()

    after, before = morning.store.loads.history(2)
    assert after.checks["segments"] == before.checks["segments"]
    assert after.checks["changes"]["freeze"]["count"] > 0


def test_what_a_killed_refresh_left_goes_with_the_next(morning: Morning) -> None:
    left = morning.store.master.find_by_symbol(Segment.NSE, "SBIN-EQ")
    morning.store.loads.add_instruments("z" * 13, [(row, "SBIN") for row in left])

    morning.take()

    assert "z" * 13 not in morning._loads_with_rows()
