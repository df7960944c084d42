"""What must be true of people's orders, and of charts that may only leave: it is done as it was told, also where the
trader found several together.

What was ordered and when is the hand's own log; orders, triggers and fills are the exchange's. Of our own rows only
which bracket an order belongs to, and how a command was answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from executor.domain.bracket import Role
from executor.domain.command import CommandKind, CommandState
from executor.domain.refusal import RefusalCode
from tests.campaigns.bared import taken_from
from tests.campaigns.check_alerts import is_fresh
from tests.campaigns.check_orders import WRITES
from tests.campaigns.lanes import Lane, Post
from tests.campaigns.people import Ordered
from tests.campaigns.truth import WORKING, Truth, held_at, when

#: How soon what a kill of everything takes away is gone, and what a person sets is there: permits, round trips, books.
GONE = SET = timedelta(seconds=20)
#: How soon what alerts turn over has turned.
TURNED = timedelta(seconds=16)
#: What came so shortly before may still be on its way.
_RESTS = timedelta(seconds=5)
_JUST = timedelta(milliseconds=1)
#: A trader that is down finds an order when it is up again, and what was on its way first.
_DOWN, _FIRST = timedelta(seconds=6), timedelta(seconds=2)
#: How long a lost session may hold anything up.
_LOGIN = timedelta(seconds=40)
#: Whose stops move by themselves; whose targets rest.
_FOLLOWS = frozenset({"trail", "steps"})
_PAIRS = frozenset({"pair", "shorts", "chart", "waits", "risky"})
#: How an alert that reverses may be told that is not stopped by a rail or a price.
_TURNS = frozenset({None, RefusalCode.SUPERSEDED, RefusalCode.NOTHING_HELD, RefusalCode.ALREADY_CLOSING})
_ROLES = {"stop": Role.STOP, "target": Role.TARGET}


def killed(truth: Truth) -> list[str]:
    """A kill of everything ends every order of what was open, stops as well, and none of these stops comes again."""
    found = []
    for order in (one for one in truth.ordered if one.everything):
        since = max([order.at, *(life for life in truth.lives if order.at <= life <= order.at + _DOWN)])
        brackets = {row.id for row in taken_from(truth, order)}
        for one in truth.state["orders"]:
            leg = truth.legs.get(one["tag"][1:14])
            if leg is not None and leg.bracket in brackets and when(one["placed_at"]) <= since:
                found += _outlived(truth, one, since)
        found += _stopped_again(truth, brackets, order, since)
    return found


def _outlived(truth: Truth, order: Mapping[str, Any], since: datetime) -> Iterator[str]:
    ended = (when(version["at"]) for version in order["history"] if version["status"] not in WORKING)
    end = min(ended, default=truth.end)
    if end - max([since, *_delays(truth, order, since, end)]) > GONE:
        yield f"outlived: {order['tag']} worked until {end}, everything was killed at {since}"


def _delays(truth: Truth, order: Mapping[str, Any], begin: datetime, end: datetime) -> Iterator[datetime]:
    """From when on a change of an order could still be taken: restarts, lost sessions, and faults that struck it."""
    yield from (life for life in truth.lives if begin < life < end)
    for row in truth.state["requests"]:
        at, is_its = when(row["at"]), (row["body"] or {}).get("orderid") == order["orderid"]
        if begin - _LOGIN < at < end and row["answer_kind"] == "gateway":
            yield at + _LOGIN
        elif begin < at < end and row["route"] in WRITES and row["fault"] is not None and is_its:
            yield at


def _stopped_again(truth: Truth, brackets: set[str], order: Ordered, since: datetime) -> Iterator[str]:
    made_at = truth.commands[order.id].made_at
    for row in truth.state["requests"]:
        leg = truth.legs.get((row["body"] or {}).get("ordertag", "")[1:14]) if row["route"] == "placeOrder" else None
        if leg is None or leg.bracket not in brackets or leg.role != Role.STOP or leg.created_at > made_at:
            continue
        if when(row["at"]) > since + _FIRST:
            yield f"stopped again: {row['body']['ordertag']} was sent at {row['at']}, it was killed at {since}"


# -- a person's stops and targets --------------------------------------------------------------------------------


def as_told(truth: Truth) -> list[str]:
    """A stop or target that a person sets is at the exchange when it is answered as done, and not when refused."""
    found = []
    for order in (one for one in truth.ordered if one.kind is CommandKind.PROTECT):
        lane = _lane_of(truth, order.arguments["bracket"])
        if truth.commands[order.id].state == CommandState.NEW:
            found.append(f"unanswered: {order.arguments} of {order.at}")
        for name in (one for one in _ROLES if one in order.arguments and lane is not None):
            assert lane is not None
            if said := _told_otherwise(truth, order, lane, name):
                found.append(f"{said}: the {name} {order.arguments[name]} of {lane.share.name} at {order.at}")
    return found


def _told_otherwise(truth: Truth, order: Ordered, lane: Lane, name: str) -> str:
    """What became of a price that is not what was answered; empty when it is."""
    state, price = truth.commands[order.id].state, Decimal(order.arguments[name])
    before, after = _prices(truth, order, _ROLES[name])
    if state == CommandState.REFUSED and price in after - before:
        return "refused and done"
    rests = lane.strategy not in _FOLLOWS if name == "stop" else lane.strategy in _PAIRS
    if state != CommandState.DONE or not rests or price in before | after or not held_at(truth, lane, order.at):
        return ""
    return "not done" if undisturbed(truth, lane, order.at, order.at + SET, by=order) else ""


def _lane_of(truth: Truth, bracket: str) -> Lane | None:
    """The lane whose share a bracket's orders are of."""
    for order in truth.state["orders"]:
        leg = truth.legs.get(order["tag"][1:14])
        if leg is not None and leg.bracket == bracket:
            return next(lane for lane in truth.lanes if lane.share.token == order["token"])
    return None


