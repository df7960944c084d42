"""Lanes: one position of a strategy on one ticker; its signals run in fire-time order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from executor.desk.book import Draft
from executor.desk.meaning import in_step
from executor.desk.outcome import may_fill
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.messages import Resolved
from executor.domain.order import Side
from executor.domain.record import Lane
from executor.domain.signal import Action, Held, LaneKey, PositionChange, Signal, lane_of, read_ask


def lane_of_signal(draft: Draft, signal: Signal) -> Lane:
    known = draft.lanes.get(signal.lane)
    return known or _new_lane(lane_of(signal))


def touch(draft: Draft, lane: Lane, fired_at: datetime, *, exit_fired: bool) -> None:
    """Remember that the lane acted on a signal; earlier entries are superseded by its newest exit."""
    lane = draft.lanes.get(lane.key, lane)
    newest = max(filter(None, (lane.last_fired_at, fired_at)))
    touched = replace(lane, last_fired_at=newest)
    if exit_fired:
        newest_exit = max(filter(None, (lane.last_exit_fired_at, fired_at)))
        touched = replace(touched, last_exit_fired_at=newest_exit)
    draft.put(touched)


def held_side(draft: Draft, bracket: Bracket | None) -> Side | None:
    """The side that a lane holds as its chart sees it, or is about to: a bracket whose entry may still fill counts."""
    if bracket is None or bracket.goal is Goal.FLAT:
        return None
    if draft.holding(bracket).held > 0:
        return bracket.chart
    coming = any(may_fill(draft, leg) for leg in draft.legs_of(bracket.id, Role.ENTRY))
    return bracket.chart if coming else None


def left_here(draft: Draft, lane: Lane, side: Side | None) -> Bracket | None:
    """The position that a lane held last, where no alert and no person closed it, and its chart's side was this one."""
    closed = [row for row in draft.brackets.values() if row.lane == lane.key and row.closed_at is not None]
    newest = max(closed, key=lambda row: row.id, default=None)
    return newest if newest is not None and newest.closer is None and newest.chart is side else None


def in_turn(draft: Draft, waiting: Iterable[Resolved]) -> list[Resolved]:
    """Signals in the order in which they run: by fire time; those of one lane and second by their chain prev → now,
    else exits before entries (DESIGN: Exits).
    """
    moments: dict[tuple[datetime, str], list[Resolved]] = {}
    for resolved in sorted(waiting, key=_order):
        moments.setdefault((resolved.signal.fired_at, resolved.signal.lane), []).append(resolved)
    return [resolved for _, group in sorted(moments.items()) for resolved in _chained(draft, group)]


def _order(resolved: Resolved) -> tuple[object, bool, str]:
    signal = resolved.signal
    return (signal.fired_at, signal.action is not Action.EXIT, signal.id)


def _chained(draft: Draft, group: list[Resolved]) -> list[Resolved]:
    """Signals of a lane and moment, each behind the one that left the chart where it began."""
    changes = {one.signal.id: read_ask(one.signal.fields).position for one in group}
    if len(group) < 2 or None in changes.values():
        return group
    left, found = list(group), list[Resolved]()
    ends = {(change.now, change.now_size) for change in changes.values() if change}
    while left:
        at = _end(changes[found[-1].signal.id]) if found else None
        begun = [one for one in left if _start(changes[one.signal.id]) == at]
        free = [one for one in left if _start(changes[one.signal.id]) not in ends]
        found.append((begun or free or (not found and _fitting(draft, left)) or left)[0])
        left.remove(found[-1])
    return found


def _fitting(draft: Draft, group: list[Resolved]) -> list[Resolved]:
    """Of a chain without an end (out, and in again), those that begin with what the lane holds."""
    held = held_side(draft, draft.bracket_of_lane(group[0].signal.lane))
    changes = ((one, read_ask(one.signal.fields).position) for one in group)
    return [one for one, change in changes if change and in_step(change, held)]


def _start(change: PositionChange | None) -> tuple[Held, Decimal] | None:
    return (change.prev, change.prev_size) if change else None


def _end(change: PositionChange | None) -> tuple[Held, Decimal] | None:
    return (change.now, change.now_size) if change else None


def _new_lane(key: LaneKey) -> Lane:
    return Lane(key=key.text, account=key.account, strategy=key.strategy, ticker=key.ticker, trade=key.trade)
