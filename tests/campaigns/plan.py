"""The plan of a simulated day, made from its seed before it begins: alerts, prices, hands, crashes, steps of the clock.

A day is two waves of some 40 s in which all lanes are busy at once; between them nothing is open, and the clock
jumps. Rates: reliability.md 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from executor.clock import IST
from tests.campaigns.acts import WAVE_S, Act, life
from tests.campaigns.lanes import lanes
from tests.campaigns.people_plan import with_people
from tests.campaigns.seam import Point

START = datetime(2026, 11, 25, 9, 16, 30, tzinfo=IST).astimezone(UTC)
#: Seconds after START at which the waves begin: 09:20, 14:30.
WAVES = (210.0, 18810.0)
_OF_THE_MARKET = frozenset({"alert", "price", "resume"})
#: How long after an alert that flattens a strategy somebody resumes it.
_RESUMED_S = (6.0, 12.0)


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    is_hell: bool
    acts: tuple[Act, ...]
    crashes: frozenset[Point]
    web_crashes: frozenset[Point]


def plan_of(seed: int) -> Plan:
    """The day of a seed; one day in 50 is a hell day, all rates tenfold."""
    random = Random(f"{seed}/plan")
    is_hell = seed % 50 == 49
    factor = 10.0 if is_hell else 1.0
    acts: list[Act] = []
    for begin in WAVES:
        acts += _wave(random, begin)
    acts += [Act(WAVES[1] - 15, "resume", lane) for lane in lanes() if lane.strategy == "bare"]
    acts += list(_accidents(random, factor))
    acts = with_people(seed, acts, WAVES, factor)
    return Plan(
        seed,
        is_hell,
        tuple(sorted(acts, key=lambda act: act.at)),
        _crashes(random, factor),
        frozenset({Point(random.randrange(1, 40), random.random() < 0.5)} if random.random() < 0.1 * factor else ()),
    )


def undisturbed(plan: Plan) -> Plan:
    """The same day without a crash, a hand, a step of the clock or a second trader."""
    acts = tuple(act for act in plan.acts if act.what in _OF_THE_MARKET)
    return replace(plan, is_hell=False, acts=acts, crashes=frozenset(), web_crashes=frozenset())


def _wave(random: Random, begin: float) -> list[Act]:
    acts = [act for lane in lanes() for act in life(random, lane, begin)]
    if random.random() < 0.2:
        acts += _flatten(random, begin)
    return acts


def _flatten(random: Random, begin: float) -> list[Act]:
    """An alert leaves all that its strategy holds; a person looks at it and lets it go on."""
    lane, at = random.choice(lanes()), begin + random.uniform(12, 30)
    return [
        Act(at, "alert", lane, "flatten"),
        Act(at + random.uniform(*_RESUMED_S), "resume", lane),
    ]


def _accidents(random: Random, factor: float) -> Iterator[Act]:
    """What hands, clocks and hosts do: each rate a day."""
    for what, action, rate in (
        ("hand", "cancel", 0.15),
        ("hand", "close", 0.15),
        ("hand", "cancel part filled", 0.4),
        ("hand", "square off", 0.02),
        ("step", "clock", 0.05),
        ("second", "trader", 0.05),
    ):
        for _ in range(_times(random, rate * factor)):
            yield Act(random.choice(WAVES) + random.uniform(3, WAVE_S), what, action=action, value=random.random())


def _crashes(random: Random, factor: float) -> frozenset[Point]:
    """Two a day at random passages of the seams; a tenth of them dies again while it recovers."""
    found: set[Point] = set()
    for _ in range(_times(random, 2 * min(factor, 3))):
        count = random.randrange(5, 700)
        found.add(Point(count, random.random() < 0.5))
        if random.random() < 0.1:
            found.add(Point(count + random.randrange(1, 8), random.random() < 0.5))
    return frozenset(found)


def _times(random: Random, mean: float) -> int:
    """How often something happens whose mean is given: the whole part, and the rest by chance; spread by one."""
    spread = random.choice((-1, 0, 1)) if mean >= 1 else 0
    return max(0, int(mean) + (random.random() < mean % 1) + spread)
