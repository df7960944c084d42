"""A day made by hand for the checkers' own tests: one position, in and out, nothing wrong with it until it is changed.

Times are seconds after 09:20 IST. Lists and dicts may be changed before `truth()` is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from executor.clock import IST
from executor.domain.bracket import BracketState, Role
from executor.domain.command import CommandKind, CommandState
from executor.domain.delivery import Verdict
from executor.domain.signal import Outcome, SignalState
from tests.campaigns.lanes import Lane, Message, Post, lanes
from tests.campaigns.people import Ordered
from tests.campaigns.truth import Truth

LANES = {lane.strategy: lane for lane in reversed(lanes())}
ENTRY, STOP, TARGET, EXIT = (f"{name:0>13}" for name in ("entry", "stop", "target", "exit"))
BRACKET = "bracket"
BOUGHT, LEFT = "signal-in", "signal-out"
_ZERO = datetime(2026, 11, 25, 9, 20, tzinfo=IST)
_VERDICTS = {202: Verdict.ACCEPTED, 200: Verdict.DUPLICATE}

#: Of an order: second, status, type, price, trigger, filled (and quantity, when it is not the order's).
Version = tuple[Any, ...]


def at(second: float) -> datetime:
    return _ZERO + timedelta(seconds=second)


def iso(second: float) -> str:
    return at(second).isoformat()


def tag_of(leg: str, attempt: int = 1) -> str:
    return f"x{leg}{attempt:02}" if leg else ""


def _a_bracket() -> Any:
    return SimpleNamespace(id=BRACKET, state=BracketState.CLOSED, strategy="pair", opened_at=at(0), closed_at=None)


@dataclass
class Made:
    """The parts of a truth, still to be changed."""

    lane: Lane
    quantity: int
    end: float
    requests: list[dict[str, Any]] = field(default_factory=list)
    exchange_orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    fills: list[dict[str, Any]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    lives: list[datetime] = field(default_factory=lambda: [at(-12)])
    signals: dict[str, Any] = field(default_factory=dict)
    legs: dict[str, Any] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    calls: list[Any] = field(default_factory=list)
    deliveries: list[Any] = field(default_factory=list)
    halts: list[Any] = field(default_factory=list)
    brackets: list[Any] = field(default_factory=lambda: [_a_bracket()])
    seen: dict[str, datetime] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    chain_fault: str = ""
    sessions: dict[str, Any] = field(default_factory=dict)
    stored: str = "what we keep"
    secrets: dict[str, str] = field(default_factory=lambda: {"PIN": '"password":"1234"'})
    ordered: list[Ordered] = field(default_factory=list)
    commands: dict[str, Any] = field(default_factory=dict)

    def truth(self) -> Truth:
        state = {
            "now": iso(self.end),
            "orders": list(self.exchange_orders.values()),
            "fills": sorted(self.fills, key=lambda fill: str(fill["at"])),
            "requests": sorted(self.requests, key=lambda row: str(row["at"])),
        }
        return Truth(
            state=state,
            posts=self.posts,
            lives=self.lives,
            signals=self.signals,
            legs=self.legs,
            orders=self.orders,
            calls=self.calls,
            chain_fault=self.chain_fault,
            noted=self.noted,
            deliveries=self.deliveries,
            halts=self.halts,
            brackets=self.brackets,
            seen=self.seen,
            stored=self.stored,
            lanes=tuple(dict.fromkeys((self.lane, *lanes()))),
            sessions=self.sessions,
            secrets=self.secrets,
            ordered=self.ordered,
            commands=self.commands,
        )

    # -- what is added ---------------------------------------------------------------------------------------------

    def asks(self, second: float, route: str, body: Any = None, **more: Any) -> None:
        """A request that the exchange answered."""
        row = {"at": iso(second), "route": route, "body": body, "answer_kind": "success", "fault": None}
        self.requests.append(row | more)

    def writes(self, second: float, route: str, body: dict[str, str]) -> None:
        """A write: at the exchange and in our record."""
        self.asks(second, route, body)
        self.calls.append(SimpleNamespace(route=route, request=json.dumps(body)))

    def order(self, leg: str, side: str, versions: Sequence[Version], *, attempt: int = 1, by_us: bool = True) -> None:
        """An order at the exchange with all its versions and fills, placed by us and as it is in our rows."""
        order_id, tag, share = f"{leg or 'hand'}-{attempt}", tag_of(leg, attempt), self.lane.share
        history = [self._version(version) for version in versions]
        self.exchange_orders[order_id] = {
            "orderid": order_id,
            "tag": tag,
            "exchange": share.exchange,
            "token": share.token,
            "side": side,
            "placed_at": history[0]["at"],
            **history[-1],
            "updated_at": history[-1]["at"],
            "history": history,
        }
        for before, version in zip([{"filled": 0}, *history], history, strict=False):
            if more := version["filled"] - before["filled"]:
                self.fill(version["at"], side, more, tag=tag, price=version["price"])
        if by_us:
            self.orders[tag] = SimpleNamespace(tag=tag, broker_id=order_id, filled=history[-1]["filled"])
            self.seen[order_id] = at(versions[0][0] + 1.5)
            body = {"exchange": share.exchange, "symboltoken": share.token, "transactiontype": side, "ordertag": tag}
            self.writes(versions[0][0], "placeOrder", body)

    def fill(self, when: str, side: str, quantity: int, *, tag: str, price: str) -> None:
        share = self.lane.share
        told = {"at": when, "side": side, "quantity": quantity, "tag": tag, "price": price}
        self.fills.append(told | {"exchange": share.exchange, "token": share.token})

    def alert(self, second: float, action: str, signal: str | None, status: int = 202, **more: Any) -> Post:
        """An alert as it was answered, and its delivery."""
        body = json.dumps({"fired_at": iso(second), "action": action, **more.pop("body", {})}).encode()
        post = Post(at(second), Message(more.pop("lane", self.lane), action, "url", body, **more), status, signal)
        self.posts.append(post)
        if 0 < status < 500:
            self.keep(post)
        return post

    def told(self, second: float, kind: CommandKind, state: CommandState = CommandState.DONE, **arguments: Any) -> None:
        """A person's command on everything."""
        name = f"command {len(self.ordered)}"
        self.ordered.append(Ordered(at(second), name, kind, "ALL", arguments))
        self.commands[name] = SimpleNamespace(id=name, state=state, made_at=at(second))

    def keep(self, post: Post) -> None:
        sha = hashlib.sha256(post.message.body).hexdigest()
        verdict = _VERDICTS.get(post.status, Verdict.REFUSED)
        self.deliveries.append(SimpleNamespace(sha256=sha, verdict=verdict))

    def signal(self, name: str, outcome: Outcome, action: str = "buy") -> None:
        self.signals[name] = SimpleNamespace(
            id=name, state=SignalState.ENDED, outcome=outcome, action=action, code=None
        )

    def leg(self, name: str, role: Role, cause: str = BOUGHT, *, created: float = 0) -> None:
        self.legs[name] = SimpleNamespace(
            id=name, bracket=BRACKET, cause=cause, role=role, quantity=self.quantity, created_at=at(created)
        )

    def _version(self, version: Version) -> dict[str, Any]:
        second, status, type_, price, trigger, filled, *quantity = version
        told = {"at": iso(second), "status": status, "type": type_, "price": price, "trigger": trigger}
        return told | {"filled": filled, "quantity": quantity[0] if quantity else self.quantity}