def _prices(truth: Truth, order: Ordered, role: Role) -> tuple[set[Decimal], set[Decimal]]:
    """Where orders of a role waited before an order and from then on."""
    before, after = set[Decimal](), set[Decimal]()
    field = "trigger" if role == Role.STOP else "price"
    for one in truth.state["orders"]:
        leg = truth.legs.get(one["tag"][1:14])
        if leg is not None and leg.bracket == order.arguments["bracket"] and leg.role == role:
            for version in one["history"]:
                (before if when(version["at"]) < order.at else after).add(Decimal(version[field]))
    return before, after


def undisturbed(truth: Truth, lane: Lane, begin: datetime, end: datetime, *, by: Ordered | None = None) -> bool:
    """Whether nothing else happened to a lane: no fill, alert or order of a person, no fault, restart or step."""
    posts = (post for post in truth.posts if post.message.lane == lane)
    others = (one for one in truth.ordered if one is not by and one.covers(lane.strategy))
    fills = (when(fill["at"]) for fill in truth.fills_of(lane.share.key))
    times = [*(post.at for post in posts), *(one.at for one in others), *fills]
    return not any(begin - _RESTS < at < end for at in times) and is_well(truth, lane, begin, end)


def is_well(truth: Truth, lane: Lane, begin: datetime, end: datetime) -> bool:
    """Whether no restart, lost session, step of the clock, fault or hand struck what is done on a lane."""
    marks = [*truth.lives[1:], *(at for at, _ in truth.steps)]
    if any(begin - _DOWN < at < end for at in marks):
        return False
    orders = {order["orderid"] for order in truth.orders_of(lane.share.key)}
    for row in truth.state["requests"]:
        if not begin - _LOGIN < when(row["at"]) < end:
            continue
        body = row["body"] or {}
        is_of_lane = body.get("orderid") in orders or body.get("symboltoken") == lane.share.token
        if row["answer_kind"] == "gateway" or (row["fault"] not in (None, "lag") and is_of_lane):
            return False
    return all(fill["tag"] for fill in truth.fills_of(lane.share.key) if begin < when(fill["at"]) < end)


# -- alerts ------------------------------------------------------------------------------------------------------


def turned(truth: Truth) -> list[str]:
    """What alerts that say reverse alone have left behind is never the side that they left: one in a row turns a
    position over, two turn it back. None that had a position to turn leaves it flat without an entry.
    """
    found = []
    for lane in truth.lanes:
        posts = [post for post in truth.posts if post.message.lane == lane and 200 <= post.status < 300]
        for row in _rows_of_reverses(posts):
            begin, end = row[0].at - _JUST, row[-1].at + TURNED
            held, left = held_at(truth, lane, begin), held_at(truth, lane, end)
            count = len({post.signal for post in row})
            is_wrong = held * left * (-1) ** count < 0 or (held and not left and _stayed_flat(truth, row, begin, end))
            if is_wrong and _may_turn(truth, row, begin, end):
                found.append(f"not turned: {count} reverses from {begin} took {held} of {lane.share.name} to {left}")
    return found


