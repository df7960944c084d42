"""How a day plays what people do: commands, versions and alerts that its trader finds together.

Each returns what is counted; empty where there was nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from executor.domain.bracket import Bracket, BracketState
from executor.domain.calendar import trading_day
from executor.domain.command import CommandKind
from tests.campaigns.acts import Act
from tests.campaigns.lanes import Lane
from tests.house import ACCOUNT

if TYPE_CHECKING:
    from tests.campaigns.day import Day

#: How far a person's stop and target lie from the price, and how often one lies on its wrong side.
_STOP, _TARGET, _WRONG = (0.003, 0.012), (0.004, 0.025), 0.1
_MOMENT_S = 0.001


def play_person(day: Day, act: Act) -> str:
    return _WAYS[act.action](day, act)


def _kill_and_resume(day: Day, act: Act) -> str:
    assert act.lane is not None
    scope = "ALL" if act.value < 0.5 else f"strategy:{act.lane.strategy}"
    killed = [one for one in _live(day) if scope in {"ALL", f"strategy:{one.strategy}"}]
    day.rig.people.record(CommandKind.KILL, scope, everything=True)
    day.rig.people.record(CommandKind.RESUME, scope)
    return "hand: kill and resume" if killed else ""


def _halt_and_alert(day: Day, act: Act) -> str:
    assert act.lane is not None
    scope = "ALL" if act.value < 0.5 else f"strategy:{act.lane.strategy}"
    day.rig.people.record(CommandKind.HALT, scope)
    day.send(act.lane, _entry(act.lane, day.random))
    day.rig.pass_time(_MOMENT_S)  # what comes in the very moment of the resume is behind it
    day.rig.people.record(CommandKind.RESUME, scope)
    return "hand: halt, alert, resume"


def _version(beside: CommandKind) -> Callable[[Day, Act], str]:
    """An alert before, one behind a version with fewer units; between them a person leaves."""

    def play(day: Day, act: Act) -> str:
        assert act.lane is not None
        name = act.lane.strategy
        day.send(act.lane, day.random.choice(("exit", _entry(act.lane, day.random))))
        day.rig.people.set_units(name, int(act.value))
        ticker = {"ticker": act.lane.share.name} if beside is CommandKind.EXIT else {}
        day.rig.people.record(beside, f"strategy:{name}", **ticker)
        day.send(act.lane, _entry(act.lane, day.random))
        return f"hand: version, {beside} and alerts"

    return play


def _protect(day: Day, act: Act) -> str:
    """Move stop, target or both of what is held, at times to where they cannot be."""
    random = Random(act.value)
    found = [one for one in _live(day) if act.lane is None or one.instrument.text == act.lane.share.key]
    if not found:
        return ""
    bracket = random.choice(found)
    wanted = random.choice((("stop",), ("target",), ("stop", "target"))) if act.lane is None else ("stop",)
    told = _prices(day, bracket, random, wanted)
    day.rig.people.record(CommandKind.PROTECT, f"account:{ACCOUNT}", bracket=bracket.id, **told)
    return "hand: protect"


def _prices(day: Day, bracket: Bracket, random: Random, wanted: tuple[str, ...]) -> dict[str, str]:
    """Prices on the tick, from the one that trades now."""
    share = next(lane.share for lane in day.rig.market.lanes if lane.share.key == bracket.instrument.text)
    sign = bracket.side.sign * (-1 if random.random() < _WRONG else 1)
    away = {"stop": -random.uniform(*_STOP), "target": random.uniform(*_TARGET)}
    return {name: str(day.off(share, sign * away[name])) for name in wanted}


def _live(day: Day) -> list[Bracket]:
    """What a person sees on the page of positions."""
    rig = day.rig
    rows = rig.store.recovery.load_book(ACCOUNT, trading_day(rig.clock.now()))
    return sorted((one for one in rows.brackets if one.state is not BracketState.CLOSED), key=lambda one: one.id)


def _entry(lane: Lane, random: Random) -> str:
    return random.choice(("buy", "short")) if lane.short else "buy"


_WAYS: dict[str, Callable[[Day, Act], str]] = {
    "kill and resume": _kill_and_resume,
    "halt, alert, resume": _halt_and_alert,
    "version and exit": _version(CommandKind.EXIT),
    "version and flatten": _version(CommandKind.FLATTEN),
    "protect": _protect,
}
