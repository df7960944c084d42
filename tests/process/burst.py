"""A burst of alerts through a real web, processes that are killed in it, and what must be true afterwards.

All truth is the exchange's (its orders and the journal of requests) and the audit's.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import cycle, islice, product
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from executor import bootstrap
from executor.alerts.address import hook_url
from executor.alerts.placeholders import render
from executor.alerts.template import Style, build
from executor.bootstrap.master import refresh_master
from executor.config.environment import open_settings
from executor.domain.bracket import Role
from executor.domain.intent import IntentKind, IntentState
from executor.domain.strategy import Rails
from executor.store import schema
from tests.builders import a_strategy
from tests.process.conftest import Town

ALERTS = 50
_TICKERS = {"SBIN": "3045", "RELIANCE": "2885", "INFY": "1594", "TCS": "11536", "TATASTEEL": "3499"}
_SENDERS = 10
_WRITES = {"placeOrder", "modifyOrder", "cancelOrder"}
_READS = {"getOrderBook", "getTradeBook", "getPosition"}
#: How an entry of the burst may end; and one whose lane was left, maybe before the entry could be sent.
_ENDS = {"FILLED", "NOT_PLACED"}
_LEFT_ENDS = {"NOT_FILLED", "SUPERSEDED", "REJECTED"}  # the last when its first send was refused for its rate
STOP_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True)
class Message:
    """A strategy's alert for one ticker, as TradingView would send it; a lane of its own."""

    url: str
    body: bytes
    after: Message | None = None  #: what is sent before it

    def changed(self, **fields: Any) -> Message:
        return replace(self, body=json.dumps({**json.loads(self.body), **fields}).encode())

    def leaving(self) -> Message:
        """What TradingView sends when the position of this entry is closed, two seconds later."""
        fired = datetime.fromisoformat(json.loads(self.body)["fired_at"]) + timedelta(seconds=2)
        position = {"now": "flat", "now_size": "0", "prev": "long", "prev_size": "10"}
        left = self.changed(action="sell", position=position, fired_at=fired.isoformat())
        return replace(left, after=self)

    def through(self, web: Town) -> Message:
        """The same, sent to another host."""
        return replace(self, url=urlsplit(self.url)._replace(netloc=f"127.0.0.1:{web.environ['PORT']}").geturl())

    def post(self) -> tuple[int, dict[str, Any]]:
        """Send it once; status 0 when the connection broke."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.netloc, timeout=5)
        try:
            connection.request("POST", address.path, body=self.body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()


@dataclass
class Burst:
    """The alerts on their way; `taken` are the signals that were answered 2xx."""

    town: Town
    messages: list[Message]
    taken: dict[str, Message] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> list[Future[None]]:
        """Send all within some two seconds, each again until it is answered 2xx."""
        pool = ThreadPoolExecutor(_SENDERS)
        futures: dict[Message, Future[None]] = {}
        for message in self.messages:
            before = futures[message.after] if message.after else None
            futures[message] = pool.submit(self._deliver, message, before)
        pool.shutdown(wait=False)
        return list(futures.values())

    def _deliver(self, message: Message, before: Future[None] | None) -> None:
        if before is not None:
            before.result()
        for _ in range(40):
            began = time.monotonic()
            status, answer = message.post()
            with self._lock:
                self.answers[status] += 1
                if status:
                    self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            if 200 <= status < 300:
                with self._lock:
                    self.taken[answer["signal"]] = message
                time.sleep(0.3)
                return
            time.sleep(0.5)


def a_burst(town: Town, *, alerts: int = ALERTS, exits: int = 0, webs: Sequence[Town] = ()) -> Burst:
    """Strategies, tickers and templates made as the commands make them; each alert fired now, sent to a web in turn.

    The last `exits` of the alerts close what the first have opened.
    """
    settings = open_settings(town.environ)
    keys, now = bootstrap.open_keys(settings), town.now()
    refresh_master(settings, town.store)
    ids = bootstrap.make_ids(town.clock, town.store.recovery)
    prices = town.control("state")["prices"]
    messages = []
    rails = Rails(frozenset(f"NSE:{ticker}" for ticker in _TICKERS), max_quantity=100, max_trades=100)
    templates = []
    entries = alerts - exits
    for number in range(-(-entries // len(_TICKERS))):
        strategy = a_strategy(name=f"burst{number}", account="default", rails=rails)
        if number % 2:
            strategy = a_strategy(name=strategy.name, account="default", rails=rails, take_profit=())
        town.store.people.save_strategy(strategy, by="test", at=now)
        made = build(strategy, style=Style.STRATEGY, settings={}, keys=keys, alert_id=ids.new(), now=now)
        town.store.people.issue_alert(made.issued)
        templates.append((hook_url(keys, strategy, settings.public_url), made.body))
    for (url, body), ticker in islice(product(templates, _TICKERS), entries):
        price = prices[f"NSE:{_TICKERS[ticker]}"]
        messages.append(Message(url, render(body, _values(ticker, price, now)).encode()))
    messages = [message.through(web) for message, web in zip(messages, cycle(webs or [town]))]
    return Burst(town, messages + [message.leaving() for message in messages[:exits]])


def _values(ticker: str, price: str, now: datetime) -> dict[str, str]:
    return {
        "ticker": ticker,
        "exchange": "NSE",
        "strategy.order.action": "buy",
        "strategy.market_position": "long",
        "strategy.market_position_size": "10",
        "strategy.prev_market_position": "flat",
        "strategy.prev_market_position_size": "0",
        "strategy.order.price": price,
        "close": price,
        "interval": "5",
        "time": f"{now:%Y-%m-%dT%H:%M:00Z}",
        "timenow": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


# -- what must be true -------------------------------------------------------------------------------------------


def entries_in_flight(town: Town) -> int:
    """Entries that were being sent when the trader died."""
    intent, order, leg = schema.intent.c, schema.broker_order, schema.leg
    statement = (
        select(func.count())
        .select_from(schema.intent.join(order, order.c.id == intent.order).join(leg, leg.c.id == order.c.leg))
        .where(intent.state == IntentState.SENDING, intent.kind == IntentKind.PLACE, leg.c.role == Role.ENTRY)
    )
    with town.store.database.read() as connection:
        return int(connection.execute(statement).scalar_one())


@dataclass(frozen=True)
class Life:
    """From a start of the trader on: when by the exchange's clock, and how long the journal was then."""

    at: datetime
    journal: int


