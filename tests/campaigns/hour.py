"""An hour of both feeds on the virtual clock: `python -m tests.campaigns.hour --minutes 60`.

Positions are opened in parts, protected and left, one after the other, while frames are lost, doubled, late and out of
order and the feeds are down a twentieth of the time, as reliability.md 3.3 has it: cut and not to be had again, or
silent while they answer pings. After each part the exchange must have its stop within ten seconds, whatever the feed
told; at the end every fill of the exchange must stand in our rows. And what listens to the feeds must not grow: its
memory is told at the sixth part of the time and at its end.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from executor.clock import Clock, ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Strategy
from executor.simulator.faults import Fault, Faults, Kind
from executor.simulator.simulation import Simulation
from executor.store import schema
from executor.trader.loop import SWEEP_S
from tests.builders import a_strategy
from tests.campaigns.plan import START
from tests.campaigns.results import commit_of_sources
from tests.campaigns.stores import StoreMaker
from tests.fed import FedHouse
from tests.house import ACCOUNT, rails

#: Of each frame (reliability.md 3.3); late ones come so many seconds later.
FRAMES = {Kind.DUPLICATE: 0.03, Kind.HOLD: 0.03, Kind.LOSE: 0.01, Kind.REORDER: 0.01}
_LATE_S = (0.3, 5.0)
#: A feed is down for so long, and up again for about so long: a twentieth of the time.
_DOWN_S, _UP_S = (4.0, 20.0), 228.0
_FEEDS = ("order_feed", "price_feed")
#: One position after the other: entered in parts, held, left.
_CYCLE_S, _PARTS = 75.0, (3, 3, 4)
STOP_WITHIN_S, _PRICE_WITHIN_S = 10.0, 4.0
#: Whose memory must not grow.
_LISTENING = (
    "trader/feeds.py",
    "smartapi/order_feed.py",
    "smartapi/price_feed.py",
    "smartapi/ticks.py",
    "desk/feed.py",
)
#: A table of the day's orders grows with them; twice 50 KB are far from a leak of frames.
GROWS_BY_KB = 50.0


class FrameFaults(Faults):
    """What is planted, and by chance what happens to frames."""

    def __init__(self, chance: Random, clock: Clock) -> None:
        super().__init__()
        self._chance = chance
        self._clock = clock
        self.silent_until: dict[str, float] = dict.fromkeys(_FEEDS, 0.0)
        self.struck: Counter[str] = Counter()
        self.frames: Counter[str] = Counter()

    def take(self, route: str, body: Mapping[str, Any], *, among: Any = tuple(Kind)) -> Fault | None:
        found = super().take(route, body, among=among)
        if route not in _FEEDS or Kind.LOSE not in among:
            return found
        self.frames[route] += 1
        draw = self._chance.random()
        for kind, rate in FRAMES.items():
            if found is None and draw < rate:
                found = Fault(route, kind, detail={"seconds": self._chance.uniform(*_LATE_S)})
            draw -= rate
        if found is not None:
            if found.kind is Kind.SILENCE:
                self.silent_until[route] = self._clock.monotonic() + found.seconds
            self.struck[f"{route.replace('_', ' ')}: {found.kind}"] += 1
        return found


@dataclass
class Hour(FedHouse):
    """The house whose feeds have faults; `spans` are the seconds from each part that filled to its stop."""

    strategy: Strategy = field(default_factory=lambda: a_strategy(account=ACCOUNT, rails=rails(max_trades=1000)))
    spans: list[float] = field(default_factory=list)
    ups: int = 0
    filled_while_down: int = 0
    prices_heard: int = 0
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.chance = Random(f"{self.seed}/hour")
        self.faults = FrameFaults(self.chance, self.clock)
        simulation: Simulation = self.app.extensions["simulation"]
        simulation.faults = self.faults
        self._down_at = {feed: self.chance.expovariate(1 / _UP_S) for feed in _FEEDS}
        self._was_up = False

    def hear(self) -> None:
        super().hear()
        self.ups += self.is_up and not self._was_up
        self._was_up = self.is_up

    def pass_by(self, seconds: float) -> None:
        """Let time pass, in which feeds go down."""
        for _ in range(round(seconds / SWEEP_S)):
            now = self.clock.monotonic()
            for feed in (one for one in _FEEDS if now >= self._down_at[one]):
                self._down_at[feed] = now + self._take_down(feed) + self.chance.expovariate(1 / _UP_S)
            self.run(SWEEP_S)

    def trade(self) -> None:
        """One position: its entry fills in parts, each gets its stop; it is left again."""
        ends = self.clock.monotonic() + _CYCLE_S
        price = Decimal(803) + self.chance.randrange(20) * Decimal("0.05")
        self.price(price)
        self.signal("buy", price=str(price), order={"type": "limit", "limit": "800"})
        self.pass_by(3)
        self._look_at_price(price)
        entry = self.working(side="BUY")[0]
        for units in _PARTS:
            self.filled_while_down += not self._is_heard("order_feed")
            self.fill(entry, units)
            self._wait_for_stop()
            self.pass_by(self.chance.uniform(0, 6))
        self.signal("exit")
        self.pass_by(ends - self.clock.monotonic())
        if self.net() or self.working():
            self.failures.append(f"{self.clock.now()}: {self.net()} are still held, {len(self.working())} orders rest")

    def fills_of_ours(self) -> tuple[int, int]:
        """How many fills stand in our rows, and how many the exchange has."""
        with self.store.database.read() as connection:
            ours = connection.execute(select(func.count()).select_from(schema.fill)).scalar_one()
        return ours, len(self.state()["fills"])

    def _wait_for_stop(self) -> None:
        began = self.clock.monotonic()
        while self.stopped() != self.net():
            if self.clock.monotonic() - began >= STOP_WITHIN_S:
                self.failures.append(f"{self.clock.now()}: {self.stopped()} of {self.net()} are protected")
                break
            self.pass_by(SWEEP_S)
        self.spans.append(self.clock.monotonic() - began)

    def _look_at_price(self, price: Decimal) -> None:
        """A price that moved is known while its feed is heard; a frame may be lost or late, not three of them."""
        heard = 0.0
        while self._is_heard("price_feed") and self.book.evidence.prices[self.contract.key].value != price:
            if heard >= _PRICE_WITHIN_S:
                self.failures.append(f"{self.clock.now()}: the price {price} was not heard")
                return
            self.pass_by(SWEEP_S)
            heard += SWEEP_S
        self.prices_heard += self._is_heard("price_feed")

    def _is_heard(self, feed: str) -> bool:
        """Whether a feed is up and not silent."""
        is_silent = self.clock.monotonic() < self.faults.silent_until[feed]
        return not is_silent and self.lines is not None and self.lines.is_up(feed)

    def _take_down(self, feed: str) -> float:
        """Cut and refused, or silent; for how long."""
        lasts = self.chance.uniform(*_DOWN_S)
        if self.chance.random() < 0.5:
            self.fault(feed, "silence", seconds=round(lasts, 2))
        else:
            self.fault(feed, "disconnect")
            self.fault(feed, "status", status=503, body="down", times=max(1, round(lasts / 4)))
        return lasts


def play(minutes: float, hour: Hour) -> dict[str, Any]:
    """Play so long; what was measured."""
    tracemalloc.start()
    try:
        hour.run(4)
        begins, early = hour.clock.monotonic(), 0.0
        while hour.clock.monotonic() - begins < minutes * 60:
            hour.trade()
            if not early and hour.clock.monotonic() - begins >= minutes * 10:
                early = _memory_kb()
        late = _memory_kb()
    finally:
        tracemalloc.stop()
    ours, theirs = hour.fills_of_ours()
    if ours != theirs:
        hour.failures.append(f"{ours} fills stand in our rows, the exchange has {theirs}")
    if late - early > GROWS_BY_KB:
        hour.failures.append(f"what listens has grown from {early} to {late} KB")
    spans = sorted(hour.spans)
    return {
        "what": "hour",
        "minutes": minutes,
        "frames": dict(hour.faults.frames),
        "faults": dict(sorted(hour.faults.struck.items())),
        "connections_of_the_order_feed": hour.ups,
        "positions": len(spans) // len(_PARTS),
        "fills": theirs,
        "fills_in_our_rows": ours,
        "parts_filled_while_the_order_feed_was_down_or_silent": hour.filled_while_down,
        "prices_heard": hour.prices_heard,
        "stop_after_s": {"p50": spans[len(spans) // 2], "p99": spans[int(len(spans) * 0.99)], "most": spans[-1]},
        "memory_kb": {"at_a_sixth": early, "at_the_end": late},
        "failures": hour.failures,
    }


def _memory_kb() -> float:
    """What the listening modules hold."""
    gc.collect()
    files = [tracemalloc.Filter(inclusive=True, filename_pattern=f"*/{name}") for name in _LISTENING]
    taken = tracemalloc.take_snapshot().filter_traces(files).statistics("filename")
    return round(sum(one.size for one in taken) / 1024, 1)


def main(words: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long, by the virtual clock (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", help="write what was measured to this file, as JSON")
    options = parser.parse_args(list(words) if words is not None else None)
    logging.disable(logging.CRITICAL)
    maker, clock = StoreMaker(None), ManualClock(START)
    with maker.a_store() as store:
        found = play(options.minutes, Hour(store, clock, Ids(clock.now, Random(options.seed)), seed=options.seed))
    maker.close()
    found["commit"] = commit_of_sources()
    text = json.dumps(found, indent=1, sort_keys=True)
    if options.report:
        Path(options.report).write_text(text + "\n")
    print(text)
    return 1 if found["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