def made(strategy: str = "pair", *, quantity: int = 10, hold: float = 20.0) -> Made:
    """A long of `quantity`: bought at once, stopped and targeted, left after `hold` seconds by moving the target."""
    day = Made(LANES[strategy], quantity, end=hold + 20)
    for number, route in enumerate(("loginByPassword", "getProfile", "getOrderBook", "getTradeBook", "getPosition")):
        day.asks(number - 11, route)
    day.calls.append(SimpleNamespace(route="loginByPassword", request='{"password":"***"}'))
    for second in range(-4, int(day.end), 2):
        day.asks(second, "getOrderBook", fault="lag")
    day.signal(BOUGHT, Outcome.FILLED)
    day.signal(LEFT, Outcome.FILLED, "exit")
    for name, role in ((ENTRY, Role.ENTRY), (STOP, Role.STOP), (TARGET, Role.TARGET)):
        day.leg(name, role)
    day.alert(0, "buy", BOUGHT)
    day.order(ENTRY, "BUY", [(0.1, "open", "LIMIT", "802", "0", 0), (0.5, "complete", "LIMIT", "802", "0", quantity)])
    waits = (1.5, "trigger pending", "STOPLOSS_LIMIT", "784", "792", 0)
    day.order(STOP, "SELL", [waits, (hold + 2, "cancelled", *waits[2:])])
    rests, moved = (3.0, "open", "LIMIT", "816", "0", 0), (hold + 0.2, "open", "LIMIT", "796", "0", 0)
    day.order(TARGET, "SELL", [rests, moved, (hold + 0.4, "complete", "LIMIT", "796", "0", quantity)])
    day.alert(hold, "exit", LEFT)
    day.writes(hold + 0.2, "modifyOrder", {"orderid": f"{TARGET}-1", "price": "796"})
    day.writes(hold + 2, "cancelOrder", {"orderid": f"{STOP}-1"})
    return day


#: Makes a day with something changed on it.
Change = Callable[[], Made]


def a_day(change: Callable[[Made], object], **words: Any) -> Change:
    """A clean day of these words, changed."""

    def changed() -> Made:
        day = made(**words)
        change(day)
        return day

    return changed
