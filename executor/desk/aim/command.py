"""What a person orders becomes a goal at once, and an answer in words.

halt, flatten, kill and resume have their rows in the store already (the same transaction recorded them): here the
brackets follow. A person's exit passes a halt as an alert's does; a kill stops it like everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from executor.desk import carried, prices, rails
from executor.desk.aim import reverse
from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.desk.legs import add_leg
from executor.desk.targets import coming_targets
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import SignalId
from executor.domain.instrument import charted
from executor.domain.levels import breaks_even, trailed
from executor.domain.reading import Query, QueryKind
from executor.domain.strategy import Level, LevelKind, LevelOf, Protection, Trail

#: With these a person also says how a carried position goes on whose lane is halted.
_DECIDING = frozenset({CommandKind.EXIT, CommandKind.FLATTEN, CommandKind.PROTECT, CommandKind.RESUME})

#: Done or refused, and the answer in words.
Answer = tuple[bool, str]


def aim_commands(draft: Draft) -> None:
    for command in draft.commands:
        ended = _WAYS[command.kind](draft, command)
        if ended is None:
            continue  # it stays NEW and comes again with the next sweep
        done, answer = ended
        if done and command.kind in _DECIDING:
            for bracket in _in_question(draft, command):
                carried.decide(draft, bracket, by=f"{command.kind} by {command.by}")
            _free_lanes(draft, command)
        state = CommandState.DONE if done else CommandState.REFUSED
        draft.put(replace(command, state=state, answer=answer), before=command)
        draft.note("command", command.id, f"{command.kind} by {command.by}: {answer}")


def _in_question(draft: Draft, command: Command) -> list[Bracket]:
    """What was carried over night and waits for a person's word."""
    return [row for row in draft.live_brackets() if _covers(command, row) and carried.in_question(draft, row)]


def _free_lanes(draft: Draft, command: Command) -> None:
    """End the halt of lanes whose position was closed before anybody decided."""
    for lane in list(draft.lanes.values()):
        in_scope = command.scope in {"ALL", f"account:{lane.account}", f"strategy:{lane.strategy}"}
        if lane.halted and in_scope and draft.bracket_of_lane(lane.key) is None:
            draft.put(replace(lane, halted=False))


def _halt(_draft: Draft, command: Command) -> tuple[bool, str]:
    return True, f"no entries on {command.scope}; stops, targets and exits go on"


def _resume(_draft: Draft, command: Command) -> tuple[bool, str]:
    return True, f"the halts on {command.scope} have ended; alerts that came meanwhile are not made up for"


def _flatten(draft: Draft, command: Command) -> tuple[bool, str]:
    found = _open_brackets(draft, command)
    closed = _close_all(draft, command, found)
    return True, f"no entries on {command.scope}; {closed} of its positions leave{_held_back(draft, found)}"


def _kill(draft: Draft, command: Command) -> tuple[bool, str]:
    if not command.arguments.get("everything"):
        return True, f"no orders on {command.scope}; entries are cancelled, stops stay and are placed for what fills"
    brackets = [bracket for bracket in draft.live_brackets() if _covers(command, bracket)]
    for bracket in brackets:
        what = bracket.underlying
        unwatched = what and replace(what, stop=None)
        draft.put(replace(bracket, protection=Protection.NONE, stop_loss=None, trail=None, underlying=unwatched))
        for leg in draft.legs_of(bracket.id):
            draft.put(replace(leg, wanted=False, reason=f"kill --everything by {command.by}"))
    return True, f"no orders on {command.scope}; every order of {len(brackets)} positions is cancelled, stops as well"


def _exit(draft: Draft, command: Command) -> tuple[bool, str]:
    found = _open_brackets(draft, command)
    leaving = [row for row in draft.live_brackets() if row.goal is Goal.FLAT and _covers(command, row)]
    if not found and not leaving and not _in_question(draft, command):
        return False, "nothing is held there"
    reversals = sum(reverse.stay_flat(draft, row, why=f"exit by {command.by}") for row in leaving)
    words = f"{_close_all(draft, command, found)} positions leave"
    words += f", {len(leaving)} were leaving already" if leaving else ""
    words += f"; {reversals} of these reverse no more" if reversals else ""
    return True, f"{words}{_held_back(draft, [*found, *leaving])}"


def _held_back(draft: Draft, brackets: list[Bracket]) -> str:
    """Say of how many that a kill holds them where they are; empty when of none."""
    killed = sum(rails.killed(draft, strategy=row.strategy, lane=row.lane) is not None for row in brackets)
    return f"; for {killed} of them no order goes out until the kill in force is ended (resume)" if killed else ""


