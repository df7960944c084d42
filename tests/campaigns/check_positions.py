"""What must be true of positions: never the wrong way round, never long without a stop, never more stop than held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from executor.domain.bracket import Role
from tests.campaigns.bared import set_by_people
from tests.campaigns.lanes import Lane
from tests.campaigns.truth import Span, Step, Truth, over_covered, path_of, unprotected, when

REVERSED = timedelta(seconds=10)
FORCED_EXIT = timedelta(seconds=30)
#: After faults in a row an order is tried again ever later, by so much at most.
_PAUSE_MAX = timedelta(seconds=15)
#: How long nobody lives at most between a kill and the next start.
_DOWN = timedelta(seconds=5)
#: What the exit needs beyond the 30 s at which it begins: permits, a round trip, the lag of a book.
_BEGIN = timedelta(seconds=5)
#: The share of the price that may be lost at a stop: 1 % is asked for, of an average that adds have moved.
_LEVEL = (Decimal(0), Decimal("0.03"))
#: Where alerts, a trail or a break-even move the stop, it may save a profit.
_SAVES = Decimal("-0.1")
#: Where a gap only moves the stop, it lies behind the gaps of a week.
_GAPS = Decimal("0.1")
_MOVED = frozenset({"pair", "single", "bare", "ladder", "steps", "trail", "waits", "risky"})
#: How long more stop than position may rest: a fill has to be seen, and a change to be taken.
EXCESS = timedelta(seconds=20)
_CHANGES = frozenset({"modifyOrder", "cancelOrder"})


def reversed_(truth: Truth) -> list[str]:
    """No lane is held for longer than 10 s on a side that no alert asked for; what a hand sold is its own.

    While no trader lives nobody can undo it: each stretch up to a restart may last longer by what a restart takes. And
    it counts from the last fault that struck the very order that was to undo it, and the pause after faults in a row.
    """
    found = []
    for lane in truth.lanes:
        begin = None
        for at, is_wrong in _ways(truth, lane):
            if is_wrong and begin is None:
                begin = at
            elif not is_wrong and begin is not None:
                if _too_long(truth, lane, begin, at):
                    found.append(f"reversed: {lane.share.name} was the wrong way round from {begin} to {at}")
                begin = None
        if begin is not None:
            found.append(f"reversed: {lane.share.name} is the wrong way round since {begin}")
    return found


def _too_long(truth: Truth, lane: Lane, begin: datetime, end: datetime) -> bool:
    in_vain = [at for at in _undone_in_vain(truth, lane, begin) if begin < at < end]
    points = [begin, *sorted([*(life for life in truth.lives if begin < life < end), *in_vain]), end]
    *before, last = (later - earlier for earlier, later in pairwise(points))
    pause = min(_PAUSE_MAX, timedelta(seconds=2 ** max(0, len(in_vain) - 1) - 1))
    return last > REVERSED + pause or any(stretch > REVERSED + _DOWN for stretch in before)


def _undone_in_vain(truth: Truth, lane: Lane, begin: datetime) -> Iterator[datetime]:
    """When a fault struck an order that was to undo what came at that moment."""
    token, fills = lane.share.token, truth.state["fills"]
    side = next(fill["side"] for fill in fills if fill["token"] == token and when(fill["at"]) == begin)
    for row in truth.state["requests"]:
        placed = row["body"] if row["route"] == "placeOrder" and row["fault"] is not None else {}
        if placed.get("symboltoken") == token and placed["transactiontype"] != side:
            yield when(row["at"])


def _ways(truth: Truth, lane: Lane) -> Iterator[tuple[datetime, bool]]:
    """After each fill of a lane: whether what is held then lies on a side that it must not."""
    for step in path_of(truth, lane.share.key):
        yield step.at, step.after != 0 and not _was_asked(truth, lane, 1 if step.after > 0 else -1, step.at)


def _was_asked(truth: Truth, lane: Lane, sign: int, at: datetime) -> bool:
    """Whether an alert asked for this side: a long at any time, a short (where it may be) lately."""
    if not lane.short:
        return sign > 0
    posts = (post for post in truth.posts if post.message.lane == lane and post.message.asks_for(sign))
    return any(at - truth.memory <= post.at <= at for post in posts)


def protected(truth: Truth) -> list[str]:
    """Every unprotected span over 30 s has its forced exit: a write that leaves, begun by then, while we could send.

    A trader that has just started counts from there; what is covered before 30 s of it are over needs none (day 899).
    """
    spans = unprotected(truth)
    long = [span for span in spans if span.end - _known(truth, span) > FORCED_EXIT and not _exit_begun(truth, span)]
    return [
        *(f"unprotected: {span.share} for {span.seconds:.1f} s from {span.begin}, no exit was begun" for span in long),
        *(f"unprotected: {span.share} at the day's end" for span in spans if span.open),
    ]


def _exit_begun(truth: Truth, span: Span) -> bool:
    """Whether the position is left by then (counted from the last start): an order of the other side that trades now.

    A target that rests at its level does not leave; one that was moved does, and so does a stop turned into a limit.
    """
    latest = _known(truth, span) + FORCED_EXIT + _BEGIN
    return any(
        span.begin <= when(version["at"]) <= latest
        for order in truth.orders_of(span.share)
        if order["side"] == span.leaves
        for version in _leaving(truth, order)
    )


def _known(truth: Truth, span: Span) -> datetime:
    """Since when the trader that ended a span could know of it."""
    return max([span.begin, *(life for life in truth.lives if span.begin < life < span.end)])


def _leaving(truth: Truth, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The versions of an order that were to trade at once."""
    leg = truth.legs.get(order["tag"][1:14])
    level = order["history"][0]["price"] if leg is not None and leg.role == Role.TARGET else None
    return [
        version
        for version in order["history"]
        if version["type"] == "LIMIT" and version["status"] != "rejected" and version["price"] != level
    ]


