from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.size import Units, part_of, units_of, whole_lots
from executor.domain.strategy import Size, SizeKind

values = st.decimals(min_value="0.01", max_value=5000, places=2)
lots = st.integers(1, 500)


@given(values, st.sampled_from(list(SizeKind)), lots, st.integers(0, 3000))
def test_units_are_whole_lots_within_what_was_asked_and_allowed(
    value: Decimal, kind: SizeKind, lot: int, cap: int
) -> None:
    units = units_of(Size(kind, value), lot=lot, cap=cap)

    if isinstance(units, Refusal):
        assert units.code in {RefusalCode.SIZE_ZERO, RefusalCode.SIZE_OVER_LIMIT}
        return
    asked = value * lot if kind is SizeKind.LOTS else value
    assert 0 < units.quantity <= min(asked, cap)
    assert units.quantity % lot == 0
    assert asked - units.quantity < lot


def test_the_arithmetic_is_told() -> None:
    units = units_of(Size(SizeKind.LOTS, Decimal("3.2")), lot=65, cap=325)

    assert units == Units(195, "asked 3.2 lots, lot 65, cap 325 ⇒ 195")


def test_nothing_left_and_too_much_are_refusals() -> None:
    too_small = units_of(Size(SizeKind.QUANTITY, Decimal(64)), lot=65, cap=325)
    too_large = units_of(Size(SizeKind.LOTS, Decimal(6)), lot=65, cap=325)

    assert isinstance(too_small, Refusal)
    assert isinstance(too_large, Refusal)
    assert (too_small.code, too_large.code) == (RefusalCode.SIZE_ZERO, RefusalCode.SIZE_OVER_LIMIT)


@given(st.integers(1, 40), lots, st.decimals(0, 100, places=2), st.decimals("0.01", 100, places=2))
def test_a_part_leaves_whole_lots_by_the_ratio(held_lots: int, lot: int, now: Decimal, prev: Decimal) -> None:
    now = min(now, prev)
    held = held_lots * lot

    leaves = part_of(held, now=now, prev=prev, lot=lot).quantity

    assert 0 <= leaves <= held
    assert (held - leaves) % lot == 0
    assert held - leaves == whole_lots(Decimal(held) * now / prev, lot)


def test_flat_leaves_nothing() -> None:
    assert part_of(35, now=Decimal(0), prev=Decimal(3), lot=5).quantity == 35
    assert part_of(35, now=Decimal(0), prev=Decimal(0), lot=5).quantity == 35
