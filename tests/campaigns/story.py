"""A short story on the Rig, told once: acts from outside, time that jumps, crashes where they are planned.

Three processes can die: the trader, the web, and the hand (a person's command). What got no answer is said again:
an alert by its sender, a command by its person. A story speaks of times and prices only, never of what the trader
has done so far: it may be down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from executor.domain.bracket import Bracket, BracketState
from executor.domain.calendar import trading_day
from executor.domain.command import CommandKind
from executor.domain.intent import Intent
from executor.domain.messages import Tick
from tests.campaigns.lanes import lanes
from tests.campaigns.rig import Rig
from tests.campaigns.seam import Crash, Point, Seam
from tests.house import ACCOUNT

SEAMS = ("trader", "web", "hand")
#: How soon the desk looks again while anything is open (its own sweep is quicker and would only cost time here).
_LOOK_S = 0.55
_AGAIN_S = 1.0
_REST_S = 90.0
_LANES = {(lane.strategy, lane.share.ticker): lane for lane in reversed(lanes())}


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A crash: at the `count`-th passage of a seam, before or after it is done."""

    seam: str
    count: int
    after: bool

    def __str__(self) -> str:
        return f"{self.seam} {self.count} {'after' if self.after else 'before'}"

    @property
    def point(self) -> Point:
        return Point(self.count, self.after)

    @staticmethod
    def read(text: str) -> At:
        seam, count, where = text.split()
        return At(seam, int(count), {"before": False, "after": True}[where])


@dataclass
class Story:
    """One telling. `downs` are the times in which the trader was dead, `ready` and `settled` how many seconds after
    each restart the account was reconciled, and nothing of the former life was in doubt any more.
    """

    rig: Rig
    crashes: tuple[At, ...] = ()
    hand: Seam = field(default_factory=Seam)
    downs: list[tuple[datetime, datetime]] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._up_at: float | None = None
        self._died_at = self.rig.exchange_clock.now()
        self.lane = _LANES["pair", "SBIN"]
        for name, seam in self.seams.items():
            seam.count = 0
            seam.passed.clear()
            seam.times.clear()
            seam.now = self.rig.clock.monotonic
            seam.points = {one.point for one in self.crashes if one.seam == name}

    @property
    def seams(self) -> Mapping[str, Seam]:
        return {"trader": self.rig.seam, "web": self.rig.web_seam, "hand": self.hand}

    def moments(self) -> dict[str, list[int]]:
        """The passages of each seam that are not in the very moment of the one before."""
        return {
            name: [count for count, (was, at) in enumerate(pairwise([-1.0, *seam.times]), start=1) if at > was]
            for name, seam in self.seams.items()
        }

    # -- what comes from outside -----------------------------------------------------------------------------------

    def on(self, strategy: str, ticker: str) -> None:
        """Tell the story on another lane than SBIN with stop and target."""
        self.lane = _LANES[strategy, ticker]

    def price(self, value: str) -> None:
        self.rig.set_price(self.lane.share, value)
        self.work()

    def alert(self, action: str, *, price: str = "1000", quantity: int = 0) -> None:
        """Send an alert; where no answer or a 5xx came, once more a second later."""
        message = self.rig.message(self.lane, action, price=price, quantity=quantity)
        while not 0 < self.rig.post(message).status < 500:
            self.wait(_AGAIN_S)
        self.work()

    def command(self, kind: str, scope: str = "ALL", **arguments: Any) -> None:
        """Record a person's order and ring; a second later once more when the hand's process died."""
        rig = self.rig

        def record() -> Any:
            return rig.store.commands.record(
                CommandKind(kind), scope=scope, arguments=arguments, by="person", why="sweep", at=rig.clock.now()
            )

        while True:
            try:
                self.hand.through(f"record {kind}", record)
                break
            except Crash:
                self.wait(_AGAIN_S)
        rig.inbox.put(Tick())
        self.work()

    def fault(self, route: str, kind: str, **more: Any) -> None:
        """Plant a fault at the exchange."""
        self.rig.fault(route, kind, **more)

    def fill(self, quantity: int, side: str = "BUY") -> None:
        """The market takes a part of the oldest order that works on this side, as soon as there is one (20 s)."""
        working = self.until(lambda: self.rig.working(side=side), within=20.0)
        if working:
            self.rig.fill(working[0], min(quantity, working[0]["quantity"] - working[0]["filled"]))
        self.work()

    # -- time ------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass, from one thing that is due to the next."""
        clock = self.rig.clock
        end = clock.monotonic() + seconds
        while (left := end - clock.monotonic()) > 1e-6:
            self.rig.pass_time(self._step(left))
            self.work()

    def until(self, found: Callable[[], Any], *, within: float) -> Any:
        """Wait until something is so, and return it; what it is at the end when it never is."""
        end = self.rig.clock.monotonic() + within
        while not found() and self.rig.clock.monotonic() < end:
            self.wait(_LOOK_S)
        return found()

    def rest(self) -> None:
        """Wait until nothing is open or in doubt, then a little more for what comes late."""
        self.until(self._is_quiet, within=_REST_S)
        self.wait(2.0)

    def work(self) -> None:
        """A round of the trader, unless it is dead; a crash takes it down for 1.5 to 4.5 s."""
        now = self.rig.clock.monotonic()
        if self._up_at is not None and now < self._up_at - 1e-6:
            return
        try:
            if self._up_at is not None:
                self._up_at = None
                self.downs.append((self._died_at, self.rig.exchange_clock.now()))
                self.rig.start()
            self.rig.work()
            self._look_at_recovery()
        except Crash:
            self.rig.workers.coming.clear()
            self._died_at = self.rig.exchange_clock.now()
            self._up_at = now + 1.5 + self.rig.seam.count % 4

    def _look_at_recovery(self) -> None:
        lives = len(self.downs)
        if not lives or len(self.settled) == lives or not self.rig.book.evidence.reconciled:
            return
        started = self.downs[-1][1]
        elapsed = (self.rig.exchange_clock.now() - started).total_seconds()
        if len(self.ready) < lives:
            self.ready += [elapsed] * (lives - len(self.ready))  # one that died before it was ready counts as the next
        intents = self.rig.book.rows.tables[Intent].values()
        if all(one.settled_by is not None for one in intents if one.sending_at and one.sending_at < started):
            self.settled += [elapsed] * (lives - len(self.settled))

    def _step(self, left: float) -> float:
        elapsed = self.rig.clock.monotonic()
        if self._up_at is not None:
            return min(left, max(0.001, self._up_at - elapsed))
        return min([left, _LOOK_S, *(max(0.001, due - elapsed) for due, _ in self.rig.workers.coming)])

    def _is_quiet(self) -> bool:
        return self._up_at is None and self.rig.is_quiet()

    def open_bracket(self) -> Bracket | None:
        """The bracket that lives, as a person finds it on a page."""
        rows = self.rig.store.recovery.load_book(ACCOUNT, trading_day(self.rig.clock.now()))
        return next((one for one in rows.brackets if one.state is not BracketState.CLOSED), None)
