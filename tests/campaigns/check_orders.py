"""What must be true of orders: none twice, none forgotten, none too fast, none before the books were read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from executor.clock import IST
from executor.domain.bracket import Role
from tests.campaigns.lanes import RISK, Lane, Message
from tests.campaigns.truth import WORKING, Step, Truth, net_of, path_of, when

WRITES = {"placeOrder", "modifyOrder", "cancelOrder"}
_BOOKS = {"getOrderBook", "getTradeBook", "getPosition"}
ORPHAN = timedelta(seconds=10)
#: The longest between two order books while something is open: the feed's rhythm, and a step of the clock.
WATCH = timedelta(seconds=8)
#: The lowest price of an entry, as a part of its alert's: a limit below it.
_LOWEST = Decimal("0.99")
#: How long a lost session may keep us from reading: the next TOTP step, and a failed try.
_LOGIN = timedelta(seconds=40)
#: The longest that a trader is down between two lives.
_DOWN = timedelta(seconds=5)


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
    return found + [sentence for lane in truth.lanes for sentence in _more_than_asked(truth, lane)]


def _more_than_asked(truth: Truth, lane: Lane) -> list[str]:
    """Whether a lane opened more than the alerts that were taken asked for, whatever our rows plan."""
    found = []
    for sign in (1, -1):
        taken = {post.signal: post.message for post in truth.posts if post.message.lane == lane and post.signal}
        asked = {signal: message for signal, message in taken.items() if message.asks_for(sign)}
        most = sum(_allowed(message, sign) for message in asked.values()) + _more_beside_a_stop(truth, lane, sign)
        opened = sum(_opened(truth, step, sign) for step in path_of(truth, lane.share.key))
        if opened > most:
            found.append(f"duplicated: {opened} of {lane.share.key} opened for {len(asked)} alerts, {most} units")
    return found


def _allowed(message: Message, sign: int) -> int:
    """Units that an alert may open, at the lowest price that its entry may have."""
    price = message.price
    return message.grows(sign) if price is None else message.lane.most(price * _LOWEST, message.grows(sign))


def sized(truth: Truth) -> list[str]:
    """No entry order is larger than its strategy allows at its price, and none of all is larger than a position."""
    found = []
    for lane in truth.lanes:
        for order in truth.orders_of(lane.share.key):
            for version in order["history"] if order["tag"] else ():
                most = _units_at(truth, lane, order, Decimal(version["price"])) if truth.enters(order) else lane.limit
                if int(version["quantity"]) > most:
                    found.append(f"size: {order['tag']} is for {version['quantity']}, {lane.strategy} allows {most}")
    return list(dict.fromkeys(found))


def _units_at(truth: Truth, lane: Lane, order: Mapping[str, Any], price: Decimal) -> int:
    """Units that an entry may have at this price. One stop is for all that is held: where a person has laid it nearer,
    an add that is sized by risk may be larger.
    """
    plain, came = lane.most(price, lane.limit), order["history"][0]["at"]
    if lane.strategy != "risky":
        return plain
    stops = [stop for stop in truth.orders_of(lane.share.key) if stop["side"] != order["side"]]
    last = [[one for one in stop["history"] if one["at"] <= came][-1:] for stop in stops]
    triggers = [Decimal(one["trigger"]) for versions in last for one in versions if one["status"] == "trigger pending"]
    nearer = [int(RISK / abs(price - trigger)) for trigger in triggers if trigger != price]
    return min(max((plain, *nearer)), lane.limit)


def _more_beside_a_stop(truth: Truth, lane: Lane, sign: int) -> int:
    """Units that a lane's adds may have beyond what their alerts ask for by themselves."""
    side = "BUY" if sign > 0 else "SELL"
    adds = [one for one in truth.orders_of(lane.share.key) if one["tag"] and one["side"] == side and truth.enters(one)]
    priced = [(one, Decimal(one["history"][0]["price"])) for one in adds]
    return sum(_units_at(truth, lane, one, price) - lane.most(price, lane.limit) for one, price in priced)


def _opened(truth: Truth, step: Step, sign: int) -> int:
    """Units by which a fill of ours took us further from flat; a stop or exit that overshot opens nothing."""
    leg = truth.legs.get(step.fill["tag"][1:14])
    if not step.fill["tag"] or (leg is not None and leg.role != Role.ENTRY):
        return 0
    return max(0, sign * step.after) - max(0, sign * step.before)


# -- forgotten ---------------------------------------------------------------------------------------------------


def orphans(truth: Truth) -> list[str]:
    """Every order with our tag is in our books as it is at the exchange, 10 s after a good book showed it."""
    good = _good_book_answers(truth)
    ours = [order for order in truth.state["orders"] if order["tag"].startswith("x")]
    return [f"orphan: {order['tag']} {fault}" for order in ours if (fault := _fault_of(truth, order, good))]


def _fault_of(truth: Truth, order: Mapping[str, Any], good: Sequence[datetime]) -> str:
    row, order_id = truth.orders.get(order["tag"]), order["orderid"]
    if row is None:
        return "is at the exchange and not in our rows"
    if row.broker_id != order_id and _was_shown(order, good):
        return f"is {order_id} at the exchange, {row.broker_id} in our rows"
    if row.filled != order["filled"] and _was_shown(order, good):
        return f"filled {order['filled']} at the exchange, {row.filled} in our rows"
    if order["status"] in WORKING and truth.end - when(order["updated_at"]) > ORPHAN and not _needed(truth, order):
        return "still rests for a position that is not there"
    late = _found_late(order, truth.seen.get(order_id), good) - truth.skew  # it was seen by our own clock
    return f"was found {late.total_seconds():.1f} s after a book showed it" if late > ORPHAN else ""


