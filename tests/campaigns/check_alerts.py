"""What must be true of alerts: each is recorded, answered, ends once, as it is told, and does what it asked for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from executor.clock import IST
from executor.domain.bracket import Role
from executor.domain.delivery import Verdict
from executor.domain.record import HaltKind
from executor.domain.signal import Outcome, SignalState
from tests.campaigns.lanes import Lane, Post
from tests.campaigns.truth import WORKING, Truth, held_at, net_of, when

#: Who sent it is not told, or nothing is kept: the address is unknown, or there were too many.
_NOT_KEPT = {0, 404, 429}
_VERDICTS = {202: Verdict.ACCEPTED, 200: Verdict.DUPLICATE, 409: Verdict.CONFLICT}
#: An alert of this age is fresh.
_FRESH = timedelta(seconds=5)
#: Within this time an entry on an idle lane has left, when nothing is in its way.
PLACED = timedelta(seconds=15)
#: How long a lost session may hold it up: the next TOTP step, and a failed try.
_LOGIN = timedelta(seconds=45)
#: After so many bad books in a row nothing new is begun.
_BLIND = 3
#: So long nothing was asked of a lane that is called idle.
_IDLE = timedelta(seconds=60)


def lost(truth: Truth) -> list[str]:
    """Every acknowledged alert is a signal with exactly one outcome, and the outcome is what the exchange did."""
    found = [
        f"lost: {row.id} is {row.state} at the day's end"
        for row in truth.signals.values()
        if row.state != SignalState.ENDED or row.outcome is None
    ]
    for post in _acknowledged(truth):
        row = truth.signals.get(post.signal or "")
        if row is None:
            found.append(f"lost: {post.signal} was acknowledged and is not there")
        elif post.message.enters and row.outcome is not None:
            found += _told_otherwise(truth, row, post.message.lane)
    return list(dict.fromkeys(found))


def _told_otherwise(truth: Truth, signal: Any, lane: Lane) -> list[str]:
    """Whether an entry's outcome fits what its orders filled; on a lane with two sides it may have closed the other."""
    legs = {leg.id for leg in truth.legs.values() if leg.cause == signal.id and leg.role == Role.ENTRY}
    filled = sum(order["filled"] for order in truth.state["orders"] if order["tag"][1:14] in legs)
    asked = sum(truth.legs[leg].quantity for leg in legs)
    fits = {
        Outcome.FILLED: bool(legs) and filled == asked,
        Outcome.PARTLY_FILLED: 0 < filled < asked,
    }.get(signal.outcome, filled == 0)
    if fits or (not legs and lane.short):
        return []
    return [f"untrue: {signal.id} is told as {signal.outcome}, {filled} of {asked} filled"]


def answered(truth: Truth) -> list[str]:
    """Every alert of ours is taken in the end, no changed one is, and nothing is taken that nobody sent."""
    found = []
    taken = {post.message.body for post in _acknowledged(truth)}
    for post in truth.posts:
        body = post.message.body[-160:]
        if post.message.kind in {"forged", "bad"} and 200 <= post.status < 300:
            found.append(f"forged: a {post.message.kind} alert was answered {post.status}: {body!r}")
        elif post.message.kind == "genuine" and post.message.body not in taken:
            found.append(f"turned away: a genuine alert was answered {post.status}: {body!r}")
        if post.status == 500:
            found.append(f"broken: an alert was answered 500: {body!r}")
    told = {post.signal for post in truth.posts}
    untold = [row.id for row in truth.signals.values() if row.id not in told]
    if len(untold) > sum(post.status == 0 for post in truth.posts):
        found.append(f"stowaway: {untold} are signals that no sender was told of")
    return found


def recorded(truth: Truth) -> list[str]:
    """Every arrival that was answered is kept with the verdict that was answered, and nothing else is."""
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    silent: Counter[str] = Counter()
    for post in truth.posts:
        sha = hashlib.sha256(post.message.body).hexdigest()
        told[sha][_VERDICTS.get(post.status, Verdict.REFUSED)] += post.status not in _NOT_KEPT and post.status < 500
        silent[sha] += post.status == 0 or post.status >= 500
    kept: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in truth.deliveries:
        kept[row.sha256][row.verdict] += 1
    found = []
    for sha in {*told, *kept}:
        missing, more = told[sha] - kept[sha], kept[sha] - told[sha]
        if missing:
            found.append(f"unrecorded: {dict(missing)} was answered to {sha[:8]}, kept is {dict(kept[sha])}")
        if more.total() > silent[sha]:
            found.append(f"unrecorded: {dict(more)} is kept of {sha[:8]}, answered was {dict(told[sha])}")
    return found


def obeyed(truth: Truth) -> list[str]:
    """A fresh entry on an idle lane is placed at once, and a lane whose last alert was an exit ends flat.

    Not judged: what a person has halted, and what a fault of the broker or a restart held up.
    """
    found = []
    for lane in truth.lanes:
        posts = [post for post in _acknowledged(truth) if post.message.lane == lane and post.signal in truth.signals]
        found += [
            f"idle: {lane.share.name} was to be entered at {post.at} and nothing was placed"
            for post in _judged_entries(truth, posts)
            if not _was_placed(truth, post)
        ]
        found += _left_open(truth, lane, posts)
    return found


