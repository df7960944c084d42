"""Days and weeks with both feeds, through the parsers and lines of the product; the feeds have faults of their own.

Frames get lost, come twice, late and out of order; a feed falls silent while it answers pings; connections are cut
(reliability.md 3.3). The prices of targets and trails come from the price feed.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, ClassVar

from tests.campaigns.chart_market import ChartRig
from tests.campaigns.chart_week import ChartWeek
from tests.campaigns.day import Day
from tests.campaigns.rig import Rig
from tests.campaigns.week import Week
from tests.fed import Fed

#: The share of the trader's rounds in which a fault of a feed's frames comes up, and which.
_SHARE = 0.02
FRAME_FAULTS = ("lose", "lose", "duplicate", "duplicate", "reorder", "hold", "silence", "disconnect")
#: Of three faults two strike the order feed.
_FEEDS = ("order_feed", "order_feed", "price_feed")
#: For how long, in seconds.
_LASTS = {"silence": (1.0, 15.0), "hold": (0.3, 5.0)}
#: How soon something heard is acted on.
_HEARS_S = 0.2


def named(feed: str, kind: str) -> str:
    """What a fault of a feed is called in a report."""
    return f"{feed.replace('_', ' ')}: {kind}"


#: Each must have struck in a run of enough days.
FAULTS_OF_FEEDS = sorted({named(feed, kind) for feed in _FEEDS for kind in FRAME_FAULTS})


class HearsFeeds(Fed):
    """What a rig becomes that hears both feeds; their frames have faults while there is trouble."""

    def __post_init__(self: Any) -> None:
        self._chance = Random(f"{self.seed}/frames")
        self.planted = Counter()
        super().__post_init__()  # type: ignore[misc]

    def work(self: Any) -> None:
        self._disturb()
        self._hear()
        super().work()  # type: ignore[misc]
        self._hear()
        super().work()  # type: ignore[misc]

    def looks_in(self: Any) -> float:
        return float(min(_HEARS_S, super().looks_in()))  # type: ignore[misc]

    def struck(self: Any) -> dict[str, int]:
        """How often each fault of the feeds struck: those that still wait for a frame did not."""
        waiting = Counter(named(one["route"], one["kind"]) for one in self.simulation.faults.describe())
        return dict(self.planted - waiting)

    def _hear(self) -> None:
        if self.lines is not None:
            self.lines.hear()

    def _disturb(self: Any) -> None:
        if not self.trouble.is_on or self._chance.random() > _SHARE * self.trouble.factor:
            return
        feed, kind = self._chance.choice(_FEEDS), self._chance.choice(FRAME_FAULTS)
        detail: dict[str, Any] = {"seconds": self._chance.uniform(*_LASTS[kind])} if kind in _LASTS else {}
        self.plant(feed, kind, detail)
        self.planted[named(feed, kind)] += 1


class FedRig(HearsFeeds, Rig):
    pass


class FedChartRig(HearsFeeds, ChartRig):
    pass


class CountsFeeds:
    """What a day or a week becomes that tells how often the faults of the feeds struck."""

    def play(self: Any) -> None:
        super().play()  # type: ignore[misc]
        self.fired |= self.rig.struck()


class FedDay(CountsFeeds, Day):
    a_rig: ClassVar[type[Rig]] = FedRig


class FedWeek(CountsFeeds, Week):
    a_rig: ClassVar[type[Rig]] = FedRig
    jump_s: ClassVar[float] = 1.0  # while anything happens it looks more often


class FedChartWeek(CountsFeeds, ChartWeek):
    a_rig: ClassVar[type[Rig]] = FedChartRig
    jump_s: ClassVar[float] = 1.0