def _protect(draft: Draft, command: Command) -> Answer | None:
    """Move stop and target of one bracket to prices; the orders follow by modify. Waits for a price to compare with."""
    found = _open_brackets(draft, command)
    if not found:
        return False, "there is no open position with this id"
    bracket = found[0]
    stop, target = (_price(command, name) for name in ("stop", "target"))
    wrong = _wrong(draft, bracket, stop, target)
    if wrong:
        return False, wrong
    last = prices.seen_price(draft, bracket.instrument)
    if stop is not None and last is None:
        return _wait_for_price(draft, bracket)
    if stop is not None and last is not None and (last - stop) * bracket.side.sign <= 0:
        return False, f"the stop {stop} would trigger at once: the last price is {last}"
    moved = replace(bracket, stop_loss=_level(stop) or bracket.stop_loss)
    if stop is not None and last is not None and _would_move(draft, bracket, stop, last):
        moved = replace(moved, trail=None, breakeven_after=None)
    draft.put(moved)
    if stop is not None and bracket.protection is Protection.NONE:
        _give_stop(draft, draft.brackets[bracket.id], command, stop)
    if target is not None:
        draft.put(replace(coming_targets(draft, bracket)[0], level=_level(target), of=LevelOf.CONTRACT))
    told = [f"{name} to {price}" for name, price in (("stop", stop), ("target", target)) if price is not None]
    told += ["which follows the price no more"] if (moved.trail, moved.breakeven_after) != _follows(bracket) else []
    return True, f"{bracket.symbol}: {', '.join(told)}"


def _follows(bracket: Bracket) -> tuple[Trail | None, Level | None]:
    return bracket.trail, bracket.breakeven_after


def _would_move(draft: Draft, bracket: Bracket, stop: Decimal, last: Decimal) -> bool:
    """Whether the position's own trail or break-even would take a person's stop away from where he sets it."""
    average, side = draft.holding(bracket).average, bracket.side
    if bracket.trail is not None and trailed(bracket.trail, stop, last, side, tick=bracket.tick) is not None:
        return True
    if bracket.breakeven_after is None or average is None:
        return False
    return breaks_even(bracket.breakeven_after, average, last, side) and (average - stop) * side.sign > 0


def _give_stop(draft: Draft, bracket: Bracket, command: Command, stop: Decimal) -> None:
    """Give a stop to what runs without one, because a person took it away or wanted none. Under `single`: it alone
    rests. A leg of its own, for what was taken away stays so.
    """
    draft.put(replace(bracket, protection=Protection.SINGLE))
    held = draft.holding(bracket).held
    add_leg(draft, bracket, Role.STOP, cause=SignalId(command.id), quantity=held, trigger=stop)


_WAYS: dict[CommandKind, Callable[[Draft, Command], Answer | None]] = {
    CommandKind.HALT: _halt,
    CommandKind.RESUME: _resume,
    CommandKind.FLATTEN: _flatten,
    CommandKind.KILL: _kill,
    CommandKind.EXIT: _exit,
    CommandKind.PROTECT: _protect,
}


def _covers(command: Command, bracket: Bracket) -> bool:
    """Whether a bracket lies in the command's scope, and is the one it names if it names one."""
    in_scope = command.scope in {"ALL", f"account:{bracket.account}", f"strategy:{bracket.strategy}"}
    named = command.arguments.get("bracket") in (None, bracket.id)
    ticker = command.arguments.get("ticker")
    return in_scope and named and (ticker is None or charted(bracket.lane.split("|")[2]) == charted(ticker))


def _open_brackets(draft: Draft, command: Command) -> list[Bracket]:
    return [row for row in draft.live_brackets() if row.goal is Goal.OPEN and _covers(command, row)]


def _close_all(draft: Draft, command: Command, brackets: list[Bracket]) -> int:
    for bracket in brackets:
        close(draft, bracket, closer=command.id, reason=f"{command.kind} by {command.by}")
    return len(brackets)


def _price(command: Command, name: str) -> Decimal | None:
    found = command.arguments.get(name)
    return Decimal(found) if found is not None else None


def _level(price: Decimal | None) -> Level | None:
    return Level(LevelKind.PRICE, price) if price is not None else None


def _wrong(draft: Draft, bracket: Bracket, stop: Decimal | None, target: Decimal | None) -> str:
    """Why the prices cannot be; empty when they can."""
    for name, price in (("stop", stop), ("target", target)):
        if price is not None and (price <= 0 or price % bracket.tick):
            return f"the {name} {price} is not on the tick {bracket.tick}"
    if target is not None and not coming_targets(draft, bracket):
        return "this position has no target to move"
    if stop is not None and target is not None and (target - stop) * bracket.side.sign <= 0:
        return f"the stop {stop} lies beyond the target {target}"
    return ""


def _wait_for_price(draft: Draft, bracket: Bracket) -> Answer | None:
    """Ask for a quote and wait for it; no quote to be had is an answer too."""
    asked = draft.evidence.asked_at.get(Query(QueryKind.LTP, bracket.instrument, bracket.symbol))
    in_vain = asked is not None and draft.now - asked < prices.SEEN_FRESH
    if in_vain or not draft.evidence.session_open:
        return False, "there is no price to compare the stop with; try again when the broker answers"
    prices.ask_price(draft, bracket.instrument, bracket.symbol)
    return None
