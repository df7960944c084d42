"""The audit log: every delivery, newest first, in the reader's days, with what came of it in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, request

from executor.domain.order import Order
from executor.store.pages import Filters, LogLine, Pages
from executor.web.pages.frame import Frame
from executor.web.pages.words import OUTCOMES, ist_day, rupees, terms

PAGE = 50
_LONGEST = 100


def add_audit_log(blueprint: Blueprint, pages: Pages, frame: Frame) -> None:
    @blueprint.get("/")
    def audit_log() -> str:
        filters = _filters()
        found = pages.deliveries(filters, before=request.args.get("before") or None, limit=PAGE + 1)
        lines = found[:PAGE]
        return frame.render(
            "audit.html",
            filters=filters,
            days=[(day, list(group)) for day, group in groupby(lines, lambda line: ist_day(line.delivery.received_at))],
            strategies=pages.strategy_names(),
            outcomes=OUTCOMES,
            legs_said=legs_said,
            newest=_address(filters) if request.args.get("before") else None,
            older=_address(filters, before=lines[-1].delivery.id) if len(found) > PAGE else None,
        )


def legs_said(line: LogLine) -> Sequence[str]:
    """What each leg did or does: filled at a price, or its order as it rests."""
    return [_said(leg.role.lower(), order) for leg, order in line.orders if order.filled or order.remaining]


def _said(role: str, order: Order) -> str:
    if order.filled:
        part = f" of {order.filled + order.remaining}" if order.remaining else ""
        return f"{role} {order.filled}{part} @ {rupees(order.average)}"
    return f"{role} rests: {terms(order)}"


def _filters() -> Filters:
    asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in ("strategy", "outcome", "text")}
    if asked["outcome"] not in OUTCOMES:
        asked["outcome"] = ""
    return Filters(**asked)


def _address(filters: Filters, **more: str) -> str:
    named = {"strategy": filters.strategy, "outcome": filters.outcome, "text": filters.text, **more}
    return "/?" + urlencode({name: value for name, value in named.items() if value})
