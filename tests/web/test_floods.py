"""Counts of floods reach the store without a further arrival, and outlive what the store does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from executor.domain.delivery import Flood
from executor.errors import InvariantBroken, NotRecorded
from executor.web.authenticity import Floods
from executor.web.floods import FloodWriter
from tests.web.conftest import Web


class Intake:
    """A store that refuses the first times, and says what it took."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.taken: list[Flood] = []

    def record_flood(self, rows: Sequence[Flood], _at: datetime) -> None:
        self.calls += 1
        if rows and self.errors:
            raise self.errors.pop(0)
        self.taken += rows


@contextmanager
def running(writer: FloodWriter) -> Iterator[None]:
    writer.start()
    yield
    writer.stop()


def eventually(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def a_writer(web: Web, intake: Intake) -> FloodWriter:
    return FloodWriter(web.parts.floods, intake, web.clock, every_s=0.01)  # type: ignore[arg-type]


def test_a_minute_is_written_down_when_it_is_over_though_nothing_arrives_any_more(web: Web) -> None:
    for _ in range(3):
        web.post(path="/hook/trend/wrong")

    with running(web.writer()):
        web.clock.advance(60)
        eventually(lambda: web.rows("delivery_flood"))

    [flood] = web.rows("delivery_flood")
    [noted] = [row for row in web.rows("audit") if row.kind == "flood"]
    assert (flood.source, flood.process, flood.count, flood.sample) == ("127.0.0.1", "web-1", 3, "an unknown address")
    assert flood.minute.second == 0
    assert noted.at == web.clock.now()  # the audit's times rise: it is looked through by them


def test_the_running_minute_is_written_down_at_the_end(web: Web) -> None:
    with running(web.writer()):
        web.post(path="/hook/trend/wrong")

    assert [row.count for row in web.rows("delivery_flood")] == [1]


def test_a_store_that_takes_nothing_loses_no_count(web: Web) -> None:
    intake = Intake(NotRecorded("locked"), NotRecorded("locked"))
    web.post(path="/hook/trend/wrong")

    with running(a_writer(web, intake)):
        web.clock.advance(60)
        eventually(lambda: intake.taken)

    assert [flood.count for flood in intake.taken] == [1]


def test_a_row_that_is_there_already_does_not_end_the_writing(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    intake = Intake(InvariantBroken("a constraint says no"))
    web.post(path="/hook/trend/wrong")

    with running(a_writer(web, intake)):
        web.clock.advance(60)
        eventually(lambda: not intake.errors)
        web.post(path="/hook/trend/wrong")

    assert [flood.count for flood in intake.taken] == [1]
    assert "dropped" in caplog.text


def test_two_processes_write_rows_of_their_own(web: Web) -> None:
    for name in ("web-1", "web-2"):
        floods = Floods(name)
        floods.count("a", "x", web.clock.now())
        with running(FloodWriter(floods, web.store.intake, web.clock)):
            pass

    assert {(row.process, row.count) for row in web.rows("delivery_flood")} == {("web-1", 1), ("web-2", 1)}
