"""What must be true of a day. Each checker trusts the exchange's own books, the journal of requests and the HTTP log.

A checker returns sentences, one a violation; none means that it holds. What our own rows say is only ever compared
with that truth. Words: reliability.md 3.1; figures: DESIGN, section 8.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from executor.domain.bracket import Role
from executor.domain.signal import Outcome, SignalState
from tests.campaigns.rig import QUANTITY, lanes
from tests.campaigns.truth import Span, Truth, net_of, path_of, signed, unprotected, when

_WRITES = {"placeOrder", "modifyOrder", "cancelOrder"}
_BOOKS = {"getOrderBook", "getTradeBook", "getPosition"}
_WORKING = {"open", "trigger pending"}
ORPHAN = timedelta(seconds=10)
REVERSED = timedelta(seconds=10)
FORCED_EXIT = timedelta(seconds=30)
#: What the exit needs beyond the 30 s at which it begins: permits, a round trip, the lag of a book.
_BEGIN = timedelta(seconds=5)


# -- signals -----------------------------------------------------------------------------------------------------


def lost(truth: Truth) -> list[str]:
    """Every acknowledged alert is a signal with exactly one outcome, and the outcome is what the exchange did."""
    found = []
    for post in truth.posts:
        if not 200 <= post.status < 300:
            continue
        row = truth.signals.get(post.signal or "")
        if row is None:
            found.append(f"lost: {post.signal} was acknowledged and is not there")
        elif row.state != SignalState.ENDED or row.outcome is None:
            found.append(f"lost: {row.id} is {row.state} at the day's end")
        elif post.message.enters:
            found += _told_otherwise(truth, row)
    return list(dict.fromkeys(found))


def _told_otherwise(truth: Truth, signal: Any) -> list[str]:
    """Whether an entry's outcome fits what its orders filled at the exchange."""
    legs = {leg.id for leg in truth.legs.values() if leg.cause == signal.id and leg.role == Role.ENTRY}
    filled = sum(order["filled"] for order in truth.state["orders"] if order["tag"][1:14] in legs)
    asked = sum(truth.legs[leg].quantity for leg in legs)
    fits = {
        Outcome.FILLED: bool(legs) and filled == asked,
        Outcome.PARTLY_FILLED: 0 < filled < asked,
    }.get(signal.outcome, filled == 0)
    exits = {leg.id for leg in truth.legs.values() if leg.cause == signal.id and leg.role == Role.EXIT}
    if fits or (not legs and exits) or (signal.action == "sell" and not legs):
        return []
    return [f"untrue: {signal.id} is told as {signal.outcome}, {filled} of {asked} filled"]


def forged(truth: Truth) -> list[str]:
    """No alert that a thief or a mistake has changed is taken."""
    return [
        f"forged: a {post.message.kind} alert was answered {post.status}: {post.message.body[:80]!r}"
        for post in truth.posts
        if post.message.kind in {"forged", "bad"} and 200 <= post.status < 300
    ]


def duplicated(truth: Truth) -> list[str]:
    """At most one order of an entry leg was taken by the exchange, for at most what was planned."""
    taken: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for order in truth.state["orders"]:
        if order["tag"].startswith("x") and order["status"] != "rejected":
            taken[order["tag"][1:14]].append(order)
    found = []
    for leg, orders in taken.items():
        row = truth.legs.get(leg)
        if row is not None and row.role == Role.ENTRY and len(orders) > 1:
            found.append(f"duplicated: {len(orders)} entry orders of leg {leg} were taken")
        if row is not None and row.role == Role.ENTRY and sum(order["filled"] for order in orders) > row.quantity:
            found.append(f"duplicated: leg {leg} filled more than its {row.quantity}")
    return found + _more_than_asked(truth)


def _more_than_asked(truth: Truth) -> list[str]:
    """Without our rows: no lane that is only long has bought more than the alerts that were taken asked for."""
    found = []
    for lane in lanes():
        if lane.short:
            continue
        share = lane.share.key
        bought = sum(fill["quantity"] for fill in truth.fills_of(share) if fill["side"] == "BUY" and fill["tag"])
        asked = {post.signal for post in truth.posts if post.message.lane == lane and post.message.action == "buy"}
        undone = _bought_back(truth, share)
        if bought - undone > QUANTITY * len(asked - {None}):
            found.append(f"duplicated: {bought} of {share} bought for {len(asked - {None})} alerts")
    return found


