"""A week of charts that show something else than what is traded: the plan by its seed, and how it is played.

The index moves by several strikes between alerts, and with it everything; each alert tells where its chart stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import ClassVar

from executor.store.store import Store
from tests.campaigns.acts import Act
from tests.campaigns.chart_market import AUTO, BY_PREMIUM, INDEX, MOST, ROLLED, ChartRig, chart_market
from tests.campaigns.lanes import Lane, Market, Share
from tests.campaigns.mix import Trouble
from tests.campaigns.plan import Plan
from tests.campaigns.rig import Rig
from tests.campaigns.seam import Point
from tests.campaigns.week import Week
from tests.campaigns.week_market import DAYS
from tests.campaigns.week_plan import second

_FILE_AT, _WAVE = "08:40:00", "09:20:00"
_MARKS = ("08:30:01", "09:00:01", "09:15:00", "15:05:00", "15:40:01")
_ALERTS = 5


@dataclass
class ChartWeek(Week):
    """A week whose prices all follow the index."""

    market: ClassVar[Callable[[], Market]] = staticmethod(chart_market)
    a_rig: ClassVar[type[Rig]] = ChartRig

    spots: list[tuple[datetime, Decimal]] = field(default_factory=list)

    def _do(self, act: Act) -> None:
        if act.what == "file":
            assert isinstance(self.rig, ChartRig)
            self.rig.refresh_master()
        else:
            super()._do(act)

    def _open_market(self) -> None:
        super()._open_market()
        self._see()

    def _move(self, share: Share, move: float) -> None:
        super()._move(share, move)
        self._see()

    def _see(self) -> None:
        """The index has moved, and what follows it too."""
        self.spots.append((self.rig.exchange_clock.now(), self.prices[INDEX.key]))
        self.prices[ROLLED.share.key] = self.rig.simulation.exchange.walk(("NFO", ROLLED.share.token)).ltp


def chart_plan(seed: int) -> Plan:
    """The week of a seed; from one day to the next a chart may stay where it is."""
    random = Random(f"{seed}/charts")
    acts = [Act(second(day, mark), "mark") for day in DAYS for mark in _MARKS]
    acts += [Act(second(day, _FILE_AT), "file") for day in DAYS]
    acts += _life(random, AUTO, lowest=-MOST)
    acts += _life(random, ROLLED, lowest=0)
    acts += _life(random, BY_PREMIUM, lowest=-MOST)
    acts += [*_moves(random, AUTO), *_moves(random, BY_PREMIUM)]
    acts += [
        Act(second(day, at), "restart") for day in DAYS for at in ("22:00:00", "09:10:00") if random.random() < 0.2
    ]
    crashes = frozenset(Point(random.randrange(5, 900), random.random() < 0.5) for _ in range(2))
    kept = tuple(sorted((act for act in acts if act.at > 0), key=lambda act: act.at))
    return Plan(seed, False, kept, crashes, frozenset())


def _life(random: Random, lane: Lane, *, lowest: int) -> Iterator[Act]:
    """Alerts of a chart, some seconds apart, on each morning; on the last one it ends flat."""
    held = 0
    for day in DAYS:
        at = second(day, _WAVE) + random.uniform(0, 5)
        for _ in range(_ALERTS):
            now = _next(random, held, lowest)
            if now != held:
                yield _told(random, lane, at, (held, now))
                held = now
            at += random.uniform(14, 25)
        if held and (day == DAYS[-1] or random.random() < 0.4):
            yield Act(at, "alert", lane, "chart", chart=(held, 0))
            held = 0


def _next(random: Random, held: int, lowest: int) -> int:
    """Into the market, further in, out, or over to the other side."""
    if held == 0:
        return 1 if lowest == 0 or random.random() < 0.5 else -1
    sign = 1 if held > 0 else -1
    match random.choices(("more", "less", "over", "out"), (4, 2, 4, 2))[0]:
        case "more":
            return sign * min(MOST, abs(held) + 1)
        case "less":
            return held - sign
        case "over" if lowest < 0:
            return -sign
        case _:
            return 0


def _told(random: Random, lane: Lane, at: float, change: tuple[int, int]) -> Act:
    kind = random.choices(("genuine", "duplicate", "bad"), (90, 6, 4))[0]
    return Act(at, "alert", lane, "chart", kind=kind, chart=change)


def _moves(random: Random, lane: Lane) -> Iterator[Act]:
    """Of an index: small ones, and some of two to four strikes; a gap on each morning."""
    for day in DAYS:
        if day != DAYS[0]:
            yield Act(second(day, "09:14:50"), "price", lane, value=random.uniform(-0.006, 0.006))
        at = second(day, _WAVE)
        while (at := at + random.uniform(5, 11)) < second(day, _WAVE) + 130:
            far = random.choice((-1, 1)) * random.uniform(0.004, 0.008)
            yield Act(at, "price", lane, value=far if random.random() < 0.3 else random.uniform(-0.001, 0.001))


def play_charts(
    seed: int,
    store: Store,
    *,
    plan: Plan | None = None,
    only: str | None = None,
    kind: type[ChartWeek] = ChartWeek,
) -> ChartWeek:
    """Play the week of a seed on an empty store."""
    week = kind(plan or chart_plan(seed), store, Trouble(seed, only=only))
    week.play()
    return week
