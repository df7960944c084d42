"""How many slices a position may be, and how units are cut (F-44)."""

from __future__ import annotations

import pytest

from executor.broker.limits import load_limits
from executor.desk.slices import MOST, largest, pieces
from executor.domain.refusal import RefusalCode
from tests.desk.large import Sliced, enter


def test_more_orders_than_can_be_protected_in_time_are_refused(sliced: Sliced) -> None:
    house = sliced()

    signal = enter(house, 385)

    ended = house.ended(signal)
    assert (ended.code, house.orders()) == (RefusalCode.OVER_FREEZE, [])
    assert "17 orders of at most 24" in (ended.reason or "")


def test_what_is_held_counts_with_what_is_added(sliced: Sliced) -> None:
    house = sliced()
    enter(house)

    signal = enter(house, 330)

    assert house.ended(signal).code is RefusalCode.OVER_FREEZE
    assert house.net() == house.stopped() == 60


def test_the_bound_is_two_seconds_of_writes() -> None:
    second = min(load_limits().write, key=lambda window: window.span)

    assert 2 * second.count / second.span.total_seconds() == MOST


@pytest.mark.parametrize(
    ("freeze", "lot", "expected"), [(1801, 65, 1755), (601, 30, 600), (1001, 20, 1000), (None, 1, None), (60, 65, 0)]
)
def test_the_largest_order_is_of_whole_lots_below_the_freeze(
    freeze: int | None, lot: int, expected: int | None
) -> None:
    assert largest(freeze, lot) == expected


def test_units_are_cut_the_largest_first() -> None:
    assert pieces(5000, 1755) == [1755, 1755, 1490]
    assert (pieces(1755, 1755), pieces(7, None), pieces(0, 5)) == ([1755], [7], [])