def _left_open(truth: Truth, lane: Lane, posts: list[Post]) -> list[str]:
    """What is still held after a last exit; what a hand traded is its own."""
    fills = truth.fills_of(lane.share.key)
    last = max(posts, key=lambda post: post.at, default=None)
    if last is None or not last.message.leaves or not is_fresh(last) or any(not fill["tag"] for fill in fills):
        return []
    net = net_of(fills)
    return [f"left: {net} of {lane.share.name} are held, though its last alert was an exit"] if net else []


def _judged_entries(truth: Truth, posts: list[Post]) -> Iterator[Post]:
    """Entries that nothing may hold up: the lane is flat and still, broker and trader are well."""
    for post in posts:
        before = [one for one in posts if post.at - _IDLE < one.at <= post.at and one is not post]
        after = [one for one in posts if post.at < one.at < post.at + PLACED and not one.message.enters]
        is_first = post.status == 202 and post.message.enters and not before and not after and not _is_too_late(post)
        if (
            is_first
            and is_fresh(post)
            and not _is_halted(truth, post)
            and not _is_ordered_about(truth, post)
            and _is_still(truth, post)
            and not _waits_for_carried(truth, post)
            and _all_is_well(truth, post.at)
        ):
            yield post


def _covers(halt: Any, at: datetime) -> bool:
    return bool(halt.since <= at + PLACED and (halt.ended_at is None or at <= halt.ended_at))


def _is_too_late(post: Post) -> bool:
    """Whether its contract may not be entered any more."""
    last = post.message.lane.last_entry
    return last is not None and post.at.astimezone(IST).date() > last


def _waits_for_carried(truth: Truth, post: Post) -> bool:
    """Whether it came with the open while something was carried: that has its stop, or leaves, first (F-73)."""
    opens = {begin for sessions in truth.sessions.values() for begin, _ in sessions}
    opened = next((begin for begin in opens if begin - _FRESH <= post.at <= begin + PLACED), None)
    return opened is not None and any(held_at(truth, lane, opened) for lane in truth.lanes)


def _is_halted(truth: Truth, post: Post) -> bool:
    """Whether the strategy was flattened by an alert about then, or has lost enough: until a person lets it go on."""
    lost = [halt for halt in truth.halts if halt.kind == HaltKind.LOSS]
    if any(halt.scope == f"strategy:{post.message.lane.strategy}" and _covers(halt, post.at) for halt in lost):
        return True
    flattened = [one for one in _acknowledged(truth) if one.message.action == "flatten"]
    return any(
        one.message.lane.strategy == post.message.lane.strategy and post.at - _IDLE < one.at < post.at + PLACED
        for one in flattened
    )


def _is_ordered_about(truth: Truth, post: Post) -> bool:
    """Whether a person has halted the strategy then, or ordered anything of it about then."""
    near = (one for one in truth.ordered if post.at - _IDLE < one.at < post.at + PLACED)
    return post.halted or any(one.covers(post.message.lane.strategy) for one in near)


def is_fresh(post: Post) -> bool:
    fired = datetime.fromisoformat(json.loads(post.message.body)["fired_at"])
    return post.at - fired <= _FRESH


def _is_still(truth: Truth, post: Post) -> bool:
    share = post.message.lane.share.key
    net = net_of(fill for fill in truth.fills_of(share) if when(fill["at"]) <= post.at)
    return net == 0 and not any(_worked_at(order, post.at) for order in truth.orders_of(share))


def _worked_at(order: Any, at: datetime) -> bool:
    versions = [version for version in order["history"] if when(version["at"]) < at]
    return bool(versions) and versions[-1]["status"] in WORKING


def _all_is_well(truth: Truth, at: datetime) -> bool:
    """Whether no restart, no lost session and no row of bad books came near, and the host's clock is about right."""
    begin, end = at - _LOGIN, at + PLACED
    if any(abs(off) > _FRESH and step < end and begin < until for step, until, off in _off_times(truth)):
        return False
    if any(begin <= life <= end for life in truth.lives[1:]):
        return False
    near = [row for row in truth.state["requests"] if begin <= when(row["at"]) <= end]
    bad_books = [row for row in near if row["route"] == "getOrderBook" and row["fault"] not in (None, "lag")]
    return len(bad_books) < _BLIND and not any(row["answer_kind"] == "gateway" for row in near)


def _off_times(truth: Truth) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """From when until when the host's clock was how far off."""
    ends = [*(at for at, _ in truth.steps[1:]), truth.end]
    return ((at, end, off) for (at, off), end in zip(truth.steps, ends, strict=False))


def _was_placed(truth: Truth, post: Post) -> bool:
    """Whether an order was sent for it, whatever became of it."""
    share, side = post.message.lane.share, "BUY" if post.message.asks_for(1) else "SELL"
    wanted = {"exchange": share.market, "symboltoken": share.token, "transactiontype": side}
    return any(
        row["route"] == "placeOrder" and wanted.items() <= row["body"].items()
        for row in truth.state["requests"]
        if post.at <= when(row["at"]) <= post.at + PLACED
    )


def _acknowledged(truth: Truth) -> list[Post]:
    return [post for post in truth.posts if 200 <= post.status < 300]
