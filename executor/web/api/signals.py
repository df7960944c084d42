"""Signals: deliveries that were genuine, valid and the first of their key."""

from __future__ import annotations

from typing import Any

from executor.web.api import ApiParts
from executor.web.api.log import Lines, LogQuery, Told, page_of, told_of
from executor.web.api.problems import not_found
from executor.web.api.routes import Routes


def signals(parts: ApiParts) -> Routes:
    routes, pages = Routes("signals", "Valid alerts, each with its one outcome."), parts.web.store.pages

    @routes.shows("/signals", Lines, query=LogQuery)
    def list_signals(*, query: dict[str, Any]) -> dict[str, Any]:
        """The log without deliveries that became no signal, newest first."""
        return page_of(pages, query, signals=True)

    @routes.shows("/signals/<signal>", Told, missing=True)
    def show_signal(signal: str) -> dict[str, Any]:
        """One signal's whole life: as it arrived, its plan, orders, the broker's words, fills."""
        line = pages.line(signal)
        if line is None or line.signal is None or line.signal.id != signal:
            raise not_found(f"signal {signal!r}")
        return told_of(line, pages.signal_story(signal))

    return routes
