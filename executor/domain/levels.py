"""Where a position's stop and targets lie, and how a stop follows the price."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import assert_never

from executor.domain.order import Side
from executor.domain.price import on_tick
from executor.domain.strategy import Level, LevelKind, Trail


def stop_trigger(level: Level, average: Decimal, side: Side, *, tick: Decimal) -> Decimal:
    """The trigger of a position's stop, rounded towards the position: never more risk than asked."""
    return on_tick(_away(level, average, -side.sign), tick, up=side is Side.BUY)


def target_price(level: Level, average: Decimal, side: Side, *, tick: Decimal) -> Decimal:
    """The price of a position's target, rounded away from the position: never less profit than asked."""
    return on_tick(_away(level, average, side.sign), tick, up=side is Side.BUY)


def distance(level: Level, average: Decimal, side: Side) -> Decimal:
    """Rupees from the average to where a stop is asked; its trigger's tick only lessens them."""
    return abs(average - _away(level, average, -side.sign))


def share_out(units: int, shares: Sequence[Decimal], *, lot: int) -> tuple[int, ...]:
    """Units of each target by its share in percent, in whole lots; what rounding leaves goes to the targets behind.

    Shares that add up to 100 take all units; a share too small for a lot gets none.
    """
    taken, found, total = 0, [], Decimal(0)
    for share in shares:
        total += share
        up_to = units if total >= 100 else int((units * total / 100 / lot).to_integral_value(ROUND_FLOOR)) * lot
        found.append(up_to - taken)
        taken = up_to
    return tuple(found)


def trailed(trail: Trail, stop: Decimal, last: Decimal, side: Side, *, tick: Decimal) -> Decimal | None:
    """Where a trailing stop moves to at this price; None while it stays. It moves towards the price, never to it."""
    follows = stop_trigger(trail.distance, last, side, tick=tick)
    closer = (follows - stop) * side.sign
    short_of_price = (last - follows) * side.sign > 0
    return follows if short_of_price and closer > 0 and closer >= _step(trail, last) else None


def lag(trail: Trail, last: Decimal) -> Decimal:
    """Rupees that a trailing stop may stay behind the price: its distance and a step that is not yet full."""
    return distance(trail.distance, last, Side.BUY) + _step(trail, last)


def breaks_even(after: Level, average: Decimal, last: Decimal, side: Side) -> bool:
    """Whether the price has gone far enough for the stop to move to the average."""
    return (last - _away(after, average, side.sign)) * side.sign >= 0


def _step(trail: Trail, last: Decimal) -> Decimal:
    if trail.step is None:
        return Decimal(0)
    return last * trail.step / 100 if trail.distance.kind is LevelKind.PERCENT else trail.step


def _away(level: Level, average: Decimal, direction: int) -> Decimal:
    match level.kind:
        case LevelKind.POINTS:
            return average + direction * level.value
        case LevelKind.PERCENT:
            return average * (1 + direction * level.value / 100)
        case LevelKind.PRICE:
            return level.value
        case _:
            assert_never(level.kind)
