"""The plan of a simulated week, made from its seed: a wave each morning, a night behind each day.

Between what a plan says and the marks of the calendar nothing moves: the clock jumps. What is carried opens with a gap
on the next day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from random import Random

from executor.clock import IST
from tests.campaigns.acts import Act
from tests.campaigns.lanes import Lane
from tests.campaigns.plan import Plan
from tests.campaigns.seam import Point
from tests.campaigns.week_market import CARRIED, DAYS, LAST_ENTRY, START, week_market

_WAVE = time(9, 20)
_WAVE_S = 30.0
#: Moments of a day at which the desk has something to do by itself: the login, the books, the opening, the
#: square-offs, the closes.
_MARKS = ("08:30:01", "09:00:01", "09:15:00", "15:05:00", "15:30:01", "15:40:01")


def week_plan(seed: int) -> Plan:
    """The week of a seed; one in 50 is a hell week, all rates tenfold."""
    random = Random(f"{seed}/week")
    is_hell = seed % 50 == 49
    factor = 10.0 if is_hell else 1.0
    acts = [Act(second(day, mark), "mark") for day in DAYS for mark in _MARKS]
    for lane in week_market().lanes:
        acts += _life(random, lane)
    acts += _nights(random)
    acts += _accidents(random, factor)
    kept = tuple(sorted((act for act in acts if act.at > 0), key=lambda act: act.at))
    return Plan(seed, is_hell, kept, _crashes(random, factor), frozenset())


def second(day: date, at: str | time) -> float:
    """Seconds from the week's start to a time of a day in India."""
    moment = at if isinstance(at, time) else time.fromisoformat(at)
    return (datetime.combine(day, moment, IST) - START).total_seconds()


def _life(random: Random, lane: Lane) -> Iterator[Act]:
    """A lane through the week: it may be in from one day to another; on the last day it is left."""
    is_in = False
    for day in DAYS:
        begin, is_last = second(day, _WAVE), day == DAYS[-1]
        if day != DAYS[0]:
            yield Act(second(day, "09:14:50"), "price", lane, value=_gap(random))
        if is_in and (random.random() < 0.3 or (is_last and lane.strategy != "near")):
            yield from _leave(random, lane, day)
            is_in = False
        elif random.random() < (0.15 if is_in else 0.75) and not _has_ended(lane, day):
            enter = "short" if lane.short and random.random() < 0.5 else "buy"
            at_open = day != DAYS[0] and random.random() < 0.3
            entered = second(day, "09:15:00") + random.uniform(0.1, 2) if at_open else begin + random.uniform(0, 8)
            yield Act(entered, "alert", lane, enter, kind=_kind(random))
            is_in = not (lane.strategy == "near" and day > LAST_ENTRY)
        at = begin
        while (at := at + random.uniform(3, 7)) < begin + _WAVE_S:
            move = random.choices((random.uniform(-0.003, 0.003), -0.011, 0.021), (90, 6, 4))[0]
            yield Act(at, "price", lane, value=move)
        is_left = is_last and lane.strategy != "near"  # that one must be left by itself
        if is_left or (lane.strategy not in CARRIED and random.random() < 0.4):
            yield Act(begin + _WAVE_S + random.uniform(0, 4), "alert", lane, "exit")
        is_in = is_in and lane.strategy in CARRIED


def _has_ended(lane: Lane, day: date) -> bool:
    """Whether a contract is gone; one that only may not be entered any more is tried all the same."""
    return lane.share.expiry is not None and day > lane.share.expiry


def _leave(random: Random, lane: Lane, day: date) -> Iterator[Act]:
    """An exit in the wave; now and then after the close: then it is the first order of the next session."""
    is_late = day != DAYS[-1] and random.random() < 0.3
    at = second(day, "16:10") if is_late else second(day, _WAVE) + random.uniform(0, _WAVE_S)
    yield Act(at, "alert", lane, "exit", kind="genuine" if is_late else _kind(random))


def _gap(random: Random) -> float:
    """Where a contract opens: near, past a stop, or past a target."""
    return random.choices((random.uniform(-0.006, 0.006), -0.02, 0.03), (60, 25, 15))[0]


def _nights(random: Random) -> Iterator[Act]:
    """Restarts in the night and before the opening."""
    for day in DAYS:
        for at in ("22:00:00", "08:45:00", "09:10:00"):
            if random.random() < 0.25:
                yield Act(second(day, at), "restart")


def _accidents(random: Random, factor: float) -> Iterator[Act]:
    """What hands and clocks do in the waves: each rate a week."""
    for what, action, rate in (("hand", "cancel", 0.3), ("hand", "close", 0.3), ("step", "clock", 0.1)):
        if random.random() < min(1.0, rate * factor):
            begin = second(random.choice(DAYS), _WAVE)
            yield Act(begin + random.uniform(3, _WAVE_S), what, action=action, value=random.random())


def _crashes(random: Random, factor: float) -> frozenset[Point]:
    """Three a week at random passages of the seams."""
    count = int(3 * min(factor, 3)) + random.choice((-1, 0, 1))
    return frozenset(Point(random.randrange(5, 1200), random.random() < 0.5) for _ in range(count))


def _kind(random: Random) -> str:
    return random.choices(("genuine", "duplicate", "reordered", "bad"), (90, 5, 2, 3))[0]
