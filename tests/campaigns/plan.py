"""The plan of a simulated day, made from its seed before it begins: alerts, prices, hands, crashes, steps of the clock.

A day is two waves of some 40 s in which all lanes are busy at once; between them nothing is open, and the clock
jumps. Rates: reliability.md 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from executor.clock import IST
from tests.campaigns.lanes import QUANTITY, Lane, lanes
from tests.campaigns.seam import Point

START = datetime(2026, 11, 25, 9, 16, 30, tzinfo=IST).astimezone(UTC)
#: Seconds after START at which the waves begin: 09:20, 14:30.
WAVES = (210.0, 18810.0)
#: Within it a wave's lanes are entered, within the next left.
_ENTERED_S, _LEFT_S, _WAVE_S = 10.0, 26.0, 40.0
_STOP_MOVE, _TARGET_MOVE = -0.011, 0.021


@dataclass(frozen=True, slots=True)
class Act:
    """Something from outside at a second of the day."""

    at: float
    what: str  #: alert, price, hand, step, second, command
    lane: Lane | None = None
    action: str = ""
    value: float = 0.0
    kind: str = "genuine"


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
    acts += list(_accidents(random, factor))
    return Plan(
        seed,
        is_hell,
        tuple(sorted(acts, key=lambda act: act.at)),
        _crashes(random, factor),
        frozenset({Point(random.randrange(1, 40), random.random() < 0.5)} if random.random() < 0.1 * factor else ()),
    )


def _wave(random: Random, begin: float) -> list[Act]:
    acts: list[Act] = []
    for lane in lanes():
        acts += _life(random, lane, begin)
    return acts


def _life(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    """One position: in, perhaps more, perhaps a part out, prices, out; around it what else senders do."""
    entered = begin + random.uniform(0, _ENTERED_S)
    is_short = lane.short and random.random() < 0.5
    enter = "short" if is_short else "buy"
    yield Act(entered, "alert", lane, enter, kind=_kind(random))
    if random.random() < 0.1:
        yield Act(entered + random.uniform(2, 9), "alert", lane, enter)
    if random.random() < 0.25 and not is_short:
        yield Act(entered + random.uniform(4, 15), "alert", lane, "part", value=random.randrange(1, QUANTITY))
    at = entered
    while (at := at + random.uniform(2, 5)) < begin + _WAVE_S:
        move = random.choices((random.uniform(-0.003, 0.003), _STOP_MOVE, _TARGET_MOVE), (88, 7, 5))[0]
        yield Act(at, "price", lane, value=move)
    if random.random() < 0.4:
        left = begin + _ENTERED_S + random.uniform(0, _LEFT_S - _ENTERED_S)
        yield Act(left, "alert", lane, "exit", kind=_kind(random))
        if lane.short and random.random() < 0.6:  # a reversal as two alerts of one second
            yield Act(left + 0.05, "alert", lane, "buy" if is_short else "short")
    yield Act(begin + _WAVE_S + random.uniform(0, 4), "alert", lane, "exit")


def _kind(random: Random) -> str:
    kinds = ("genuine", "duplicate", "reordered", "stale", "forged", "bad")
    return random.choices(kinds, (87, 5, 1, 1, 1, 5))[0]


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
            yield Act(random.choice(WAVES) + random.uniform(3, _WAVE_S), what, action=action, value=random.random())


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
