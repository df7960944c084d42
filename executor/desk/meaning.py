"""What a signal comes down to, given what its lane holds. Pure: one table, no book.

tradingview.md A4: the action alone cannot tell "exit long" from "open short", so prev → now counts where the alert has
it. An exit never opens, and what is against the chart's position leaves, whatever was missed before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask, Held, PositionChange


class Purpose(StrEnum):
    ENTER = "ENTER"  # open, or add to what is held
    REDUCE = "REDUCE"
    CLOSE = "CLOSE"
    REVERSE = "REVERSE"  # close, and when that is confirmed enter the other side
    CANCEL = "CANCEL"  # withdraw entries that have not filled
    MODIFY = "MODIFY"  # move stop and targets of what is held
    FLATTEN = "FLATTEN"  # halt the strategy and leave all it holds


@dataclass(frozen=True, slots=True)
class Meant:
    """`side` is what is held for REDUCE, CLOSE and MODIFY, what is to be held for ENTER and REVERSE: as the chart
    sees it, which is short where a put was bought for it.
    """

    purpose: Purpose
    side: Side


def meaning(ask: Ask, held: Side | None, *, synced: bool = True) -> Meant | Refusal:
    """The purpose of an alert. `synced`: the chart's position was known once, so what does not fit was missed."""
    match ask.action:
        case Action.FLATTEN | Action.CANCEL:
            return Meant(Purpose[ask.action.name], held or Side.BUY)
        case Action.MODIFY:
            return Meant(Purpose.MODIFY, held) if held else Refusal(RefusalCode.NOTHING_HELD)
        case _ if ask.position is not None:
            return _by_position(ask.position, held, synced=synced)
        case Action.EXIT:
            return _exit(ask.side, held)
        case Action.REVERSE:
            return _reverse(side_of(ask.side) if ask.side else None, held)
        case _:
            return _by_action(Side.BUY if ask.action is Action.BUY else Side.SELL, held)


def in_step(change: PositionChange, held: Side | None) -> bool:
    """Whether the lane holds what the chart held before this alert; if not, an alert is missing."""
    return side_of(change.prev) is held


def syncs(change: PositionChange) -> bool:
    """Whether the chart's position is known from here on: it passes through flat, or turns over."""
    return Held.FLAT in {change.now, change.prev} or change.now is not change.prev


def side_of(held: Held) -> Side | None:
    return {Held.LONG: Side.BUY, Held.SHORT: Side.SELL, Held.FLAT: None}[held]


def _by_action(side: Side, held: Side | None) -> Meant:
    if held is not None and held is not side:
        return Meant(Purpose.REDUCE, held)
    return Meant(Purpose.ENTER, side)


def _exit(side: Held | None, held: Side | None) -> Meant | Refusal:
    if held is None:
        return Refusal(RefusalCode.NOTHING_HELD)
    if side is not None and side_of(side) is not held:
        return Refusal(RefusalCode.NOTHING_HELD, f"the exit is for {side}, the lane holds {held}")
    return Meant(Purpose.CLOSE, held)


def _reverse(towards: Side | None, held: Side | None) -> Meant | Refusal:
    if held is None:
        return Meant(Purpose.ENTER, towards) if towards else Refusal(RefusalCode.NOTHING_HELD, "nothing to reverse")
    if towards is held:
        return Refusal(RefusalCode.NOTHING_HELD, f"the lane holds {held} already")
    return Meant(Purpose.REVERSE, held.opposite)


def _by_position(change: PositionChange, held: Side | None, *, synced: bool) -> Meant | Refusal:
    now, prev = side_of(change.now), side_of(change.prev)
    if now is None:
        return Meant(Purpose.CLOSE, held) if held else Refusal(RefusalCode.NOTHING_HELD, f"{change.prev} → flat")
    if held is now.opposite:  # whatever was missed: what is held is against the chart
        return Meant(Purpose.CLOSE if prev is now else Purpose.REVERSE, held if prev is now else now)
    if prev is now:
        return _by_size(change, now, held, synced=synced)
    if held is None:
        return Meant(Purpose.ENTER, now)
    return Refusal(RefusalCode.NOT_SYNCED, f"the chart was {change.prev}, the lane holds {held}")


def _by_size(change: PositionChange, now: Side, held: Side | None, *, synced: bool) -> Meant | Refusal:
    """The chart stays on one side: it adds or reduces."""
    grows = change.now_size > change.prev_size
    if held is None:
        if not synced:
            return Refusal(RefusalCode.NOT_STARTED, f"the chart was {change.prev} when the strategy began here")
        code = RefusalCode.MISSED_ENTRY if grows else RefusalCode.NOTHING_HELD
        return Refusal(code, f"the chart was {change.prev}, the lane holds nothing")
    if change.now_size == change.prev_size:
        return Refusal(RefusalCode.NOTHING_HELD, "the chart's position did not change")
    return Meant(Purpose.ENTER if grows else Purpose.REDUCE, now)
