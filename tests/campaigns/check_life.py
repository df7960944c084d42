"""What must be true of a position's life: its stop comes only nearer, it lies where its chart does, and it ends.

Orders, triggers and fills are the exchange's. Of our own rows only which leg an order belongs to, and whether a
bracket has ended.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from executor.domain.bracket import BracketState, Role
from executor.domain.calendar import trading_day
from executor.domain.command import CommandKind
from tests.campaigns.bared import set_by_people
from tests.campaigns.lanes import MAX_LOSS, Lane
from tests.campaigns.truth import Span, Truth, leaving, path_of, when

#: A fill that came so shortly before a stop's last change may not have been known to it.
_UNSEEN = timedelta(seconds=10)
#: How long a position may lie against its chart: an answer that is lost is given up after 13 s, the exit that
#: follows has its own round trips and permits.
AGAINST = timedelta(seconds=20)
#: A fill is known so soon: a book is read, a lost session comes back.
_KNOWN = timedelta(seconds=45)
#: What the first stretch of a new life needs, and the wait for a new session.
_DOWN, _LOGIN = timedelta(seconds=5), timedelta(seconds=40)
#: How long more may rest to leave than is held: a fill has to be seen, and a change to be taken.
_EXCESS = timedelta(seconds=20)


def ratcheted(truth: Truth) -> list[str]:
    """A stop never moves away from the price: its trigger only comes nearer, unless an entry moved the average, or a
    person set it there.

    Where a gap asks for another stop, the first of a day is another one.
    """
    by_hand = set_by_people(truth)
    again = {lane.share.key for lane in truth.lanes if lane.strategy == "again"}
    found = []
    for leg, orders in _stops(truth).items():
        entered = _entry_fills(truth, truth.legs[leg].bracket)
        sign = 1 if orders[0]["side"] == "SELL" else -1
        anew = f"{orders[0]['exchange']}:{orders[0]['token']}" in again
        for before, after in pairwise(_triggers(orders)):
            if anew and trading_day(when(before["at"])) != trading_day(when(after["at"])):
                continue
            moved = (Decimal(after["trigger"]) - Decimal(before["trigger"])) * sign
            if (truth.legs[leg].bracket, Decimal(after["trigger"])) in by_hand:
                continue
            if moved < 0 and not any(when(before["at"]) - _UNSEEN <= at <= when(after["at"]) for at in entered):
                found.append(f"loosened: the stop of leg {leg} went from {before['trigger']} to {after['trigger']}")
    return found


def _stops(truth: Truth) -> Mapping[str, list[Mapping[str, Any]]]:
    """The orders of each STOP leg that a position still stood behind, oldest first."""
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for order in truth.state["orders"]:
        leg = truth.legs.get(order["tag"][1:14])
        if leg is not None and leg.role == Role.STOP:
            found[leg.id].append(order)
    return found


def _triggers(orders: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The versions in which a stop waited for its trigger, in time order.

    An order that was accepted late, behind the one that was sent in its place, came with what it was sent with.
    """
    versions = [version for order in orders for version in order["history"][_came_late(order, orders) :]]
    waiting = [one for one in versions if one["status"] == "trigger pending" and one["type"] == "STOPLOSS_LIMIT"]
    return sorted(waiting, key=lambda version: when(version["at"]))


def _came_late(order: Mapping[str, Any], orders: list[Mapping[str, Any]]) -> bool:
    """Whether an attempt that followed it was placed before it (day 266 with feeds)."""
    return any(one["tag"] > order["tag"] and when(one["placed_at"]) < when(order["placed_at"]) for one in orders)


def _entry_fills(truth: Truth, bracket: str) -> list[datetime]:
    entries = {leg.id for leg in truth.legs.values() if leg.bracket == bracket and leg.role == Role.ENTRY}
    return [when(fill["at"]) for fill in truth.state["fills"] if fill["tag"][1:14] in entries]


def charted(truth: Truth) -> list[str]:
    """A lane whose alerts tell where its chart stands never lies on the other side for longer than the latencies."""
    found = []
    for lane in truth.lanes:
        told = _told(truth, lane)
        if told:
            found += [
                f"against: {lane.share.name} lay against its chart for {_while_up(truth, span)} from {span.begin}"
                for span in _against(truth, lane, told)
                if _while_up(truth, span) > AGAINST
            ]
    return found


