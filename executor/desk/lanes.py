"""Lanes: one position of a strategy on one ticker; its signals run in fire-time order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from executor.desk.book import Draft
from executor.desk.outcome import may_fill
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.order import Side
from executor.domain.record import Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask, Held, LaneKey, PositionChange, Signal, lane_of


class Purpose(StrEnum):
    ENTER = "ENTER"  # open, or add to what is held
    REDUCE = "REDUCE"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class Meant:
    """What a signal comes down to, given what the lane holds."""

    purpose: Purpose
    side: Side


def lane_of_signal(draft: Draft, signal: Signal) -> Lane:
    known = draft.lanes.get(signal.lane)
    return known or _new_lane(lane_of(signal))


def touch(draft: Draft, lane: Lane, fired_at: datetime, *, exit_fired: bool) -> None:
    """Remember that the lane acted on a signal; earlier entries are superseded by its newest exit."""
    newest = max(filter(None, (lane.last_fired_at, fired_at)))
    touched = replace(lane, last_fired_at=newest)
    if exit_fired:
        newest_exit = max(filter(None, (lane.last_exit_fired_at, fired_at)))
        touched = replace(touched, last_exit_fired_at=newest_exit)
    draft.put(touched)


def held_side(draft: Draft, bracket: Bracket | None) -> Side | None:
    """The side a lane holds, or is about to: a bracket whose entry may still fill counts."""
    if bracket is None or bracket.goal is Goal.FLAT:
        return None
    if draft.holding(bracket).held > 0:
        return bracket.side
    coming = any(may_fill(draft, leg) for leg in draft.legs_of(bracket.id, Role.ENTRY))
    return bracket.side if coming else None


def meaning(ask: Ask, held: Side | None) -> Meant | Refusal:
    """Derive the purpose from prev → now where the alert has it, else from its action and what the lane holds.

    tradingview.md A4: the action alone cannot tell "exit long" from "open short".
    """
    if ask.action in {Action.REVERSE, Action.FLATTEN, Action.CANCEL, Action.MODIFY}:
        return Refusal(RefusalCode.UNSUPPORTED, f"action {ask.action}")
    if ask.position is not None:
        return _by_position(ask.position, held)
    if ask.action is Action.EXIT:
        return _exit(ask.side, held)
    side = Side.BUY if ask.action is Action.BUY else Side.SELL
    if held is not None and held is not side:
        return Meant(Purpose.REDUCE, held)
    return Meant(Purpose.ENTER, side)


def _exit(side: Held | None, held: Side | None) -> Meant | Refusal:
    if held is None:
        return Refusal(RefusalCode.NOTHING_HELD)
    if side is not None and _side(side) is not held:
        return Refusal(RefusalCode.NOTHING_HELD, f"the exit is for {side}, the lane holds {held}")
    return Meant(Purpose.CLOSE, held)


def _by_position(change: PositionChange, held: Side | None) -> Meant | Refusal:
    now, prev = _side(change.now), _side(change.prev)
    if now is None:
        return _exit(change.prev if prev else None, held) if prev else Refusal(RefusalCode.NOTHING_HELD, "flat → flat")
    if prev is not None and prev is not now:
        return Refusal(RefusalCode.UNSUPPORTED, f"reverse: {change.prev} → {change.now}")
    if prev is None:
        if held is not None:
            return Refusal(RefusalCode.NOT_SYNCED, f"the chart was flat, the lane holds {held}")
        return Meant(Purpose.ENTER, now)
    if held is not now:
        holds = held or "nothing"
        return Refusal(RefusalCode.NOT_SYNCED, f"the chart was {change.prev}, the lane holds {holds}")
    if change.now_size == change.prev_size:
        return Refusal(RefusalCode.NOTHING_HELD, "the chart's position did not change")
    return Meant(Purpose.ENTER if change.now_size > change.prev_size else Purpose.REDUCE, now)


def _side(held: Held) -> Side | None:
    return {Held.LONG: Side.BUY, Held.SHORT: Side.SELL, Held.FLAT: None}[held]


def _new_lane(key: LaneKey) -> Lane:
    return Lane(key=key.text, account=key.account, strategy=key.strategy, ticker=key.ticker, trade=key.trade)
