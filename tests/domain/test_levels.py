"""Stops and targets are on the tick and rounded away from the worse risk."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given

from executor.domain.levels import stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.strategy import Level, LevelKind
from tests.domain.given import distances, prices, sides, ticks


def exact(level: Level, average: Decimal, sign: int) -> Decimal:
    away = level.value if level.kind is LevelKind.POINTS else average * level.value / 100
    return average + sign * away


@given(distances, prices, sides, ticks)
def test_a_stop_never_risks_more_than_asked(level: Level, average: Decimal, side: Side, tick: Decimal) -> None:
    trigger = stop_trigger(level, average, side, tick=tick)

    assert trigger % tick == 0
    assert 0 <= (trigger - exact(level, average, -side.sign)) * side.sign < tick


@given(distances, prices, sides, ticks)
def test_a_target_never_earns_less_than_asked(level: Level, average: Decimal, side: Side, tick: Decimal) -> None:
    price = target_price(level, average, side, tick=tick)

    assert price % tick == 0
    assert 0 <= (price - exact(level, average, side.sign)) * side.sign < tick


def test_a_price_level_is_taken_as_it_is_but_for_the_tick() -> None:
    level = Level(LevelKind.PRICE, Decimal("791.02"))

    assert stop_trigger(level, Decimal(800), Side.BUY, tick=Decimal("0.05")) == Decimal("791.05")
    assert stop_trigger(level, Decimal(780), Side.SELL, tick=Decimal("0.05")) == Decimal("791.00")
