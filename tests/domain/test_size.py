"""Units are whole lots, never more than asked or allowed; what a size needs is declared or it is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.size import Units, part_of, units_of, whole_lots
from executor.domain.strategy import ContractsAre, Size, SizeKind
from tests.builders import a_strategy

values = st.decimals(min_value="0.01", max_value=500_000, places=2)
lots = st.integers(1, 500)
caps = st.integers(0, 3000) | st.just(10**9)
prices = st.decimals(min_value="0.05", max_value=5000, places=2)
risks = st.none() | st.decimals(min_value=0, max_value=200, places=4)
capitals = st.none() | st.integers(1, 10_000_000).map(Decimal)


def sized(
    kind: SizeKind,
    value: str,
    *,
    lot: int = 65,
    price: str = "150.45",
    risk: str | None = "1.5",
    cap: int = 325,
    **settings: Any,
) -> Units | Refusal:
    return units_of(
        Size(kind, Decimal(value)),
        strategy=a_strategy(**settings),
        lot=lot,
        price=Decimal(price),
        risk=Decimal(risk) if risk else None,
        cap=cap,
    )


def code_of(units: Units | Refusal) -> RefusalCode | None:
    return units.code if isinstance(units, Refusal) else None


@given(
    values,
    st.sampled_from(SizeKind),
    lots,
    caps,
    prices,
    risks,
    st.builds(lambda capital, are: {"capital": capital, "contracts_are": are}, capitals, st.sampled_from(ContractsAre)),
)
def test_units_are_the_most_whole_lots_within_what_was_asked_and_allowed(
    value: Decimal,
    kind: SizeKind,
    lot: int,
    cap: int,
    price: Decimal,
    risk: Decimal | None,
    settings: dict[str, Any],
) -> None:
    strategy = a_strategy(**settings)

    units = units_of(Size(kind, value), strategy=strategy, lot=lot, price=price, risk=risk, cap=cap)

    if isinstance(units, Refusal):
        assert units.code in {RefusalCode.SIZE_ZERO, RefusalCode.SIZE_OVER_LIMIT, RefusalCode.SIZE_UNDECLARED}
        return
    weight, budget = weighed(kind, value, lot=lot, price=price, risk=risk, settings=settings)
    assert 0 < units.quantity <= cap
    assert units.quantity % lot == 0
    assert units.quantity * weight <= budget < (units.quantity + lot) * weight


def weighed(
    kind: SizeKind, value: Decimal, *, lot: int, price: Decimal, risk: Decimal | None, settings: dict[str, Any]
) -> tuple[Decimal, Decimal]:
    """What one unit takes of what was asked, and how much there is to take."""
    whole = settings["contracts_are"] is ContractsAre.LOTS
    one = Decimal(1)
    return {
        SizeKind.QUANTITY: (one, value),
        SizeKind.LOTS: (one, value * lot),
        SizeKind.CONTRACTS: (one, value * lot if whole else value),
        SizeKind.NOTIONAL: (price, value),
        SizeKind.PERCENT_OF_CAPITAL: (price * 100, value * (settings["capital"] or 0)),
        SizeKind.RISK: (risk or one, value),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "value", "settings", "quantity", "words"),
    [
        (SizeKind.LOTS, "3.2", {}, 195, "asked 3.2 lots, lot 65, cap 325 ⇒ 195"),
        (SizeKind.QUANTITY, "200", {}, 195, "asked 200 quantity, lot 65, cap 325 ⇒ 195"),
        (SizeKind.NOTIONAL, "20000", {}, 130, "asked 20000 rupees at 150.45, lot 65, cap 325 ⇒ 130"),
        (
            SizeKind.PERCENT_OF_CAPITAL,
            "10",
            {"capital": Decimal("200000")},
            130,
            "asked 10 % of the capital 200000 at 150.45, lot 65, cap 325 ⇒ 130",
        ),
        (SizeKind.RISK, "250", {}, 130, "asked 250 rupees at risk, 1.5 a unit, lot 65, cap 325 ⇒ 130"),
        (
            SizeKind.CONTRACTS,
            "2",
            {"contracts_are": ContractsAre.LOTS},
            130,
            "asked 2 contracts (lots), lot 65, cap 325 ⇒ 130",
        ),
        (
            SizeKind.CONTRACTS,
            "75",
            {"contracts_are": ContractsAre.UNITS},
            65,
            "asked 75 contracts (units), lot 65, cap 325 ⇒ 65",
        ),
    ],
)
def test_the_arithmetic_is_told(
    kind: SizeKind, value: str, settings: dict[str, Any], quantity: int, words: str
) -> None:
    assert sized(kind, value, **settings) == Units(quantity, words)


@pytest.mark.parametrize(
    ("kind", "risk", "found"),
    [
        (SizeKind.CONTRACTS, "1.5", "the strategy does not say what contracts are"),
        (SizeKind.PERCENT_OF_CAPITAL, "1.5", "the strategy has no capital"),
        (SizeKind.RISK, None, "a size by risk needs a stop"),
        (SizeKind.RISK, "0", "a size by risk needs a stop"),
    ],
)
def test_a_size_whose_unit_nobody_declared_is_refused(kind: SizeKind, risk: str | None, found: str) -> None:
    units = sized(kind, "100", risk=risk)

    assert units == Refusal(RefusalCode.SIZE_UNDECLARED, found)


def test_nothing_left_and_too_much_are_refusals() -> None:
    assert code_of(sized(SizeKind.QUANTITY, "64")) is RefusalCode.SIZE_ZERO
    assert code_of(sized(SizeKind.LOTS, "5")) is None
    assert code_of(sized(SizeKind.LOTS, "6")) is RefusalCode.SIZE_OVER_LIMIT


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
