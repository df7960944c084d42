"""The truth of a day: the exchange's own books, the journal of requests, the HTTP log; beside them our rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select

from executor.errors import ChainBroken
from executor.store import schema
from executor.store.chain import verify
from tests.campaigns.rig import Post, Rig, lanes

_WORKING = {"open", "trigger pending"}


@dataclass(frozen=True, slots=True)
class Span:
    """How long more was held of a share than stops covered, and which side leaves it."""

    share: str
    begin: datetime
    end: datetime
    leaves: str = "SELL"

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True)
class Truth:
    """A day as the exchange saw it, as the sender saw it, and our rows to compare."""

    state: Mapping[str, Any]
    posts: Sequence[Post]
    lives: Sequence[datetime]
    signals: Mapping[str, Any]
    legs: Mapping[str, Any]
    orders: Mapping[str, Any]
    calls: Sequence[Any]
    chain_fault: str
    noted: Sequence[str]

    def orders_of(self, share: str) -> list[Mapping[str, Any]]:
        return [order for order in self.state["orders"] if f"{order['exchange']}:{order['token']}" == share]

    def fills_of(self, share: str) -> list[Mapping[str, Any]]:
        return [fill for fill in self.state["fills"] if f"{fill['exchange']}:{fill['token']}" == share]


def truth_of(rig: Rig) -> Truth:
    """Gather it, after the day has come to rest."""
    with rig.store.database.read() as connection:
        signals = {row.id: row for row in connection.execute(select(schema.signal))}
        legs = {row.id: row for row in connection.execute(select(schema.leg))}
        orders = {row.tag: row for row in connection.execute(select(schema.broker_order)) if row.tag}
        calls = list(connection.execute(select(schema.broker_call)))
        try:
            verify(connection)
            fault = ""
        except ChainBroken as error:
            fault = str(error)
    return Truth(rig.state(), rig.posts, rig.lives, signals, legs, orders, calls, fault, rig.violations)


def unprotected(truth: Truth) -> list[Span]:
    """The spans in which more was held of a share than its working stops cover."""
    return [span for lane in lanes() for span in _spans(truth, lane.share.key)]


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def signed(fill: Mapping[str, Any]) -> int:
    return int(fill["quantity"]) * (1 if fill["side"] == "BUY" else -1)


def net_of(fills: Iterable[Mapping[str, Any]]) -> int:
    return sum(signed(fill) for fill in fills)


def path_of(truth: Truth, share: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Each fill of a share, with the net before it."""
    net = 0
    for fill in truth.fills_of(share):
        yield net, fill
        net += signed(fill)


def _spans(truth: Truth, share: str) -> list[Span]:
    """Walk through all that happened to a share in time order; equal times count as one moment."""
    events: list[tuple[datetime, int, str, int]] = []  # at, net change, order, its working stop quantity (signed)
    for fill in truth.fills_of(share):
        events.append((when(fill["at"]), signed(fill), "", 0))
    for order in truth.orders_of(share):
        for version in order["history"]:
            events.append((when(version["at"]), 0, order["orderid"], _covers(order, version)))
    events.sort(key=lambda event: event[0])
    net, begin, spans = 0, None, []
    stops: dict[str, int] = {}
    for at, group in groupby(events, key=lambda event: event[0]):
        for _, change, order_id, covered in group:
            net += change
            if order_id:
                stops[order_id] = covered
        bare = abs(net) > sum(abs(units) for units in stops.values() if units * net < 0)
        if bare and begin is None:
            begin = at
        elif not bare and begin is not None:
            spans.append(Span(share, begin, at))
            begin = None
    if begin is not None:
        spans.append(Span(share, begin, when(truth.state["now"])))
    return spans


def _covers(order: Mapping[str, Any], version: Mapping[str, Any]) -> int:
    """Units that a version of an order would stop: it waits for its trigger, or was triggered and may trade."""
    if version["status"] not in _WORKING or version["type"] != "STOPLOSS_LIMIT":
        return 0
    left = int(version["quantity"]) - int(version["filled"])
    return -left if order["side"] == "SELL" else left
