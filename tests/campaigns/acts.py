"""What happens from outside on a simulated day, and the lives that lanes lead: alerts and prices, by seed.

How a lane lives follows from its strategy: most are entered and left by plain alerts, `waits` by limit and stop
orders, `chart` by a chart that tells where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.campaigns.lanes import QUANTITY, Lane

#: Within it a wave's lanes are entered, within the next left.
_ENTERED_S, _LEFT_S, WAVE_S = 10.0, 26.0, 40.0
_STOP_MOVE, _TARGET_MOVE = -0.011, 0.021
#: How often a lane sits a wave out: a day shall be cheap.
_IDLE = 0.3
#: The most that a chart holds of a share.
_CHART_MOST = 20


@dataclass(frozen=True, slots=True)
class Act:
    """Something from outside at a second of the day.

    `value`: of a price its move, of a part its units, of a limit, trigger or stop how far it lies from the price.
    `chart`: the chart's position before and after an alert of its own. `shown`: what its chart is called, where that
    is not the share's own name.
    """

    at: float
    what: str  #: alert, price, hand, person, step, second, resume
    lane: Lane | None = None
    action: str = ""
    value: float = 0.0
    kind: str = "genuine"
    chart: tuple[int, int] | None = None
    shown: str = ""


def life(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    """One wave of a lane, unless it sits it out."""
    if random.random() < _IDLE:
        return
    match lane.strategy:
        case "chart":
            yield from _chart(random, lane, begin)
        case "waits":
            yield from _waits(random, lane, begin)
        case _:
            yield from _plain(random, lane, begin)
    yield from _moves(random, lane, begin)


def _plain(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    """One position: in, perhaps more, perhaps a part out, out; around it what else senders do."""
    entered = begin + random.uniform(0, _ENTERED_S)
    is_short = lane.short and random.random() < 0.5
    enter = "short" if is_short else "buy"
    yield Act(entered, "alert", lane, enter, kind=_kind(random))
    if random.random() < 0.1:
        yield Act(entered + random.uniform(2, 9), "alert", lane, enter)
    if random.random() < 0.25 and not is_short:
        yield Act(entered + random.uniform(4, 15), "alert", lane, "part", value=random.randrange(1, QUANTITY))
    if random.random() < 0.2:
        yield _modify(random, lane, entered) if not lane.short else _reverse(random, lane, entered)
    if random.random() < 0.4:
        left = begin + _ENTERED_S + random.uniform(0, _LEFT_S - _ENTERED_S)
        yield Act(left, "alert", lane, "exit", kind=_kind(random))
        if lane.short and random.random() < 0.6:  # a reversal as two alerts of one second
            yield Act(left + 0.05, "alert", lane, "buy" if is_short else "short")
    yield Act(begin + WAVE_S + random.uniform(0, 4), "alert", lane, "exit")


def _waits(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    """Two entries that wait for their price; some come, some are cancelled, some end with their time."""
    for entered in (begin + random.uniform(0, 4), begin + random.uniform(18, 24)):
        action = random.choice(("limit", "trigger"))
        away = random.uniform(0.0003, 0.002) * (-1 if action == "limit" else 1)
        yield Act(entered, "alert", lane, action, value=away, kind=_kind(random))
        if random.random() < 0.3:
            yield Act(entered + random.uniform(2, 8), "alert", lane, "cancel")
        if random.random() < 0.3:
            yield _modify(random, lane, entered)
    yield Act(begin + WAVE_S + random.uniform(0, 4), "alert", lane, "exit")


def _chart(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    """A chart that goes in, more, less, over and out and always says so; some alerts never arrive, some overtake."""
    at, held, told = begin + random.uniform(0, 4), 0, list[Act]()
    while at < begin + WAVE_S - 4:
        now = _next(random, held)
        if now * held < 0 and random.random() < 0.4:  # a reversal as two alerts of one second, in whatever order
            kind = random.choice(("genuine", "overtaken"))
            told.append(Act(at, "alert", lane, "chart", kind=kind, chart=(held, 0)))
            held, at = 0, at + 0.05
        told.append(_told(random, lane, at, (held, now)))
        held = now
        at += random.uniform(5, 11)
    if held:
        told.append(Act(begin + WAVE_S + random.uniform(0, 4), "alert", lane, "chart", chart=(held, 0)))
    yield from told[:-1]
    yield replace(told[-1], kind="genuine")  # else the position would stay until the next wave


def _next(random: Random, held: int) -> int:
    """Where a chart goes from where it stands."""
    sign = 1 if held > 0 else -1
    match random.choices(("more", "less", "over", "out"), (3, 2, 3, 2))[0] if held else "in":
        case "more":
            return sign * min(_CHART_MOST, abs(held) + random.randrange(1, 6)) if abs(held) < _CHART_MOST else 0
        case "less":
            return sign * random.randrange(1, abs(held)) if abs(held) > 1 else 0
        case "over":
            return -sign * random.randrange(4, QUANTITY + 1)
        case "in":
            return random.choice((1, -1)) * random.randrange(4, QUANTITY + 1)
        case _:
            return 0


def _told(random: Random, lane: Lane, at: float, change: tuple[int, int]) -> Act:
    kind = random.choices(("genuine", "duplicate", "missed", "forged", "bad"), (84, 4, 8, 1, 3))[0]
    return Act(at, "alert", lane, "chart", kind=kind, chart=change)


def _moves(random: Random, lane: Lane, begin: float) -> Iterator[Act]:
    at = begin + random.uniform(0, _ENTERED_S)
    while (at := at + random.uniform(2, 5)) < begin + WAVE_S:
        move = random.choices((random.uniform(-0.003, 0.003), _STOP_MOVE, _TARGET_MOVE), (88, 7, 5))[0]
        yield Act(at, "price", lane, value=move)


def _modify(random: Random, lane: Lane, entered: float) -> Act:
    """A stop nearer than the one of 1 %, or one that is looser: that one is refused."""
    away = random.uniform(0.004, 0.008) if random.random() < 0.7 else 0.025
    return Act(entered + random.uniform(5, 14), "alert", lane, "modify", value=away)


def _reverse(random: Random, lane: Lane, entered: float) -> Act:
    return Act(entered + random.uniform(5, 14), "alert", lane, "reverse", kind=_kind(random))


def _kind(random: Random) -> str:
    kinds = ("genuine", "duplicate", "reordered", "stale", "forged", "bad")
    return random.choices(kinds, (87, 5, 1, 1, 1, 5))[0]
