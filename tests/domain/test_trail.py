"""A stop that follows the price only ever moves towards it, by whole steps, and never reaches it."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.levels import breaks_even, stop_trigger, trailed
from executor.domain.order import Side
from executor.domain.plan import nearer_trail
from executor.domain.strategy import Level, LevelKind, Trail
from tests.domain.given import distances, prices, sides, ticks, trails

TICK = Decimal("0.05")


def points(distance: str, step: str | None = None) -> Trail:
    return Trail(Level(LevelKind.POINTS, Decimal(distance)), Decimal(step) if step else None)


def percent(distance: str, step: str | None = None) -> Trail:
    return Trail(Level(LevelKind.PERCENT, Decimal(distance)), Decimal(step) if step else None)


def rupees(trail: Trail, value: Decimal, last: Decimal) -> Decimal:
    return last * value / 100 if trail.distance.kind is LevelKind.PERCENT else value


@given(trails, prices, prices, sides, ticks)
def test_a_stop_that_moves_is_nearer_on_the_tick_and_short_of_the_price(
    trail: Trail, stop: Decimal, last: Decimal, side: Side, tick: Decimal
) -> None:
    moved = trailed(trail, stop, last, side, tick=tick)

    if moved is None:
        return
    assert moved % tick == 0
    assert (moved - stop) * side.sign > 0
    assert (last - moved) * side.sign > 0
    assert (last - moved) * side.sign <= rupees(trail, trail.distance.value, last)
    assert (moved - stop) * side.sign >= rupees(trail, trail.step or Decimal(0), last)


@given(trails, st.lists(prices, min_size=1, max_size=12), prices, sides, ticks)
def test_a_stop_never_moves_away_from_protection_whatever_the_price_does(
    trail: Trail, path: list[Decimal], stop: Decimal, side: Side, tick: Decimal
) -> None:
    stops = [stop]
    for last in path:
        stops.append(trailed(trail, stops[-1], last, side, tick=tick) or stops[-1])

    assert all((after - before) * side.sign >= 0 for before, after in itertools.pairwise(stops))


@given(distances, prices, prices, sides, ticks)
def test_a_trail_without_a_step_leaves_no_more_than_its_distance(
    distance: Level, stop: Decimal, last: Decimal, side: Side, tick: Decimal
) -> None:
    stands = trailed(Trail(distance), stop, last, side, tick=tick) or stop

    follows = stop_trigger(distance, last, side, tick=tick)
    assert (stands - follows) * side.sign >= 0 or (last - follows) * side.sign <= 0


@pytest.mark.parametrize(
    ("trail", "side", "stop", "last", "expected"),
    [
        (points("2"), Side.BUY, "98", "100", None),
        (points("2"), Side.BUY, "98", "100.05", "98.05"),
        (points("2"), Side.SELL, "102", "99.95", "101.95"),
        (points("2", "1"), Side.BUY, "98", "100.95", None),
        (points("2", "1"), Side.BUY, "98", "101", "99"),
        (points("2", "1"), Side.SELL, "102", "99.05", None),
        (points("2", "1"), Side.SELL, "102", "99", "101"),
        (percent("1"), Side.BUY, "148.50", "152", "150.50"),
        (percent("1", "1"), Side.BUY, "148.50", "151.45", None),
        (percent("1", "1"), Side.BUY, "148.50", "151.55", "150.05"),
        (percent("1"), Side.SELL, "151.50", "149.95", "151.40"),
        (points("0.02"), Side.BUY, "99", "100", None),
        (points("0.02"), Side.SELL, "101", "100", None),
    ],
)
def test_trails_by_example(trail: Trail, side: Side, stop: str, last: str, expected: str | None) -> None:
    moved = trailed(trail, Decimal(stop), Decimal(last), side, tick=TICK)

    assert moved == (Decimal(expected) if expected else None)


@pytest.mark.parametrize(
    ("after", "side", "last", "expected"),
    [
        (Level(LevelKind.POINTS, Decimal(2)), Side.BUY, "101.95", False),
        (Level(LevelKind.POINTS, Decimal(2)), Side.BUY, "102", True),
        (Level(LevelKind.POINTS, Decimal(2)), Side.SELL, "98.05", False),
        (Level(LevelKind.POINTS, Decimal(2)), Side.SELL, "98", True),
        (Level(LevelKind.PERCENT, Decimal("1.5")), Side.BUY, "101.50", True),
        (Level(LevelKind.PERCENT, Decimal("1.5")), Side.SELL, "98.55", False),
    ],
)
def test_break_even_waits_for_its_distance(after: Level, side: Side, last: str, expected: bool) -> None:
    assert breaks_even(after, Decimal(100), Decimal(last), side) is expected


@given(distances, prices, prices, sides)
def test_break_even_comes_only_with_a_profit(after: Level, average: Decimal, last: Decimal, side: Side) -> None:
    if breaks_even(after, average, last, side):
        assert (last - average) * side.sign > 0


@given(st.none() | trails, st.none() | trails, prices)
def test_the_trail_that_counts_never_follows_further_away_than_the_strategys(
    asked: Trail | None, allowed: Trail | None, last: Decimal
) -> None:
    """How far behind a stop may stay: its distance and a step that was not full."""
    found = nearer_trail(asked, allowed, last)

    assert found in (asked, allowed)
    if allowed is not None:
        assert found is not None
        assert behind(found, last) <= behind(allowed, last)
    if asked is not None:
        assert found is not None
        assert behind(found, last) <= behind(asked, last)


def behind(trail: Trail, last: Decimal) -> Decimal:
    return rupees(trail, trail.distance.value + (trail.step or 0), last)


def test_an_alerts_step_cannot_keep_the_strategys_trail_from_following() -> None:
    assert nearer_trail(points("1.9", "500"), points("2"), Decimal(100)) == points("2")
    assert nearer_trail(percent("1"), points("2"), Decimal(100)) == percent("1")
