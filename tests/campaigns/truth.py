"""The truth of a day: the exchange's own books, the journal of requests, the HTTP log; beside them our rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select

from executor.domain.bracket import Role
from executor.errors import ChainBroken
from executor.store import schema
from executor.store.chain import verify
from executor.store.engine import Database
from tests.campaigns.bared import wanted_bare
from tests.campaigns.lanes import Lane, Post, lanes
from tests.campaigns.people import Ordered
from tests.campaigns.rig import Rig
from tests.house import ACCOUNT

WORKING = {"open", "trigger pending"}
#: Of an order: from when on it stands for how many units, a sell's below zero.
Counting = Callable[[Mapping[str, Any]], Iterator[tuple[datetime, int]]]
#: A stop that triggered and does not trade protects nothing any more after this long.
_TRIGGERED = timedelta(seconds=5)
#: So soon after a hand's fill an order of ours that was working cannot have been cancelled yet.
_RACE = timedelta(seconds=15)
#: The broker tells fills in whole seconds: one of a hand so shortly before we enter may be of what we enter.
_SETTLED = timedelta(seconds=1)
#: Notes of the audit that tell what a day showed.
_TOLD = ("stop_moved", "target", "plan", "lapsed", "missed")
#: An entry lives 60 s before it is sent, 10 s at the exchange, may be accepted 40 s late, and its day's wave is short.
_MEMORY = timedelta(seconds=120)
_TOKEN = re.compile(rb"xt1_[A-Za-z0-9_.=-]{40,}")


@dataclass(frozen=True, slots=True)
class Span:
    """How long more was held of a share than stops covered, and which side leaves it. `open`: it never ended."""

    share: str
    begin: datetime
    end: datetime
    leaves: str = "SELL"
    open: bool = False

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True)
class Truth:
    """A day as the exchange saw it, as the sender saw it, and our rows to compare.

    `stored` is all that our database holds, as text; `secrets` what must not be in it, by name. `seen` is when a
    report first told us of an order of the broker, by its id. `said`: kind and words of what the audit notes.

    `memory`: for so long an alert may hold a short open. `sessions`: when stops can rest, by exchange; where none is
    told, always. `jumps`: stretches in which all stood still and nobody looked. `steps`: when the host's clock
    stepped, and how far from the exchange's it was then. `ordered`: what people ordered, `commands` our rows of it.
    """

    state: Mapping[str, Any]
    posts: Sequence[Post]
    lives: Sequence[datetime]
    signals: Mapping[str, Any]
    legs: Mapping[str, Any]
    orders: Mapping[str, Any]
    calls: Sequence[Any]
    chain_fault: str
    noted: Sequence[str]
    deliveries: Sequence[Any] = ()
    halts: Sequence[Any] = ()
    brackets: Sequence[Any] = ()
    said: Sequence[tuple[str, str]] = ()
    seen: Mapping[str, datetime] = field(default_factory=dict)
    stored: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    lanes: Sequence[Lane] = field(default_factory=lanes)
    memory: timedelta = _MEMORY
    sessions: Mapping[str, Sequence[tuple[datetime, datetime]]] = field(default_factory=dict)
    jumps: Sequence[tuple[datetime, datetime]] = ()
    steps: Sequence[tuple[datetime, timedelta]] = ()
    ordered: Sequence[Ordered] = ()
    commands: Mapping[str, Any] = field(default_factory=dict)

    def orders_of(self, share: str) -> list[Mapping[str, Any]]:
        return [order for order in self.state["orders"] if f"{order['exchange']}:{order['token']}" == share]

    def fills_of(self, share: str) -> list[Mapping[str, Any]]:
        return [fill for fill in self.state["fills"] if f"{fill['exchange']}:{fill['token']}" == share]

    def enters(self, order: Mapping[str, Any]) -> bool:
        """Whether an order of the exchange was to open something of ours."""
        leg = self.legs.get(order["tag"][1:14])
        return leg is not None and leg.role == Role.ENTRY

    @property
    def end(self) -> datetime:
        return when(self.state["now"])

    @property
    def skew(self) -> timedelta:
        """How far our clock went from the exchange's at most."""
        return max((abs(off) for _, off in self.steps), default=timedelta())


def truth_of(rig: Rig) -> Truth:
    """Gather it, after the day has come to rest."""
    return Truth(
        state=rig.state(),
        posts=rig.posts,
        lives=rig.lives,
        noted=rig.violations,
        secrets=_secrets(rig),
        lanes=rig.market.lanes,
        steps=rig.steps,
        ordered=rig.people.ordered,
        **rows_of(rig.store.database),
    )


