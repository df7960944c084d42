"""Web, trader and simulator of one simulated day, on one thread: `House` with the real web in front and real sessions.

The exchange has its own clock, which never steps; the host's may. `posts` is the HTTP log: what the sender was told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from executor.alerts.address import hook_url
from executor.alerts.placeholders import render
from executor.alerts.template import Style, build
from executor.broker.port import Session
from executor.broker.smartapi.client import SmartApi
from executor.clock import ManualClock
from executor.config.secrets import Keys
from executor.desk.reads import BUSY
from executor.domain.bracket import Bracket, BracketState
from executor.domain.ids import Ids
from executor.domain.intent import Intent, IntentState
from executor.domain.messages import Resolved, SendEnded, Tick
from executor.domain.order import Order, OrderState
from executor.domain.reading import Query, QueryKind
from executor.domain.signal import Signal
from executor.doorbell import EVERYBODY
from executor.instruments.resolve import Asked, resolve
from executor.instruments.ticker import alias_of
from executor.simulator import Rules, SimulatorConfig
from executor.simulator.faults import Fault as FaultToCome
from executor.simulator.faults import Kind as FaultKind
from executor.simulator.simulation import Simulation
from executor.trader.accounts import SessionKeeper, SessionStore
from executor.web.app import create_app
from executor.web.authenticity import Floods
from executor.web.parts import WebParts
from tests.campaigns.lanes import Lane, Market, Message, Post, Share, day_market
from tests.campaigns.people import People
from tests.campaigns.seam import Crash, Seam, SeamedBroker, SeamedIntake, SeamedLedger
from tests.house import ACCOUNT, House

#: The exchange of a campaign: fills come in parts and not at once; prices move by our word alone.
RULES = Rules(partial_fills=0.2, fill_latency_s=0.2, volatility=0.0)
KEYS = Keys.derive("only-for-campaigns-" + "0123456789abcdef")
#: What each alert says beside its defaults.
_ACTION = {"action": "{{strategy.order.action}}"}
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "buy": _ACTION,
    "sell": _ACTION,
    "exit": {"action": "exit"},
    "part": {"action": "sell", "size.quantity": "{{strategy.order.contracts}}"},
    "chart": {"size.contracts": "{{strategy.order.contracts}}"},
    "reverse": {"action": "reverse"},
    "flatten": {"action": "flatten"},
    "cancel": {"action": "cancel"},
    "modify": {"action": "modify", "stop_loss.price": "{{plot_0}}", "take_profit.0.price": "{{plot_1}}"},
    "limit": {"action": "buy", "order.type": "limit", "order.limit": "{{plot_0}}"},
    "trigger": {"action": "buy", "order.type": "stop_limit", "order.trigger": "{{plot_0}}"},
}
#: How soon it looks again for a permit, or for a book that was not to be had.
_WAITS_S = 0.2


class _Inline(Executor):
    """A thread that is none: does it at once."""

    def submit(self, act: Any, /, *words: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(act(*words, **more))
        return future


class _Bell:
    """Rings the house: it looks at the database with the next round."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def ring(self, _account: str = EVERYBODY) -> None:
        self._rig.inbox.put(Tick())


class HostClock(ManualClock):
    """The clock of our host: it may step against the exchange's, while its monotonic time goes on."""

    step = timedelta()

    def now(self) -> datetime:
        return super().now() + self.step


class Calm:
    """No trouble at all, and answers after a tenth of a second."""

    is_on = False

    def before_send(self, intent: Any) -> None: ...

    def before_read(self, query: Any) -> None: ...

    def latency(self) -> float:
        return 0.1


