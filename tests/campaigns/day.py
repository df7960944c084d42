"""Play a day: the acts of its plan in time order, the trader between them, crashes where they were planned.

The clock jumps to what is due next: an answer, an act, the desk's next look. Where nothing is open and nothing is in
doubt, nothing is due before the next act.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any, ClassVar

from executor.domain.command import CommandKind
from executor.domain.ids import Ids
from executor.errors import ClockSetBack, LeaseLost
from executor.simulator import Rules
from executor.store.store import Store
from tests.campaigns.acts import Act
from tests.campaigns.lanes import Lane, Market, Message, Share, day_market
from tests.campaigns.mix import HELL, Trouble
from tests.campaigns.persons import play_person
from tests.campaigns.plan import START, Plan
from tests.campaigns.rig import RULES, HostClock, Rig
from tests.campaigns.seam import Crash, Seam

#: How long after an act an order that was given up may still come: until then nothing is jumped over.
_CALM_S = 45.0
_REST_S = 180.0
#: An alert that is overtaken arrives so much later than it should have.
_OVERTAKEN_S = 0.3
_LEVELS = frozenset({"limit", "trigger", "modify"})
#: Alerts that come from further ahead than 5 s are of the future.
_BEHIND_S = -4.5
#: An account whose host's clock was set back begins anew so soon.
_AGAIN_S = 1.0


@dataclass
class Day:
    """One day as it is played; afterwards `rig` holds what the checkers look at."""

    starts: ClassVar[datetime] = START
    market: ClassVar[Callable[[], Market]] = staticmethod(day_market)
    rules: ClassVar[Rules] = RULES
    a_rig: ClassVar[type[Rig]] = Rig

    plan: Plan
    store: Store
    trouble: Trouble
    rig: Rig = field(init=False)
    crashes: int = 0
    fired: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(f"{self.plan.seed}/day")
        self.now = 0.0
        self.calm_at = 0.0
        self.up_at: float | None = None
        self.prices: dict[str, Decimal] = {}
        self.overtaken: list[tuple[float, Message]] = []
        clock = HostClock(self.starts)
        ids = Ids(clock.now, Random(f"{self.plan.seed}/first"))
        seam = Seam()
        self.rig = self.a_rig(
            self.store,
            clock,
            ids,
            market=self.market(),
            rules=self.rules,
            seed=self.plan.seed,
            trouble=self.trouble,
            seam=seam,
            web_seam=Seam(set(self.plan.web_crashes)),
        )
        seam.points = set(self.plan.crashes)

    def play(self) -> None:
        """The whole day, until everything has come to rest."""
        self._open_market()
        for act in self.plan.acts:
            self._deliver_overtaken(act.at)
            self._until(act.at)
            self._do(act)
            self.calm_at = act.at + self._calm_after(act)
        self._deliver_overtaken(self.now + _OVERTAKEN_S)
        self._rest()

    def _calm_after(self, _act: Act) -> float:
        """Seconds in which nothing is jumped over."""
        return _CALM_S

    # -- time ------------------------------------------------------------------------------------------------------

    def _until(self, at: float) -> None:
        while self.now < at:
            step = self._step(at)
            self.now += step
            self.rig.pass_time(step)
            self._work()

    def _step(self, at: float) -> float:
        """To what is due next, but not past `at`."""
        left = at - self.now
        if self.up_at is not None:
            return min(left, max(0.001, self.up_at - self.now))
        if self._is_still():
            return left
        elapsed = self.rig.clock.monotonic()
        coming = [due - elapsed for due, _ in self.rig.workers.coming]
        return min([left, self.rig.looks_in(), *(max(0.001, due) for due in coming)])

    def _is_still(self) -> bool:
        """Whether nothing happens before the next act."""
        return self.rig.is_quiet() and (self.now >= self.calm_at or not self.rig.is_in_doubt())

    def _work(self) -> None:
        """A round of the trader, unless it is down; a crash takes it down for 1 to 5 s, a clock that is set back for
        as long as its seat waits.
        """
        if self.up_at is not None and self.now < self.up_at:
            return
        try:
            if self.up_at is not None:
                self.up_at = None
                self.rig.start()
            self.rig.work()
        except Crash:
            self.crashes += 1
            self.rig.workers.coming.clear()
            self.up_at = self.now + self.random.uniform(1, 5)
        except ClockSetBack:
            self._count("clock set back")
            self.rig.workers.coming.clear()
            self.up_at = self.now + _AGAIN_S

    def _rest(self) -> None:
        """No more trouble: what waits is worked off, also through faults that are still planted."""
        self.trouble.is_on = False
        self.rig.seam.points.clear()
        end = self.now + _REST_S
        while self.now < end and not (self.up_at is None and self.now >= self.calm_at and self.rig.is_quiet()):
            self._until(self.now + 1)
        self._until(self.now + 3)

    # -- acts ------------------------------------------------------------------------------------------------------

    def _open_market(self) -> None:
        self.prices = self.rig.hold_prices()
        self.calm_at = 10.0
        self._until(5.0)

    def _do(self, act: Act) -> None:
        match act.what:
            case "alert":
                assert act.lane is not None
                self._alert(act.lane, act)
            case "price":
                assert act.lane is not None
                self._move(act.lane.share, act.value)
            case "hand":
                self._hand(act)
            case "person":
                if done := play_person(self, act):
                    self._count(done)
            case "step":
                self._step_clock(act)
            case "second":
                self._second_trader()
            case "resume":
                assert act.lane is not None
                self.rig.people.record(CommandKind.RESUME, f"strategy:{act.lane.strategy}")
                self._count("hand: resume")
        if act.what != "price":
            self._work()

    def _step_clock(self, act: Act) -> None:
        """Alerts are turned away where it is far behind: it is not set there."""
        least = _BEHIND_S - self.rig.clock.step.total_seconds()
        seconds = max(act.value, least) if act.action == "set" else round(act.value * 4 - 2, 3)
        self.rig.step_clock(seconds)
        self._count("clock stepped")

    def _count(self, name: str) -> None:
        self.fired[name] = self.fired.get(name, 0) + 1

    def _move(self, share: Share, move: float) -> None:
        """A price moves by a share of itself."""
        self.prices[share.key] = self.off(share, move)
        self.rig.set_price(share, str(self.prices[share.key]))

    def off(self, share: Share, away: float) -> Decimal:
        """A price that far from the present one, on the tick."""
        tick = Decimal(share.tick)
        moved = self.prices[share.key] * (1 + Decimal(str(round(away, 5))))
        return (moved / tick).quantize(Decimal(1), ROUND_HALF_EVEN) * tick

    def _alert(self, lane: Lane, act: Act) -> None:
        """Send what a lane's alert says now; one that is missed is never sent, one that is overtaken after the next."""
        ago = {"stale": self.random.uniform(61, 300), "reordered": 4.0}.get(act.kind, 0.0)
        message = self.rig.message(
            lane,
            act.action,
            price=str(self.prices[lane.share.key]),
            ago=ago,
            quantity=int(act.value),
            chart=act.chart,
            levels=self._levels(lane.share, act),
            shown=act.shown,
        )
        self._count_alert(act, message)
        match act.kind:
            case "missed":
                return
            case "overtaken":
                self.overtaken.append((self.now + _OVERTAKEN_S, message))
                return
            case "forged":
                self._deliver(_forged(message, self.random))
            case "bad":
                self._deliver(_bad(message, self.random))
        self._deliver(message)
        if act.kind == "duplicate":
            self._deliver(message)

    def send(self, lane: Lane, action: str) -> None:
        """Send an alert of a lane, as it would be sent now."""
        self._alert(lane, Act(self.now, "alert", lane, action))

    def _count_alert(self, act: Act, message: Message) -> None:
        if act.kind != "genuine":
            self._count(f"alert {act.kind}")
        if act.shown.partition(":")[2] not in ("", message.lane.share.ticker):
            self._count("alert spelled otherwise")

    def _levels(self, share: Share, act: Act) -> tuple[str, ...]:
        """The prices that an alert names: its limit or trigger, or a stop and a target."""
        away = {"modify": (-act.value, 3 * act.value)}.get(act.action, (act.value,))
        return tuple(str(self.off(share, one)) for one in away) if act.action in _LEVELS else ()

    def _deliver_overtaken(self, until: float) -> None:
        """Alerts that arrive late, before the next act of the day."""
        due = [one for one in self.overtaken if one[0] <= until]
        self.overtaken = [one for one in self.overtaken if one[0] > until]
        for at, message in due:
            self._until(at)
            self._deliver(message)
            self._work()

    def _deliver(self, message: Message) -> None:
        """Send it, and once more when the connection broke: TradingView does so after a 5xx."""
        post = self.rig.post(message)
        if post.status == 0:
            self._count("web killed")
            self.rig.post(message)

    def _hand(self, act: Act) -> None:
        """Somebody in the broker's app; nothing to do is not counted."""
        working = self.rig.working()
        match act.action:
            case "cancel":
                chosen = [working[int(act.value * len(working))]] if working else []
            case "cancel part filled":
                chosen = [one for one in working if one["filled"]][:1]
            case "square off":
                chosen = working
            case _:
                chosen = []
        for order in chosen:
            self.rig.cancel(order)
        closes = act.action in {"close", "square off"} and self._close(all_of_them=act.action == "square off")
        if chosen or closes:
            self._count(f"hand: {act.action}")

    def _close(self, *, all_of_them: bool) -> bool:
        """Foreign orders that close what is held: of one share, or of all as the broker's own square-off does."""
        rows = [row for row in self.rig.state()["positions"] if row["net"]]
        for row in rows if all_of_them else rows[:1]:
            self.rig.control("order", _foreign(row, self.prices[f"{row['exchange']}:{row['token']}"]))
        return bool(rows)

    def _second_trader(self) -> None:
        """The trader hangs for 13 s, another follows it; then the first goes on."""
        if self.up_at is not None:
            return
        first, inbox = self.rig.loop, self.rig.inbox
        coming = list(self.rig.workers.coming)
        self.now += 13
        self.rig.pass_time(13)
        try:
            self.rig.start()
        except Crash:
            self.crashes += 1
            self.up_at = self.now + 1
        for _, answer in coming:
            inbox.put(answer)
        try:
            for _ in range(20):
                first.round(self.rig.stop, wait_s=0)
        except LeaseLost:
            self._count("two traders")
        except Crash:
            self.crashes += 1