def levelled(truth: Truth) -> list[str]:
    """Every stop waits on the losing side of what was paid, near the level that its strategy asks for (1 %), or where a
    person set it.
    """
    found, by_hand = [], set_by_people(truth)
    for lane in truth.lanes:
        steps = list(path_of(truth, lane.share.key))
        least = _SAVES if lane.strategy in _MOVED else _LEVEL[0]
        most = _LEVEL[1] + (_GAPS if lane.strategy == "again" else 0)
        for order in truth.orders_of(lane.share.key):
            for version in [] if truth.enters(order) else _waited(order):
                loss = _loss_at(truth, steps, version, order["side"])
                if (_bracket_of(truth, order), Decimal(version["trigger"])) in by_hand:
                    continue
                if loss is not None and not least <= loss <= most:
                    found.append(f"level: {order['tag']} waits at {version['trigger']}, a loss of {loss:.2%}")
    return found


def _bracket_of(truth: Truth, order: Mapping[str, Any]) -> str:
    leg = truth.legs.get(order["tag"][1:14])
    return "" if leg is None else leg.bracket


def _waited(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The versions in which an order waited; one that triggered the moment it came leaves, it waits nowhere (day 566:
    an add that filled as the stop sold the rest).
    """
    versions = order["history"]
    ends = [version["at"] for version in versions[1:]] + [None]
    return [version for version, end in zip(versions, ends, strict=True) if version["at"] != end]


def _loss_at(truth: Truth, steps: Sequence[Step], version: Mapping[str, Any], leaves: str) -> Decimal | None:
    """The share of the average price that is lost where a waiting stop triggers; None where nothing is held that it
    leaves: one that came late, when the other side was held already, is judged by how soon it is gone.

    What a bracket adds just as its own target has sold the rest is averaged with what it held (calm day 266).
    """
    if version["status"] != "trigger pending":
        return None
    units, cost, held, opener = 0, Decimal(0), 0, None
    for step in steps:
        if step.at > when(version["at"]):
            break
        held, more = step.after, _opened(step)
        if more and abs(step.after) == more and not (opener and opener == _entered(truth, step)):
            units, cost, opener = 0, Decimal(0), _entered(truth, step)
        units, cost = units + more, cost + more * Decimal(step.fill["price"])
    side = 1 if leaves == "SELL" else -1
    return None if held * side <= 0 else side * (1 - Decimal(version["trigger"]) / (cost / units))


def _opened(step: Step) -> int:
    """How many units more are held after it, on the side that is held then."""
    before = abs(step.before) if step.before * step.after > 0 else 0
    return max(0, abs(step.after) - before)


def _entered(truth: Truth, step: Step) -> str | None:
    """The bracket that a fill enters."""
    leg = truth.legs.get(step.fill["tag"][1:14])
    return leg.bracket if leg is not None and leg.role == Role.ENTRY else None


def not_over_covered(truth: Truth) -> list[str]:
    """Stops never rest for more than is held, but for the moment in which a fill becomes known; restarts may delay,
    and so may the faults that strike the very change.
    """
    return [
        f"excess: stops for more of {span.share} than was held for {span.seconds:.1f} s from {span.begin}"
        for span in over_covered(truth)
        if span.end - max([span.begin, *_delays(truth, span)]) > EXCESS
    ]


def _delays(truth: Truth, span: Span) -> Iterator[datetime]:
    yield from (life for life in truth.lives if span.begin < life < span.end)
    orders = {order["orderid"] for order in truth.orders_of(span.share)}
    for row in truth.state["requests"]:
        changes = row["route"] in _CHANGES and row["body"]["orderid"] in orders
        if changes and row["fault"] is not None and span.begin < when(row["at"]) < span.end:
            yield when(row["at"])