def rows_of(database: Database) -> dict[str, Any]:
    """Our own rows, as the fields of a Truth; calls of the paper account went to an exchange of its own."""
    calls = schema.broker_call
    with database.read() as connection:
        return {
            "signals": {row.id: row for row in connection.execute(select(schema.signal))},
            "legs": {row.id: row for row in connection.execute(select(schema.leg))},
            "orders": {row.tag: row for row in connection.execute(select(schema.broker_order)) if row.tag},
            "calls": list(connection.execute(select(calls).where(calls.c.account == ACCOUNT))),
            "chain_fault": _chain_fault(connection),
            "deliveries": list(connection.execute(select(schema.delivery))),
            "halts": list(connection.execute(select(schema.halt))),
            "brackets": list(connection.execute(select(schema.bracket))),
            "commands": {row.id: row for row in connection.execute(select(schema.command))},
            "said": _said(connection),
            "seen": _first_seen(connection),
            "stored": _all_text(connection),
        }


def unprotected(truth: Truth) -> list[Span]:
    """The spans in which more was held of a share than its working stops cover, in the hours of its exchange; not those
    of positions whose stops a person took away.
    """
    spans = [span for lane in truth.lanes for span in _spans(truth, lane.share.key, lambda net, covered: net > covered)]
    return [rest for span in spans for part in _in_session(truth, span) for rest in _unwanted(truth, part)]


def _unwanted(truth: Truth, span: Span) -> Iterator[Span]:
    """What of a span no person has wanted."""
    begin = span.begin
    for first, last in wanted_bare(truth, span.share, span.begin):
        if begin < first:
            yield replace(span, begin=begin, end=min(first, span.end), open=span.open and first >= span.end)
        begin = max(begin, last)
    if begin < span.end:
        yield replace(span, begin=begin)


def _in_session(truth: Truth, span: Span) -> Iterator[Span]:
    """What of a span lies in the hours in which a stop can rest."""
    sessions = truth.sessions.get(span.share.partition(":")[0])
    if sessions is None:
        yield span
        return
    for begin, end in sessions:
        first, last = max(begin, span.begin), min(end, span.end)
        if first < last:
            yield replace(span, begin=first, end=last, open=span.open and last == span.end)


def over_covered(truth: Truth) -> list[Span]:
    """The spans in which stops rested for more of a share than was held."""
    return [span for lane in truth.lanes for span in _spans(truth, lane.share.key, lambda net, covered: covered > net)]


def leaving(truth: Truth) -> list[Span]:
    """The spans in which more rested to leave a share at once or at a target than was held; stops are apart."""
    return [
        span
        for lane in truth.lanes
        for span in _spans(truth, lane.share.key, lambda net, resting: resting > net, count=_leaves)
    ]


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def signed(fill: Mapping[str, Any]) -> int:
    return int(fill["quantity"]) * (1 if fill["side"] == "BUY" else -1)


def net_of(fills: Iterable[Mapping[str, Any]]) -> int:
    return sum(signed(fill) for fill in fills)


@dataclass(frozen=True, slots=True)
class Step:
    """A fill, with what our strategies held of the share before and after it."""

    at: datetime
    fill: Mapping[str, Any]
    before: int
    after: int


def path_of(truth: Truth, share: str) -> Iterator[Step]:
    """What we held of a share, fill by fill: what our fills left, as far as the account nets it.

    A hand's fill can close what is ours; beyond that it is its own, and nets nothing that we open after it. When it
    closed what an order of ours was closing at that moment, ours counts, until ours undoes itself: then it was the
    hand's.
    """
    net = held = before = returned = theirs = 0
    taken: list[tuple[datetime, int]] = []  # what hands closed of ours
    hands: list[tuple[datetime, int]] = []  # what they traded beyond that
    for fill in truth.fills_of(share):
        at, change = when(fill["at"]), signed(fill)
        net += change
        if fill["tag"]:
            leg = truth.legs.get(fill["tag"][1:14])
            if held == 0 and leg is not None and leg.role == Role.ENTRY:
                lately = sum(own for moment, own in hands if moment >= leg.created_at - _SETTLED)
                theirs, returned = net - change - lately, 0
            held += change
            if leg is None or leg.role != Role.ENTRY:
                back = _given_back(taken, held, at)
                returned += back
                held += back
                if held * returned > 0:  # an exit opens nothing: it undoes what was ours beside the hand's
                    undone = min(held, returned, key=abs)
                    held, returned = held - undone, returned - undone
        else:
            closed = min(abs(held), abs(change)) * (1 if held > 0 else -1) if held * change < 0 else 0
            taken.append((at, closed))
            hands.append((at, change + closed))
            held -= closed
        after = min(held, net - theirs, key=abs) if held * (net - theirs) > 0 else 0
        yield Step(at, fill, before, after)
        before = after


def held_at(truth: Truth, lane: Lane, at: datetime) -> int:
    """What is held of a lane's instrument at a time."""
    held = 0
    for step in path_of(truth, lane.share.key):
        if step.at <= at:
            held = step.after
    return held


def _given_back(taken: list[tuple[datetime, int]], held: int, at: datetime) -> int:
    """What a hand closed a moment before ours did was its own: takes back of it as much as ours is beyond."""
    back = 0
    for place, (closed_at, closed) in enumerate(taken):
        if at - closed_at <= _RACE and (held + back) * closed < 0:
            part = min(abs(held + back), abs(closed)) * (1 if closed > 0 else -1)
            taken[place] = closed_at, closed - part
            back += part
    return back