def _told(truth: Truth, lane: Lane) -> list[tuple[datetime, int]]:
    """When we were told where the chart stands: by alerts that were acknowledged.

    One that comes behind the one that began where it ends, of the same second, tells of what was before that (day 353).
    """
    posts = [post for post in truth.posts if post.message.lane == lane and 200 <= post.status < 300]
    told: list[tuple[datetime, int]] = []
    last: tuple[str, int, int] | None = None
    for post in posts:
        if post.message.chart is None:
            continue
        began, ends = post.message.chart
        fired = json.loads(post.message.body)["fired_at"]
        if last is not None and fired == last[0] and ends == last[1] and began != last[2]:
            continue
        last = fired, began, ends
        told.append((post.at, ends))
    return told


def _against(truth: Truth, lane: Lane, told: list[tuple[datetime, int]]) -> Iterator[Span]:
    """The stretches in which what is held and the chart have opposite signs, or the chart is flat."""
    events = [(at, None, now) for at, now in told]
    events += [(step.at, step.after, None) for step in path_of(truth, lane.share.key)]
    held, chart, begin = 0, None, None
    for at, after, now in sorted(events, key=lambda event: event[0]):
        held = held if after is None else after
        chart = chart if now is None else now
        wrong = chart is not None and held != 0 and held * chart <= 0
        if wrong and begin is None:
            begin = at
        elif not wrong and begin is not None:
            yield Span(lane.share.key, begin, at)
            begin = None
    if begin is not None:
        yield Span(lane.share.key, begin, truth.end, open=True)


def _while_up(truth: Truth, span: Span) -> timedelta:
    """How long it lasted since the last start, or the last login that was tried."""
    logins = [when(row["at"]) for row in truth.state["requests"] if row["answer_kind"] == "gateway"]
    begins = [life + _DOWN for life in truth.lives[1:] if span.begin - _DOWN <= life < span.end]
    begins += [login + _LOGIN for login in logins if span.begin - _LOGIN <= login < span.end]
    return span.end - max([span.begin, *begins])


def oversold(truth: Truth) -> list[str]:
    """Orders that leave, but for stops, never rest for more than is held: targets and exits together."""
    return [
        f"oversold: orders to leave more of {span.share} than was held for {span.seconds:.1f} s from {span.begin}"
        for span in leaving(truth)
        if span.end - max([span.begin, *(life for life in truth.lives if span.begin < life < span.end)]) > _EXCESS
    ]


def limited(truth: Truth) -> list[str]:
    """Once a day's losses have passed their limit nothing more is entered, until a person lets it go on."""
    found = []
    for lane in truth.lanes:
        reached = _lost_enough(truth, lane) if lane.strategy == "bare" else None
        if reached is None:
            continue
        resumed = min((at for at in _resumed(truth, lane) if at > reached), default=truth.end)
        since = max([reached, *(life for life in truth.lives if reached <= life <= reached + _KNOWN)]) + _KNOWN
        found += [
            f"limit: {order['tag']} enters {lane.share.name} after a loss of more than {MAX_LOSS} at {reached}"
            for order in truth.orders_of(lane.share.key)
            if truth.enters(order) and since < when(order["placed_at"]) < resumed
        ]
    return found


def _resumed(truth: Truth, lane: Lane) -> Iterator[datetime]:
    """When a person let a lane's strategy go on; the end of a wider halt does not end its own."""
    scope = f"strategy:{lane.strategy}"
    return (one.at for one in truth.ordered if one.kind is CommandKind.RESUME and one.scope == scope)


def _lost_enough(truth: Truth, lane: Lane) -> datetime | None:
    """When what had left of a lane had lost more than its strategy may lose in a day."""
    units, cost, made = 0, Decimal(0), Decimal(0)
    for step in path_of(truth, lane.share.key):
        price, change = Decimal(step.fill["price"]), step.after - step.before
        if step.before * change >= 0:
            units, cost = step.after, cost + change * price
        else:
            average = cost / units
            made -= change * (price - average)
            units, cost = step.after, average * step.after
        if made < -MAX_LOSS:
            return step.at
    return None


def ended(truth: Truth) -> list[str]:
    """Every bracket has ended."""
    return [f"open: bracket {row.id} is {row.state}" for row in truth.brackets if row.state != BracketState.CLOSED]