def play(seed: int, store: Store, *, plan: Plan, only: str | None = None) -> Day:
    """Play the day of a plan on an empty store."""
    day = Day(plan, store, Trouble(seed, factor=HELL if plan.is_hell else 1.0, only=only))
    day.play()
    return day


def _forged(message: Message, random: Random) -> Message:
    """A thief's change: the action, the ticker, or one character of the token."""
    told = json.loads(message.body)
    match random.choice(("action", "size", "token")):
        case "action":
            told["action"] = "buy" if told["action"] == "exit" else "exit"
        case "size":
            told["size"] = {"quantity": "39"}
        case _:
            place = random.randrange(4, len(told["token"]) - 1)
            told["token"] = (
                told["token"][:place] + ("A" if told["token"][place] != "A" else "B") + told["token"][place + 1 :]
            )
    return Message(message.lane, message.action, message.url, json.dumps(told).encode(), "forged")


def _bad(message: Message, random: Random) -> Message:
    """What senders get wrong."""
    body = random.choice((
        message.body[: len(message.body) // 2],
        message.body.replace(b'"fired_at"', b'"fired"'),
        message.body.replace(json.loads(message.body)["ticker"].encode(), b"{{ticker}}"),
        b"buy now",
        message.body.replace(b'"v"', b'"v": NaN, "x"'),
    ))  # fmt: skip
    return Message(message.lane, message.action, message.url, body, "bad")


def _foreign(row: dict[str, Any], price: Decimal) -> dict[str, Any]:
    sells = row["net"] > 0
    limit = price * (Decimal("0.99") if sells else Decimal("1.01"))
    return {
        "variety": "NORMAL",
        "tradingsymbol": row["symbol"],
        "symboltoken": row["token"],
        "exchange": row["exchange"],
        "transactiontype": "SELL" if sells else "BUY",
        "ordertype": "LIMIT",
        "producttype": row["product"],
        "duration": "DAY",
        "price": str(limit.quantize(Decimal(1))),
        "quantity": str(abs(row["net"])),
    }