def _spans(
    truth: Truth, share: str, is_wrong: Callable[[int, int], bool], *, count: Counting | None = None
) -> list[Span]:
    """When the units held and those covered by stops did not fit, by a rule."""
    begin, leaves, spans = None, "SELL", []
    for at, net, covered in _moments(truth, share, count):
        if begin is None and is_wrong(abs(net), covered):
            begin, leaves = at, "SELL" if net >= 0 else "BUY"
        elif begin is not None and not is_wrong(abs(net), covered):
            spans.append(Span(share, begin, at, leaves))
            begin = None
    return [*spans, Span(share, begin, truth.end, leaves, open=True)] if begin else spans


def _moments(truth: Truth, share: str, count: Counting | None) -> Iterator[tuple[datetime, int, int]]:
    """All that happened to a share in time order: when, what is held, and the units that stops cover of it.

    Equal times are one moment. While nothing is held, every stop counts as covering. `count` counts other orders.
    """
    events: list[
        tuple[datetime, int, str, int]
    ] = []  # at, change of what is held, order, its working stop quantity (signed)
    for step in path_of(truth, share):
        events.append((step.at, step.after - step.before, "", 0))
    for order in truth.orders_of(share):
        if not truth.enters(order):
            events += [(at, 0, order["orderid"], units) for at, units in (count or _covering)(order)]
    events.sort(key=lambda event: event[0])
    net, stops = 0, dict[str, int]()
    for at, group in groupby(events, key=lambda event: event[0]):
        for _, change, order_id, units in group:
            net += change
            if order_id:
                stops[order_id] = units
        yield at, net, sum(abs(units) for units in stops.values() if units * net <= 0)


def _covering(order: Mapping[str, Any]) -> Iterator[tuple[datetime, int]]:
    """From when on how many units an order would stop; after a while a triggered one that rests does so no more."""
    versions = order["history"]
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        at, units = when(version["at"]), _covers(order, version)
        yield at, units
        lapses = at + _TRIGGERED
        if units and version["status"] == "open" and (following is None or when(following["at"]) > lapses):
            yield lapses, 0


def _leaves(order: Mapping[str, Any]) -> Iterator[tuple[datetime, int]]:
    """From when on how many units an order of ours would leave that is no stop, nor began as one."""
    is_ours = order["tag"] and order["history"][0]["type"] == "LIMIT"
    for version in order["history"] if is_ours else ():
        left = int(version["quantity"]) - int(version["filled"]) if version["status"] in WORKING else 0
        yield when(version["at"]), -left if order["side"] == "SELL" else left


def _covers(order: Mapping[str, Any], version: Mapping[str, Any]) -> int:
    """Units that a version of an order would stop: it waits for its trigger, or was triggered and may trade."""
    if version["status"] not in WORKING or version["type"] != "STOPLOSS_LIMIT":
        return 0
    left = int(version["quantity"]) - int(version["filled"])
    return -left if order["side"] == "SELL" else left


# -- from our database -------------------------------------------------------------------------------------------


def _chain_fault(connection: Connection) -> str:
    try:
        verify(connection)
    except ChainBroken as error:
        return str(error)
    return ""


def _said(connection: Connection) -> list[tuple[str, str]]:
    columns = schema.audit.c
    rows = connection.execute(select(columns.kind, columns.text).where(columns.kind.in_(_TOLD)).order_by(columns.seq))
    return [(row.kind, json.loads(row.text)["say"]) for row in rows]


def _first_seen(connection: Connection) -> dict[str, datetime]:
    columns = schema.report.c
    statement = select(columns.broker_id, func.min(columns.at)).group_by(columns.broker_id)
    return {broker_id: at for broker_id, at in connection.execute(statement)}


def _all_text(connection: Connection) -> str:
    """Every value of every table, as the database holds it."""
    tables = [table.name for table in schema.metadata.sorted_tables]
    rows = [row for name in tables for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')]
    return "\n".join(str(value) for row in rows for value in row if isinstance(value, str | bytes))


def _secrets(rig: Rig) -> dict[str, str]:
    """What was secret on this day. A PIN is four digits of any price: it is looked for in its field alone."""
    sessions = rig.simulation.sessions
    known = {"API key": rig.secrets.api_key, "TOTP secret": rig.secrets.totp_secret or ""}
    known["PIN"] = f'"password":"{rig.secrets.pin}"'
    for number, one in enumerate(sessions._sessions.values()):
        known |= {f"JWT {number}": one.jwt, f"refresh token {number}": one.refresh, f"feed token {number}": one.feed}
    for post in rig.posts:
        lane = post.message.lane
        known[f"address of {lane.strategy}"] = post.message.url.rpartition("/")[2]
        if found := _TOKEN.search(post.message.body):
            known[f"alert {found[0].decode()[-8:]}"] = found[0].decode()
    return known
