"""Targets take parts of a position: whole lots, never more than there is, what rounding leaves goes to those behind."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.levels import share_out

lots = st.sampled_from((1, 5, 65))
counts = st.integers(0, 60)
parts = st.lists(st.decimals(0, 60, places=2), max_size=6)


def within_whole(shares: list[Decimal]) -> list[Decimal]:
    """The shares as far as they fit into 100 percent."""
    return [share for number, share in enumerate(shares) if sum(shares[: number + 1]) <= 100]


@given(counts, lots, parts)
def test_parts_are_whole_lots_that_come_to_what_all_shares_ask(count: int, lot: int, shares: list[Decimal]) -> None:
    shares = within_whole(shares)

    parts_of = share_out(count * lot, shares, lot=lot)

    assert len(parts_of) == len(shares)
    assert all(part >= 0 and part % lot == 0 for part in parts_of)
    asked = count * lot * sum(shares) / 100
    assert asked - lot < sum(parts_of) <= asked
    assert all(abs(part - count * lot * share / 100) < lot for part, share in zip(parts_of, shares, strict=True))


@given(counts, lots, st.lists(st.integers(1, 99), max_size=5, unique=True))
def test_shares_of_the_whole_take_every_unit(count: int, lot: int, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 100]
    shares = [Decimal(after - before) for before, after in itertools.pairwise(edges)]

    assert sum(share_out(count * lot, shares, lot=lot)) == count * lot


@given(st.integers(0, 500), st.integers(0, 100), lots, parts)
def test_more_units_never_take_from_the_targets_in_front(less: int, more: int, lot: int, shares: list[Decimal]) -> None:
    """So what a target has sold stays sold when an entry goes on filling; together the parts only grow."""
    shares = within_whole(shares)

    before, after = (share_out(units, shares, lot=lot) for units in (less, less + more))

    for reach in range(len(shares) + 1):
        assert sum(before[:reach]) <= sum(after[:reach])


@given(st.integers(0, 500), lots, parts)
def test_odd_units_are_never_shared_out_twice(units: int, lot: int, shares: list[Decimal]) -> None:
    """A hand in the broker's app may leave less than whole lots."""
    parts_of = share_out(units, within_whole(shares), lot=lot)

    assert all(part >= 0 for part in parts_of)
    assert sum(parts_of) <= units


@pytest.mark.parametrize(
    ("units", "shares", "lot", "expected"),
    [
        (100, ("50", "30", "20"), 1, (50, 30, 20)),
        (10, ("33.33", "33.33", "33.34"), 1, (3, 3, 4)),
        (130, ("50", "50"), 65, (65, 65)),
        (65, ("50", "50"), 65, (0, 65)),
        (195, ("10", "40"), 65, (0, 65)),
        (10, ("25", "25"), 1, (2, 3)),
        (10, ("0", "100"), 1, (0, 10)),
        (10, (), 1, ()),
        (0, ("100",), 1, (0,)),
    ],
)
def test_parts_by_example(units: int, shares: tuple[str, ...], lot: int, expected: tuple[int, ...]) -> None:
    """A share below a lot gets none and its part goes to the next; shares below 100 leave the rest to the stop."""
    assert share_out(units, [Decimal(share) for share in shares], lot=lot) == expected
