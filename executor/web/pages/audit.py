"""The audit log: every delivery, newest first, in the reader's days, with what came of it in words.

What it is narrowed to stands in its address, so it can be kept and sent; a page further down is one by key
(`before=<delivery>`), however many lie above it. /log.csv and /log.jsonl give all of it as a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, groupby, islice
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from executor.domain.order import Order
from executor.domain.refusal import WORDS, RefusalCode
from executor.store.log import LogLine
from executor.store.log_search import Filters
from executor.store.pages import Pages
from executor.web.pages.frame import Frame
from executor.web.pages.line_file import csv_parts, line_json
from executor.web.pages.words import OUTCOMES, ist_day, rupees, spoken, terms

PAGE = 50
_LONGEST = 100
_NAMES = ("text", "outcome", "strategy", "ticker", "account", "day")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set: what it says, and the address without it."""

    name: str
    words: str
    without: str


def add_audit_log(blueprint: Blueprint, pages: Pages, frame: Frame) -> None:
    @blueprint.get("/")
    def audit_log() -> str:
        filters, before = _filters(), request.args.get("before") or None
        found = pages.log(filters, before=before, limit=PAGE + 1)
        lines = found.lines[:PAGE]
        return frame.render(
            "audit.html",
            filters=filters,
            chips=_chips(filters),
            vague=found.vague,
            days=[(day, list(group)) for day, group in groupby(lines, lambda line: ist_day(line.delivery.received_at))],
            outcomes=OUTCOMES,
            refusals=sorted(((code, WORDS[code].sentence) for code in RefusalCode), key=lambda one: one[1]),
            legs_said=legs_said,
            newest=_address("/", filters) if before else None,
            older=_address("/", filters, before=lines[-1].delivery.id) if len(found.lines) > PAGE else None,
            files={kind: _address(f"/log.{kind}", filters) for kind in ("csv", "jsonl")},
        )

    @blueprint.get("/log.csv")
    def log_csv() -> Response:
        return _file(csv_parts(_all_lines(pages)), "csv", "text/csv")

    @blueprint.get("/log.jsonl")
    def log_jsonl() -> Response:
        parts = (json.dumps(line_json(line)) + "\n" for line in _all_lines(pages))
        return _file(parts, "jsonl", "application/jsonl")


def legs_said(line: LogLine) -> Sequence[str]:
    """What each leg did or does: filled at a price, or its order as it rests."""
    return [_said(leg.role.lower(), order) for leg, order in line.orders if order.filled or order.remaining]


def _said(role: str, order: Order) -> str:
    if order.filled:
        part = f" of {order.filled + order.remaining}" if order.remaining else ""
        return f"{role} {order.filled}{part} @ {rupees(order.average)}"
    return f"{role} rests: {terms(order)}"


def _all_lines(pages: Pages) -> Iterator[LogLine]:
    """What the address asks for; the first line is read at once, so that a database that is gone is still an error."""
    lines = pages.every_delivery(_filters(), before=request.args.get("before") or None, limit=None)
    return chain(list(islice(lines, 1)), lines)


def _file(parts: Iterator[str], kind: str, mimetype: str) -> Response:
    """All lines, sent as they are read."""
    named = {"Content-Disposition": f'attachment; filename="executor-log.{kind}"', "Cache-Control": "no-store"}
    return Response(parts, mimetype=mimetype, headers=named)


def _filters() -> Filters:
    """What the address asks for; an outcome or day that cannot be is none."""
    asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _NAMES}
    return Filters(
        strategy=asked["strategy"],
        account=asked["account"],
        ticker=asked["ticker"],
        outcome=asked["outcome"] if asked["outcome"] in {*OUTCOMES, *RefusalCode} else "",
        day=_day(asked["day"]),
        text=asked["text"],
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _chips(filters: Filters) -> list[Chip]:
    return [
        Chip(name, _said_of(name, value), _address("/", filters, **{name: ""}))
        for name in _NAMES
        if (value := getattr(filters, name))
    ]


def _said_of(name: str, value: str | date) -> str:
    if isinstance(value, date):
        return f"{value:%A} {value.day} {value:%B %Y}"
    if name == "outcome":
        return WORDS[RefusalCode(value)].sentence if value in set(RefusalCode) else spoken(value)
    return f"“{value}”" if name == "text" else value


def _address(path: str, filters: Filters, **more: str) -> str:
    named = {name: str(getattr(filters, name) or "") for name in _NAMES} | more
    return f"{path}?" + urlencode({name: value for name, value in named.items() if value})