@dataclass
class Rig(House):
    """The house of a campaign. `seam` is the trader's process, `web_seam` the web's."""

    market: Market = field(default_factory=day_market)
    rules: Rules = RULES
    seed: int = 0
    trouble: Any = field(default_factory=Calm)
    seam: Seam = field(default_factory=Seam)
    web_seam: Seam = field(default_factory=Seam)

    def __post_init__(self) -> None:
        self.exchange_clock = ManualClock(self.clock.now())
        self.simulator = self.a_simulator()
        self.posts: list[Post] = []
        self.people = People(self.store, self.clock, self.exchange_clock, self.market.strategies)
        self.steps: list[tuple[datetime, timedelta]] = []
        self.lives: list[datetime] = []
        self.violations: list[str] = []
        self._kept: dict[str, Session] = {}
        self._generation = 0
        self._fill_master()
        self._strategies = {strategy.name: strategy for strategy in self.market.strategies}
        self.strategy, *others = self._strategies.values()
        for strategy in others:
            self.store.people.save_strategy(strategy, by="campaign", at=self.clock.now())
        self.trouble.rig = self
        self.latency = self.trouble.latency
        self.wrap_broker = self._seamed
        super().__post_init__()
        self._open_web()

    def a_simulator(self) -> SimulatorConfig:
        return SimulatorConfig(seed=self.seed, rules=self.rules)

    # -- the trader ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new life of the trader's process: all memory is new."""
        self._generation += 1
        self.lives.append(self.exchange_clock.now())
        super().start()

    def a_ledger(self) -> Any:
        return SeamedLedger(self.store.ledger, self.seam)

    def a_client(self, epoch: int) -> SmartApi:
        self._sessions = self._session_store(epoch)
        return SmartApi(
            self.secrets,
            wire=self.a_wire(),
            clock=self.clock,
            reserve_step=lambda step: self._sessions.reserve_step(step, at=self.clock.now()),
            last_step=self._sessions.last_step(),
        )

    def sessions(self, epoch: int) -> SessionKeeper:
        return SessionKeeper(
            broker=self.broker,
            store=self._sessions,
            calendar=self.calendar,
            clock=self.clock,
            inbox=self.inbox,
            new_id=Ids(
                self.clock.now, Random(f"{self._generation}/session"), above=self.store.recovery.newest_id()
            ).new,
            thread=_Inline(),
        )

    def resolve(self, signal: Signal) -> Resolved:
        strategy = self.store.people.strategy(signal.strategy)
        assert strategy is not None
        exchange, ticker = signal.fields["exchange"], signal.fields["ticker"]
        share = self._contracts.get(f"{exchange}:{ticker}")
        if share is not None and share.expiry is not None:  # tickers of derivatives are not resolved yet
            return Resolved(signal, strategy, share.instrument)
        asked = Asked(exchange, ticker)
        found = resolve(asked, self.store.master, now=self.clock.now(), calendar=self.calendar)
        return Resolved(signal, strategy, found)

    def clock_of_exchange(self) -> ManualClock:
        return self.exchange_clock

    def _seamed(self, broker: Any) -> Any:
        generation = self._generation

        def sends(intent: Intent) -> None:
            if generation != self._generation:
                self.violations.append(f"fenced: a trader that was followed sent {intent.id}")

        return SeamedBroker(broker, self.seam, trouble=self.trouble, sends=sends)

    def _session_store(self, epoch: int) -> SessionStore:
        return SessionStore(
            ledger=self.a_ledger(),
            account=ACCOUNT,
            epoch=epoch,
            seal=self._seal,
            unseal=self._kept.__getitem__,
            unseal_code=str,
        )

    def _seal(self, session: Session) -> str:
        """Sealed without chance in it: the same seed must give the same audit."""
        name = f"sealed {len(self._kept)}"
        self._kept[name] = replace(session, calls=())
        return name

    def _fill_master(self) -> None:
        self._contracts = {lane.share.name: lane.share for lane in self.market.lanes}
        shares = [share.instrument for share in self._contracts.values() if share.expiry is None]
        rows = [(share, alias_of(share)) for share in shares]
        self.store.loads.add_instruments("0" * 13, rows)
        self.store.loads.switch_master("0" * 13, {"rows": len(rows), "segments": {}}, at=self.clock.now())

    # -- the web ---------------------------------------------------------------------------------------------------

    def _open_web(self) -> None:
        ids = Ids(self.clock.now, Random(f"{self.seed}/web"), above=self.store.recovery.newest_id())
        parts = WebParts(
            store=replace(self.store, intake=SeamedIntake(self.store.intake, self.web_seam)),
            keys=KEYS,
            clock=self.clock,
            new_id=ids.new,
            doorbell=_Bell(self),
            floods=Floods("campaign"),
        )
        self.web = create_app(parts).test_client()
        self._template_ids = ids
        self._templates: dict[tuple[str, str], tuple[str, str]] = {}

    def _template(self, name: str, action: str) -> tuple[str, str]:
        """Address and body of an alert of a strategy, issued when it is first sent."""
        if (name, action) not in self._templates:
            strategy = self._strategies[name]
            made = build(
                strategy,
                style=Style.STRATEGY if action == "chart" else Style.INDICATOR,
                settings=_SETTINGS[action],
                keys=KEYS,
                alert_id=self._template_ids.new(),
                now=self.clock.now(),
            )
            self.store.people.issue_alert(made.issued)
            self._templates[name, action] = hook_url(KEYS, strategy, "http://campaign"), made.body
        return self._templates[name, action]

    def message(
        self,
        lane: Lane,
        action: str,
        *,
        price: str,
        ago: float = 0.0,
        quantity: int = 0,
        chart: tuple[int, int] | None = None,
        levels: tuple[str, ...] = (),
        shown: str = "",
    ) -> Message:
        """An alert as TradingView would send it now. `action`: one of _SETTINGS, or short, a sell that opens.

        `chart` is the chart's position before and after, `levels` the prices that the alert names, `shown` what its
        chart is called.
        """
        exchange, _, ticker = (shown or lane.share.name).partition(":")
        fired = self.exchange_clock.now() - timedelta(seconds=ago)
        url, body = self._template(lane.strategy, "sell" if action == "short" else action)
        prev, now = chart or (0, 0)
        sells = action == "short" or now < prev
        values = {
            "ticker": ticker,
            "exchange": exchange,
            "strategy.order.action": "sell" if sells else "buy",
            "strategy.order.contracts": str(quantity or abs(now - prev)),
            "strategy.market_position": _side(now),
            "strategy.market_position_size": str(abs(now)),
            "strategy.prev_market_position": _side(prev),
            "strategy.prev_market_position_size": str(abs(prev)),
            "close": price,
            "interval": "5",
            "timenow": f"{fired:%Y-%m-%dT%H:%M:%SZ}",
            **{f"plot_{number}": level for number, level in enumerate(levels)},
        }
        body_sent = render(body, values).encode()
        is_late = exchange != lane.share.exchange
        return Message(lane, action, url, body_sent, chart=chart, is_late=is_late, levels=levels)

    def post(self, message: Message) -> Post:
        """Send it once. Raises Crash out of the web's process; the post is in the log then too."""
        path = message.url.removeprefix("http://campaign")
        status, told = 0, {}
        try:
            answer = self.web.post(path, data=message.body)
            status, told = answer.status_code, json.loads(answer.data or b"{}")
        except Crash:
            pass  # the web's process starts again at once; its sender saw a broken connection
        halted, units = self.people.told_of(message.lane.strategy)
        made = Post(self.exchange_clock.now(), message, status, told.get("signal"), halted, units)
        self.posts.append(made)
        return made

    # -- the exchange ----------------------------------------------------------------------------------------------

    @property
    def simulation(self) -> Simulation:
        found: Simulation = self.app.extensions["simulation"]
        return found

    def plant(self, route: str, kind: str, detail: Mapping[str, Any]) -> None:
        """A fault for the next request to a route."""
        self.simulation.faults.plant(FaultToCome(route, FaultKind(kind), detail=detail))

    def set_price(self, share: Share, price: str) -> None:
        self.simulation.advance()
        self.simulation.exchange.set_price((share.market, share.token), Decimal(price))

    def hold_prices(self) -> dict[str, Decimal]:
        """Let no price move by itself, but with another one; the prices by exchange and token."""
        self.simulation.advance()
        walks = {key: walk for key, walk in self.simulation.exchange.walks.items() if not walk.follows}
        for key, walk in walks.items():
            self.simulation.exchange.set_price(key, walk.ltp)
        return {":".join(key): walk.ltp for key, walk in walks.items()}

    def net_of(self, share: Share) -> int:
        """What the exchange says that we hold of a share."""
        fills = self.simulation.exchange.book.fills(self.simulation.exchange.at)
        return sum(
            fill.quantity * (1 if fill.side == "BUY" else -1)
            for fill in fills
            if (fill.instrument.exchange, fill.instrument.token) == (share.market, share.token)
        )

    # -- time ------------------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.exchange_clock.advance(seconds)

    def step_clock(self, seconds: float) -> None:
        """The host's clock goes off the exchange's by so much more."""
        self.clock.step += timedelta(seconds=seconds)
        self.steps.append((self.exchange_clock.now(), self.clock.step))

    def work(self) -> None:
        """All that is due now: answers, events, a sweep. Raises Crash, LeaseLost."""
        self.workers.deliver()
        while self.loop.round(self.stop, wait_s=0):
            pass

    def looks_in(self) -> float:
        """Seconds until the desk has a reason to look by itself: its next order book, or an intent without a permit.

        Its own sweep is quicker, and would only cost time here.
        """
        intents = self.book.rows.tables[Intent].values()
        if any(one.state is IntentState.READY and one.settled_by is None for one in intents):
            return _WAITS_S
        asked = self.book.evidence.asked_at.get(Query(QueryKind.ORDER_BOOK))
        if asked is None:
            return _WAITS_S
        due = asked + BUSY - self.clock.now()
        return min(BUSY.total_seconds(), max(_WAITS_S, due.total_seconds()))

    def is_in_doubt(self) -> bool:
        """Whether an order was given up today that may yet come."""
        return any(order.state is OrderState.NOT_PLACED for order in self.book.rows.tables[Order].values())

    def is_quiet(self) -> bool:
        """Whether nothing is open, in doubt or on its way: then nothing happens until something comes from outside."""
        tables = self.book.rows.tables
        return not (
            any(isinstance(answer, SendEnded) for _, answer in self.workers.coming)  # reads go on all day
            or not self.inbox.empty()
            or not self.book.evidence.reconciled
            or self.book.evidence.waiting
            or any(one.state is not BracketState.CLOSED for one in tables[Bracket].values())
            or any(one.settled_by is None and one.state is not IntentState.DROPPED for one in tables[Intent].values())
            or any(one.outcome is None for one in tables[Signal].values())
        )


def _side(position: int) -> str:
    return "long" if position > 0 else "short" if position < 0 else "flat"