def _bought_back(truth: Truth, share: str) -> int:
    """What was bought while the net was below zero: an excess of exits undone."""
    undone = 0
    for before, fill in path_of(truth, share):
        if fill["side"] == "BUY" and before < 0:
            undone += min(fill["quantity"], -before)
    return undone


# -- orders ------------------------------------------------------------------------------------------------------


def orphans(truth: Truth) -> list[str]:
    """Every order with our tag is in our books as it is at the exchange, 10 s after a good book showed it."""
    found = []
    good = _good_book_answers(truth)
    for order in truth.state["orders"]:
        if not order["tag"].startswith("x"):
            continue
        row = truth.orders.get(order["tag"])
        if row is None:
            found.append(f"orphan: {order['tag']} is at the exchange and not in our rows")
        elif row.broker_id != order["orderid"] and _was_shown(order, good):
            found.append(f"orphan: {order['tag']} is {order['orderid']} at the exchange, {row.broker_id} in our rows")
        elif row.filled != order["filled"] and _was_shown(order, good):
            found.append(f"orphan: {order['tag']} filled {order['filled']} at the exchange, {row.filled} in our rows")
        elif order["status"] in _WORKING and _age(truth, order) > ORPHAN and not _needed(truth, order):
            found.append(f"orphan: {order['tag']} still rests for a position that is not there")
    return found


def _good_book_answers(truth: Truth) -> list[datetime]:
    """When an order book was answered well, as it was then."""
    reads = [
        row for row in truth.state["requests"] if row["route"] == "getOrderBook" and row["answer_kind"] == "success"
    ]
    return [when(row["at"]) for row in reads if row["fault"] in (None, "lag")]


def _was_shown(order: Mapping[str, Any], good: Sequence[datetime]) -> bool:
    since = when(order["updated_at"]) + ORPHAN
    return any(at > since for at in good)


def _age(truth: Truth, order: Mapping[str, Any]) -> timedelta:
    return when(truth.state["now"]) - when(order["updated_at"])


def _needed(truth: Truth, order: Mapping[str, Any]) -> bool:
    net = net_of(truth.fills_of(f"{order['exchange']}:{order['token']}"))
    return net > 0 if order["side"] == "SELL" else net < 0


def rates(truth: Truth) -> list[str]:
    """Never more writes than 8 a second, 450 a minute, 950 an hour; a book at most once a second."""
    writes = [when(row["at"]) for row in truth.state["requests"] if row["route"] in _WRITES]
    found = [
        f"rate: more than {most} writes in {seconds} s at {at}"
        for most, seconds in ((8, 1), (450, 60), (950, 3600))
        if (at := _crowded(writes, most, timedelta(seconds=seconds)))
    ]
    for route in _BOOKS:
        reads = [when(row["at"]) for row in truth.state["requests"] if row["route"] == route]
        if at := _crowded(reads, 1, timedelta(seconds=1)):
            found.append(f"rate: {route} read twice within a second at {at}")
    return found


def _crowded(times: Sequence[datetime], most: int, span: timedelta) -> datetime | None:
    return next((late for early, late in zip(times, times[most:], strict=False) if late - early < span), None)


def widest(truth: Truth) -> dict[str, int]:
    """The most writes seen in any second, minute and hour."""
    writes = [when(row["at"]) for row in truth.state["requests"] if row["route"] in _WRITES]
    spans = {"second": 1, "minute": 60, "hour": 3600}
    return {name: _most(writes, timedelta(seconds=seconds)) for name, seconds in spans.items()}


def _most(times: Sequence[datetime], span: timedelta) -> int:
    first = most = 0
    for place, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, place - first + 1)
    return most


def reconciled_first(truth: Truth) -> list[str]:
    """After each start: login or profile and all three books are answered before anything is written."""
    found = []
    requests = [(when(row["at"]), row) for row in truth.state["requests"]]
    ends = [*truth.lives[1:], datetime.max.replace(tzinfo=truth.lives[0].tzinfo)]
    for begin, end in zip(truth.lives, ends, strict=True):
        life = [row for at, row in requests if begin <= at < end]
        before = []
        for row in life:
            if row["route"] in _WRITES:
                break
            if row["answer_kind"] == "success":
                before.append(row["route"])
        else:
            continue
        if not (set(before) >= _BOOKS and {"getProfile", "loginByPassword"} & set(before)):
            found.append(f"unreconciled: after the start at {begin} something was written with only {before} answered")
    return found


