from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.bracket import Leg, Role
from executor.domain.order import Order, OrderState, Side
from executor.domain.position import NOTHING, holding_of
from tests.builders import a_leg, an_order


def filled(role: Role, side: Side, quantity: int, average: str | None = "100") -> tuple[Leg, Order]:
    price = Decimal(average) if average else None
    return a_leg(role=role, side=side), an_order(filled=quantity, average=price, state=OrderState.CANCELLED)


def test_nothing_filled_holds_nothing() -> None:
    assert holding_of(Side.BUY, []) == NOTHING
    assert NOTHING.held == 0


def test_the_average_is_that_of_the_way_in() -> None:
    holding = holding_of(
        Side.BUY,
        [
            filled(Role.ENTRY, Side.BUY, 10, "100"),
            filled(Role.ENTRY, Side.BUY, 30, "104"),
            filled(Role.TARGET, Side.SELL, 5, "110"),
        ],
    )

    assert (holding.entered, holding.left, holding.held, holding.average) == (40, 5, 35, Decimal(103))


def test_an_average_not_yet_told_is_the_price_that_was_sent() -> None:
    assert holding_of(Side.BUY, [filled(Role.ENTRY, Side.BUY, 10, None)]).average == Decimal("150.15")


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.sampled_from(list(Side)))
def test_what_overshot_counts_against_and_what_is_undone_counts_back(
    came: int, left: int, back: int, side: Side
) -> None:
    holding = holding_of(
        side,
        [
            filled(Role.ENTRY, side, came),
            filled(Role.STOP, side.opposite, left),
            filled(Role.EXIT, side, back, "999"),
        ],
    )

    assert holding.held == came - left + back
    assert holding.average == (Decimal(100) if came else None)
