"""Play a week: five days and their nights on one store. Where nothing but stops rests the clock jumps.

It jumps to the next act or mark of the calendar only: while anything is on its way, or a position has no stop in the
hours of its exchange, every look of the desk is played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar

from executor.domain.bracket import Bracket, BracketState, Goal, Leg, Role
from executor.domain.intent import Intent, IntentState
from executor.domain.messages import SendEnded
from executor.domain.order import DONE, Order
from executor.domain.signal import Signal, SignalState
from executor.simulator import Rules
from executor.store.store import Store
from tests.campaigns.acts import Act
from tests.campaigns.day import Day
from tests.campaigns.lanes import Market
from tests.campaigns.mix import HELL, Trouble
from tests.campaigns.plan import Plan
from tests.campaigns.rig import RULES
from tests.campaigns.truth import Truth, truth_of
from tests.campaigns.week_market import HOLIDAYS, START, sessions, week_market

#: After a mark of the calendar every look is played for so long.
_MARK_S = 8.0
#: So much later may still come what was given up.
_LATE_S = 40.0
_WEEK = timedelta(days=8)


@dataclass
class Week(Day):
    """A week as it is played; `jumps` are the stretches that were passed over."""

    starts: ClassVar[datetime] = START
    market: ClassVar[Callable[[], Market]] = staticmethod(week_market)
    rules: ClassVar[Rules] = replace(RULES, holidays=HOLIDAYS)

    #: A step longer than this is a jump: nobody looked meanwhile.
    jump_s: ClassVar[float] = 6.0

    jumps: list[tuple[datetime, datetime]] = field(default_factory=list)

    def truth(self) -> Truth:
        return replace(truth_of(self.rig), sessions=sessions(), jumps=self.jumps, memory=_WEEK)

    def _step(self, at: float) -> float:
        step = super()._step(at)
        if step > self.jump_s:
            now = self.rig.exchange_clock.now()
            self.jumps.append((now, now + timedelta(seconds=step)))
        return step

    def _calm_after(self, act: Act) -> float:
        return {"mark": _MARK_S, "price": 3.0, "restart": _MARK_S}.get(act.what, super()._calm_after(act) / 3)

    def _is_still(self) -> bool:
        calm_for = self.now - self.calm_at
        if calm_for < 0 or (self.rig.is_in_doubt() and calm_for < _LATE_S):
            return False
        return self.rig.is_quiet() or self._only_stops_rest()

    def _only_stops_rest(self) -> bool:
        """Whether nothing is on its way, and every position rests behind its stop or its exchange is closed."""
        rig, tables = self.rig, self.rig.book.rows.tables
        if any(isinstance(answer, SendEnded) for _, answer in rig.workers.coming) or not rig.inbox.empty():
            return False
        if rig.book.evidence.waiting:
            return False
        if any(one.settled_by is None and one.state is not IntentState.DROPPED for one in tables[Intent].values()):
            return False
        live = [one for one in tables[Bracket].values() if one.state is not BracketState.CLOSED]
        now = rig.clock.now()
        open_ones = [one for one in live if rig.book.calendar.is_open(one.instrument.segment, now)]
        if open_ones and not rig.book.evidence.reconciled:
            return False
        signals = [one for one in tables[Signal].values() if one.state is SignalState.RECEIVED]
        return not signals and all(self._rests(bracket) for bracket in open_ones)

    def _rests(self, bracket: Bracket) -> bool:
        book = self.rig.book
        legs = {leg.id: leg.role for leg in book.rows.tables[Leg].values() if leg.bracket == bracket.id}
        moving = {leg for leg, role in legs.items() if role in {Role.ENTRY, Role.EXIT}}
        works = any(one.leg in moving and one.state not in DONE for one in book.rows.tables[Order].values())
        bare = bracket.id in book.evidence.unprotected_since
        return bracket.state is BracketState.OPEN and bracket.goal is Goal.OPEN and not works and not bare

    def _do(self, act: Act) -> None:
        match act.what:
            case "mark":
                self._work()
            case "restart":
                self._restart()
            case _:
                super()._do(act)

    def _restart(self) -> None:
        """The host starts anew in the night: everything that was on its way is lost."""
        if self.up_at is None:
            self.rig.workers.coming.clear()
            self.up_at = self.now + 1
            self._count("restart")


def play_week(seed: int, store: Store, *, plan: Plan, kind: type[Week] = Week) -> Week:
    """Play the week of a plan on an empty store."""
    week = kind(plan, store, Trouble(seed, factor=HELL if plan.is_hell else 1.0))
    week.play()
    return week
