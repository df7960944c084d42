"""Web and trader with marks on the way of an alert, wrapped from the outside: the product knows nothing of it.

    BENCH_MARKS=file gunicorn … "benchmarks.timed:web()"        BENCH_MARKS=file python -m benchmarks.timed

A mark is a line "nanoseconds name" in that file, written at once (some 5 µs each).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from flask import Flask

from executor.bootstrap.trader import build_trader
from executor.bootstrap.web import create_web_app
from executor.broker.smartapi.wire import Wire
from executor.config.environment import open_settings
from executor.desk.book import Book
from executor.domain.messages import SignalsArrived
from executor.logs import start_logging
from executor.store.intake import Intake
from executor.store.ledger import Ledger
from executor.store.people import People
from executor.store.recovery import Recovery
from executor.trader import loop
from executor.trader.workers import ThreadWorkers
from executor.web import webhook


class Marks:
    """Writes marks; wraps functions so that their begin or end is one."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def mark(self, name: str) -> None:
        os.write(self._file, b"%d %s\n" % (time.time_ns(), name.encode()))

    def wrap(
        self,
        owner: Any,
        name: str,
        *,
        begin: str = "",
        end: str = "",
        only: Callable[..., bool] = lambda *_, **__: True,
        ended: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        """Mark the begin and the end of `owner.name` when `only` agrees to its arguments, `ended` to its result."""
        inner = getattr(owner, name)

        def wrapped(*given: Any, **named: Any) -> Any:
            wanted = only(*given, **named)
            if begin and wanted:
                self.mark(begin)
            result = inner(*given, **named)
            if end and wanted and ended(result):
                self.mark(end)
            return result

        setattr(owner, name, wrapped)


def web() -> Flask:
    """The product's application with marks."""
    marks = Marks(os.environ["BENCH_MARKS"])
    marks.wrap(webhook, "_take", begin="web: the view begins")
    marks.wrap(People, "strategy", end="web: strategy read")
    marks.wrap(People, "issued_alert", end="web: alert read")
    marks.wrap(webhook, "judge", end="web: verified, parsed, judged")
    marks.wrap(Intake, "record_delivery", end="web: commit 1")
    return create_web_app()


def trader() -> None:
    """The product's trader with marks."""
    marks = Marks(os.environ["BENCH_MARKS"])
    marks.wrap(
        Recovery,
        "new_work",
        begin="trader: the sweep begins",
        end="trader: new work read",
        ended=lambda w: bool(w.signals),
    )
    marks.wrap(
        loop, "decide", begin="trader: strategy and contract found", end="trader: decided",
        only=lambda _book, event, *_: isinstance(event, SignalsArrived),
    )  # fmt: skip
    marks.wrap(
        Ledger, "commit", begin="trader: permits taken", end="trader: commit 2",
        only=lambda _self, _account, _epoch, decision, **_: bool(decision.intents),
    )  # fmt: skip
    marks.wrap(
        Book, "apply", end="trader: memory moved", only=lambda _self, decision, _committed: bool(decision.intents)
    )
    marks.wrap(ThreadWorkers, "_send", begin="worker: begins")
    marks.wrap(Wire, "call", begin="worker: body built", only=lambda _self, method, *_, **__: method == "POST")
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    start_logging()
    build_trader(open_settings()).run(stop)


if __name__ == "__main__":
    trader()