def a_life(town: Town) -> Life:
    state = town.control("state")
    return Life(datetime.fromisoformat(state["now"]), len(state["requests"]))


@dataclass(frozen=True)
class Outcome:
    """What became of a burst; `stop_s` the longest time from fill or restart to a working stop."""

    entries: Mapping[str, int]
    exits: Mapping[str, int]
    stop_s: float


def examine(
    burst: Burst, lives: list[Life], in_flight: int, *, halted: Mapping[str, datetime] = MappingProxyType({})
) -> Outcome:
    """Check everything that the promise says; returns the figures. `halted`: strategies, and when they were by then."""
    town = burst.town
    lines = [line for line in town.audit(limit=1000) if line["signal"]]
    state = town.control("state")
    by_signal = Counter(line["signal"] for line in lines if line["outcome"])
    assert [signal for signal in burst.taken if by_signal[signal] != 1] == []
    entries, exits = ([line for line in lines if line["action"] == action] for action in ("buy", "sell"))
    left = {_lane(line) for line in exits}
    for line in entries:
        may = _ENDS | (_LEFT_ENDS if _lane(line) in left else set())
        was_halted = line["strategy"] in halted and "halt" in (line["reason"] or "")
        assert line["outcome"] in may or was_halted, (line["outcome"], line["reason"])
    assert {line["outcome"] for line in exits} <= {"FILLED", "NOTHING_TO_DO"}, exits
    outcomes = Counter(line["outcome"] for line in entries)
    assert outcomes["NOT_PLACED"] <= in_flight
    _each_entry_once(state, lines)
    _left_is_flat(state, [line for line in lines if _lane(line) in left])
    _nothing_of_halted(state, lines, halted)
    for life, following in zip(lives, [*lives[1:], None], strict=True):
        _nothing_written_before_reading(state["requests"][life.journal : following and following.journal])
    stop_s = _stops(state, [line for line in entries if _lane(line) not in left], lives)
    return Outcome(dict(outcomes), dict(Counter(line["outcome"] for line in exits)), stop_s)


