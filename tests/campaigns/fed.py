"""Days with both feeds: `python -m tests.campaigns.fed --days 20`, checked as all others.

The order feed has its own faults (reliability.md 3.3): frames lost, doubled and out of order, silence while it answers
pings, connections cut. The prices of targets and trails come from the price feed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from tests.campaigns import days
from tests.campaigns.day import Day
from tests.campaigns.mix import HELL, Trouble
from tests.campaigns.plan import plan_of
from tests.campaigns.rig import Rig
from tests.campaigns.stores import StoreMaker
from tests.fed import Fed

#: The share of the trader's rounds in which a fault of frames comes up.
_SHARE = 0.02
FRAME_FAULTS = ("lose", "lose", "duplicate", "reorder", "silence", "disconnect")
#: How soon something heard is acted on.
_HEARS_S = 0.2


@dataclass
class FedRig(Fed, Rig):
    """A rig whose trader hears both feeds; its frames have faults while there is trouble."""

    def __post_init__(self) -> None:
        self._chance = Random(f"{self.seed}/frames")
        super().__post_init__()

    def work(self) -> None:
        self._disturb()
        self._hear()
        super().work()
        self._hear()
        super().work()

    def looks_in(self) -> float:
        return min(_HEARS_S, super().looks_in())

    def _hear(self) -> None:
        if self.lines is not None:
            self.lines.hear()

    def _disturb(self) -> None:
        if not self.trouble.is_on or self._chance.random() > _SHARE:
            return
        kind = self._chance.choice(FRAME_FAULTS)
        detail: dict[str, Any] = {"seconds": self._chance.uniform(1, 15)} if kind == "silence" else {}
        self.plant("order_feed", kind, detail)
        self.trouble.fired[f"feed {kind}"] = self.trouble.fired.get(f"feed {kind}", 0) + 1


class FedDay(Day):
    a_rig: ClassVar[type[Rig]] = FedRig


def play_fed(seed: int, maker: StoreMaker) -> dict[str, Any]:
    """Play and check the day of a seed with both feeds; its line."""
    plan = plan_of(seed)
    with maker.a_store() as store:
        day = FedDay(plan, store, Trouble(seed, factor=HELL if plan.is_hell else 1.0))
        day.play()
        return days.line_of(day) | {"cpu_s": 0.0}


def main(words: Iterable[str] | None = None) -> int:
    options = days._options(words)
    seeds = range(options.first, options.first + options.days)
    kept = days.results_of(options.store, "fed")
    lines = list(days.run(seeds, kind=options.store, jobs=options.jobs, results=kept, play_one=play_fed))
    failures = days.verdict(lines)
    print(days._table(days.summary(lines) | {"failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
