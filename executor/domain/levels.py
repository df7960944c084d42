"""Where a position's stop and target lie."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from executor.domain.order import Side
from executor.domain.price import on_tick
from executor.domain.strategy import Level, LevelKind


def stop_trigger(level: Level, average: Decimal, side: Side, *, tick: Decimal) -> Decimal:
    """The trigger of a position's stop, rounded towards the position: never more risk than asked."""
    return on_tick(_away(level, average, -side.sign), tick, up=side is Side.BUY)


def target_price(level: Level, average: Decimal, side: Side, *, tick: Decimal) -> Decimal:
    """The price of a position's target, rounded away from the position: never less profit than asked."""
    return on_tick(_away(level, average, side.sign), tick, up=side is Side.BUY)


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