def in_session(truth: Truth) -> list[str]:
    """Nothing is written outside the hours of the exchange (parked orders would run tomorrow)."""
    return [
        f"closed: {order['tag']} was parked" for order in truth.state["orders"] if "market order" in order["status"]
    ]


# -- positions ---------------------------------------------------------------------------------------------------


def reversed_(truth: Truth) -> list[str]:
    """No lane that is only long is short for longer than 10 s."""
    found = []
    for lane in lanes():
        path = [(when(fill["at"]), before, fill) for before, fill in path_of(truth, lane.share.key)]
        begin = None
        for at, before, fill in path:
            after = before + signed(fill)
            if after < 0 and begin is None and not lane.short:
                begin = at
            elif after >= 0 and begin is not None:
                if at - begin > REVERSED:
                    found.append(f"reversed: {lane.share.name} was short from {begin} to {at}")
                begin = None
        if begin is not None:
            found.append(f"reversed: {lane.share.name} is short since {begin}")
    return found


def protected(truth: Truth) -> list[str]:
    """Every unprotected span over 30 s has its forced exit: a write that leaves, begun by then, while we could send."""
    found = []
    for span in unprotected(truth):
        if span.seconds <= FORCED_EXIT.total_seconds():
            continue
        if not _exit_begun(truth, span):
            found.append(f"unprotected: {span.share} for {span.seconds:.1f} s from {span.begin}, and no exit was begun")
    end = when(truth.state["now"])
    found += [
        f"unprotected: {span.share} at the day's end"
        for span in unprotected(truth)
        if end - span.end < timedelta(seconds=1)
    ]
    return found


def _exit_begun(truth: Truth, span: Span) -> bool:
    """Whether the position is left by then (counted from the last start): an order of the other side that trades now.

    A target that rests at its level does not leave; one that was moved does, and so does a stop turned into a limit.
    """
    restarts = [life for life in truth.lives if span.begin < life < span.end]
    latest = max([span.begin, *restarts]) + FORCED_EXIT + _BEGIN
    return any(
        span.begin <= when(version["at"]) <= latest
        for order in truth.orders_of(span.share)
        if order["side"] == span.leaves
        for version in _leaving(truth, order)
    )


def _leaving(truth: Truth, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The versions of an order that were to trade at once."""
    leg = truth.legs.get(order["tag"][1:14])
    level = order["history"][0]["price"] if leg is not None and leg.role == Role.TARGET else None
    return [
        version
        for version in order["history"]
        if version["type"] == "LIMIT" and version["status"] != "rejected" and version["price"] != level
    ]


# -- the record --------------------------------------------------------------------------------------------------


def audited(truth: Truth) -> list[str]:
    """The chain verifies; every write that the exchange saw is in our record, and nothing else.

    What was on the wire when the process died has no answer to record; it is known by its intent.
    """
    found = [f"audit: {truth.chain_fault}"] if truth.chain_fault else []
    seen = Counter(row["route"] for row in truth.state["requests"] if row["route"] in _WRITES)
    kept = Counter(call.route for call in truth.calls if call.route in _WRITES)
    for route in sorted(_WRITES):
        missing = seen[route] - kept[route]
        if missing < 0 or missing > 8 * (len(truth.lives) - 1):
            found.append(f"audit: {seen[route]} {route} at the exchange, {kept[route]} in the record")
    return found


def noted(truth: Truth) -> list[str]:
    """What the rig itself has seen: a fenced trader that sends."""
    return list(truth.noted)


CHECKERS: Mapping[str, Callable[[Truth], list[str]]] = {
    "lost": lost,
    "forged": forged,
    "duplicated": duplicated,
    "orphans": orphans,
    "reversed": reversed_,
    "protected": protected,
    "rates": rates,
    "reconciled first": reconciled_first,
    "in session": in_session,
    "audited": audited,
    "fenced": noted,
}


def check(truth: Truth, names: Iterable[str] = tuple(CHECKERS)) -> dict[str, list[str]]:
    """The violations by checker; empty when everything holds."""
    found = {name: CHECKERS[name](truth) for name in names}
    return {name: sentences for name, sentences in found.items() if sentences}