def _good_book_answers(truth: Truth) -> list[datetime]:
    """When an order book was answered well, as it was then."""
    reads = [
        row for row in truth.state["requests"] if row["route"] == "getOrderBook" and row["answer_kind"] == "success"
    ]
    return [when(row["at"]) for row in reads if row["fault"] in (None, "lag")]


def _was_shown(order: Mapping[str, Any], good: Sequence[datetime]) -> bool:
    since = when(order["updated_at"]) + ORPHAN
    return any(at > since for at in good)


def _found_late(order: Mapping[str, Any], seen: datetime | None, good: Sequence[datetime]) -> timedelta:
    """How long after the third book that could show an order it was first in our reports (a crash may cost two)."""
    could = good[bisect_left(good, when(order["placed_at"])) :]
    if len(could) < 3 or seen is None:
        return timedelta()
    return seen - could[2]


def _needed(truth: Truth, order: Mapping[str, Any]) -> bool:
    net = net_of(truth.fills_of(f"{order['exchange']}:{order['token']}"))
    return net > 0 if order["side"] == "SELL" else net < 0


def watched(truth: Truth) -> list[str]:
    """While something of ours works or is held the order book is read again and again; a restart or login may delay."""
    asked = sorted(when(row["at"]) for row in truth.state["requests"] if row["route"] == "getOrderBook")
    logins = [when(row["at"]) for row in truth.state["requests"] if row["answer_kind"] == "gateway"]
    found = []
    for lane in truth.lanes:
        for begin, end in _open_times(truth, lane.share.key):
            marks = [begin, *asked[bisect_left(asked, begin) : bisect_right(asked, end)], end]
            found += [
                f"unwatched: no order book for {(late - early).total_seconds():.1f} s from {early} ({lane.share.name})"
                for early, late in pairwise(marks)
                if late - early > WATCH
                and not any(begin < late and early < end for begin, end in truth.jumps)
                and not any(early - WATCH <= life <= late + _DOWN for life in truth.lives[1:])
                and not any(early - _LOGIN <= at <= late for at in logins)
            ]
    return found


def _open_times(truth: Truth, share: str) -> list[tuple[datetime, datetime]]:
    """The stretches in which an order of ours worked."""
    found = []
    for order in truth.orders_of(share):
        times = [(when(version["at"]), version["status"] in WORKING) for version in order["history"]]
        if not order["tag"] or not any(works for _, works in times):
            continue
        ends = [at for at, works in times if not works]
        found.append((times[0][0], ends[0] if ends else truth.end))
    return found


# -- too fast, too early -----------------------------------------------------------------------------------------


def rates(truth: Truth) -> list[str]:
    """Never more writes than 8 a second, 450 a minute, 950 an hour; a book once a second, a price 10 times."""
    writes = [when(row["at"]) for row in truth.state["requests"] if row["route"] in WRITES]
    found = [
        f"rate: more than {most} writes in {seconds} s at {at}"
        for most, seconds in ((8, 1), (450, 60), (950, 3600))
        if (at := _crowded(writes, most, timedelta(seconds=seconds)))
    ]
    for route, most in (*((book, 1) for book in sorted(_BOOKS)), ("getLtpData", 10), ("loginByPassword", 1)):
        reads = [when(row["at"]) for row in truth.state["requests"] if row["route"] == route]
        if at := _crowded(reads, most, timedelta(seconds=1)):
            found.append(f"rate: {route} more than {most} times within a second at {at}")
    return found


def _crowded(times: Sequence[datetime], most: int, span: timedelta) -> datetime | None:
    return next((late for early, late in zip(times, times[most:], strict=False) if late - early < span), None)


def widest(truth: Truth) -> dict[str, int]:
    """The most writes seen in any second, minute and hour."""
    writes = [when(row["at"]) for row in truth.state["requests"] if row["route"] in WRITES]
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
    ends = [*truth.lives[1:], datetime.max.replace(tzinfo=IST)]
    for begin, end in zip(truth.lives, ends, strict=True):
        life = [row for at, row in requests if begin <= at < end]
        first = next((place for place, row in enumerate(life) if row["route"] in WRITES), None)
        before = {row["route"] for row in life[:first] if row["answer_kind"] == "success"}
        if first is not None and not (before >= _BOOKS and {"getProfile", "loginByPassword"} & before):
            text = f"something was written with only {sorted(before)} answered"
            found.append(f"unreconciled: after the start at {begin} {text}")
    return found


def in_session(truth: Truth) -> list[str]:
    """Nothing is written outside the hours of the exchange (parked orders would run tomorrow); by our own clock."""
    found = [
        f"closed: {order['tag']} was parked"
        for order in truth.state["orders"]
        if any("market order" in version["status"] for version in order["history"])
        and not (truth.skew and _is_open(truth, when(order["placed_at"])))
    ]
    for row in truth.state["requests"]:
        if row["route"] in WRITES and not _is_open(truth, when(row["at"])):
            found.append(f"closed: {row['route']} at {when(row['at']).astimezone(IST):%H:%M} IST")
    return found


def _is_open(truth: Truth, at: datetime) -> bool:
    """Whether an exchange is open then, or was by a clock as wrong as ours became."""
    days = {begin.astimezone(IST).date() for sessions in truth.sessions.values() for begin, _ in sessions}
    closes = time(15, 40) if days else time(15, 30)  # derivatives trade for longer
    early, late = ((at + off).astimezone(IST) for off in (-truth.skew, truth.skew))
    return time(9, 15) <= late.time() and early.time() < closes and (not days or late.date() in days)