def _stayed_flat(truth: Truth, row: list[Post], begin: datetime, end: datetime) -> bool:
    """Whether nothing was entered, and neither a stop, a target nor the price was in its way."""
    orders = truth.orders_of(row[0].message.lane.share.key)
    entered = any(truth.enters(order) and begin < when(order["placed_at"]) < end for order in orders)
    by_itself = any(_left_by_itself(truth, order) and begin < when(order["updated_at"]) < end for order in orders)
    told = {truth.signals[post.signal].code for post in row if post.signal in truth.signals}
    return not entered and not by_itself and told <= _TURNS


def _left_by_itself(truth: Truth, order: Mapping[str, Any]) -> bool:
    """Whether a stop or target traded where it rested."""
    leg = truth.legs.get(order["tag"][1:14])
    if leg is None or leg.role not in {Role.STOP, Role.TARGET}:
        return False
    first, last = order["history"][0], order["history"][-1]
    return last["status"] == "complete" and (last["type"] == "STOPLOSS_LIMIT" or last["price"] == first["price"])


def _rows_of_reverses(posts: Sequence[Post]) -> Iterator[list[Post]]:
    """Alerts of a lane in a row that say reverse, with nothing else shortly before, or until they have turned it."""
    for says_so, group in groupby(enumerate(posts), key=lambda one: one[1].message.action == "reverse"):
        places, row = zip(*group, strict=True)
        before, after = posts[: places[0]][-1:], posts[places[-1] + 1 :][:1]
        rested = all(one.at < row[0].at - _RESTS for one in before)
        if says_so and rested and all(one.at > row[-1].at + TURNED for one in after):
            yield list(row)


def _may_turn(truth: Truth, row: list[Post], begin: datetime, end: datetime) -> bool:
    lane = row[0].message.lane
    ordered = any(begin - TURNED < one.at < end and one.covers(lane.strategy) for one in truth.ordered)
    barred = ordered or any(one.message.is_late or one.halted or not is_fresh(one) for one in row)
    return not barred and is_well(truth, lane, begin, end)


def left_only(truth: Truth) -> list[str]:
    """By a chart whose prices are late nothing is entered, and no stop is moved."""
    found = []
    for post in (one for one in truth.posts if one.message.is_late and one.signal):
        name = post.message.lane.share.name
        found += [f"late: {order['tag']} enters {name} by late prices" for order in _entries(truth, post)]
        if post.message.action == "modify":
            stop = Decimal(post.message.levels[0])
            moved = stop in _waited(truth, post.message.lane, post.at)
            found += [f"late: the stop of {name} was moved to {stop} by late prices"] * moved
    return found


def _waited(truth: Truth, lane: Lane, since: datetime) -> set[Decimal]:
    """Triggers that stops of a lane came to have."""
    versions = (version for order in truth.orders_of(lane.share.key) for version in order["history"])
    return {Decimal(version["trigger"]) for version in versions if when(version["at"]) >= since}


def kept_out(truth: Truth) -> list[str]:
    """An alert that came within a person's halt enters nothing, also when the halt has ended before anybody looked."""
    return [
        f"halted: {order['tag']} enters {post.message.lane.share.name}, its alert came at {post.at} within a halt"
        for post in _first_of_each(truth.posts)
        if post.halted
        for order in _entries(truth, post)
    ]


def as_saved(truth: Truth) -> list[str]:
    """An entry is as large as the version allows that was saved when its alert came, where that names no size."""
    found = []
    for post in _first_of_each(truth.posts):
        is_judged = post.units and post.message.action != "part"
        for order in _entries(truth, post) if is_judged else ():
            if order["quantity"] > post.units:
                found.append(f"old version: {order['tag']} is for {order['quantity']}, {post.units} were saved before")
    return found


def _first_of_each(posts: Iterable[Post]) -> Iterator[Post]:
    """The arrivals by which signals came to be."""
    seen = set[str]()
    for post in posts:
        if post.signal and post.signal not in seen:
            seen.add(post.signal)
            yield post


def _entries(truth: Truth, post: Post) -> list[Mapping[str, Any]]:
    """The orders at the exchange by which an alert entered."""
    legs = {leg.id for leg in truth.legs.values() if leg.cause == post.signal and leg.role == Role.ENTRY}
    return [order for order in truth.state["orders"] if order["tag"][1:14] in legs]
