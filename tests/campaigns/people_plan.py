"""What people, clocks and charts do beside a day's plan, by its seed: rare, and drawn apart from the rest of the plan.

What is found together is planned as one act: the trader looks when all of it is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from executor.domain.instrument import DELAYED, charted
from tests.campaigns.acts import WAVE_S, Act
from tests.campaigns.lanes import QUANTITY, Lane, lanes

#: How often a day, by what is done.
_RATES = (
    ("kill and resume", 0.06),
    ("halt, alert, resume", 0.08),
    ("version with signals", 0.08),
    ("protect", 0.5),
    ("clock set back", 0.05),
    ("reverse twice", 0.2),
)
_LATE = 0.5
#: Of alerts of a share whose charts write it otherwise.
_SPELLED = 0.5
#: Strategies whose lanes are entered by plain alerts, and of these the ones whose version tells their units.
_PLAIN = frozenset({"pair", "shorts", "single", "bare", "ladder", "steps", "trail", "risky"})
_BY_UNITS = frozenset({"pair", "shorts", "single", "bare", "ladder", "trail"})
_FROM_S, _TO_S, _LEFT_S = 8.0, 34.0, 5.0
#: In a wave, when what was entered rests, and there is time left to turn it.
_TURNED_S = (14.0, 19.0)
#: Seconds by which a host's clock is set back: a little behind the right time, or to it from far ahead.
_BEHIND_S, _AHEAD_S = (2.1, 4.0), (5.0, 150.0)


def with_people(seed: int, acts: Sequence[Act], waves: Sequence[float], factor: float) -> list[Act]:
    """The acts of a day, and beside them what is drawn here."""
    random = Random(f"{seed}/people")
    found = [*acts]
    for what, rate in _RATES:
        for _ in range(_times(random, rate * factor)):
            found += _WAYS[what](random, random.choice(waves))
    found = [_spelled(random, act) for act in found]
    for _ in range(_times(random, _LATE * factor)):
        _delay_one(random, found)
    return found


def _times(random: Random, mean: float) -> int:
    return int(mean) + (random.random() < mean % 1)


def _kill_and_resume(random: Random, wave: float) -> Iterator[Act]:
    """Every order ends, stops as well; now and then a person gives a stop again."""
    lane, at = random.choice(lanes()), _moment(random, wave)
    yield Act(at, "person", lane, "kill and resume", value=random.random())
    if random.random() < 0.5:
        yield Act(at + random.uniform(2, 6), "person", lane, "protect", value=random.random())


def _halt_and_alert(random: Random, wave: float) -> Iterator[Act]:
    lane = _one_of(random, _PLAIN)
    yield Act(_moment(random, wave), "person", lane, "halt, alert, resume", value=random.random())
    yield _left(lane, wave)


def _version(random: Random, wave: float) -> Iterator[Act]:
    """Fewer units an entry, beside a command of another kind and alerts."""
    lane, at = _one_of(random, _BY_UNITS), _moment(random, wave)
    beside = random.choice(("exit", "flatten"))
    yield Act(at, "person", lane, f"version and {beside}", value=random.randrange(3, QUANTITY))
    if beside == "flatten":
        yield Act(at + random.uniform(4, 10), "resume", lane)
    yield _left(lane, wave)


def _protect(random: Random, wave: float) -> Iterator[Act]:
    yield Act(_moment(random, wave), "person", None, "protect", value=random.random())


def _set_back(random: Random, wave: float) -> Iterator[Act]:
    at = _moment(random, wave)
    if random.random() < 0.4:
        yield Act(at, "step", action="set", value=-round(random.uniform(*_BEHIND_S), 3))
        return
    ahead, lasts = round(random.uniform(*_AHEAD_S), 3), random.uniform(2, 15)
    yield Act(at - lasts, "step", action="set", value=ahead)
    yield Act(at, "step", action="set", value=-ahead)


def _reverse_twice(random: Random, wave: float) -> Iterator[Act]:
    """Mostly before the first is done."""
    lane, at = _one_of(random, {"shorts"}), wave + random.uniform(*_TURNED_S)
    yield Act(at, "alert", lane, "reverse")
    yield Act(at + random.choice((1.0, random.uniform(1, 5))), "alert", lane, "reverse", kind="reverse again")


_WAYS: dict[str, Callable[[Random, float], Iterator[Act]]] = {
    "kill and resume": _kill_and_resume,
    "halt, alert, resume": _halt_and_alert,
    "version with signals": _version,
    "protect": _protect,
    "clock set back": _set_back,
    "reverse twice": _reverse_twice,
}


def _moment(random: Random, wave: float) -> float:
    """In a wave, when something is held."""
    return wave + random.uniform(_FROM_S, _TO_S)


def _left(lane: Lane, wave: float) -> Act:
    """A lane that was entered here is left with its wave, as others are."""
    return Act(wave + WAVE_S + _LEFT_S, "alert", lane, "exit")


def _one_of(random: Random, strategies: frozenset[str] | set[str]) -> Lane:
    return random.choice([lane for lane in lanes() if lane.strategy in strategies])


def _spelled(random: Random, act: Act) -> Act:
    """An alert as one or the other chart of its share writes it."""
    share = act.lane.share if act.lane is not None and act.what == "alert" else None
    if share is None or charted(share.ticker) == share.ticker or random.random() > _SPELLED:
        return act
    return replace(act, shown=f"{share.exchange}:{charted(share.ticker)}")


def _delay_one(random: Random, acts: list[Act]) -> None:
    """The prices of an alert's chart are late: it may only leave."""
    places = [place for place, act in enumerate(acts) if act.what == "alert" and act.kind == "genuine"]
    place = random.choice(places)
    act = acts[place]
    assert act.lane is not None
    exchange, _, ticker = (act.shown or act.lane.share.name).partition(":")
    acts[place] = replace(act, kind="delayed", shown=f"{exchange}{random.choice(DELAYED)}:{ticker}")
