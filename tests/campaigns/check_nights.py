"""What must be true of nights and ends: nothing of the day stays for the broker, what is carried is protected first at
the open, what must not be held to its end is left. Only where a truth has sessions: a day alone has no night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from executor.clock import IST
from tests.campaigns.lanes import Lane
from tests.campaigns.truth import Truth, held_at, when

#: Ours is at 15:05, the broker's at 15:15: between them nothing of the day may be left.
_SQUARED_OFF = time(15, 10)
#: A trader that started so shortly before could not leave in time.
_DOWN = timedelta(minutes=6)
_RESTING = frozenset({"open", "trigger pending"})
_DAY_ONLY = frozenset({"day", "dayshort"})


def squared_off(truth: Truth) -> list[str]:
    """No position of the day is left for the broker's square-off, nor one to delivery, nor to its contract's end."""
    found = []
    for lane in truth.lanes:
        for at in _ends(truth, lane):
            held = held_at(truth, lane, at)
            started = any(at - _DOWN <= life <= at for life in truth.lives[1:])
            if held and not started:
                found.append(f"left over: {held} of {lane.share.name} were held at {at.astimezone(IST):%d %b %H:%M}")
    return found


def _ends(truth: Truth, lane: Lane) -> Iterator[datetime]:
    """When nothing of a lane may be held any more."""
    days = {begin.astimezone(IST).date() for begin, _ in truth.sessions.get(lane.share.market, ())}
    if lane.strategy in _DAY_ONLY:
        yield from (datetime.combine(day, _SQUARED_OFF, IST) for day in sorted(days))
    if lane.leave_on in days:
        yield datetime.combine(lane.leave_on, _SQUARED_OFF, IST)


def protected_first(truth: Truth) -> list[str]:
    """At the open what is carried has its stop, or its exit, before any entry is placed."""
    found = []
    opens = sorted({begin for sessions in truth.sessions.values() for begin, _ in sessions})[1:]
    for opened in opens:
        entries = [when(order["placed_at"]) for order in truth.state["orders"] if truth.enters(order)]
        first = min((at for at in entries if at >= opened), default=truth.end)
        for lane in truth.lanes:
            if held_at(truth, lane, opened) and not _is_covered(truth, lane, opened, first):
                found.append(f"bare: {lane.share.name} had no stop at {first}, when an entry was placed")
    return found


def _is_covered(truth: Truth, lane: Lane, opened: datetime, until: datetime) -> bool:
    """Whether an order that leaves was placed, one sent too early rested, or the position ended, by then."""
    orders = [order for order in truth.orders_of(lane.share.key) if not truth.enters(order)]
    placed = any(opened <= when(order["placed_at"]) <= until or _rests(order, opened) for order in orders)
    return placed or not held_at(truth, lane, until)


def _rests(order: Mapping[str, Any], at: datetime) -> bool:
    """Whether an order that was placed earlier that morning rested at the exchange from then on."""
    of_that_day = when(order["placed_at"]).astimezone(IST).date() == at.astimezone(IST).date()
    shown = [version["status"] for version in order["history"] if when(version["at"]) <= at]
    return of_that_day and bool(shown) and shown[-1] in _RESTING


def not_entered_late(truth: Truth) -> list[str]:
    """No contract is entered after its last day for that."""
    return [
        f"late: {order['tag']} enters {lane.share.name} on {when(order['placed_at']).astimezone(IST):%d %b}"
        for lane in truth.lanes
        if lane.last_entry is not None
        for order in truth.orders_of(lane.share.key)
        if truth.enters(order) and when(order["placed_at"]).astimezone(IST).date() > lane.last_entry
    ]