def _lane(line: Mapping[str, Any]) -> tuple[str, str]:
    return line["strategy"], line["ticker"]


def _each_entry_once(state: Mapping[str, Any], lines: list[dict[str, Any]]) -> None:
    """One order that the exchange took a leg of entry, and none that no signal of ours accounts for."""
    ours = {order["tag"]: (line, order["leg"]) for line in lines for order in line["orders"]}
    assert {order["tag"] for order in state["orders"]} <= set(ours)
    bought = [order for order in state["orders"] if order["side"] == "BUY" and order["status"] != "rejected"]
    assert {ours[order["tag"]][1] for order in bought} == {"ENTRY"}
    legs = Counter(order["tag"][1:14] for order in bought)
    assert [leg for leg, times in legs.items() if times > 1] == []
    filled = {ours[order["tag"]][0]["signal"] for order in bought if order["filled"] == 10}
    assert filled == {line["signal"] for line in lines if (line["action"], line["outcome"]) == ("buy", "FILLED")}


def _left_is_flat(state: Mapping[str, Any], lines: list[dict[str, Any]]) -> None:
    """What an exit of the burst closed nets nothing, and nothing of it can trade any more."""
    lanes = {order["tag"]: _lane(line) for line in lines for order in line["orders"]}
    net: Counter[tuple[str, str]] = Counter()
    for order in state["orders"]:
        if order["tag"] in lanes:
            net[lanes[order["tag"]]] += order["filled"] * {"BUY": 1, "SELL": -1}[order["side"]]
            assert order["status"] not in {"open", "trigger pending"}
    assert set(net.values()) <= {0}


def _nothing_of_halted(state: Mapping[str, Any], lines: list[dict[str, Any]], halted: Mapping[str, datetime]) -> None:
    """No entry of a strategy was placed after it was halted."""
    of = {order["tag"]: line["strategy"] for line in lines for order in line["orders"]}
    bought = [order for order in state["orders"] if order["side"] == "BUY" and of[order["tag"]] in halted]
    late = [order for order in bought if datetime.fromisoformat(order["placed_at"]) > halted[of[order["tag"]]]]
    assert late == []


def _nothing_written_before_reading(requests: list[Mapping[str, Any]]) -> None:
    routes = [request["route"] for request in requests]
    first = next((place for place, route in enumerate(routes) if route in _WRITES), None)
    if first is not None:
        before = set(routes[:first])
        assert before >= _READS
        assert before & {"getProfile", "loginByPassword"}


def _stops(state: Mapping[str, Any], lines: list[dict[str, Any]], lives: list[Life]) -> float:
    """Each filled entry has a stop of its size, in time after the fill or the restart that followed it."""
    orders = {order["tag"]: order for order in state["orders"]}
    slowest = 0.0
    for line in lines:
        if line["outcome"] != "FILLED":
            continue
        found = {order["leg"]: orders[order["tag"]] for order in line["orders"] if order["tag"] in orders}
        filled_at = datetime.fromisoformat(found["ENTRY"]["updated_at"])
        stop = found["STOP"]
        assert stop["quantity"] == 10
        assert stop["status"] in {"trigger pending", "complete"}
        placed_at = datetime.fromisoformat(stop["placed_at"])
        restarts = [life.at for life in lives if filled_at < life.at <= placed_at]
        late = (placed_at - max([filled_at, *restarts])).total_seconds()
        slowest = max(slowest, late)
    assert slowest <= STOP_WITHIN.total_seconds()
    return slowest
