"""Deliveries: every arrival at a strategy's address, refused ones too."""

from __future__ import annotations

from typing import Any

from executor.web.api import ApiParts
from executor.web.api.log import Lines, LogQuery, Told, page_of, told_of
from executor.web.api.problems import not_found
from executor.web.api.routes import Routes


def deliveries(parts: ApiParts) -> Routes:
    routes, pages = Routes("deliveries", "Every arrival, with its verdict and what came of it."), parts.web.store.pages

    @routes.shows("/deliveries", Lines, query=LogQuery)
    def list_deliveries(*, query: dict[str, Any]) -> dict[str, Any]:
        """The log: deliveries with what came of each, newest first."""
        return page_of(pages, query)

    @routes.shows("/deliveries/<delivery>", Told, missing=True)
    def show_delivery(delivery: str) -> dict[str, Any]:
        """One delivery: what arrived, how it was judged, what came of it."""
        line = pages.line(delivery)
        if line is None or line.delivery.id != delivery:
            raise not_found(f"delivery {delivery!r}")
        return told_of(line, pages.signal_story(line.signal.id) if line.signal else None)

    return routes
