"""Prices are on the tick and rounded away from the worse risk."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.levels import stop_trigger, target_price
from executor.domain.order import Side
from executor.domain.price import CASH_BAND, CASH_SLIPPAGE, entry_limit, marketable, on_tick, stop_limit
from executor.domain.strategy import Level, LevelKind

prices = st.decimals(min_value=10, max_value=5000, places=4)
ticks = st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.10"), Decimal(1)])
sides = st.sampled_from(list(Side))
levels = st.builds(
    Level,
    st.sampled_from([LevelKind.POINTS, LevelKind.PERCENT]),
    st.decimals(min_value="0.1", max_value=5, places=2),
)


def exact(level: Level, average: Decimal, sign: int) -> Decimal:
    away = level.value if level.kind is LevelKind.POINTS else average * level.value / 100
    return average + sign * away


@given(prices, ticks, st.booleans())
def test_a_price_on_the_tick_is_the_nearest_on_the_asked_side(price: Decimal, tick: Decimal, up: bool) -> None:
    found = on_tick(price, tick, up=up)

    assert found % tick == 0
    assert abs(found - price) < tick
    assert found >= price if up else found <= price


@given(levels, prices, sides, ticks)
def test_a_stop_never_risks_more_than_asked(level: Level, average: Decimal, side: Side, tick: Decimal) -> None:
    trigger = stop_trigger(level, average, side, tick=tick)

    assert trigger % tick == 0
    assert 0 <= (trigger - exact(level, average, -side.sign)) * side.sign < tick


@given(levels, prices, sides, ticks)
def test_a_target_never_earns_less_than_asked(level: Level, average: Decimal, side: Side, tick: Decimal) -> None:
    price = target_price(level, average, side, tick=tick)

    assert price % tick == 0
    assert 0 <= (price - exact(level, average, side.sign)) * side.sign < tick


@given(prices, sides, ticks)
def test_a_marketable_price_stays_inside_the_band(last: Decimal, side: Side, tick: Decimal) -> None:
    price = marketable(last, side, tick=tick)

    assert price % tick == 0
    assert (price - last) * side.sign <= last * CASH_BAND


@given(prices, prices, sides, ticks)
def test_an_entry_pays_at_most_band_and_slippage(last: Decimal, told: Decimal, side: Side, tick: Decimal) -> None:
    limit = entry_limit(last, told, side, tick=tick)

    assert (limit - last) * side.sign <= last * CASH_BAND
    assert (limit - told) * side.sign <= told * CASH_SLIPPAGE


@given(prices, sides, ticks)
def test_a_stops_limit_lies_beyond_its_trigger_by_at_most_twice_the_band(
    trigger: Decimal, side: Side, tick: Decimal
) -> None:
    """`side` is that of the stop order."""
    gap = (stop_limit(on_tick(trigger, tick, up=True), side, tick=tick) - on_tick(trigger, tick, up=True)) * side.sign

    assert gap <= on_tick(trigger, tick, up=True) * 2 * CASH_BAND
    assert gap > -tick


def test_a_price_level_is_taken_as_it_is_but_for_the_tick() -> None:
    level = Level(LevelKind.PRICE, Decimal("791.02"))

    assert stop_trigger(level, Decimal(800), Side.BUY, tick=Decimal("0.05")) == Decimal("791.05")
    assert stop_trigger(level, Decimal(780), Side.SELL, tick=Decimal("0.05")) == Decimal("791.00")
