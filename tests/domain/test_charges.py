"""Estimated charges: worked examples against the published rates, and what holds for every order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.config.charges import load_tariff
from executor.domain.charges import Chargeable, estimate
from executor.domain.instrument import ContractClass, Segment
from executor.domain.order import Side
from executor.domain.strategy import Product

TARIFF = load_tariff()
NOV_2026 = date(2026, 11, 25)
INTRADAY = Chargeable(Segment.NSE, ContractClass.CASH, Product.INTRADAY)
DELIVERY = Chargeable(Segment.NSE, ContractClass.CASH, Product.DELIVERY)
FUTURE = Chargeable(Segment.NFO, ContractClass.INDEX_FUTURE, Product.CARRYFORWARD)
OPTION = Chargeable(Segment.NFO, ContractClass.INDEX_OPTION, Product.INTRADAY)

values = st.decimals(0, 100_000_000, places=2)
orders = st.sampled_from(sorted({order for _, order in TARIFF}))
days = st.dates(date(2020, 1, 1), date(2027, 12, 31))


def charged(order: Chargeable, side: Side, value: str, day: date = NOV_2026) -> str:
    return str(estimate(TARIFF, order, side=side, value=Decimal(value), day=day))


@pytest.mark.parametrize(
    ("order", "side", "value", "rupees"),
    [
        # brokerage 20 + exchange 3.07 + SEBI 0.10 = 23.17; GST 4.1706; stamp 3
        (INTRADAY, Side.BUY, "100000", "30.34"),
        # the same 23.17 and GST; STT 25
        (INTRADAY, Side.SELL, "100000", "52.34"),
        # brokerage 0.30 + exchange 0.0307 + SEBI 0.001 = 0.3317; GST 0.059706; stamp 0.03
        (INTRADAY, Side.BUY, "1000", "0.42"),
        # at least 2 rupees: 2 + 0.0307 + 0.001; GST 0.365706; STT 1; stamp 0.15
        (DELIVERY, Side.BUY, "1000", "3.55"),
        # 20 + 36.60 + 2 = 58.60; GST 10.548; STT 1000
        (FUTURE, Side.SELL, "2000000", "1069.15"),
        # 20 + 3.553 + 0.01 = 23.563; GST 4.24134; stamp 0.30
        (OPTION, Side.BUY, "10000", "28.10"),
        # the same; STT 15 of the premium
        (OPTION, Side.SELL, "10000", "42.80"),
    ],
)
def test_an_order_is_charged_as_the_lists_say(order: Chargeable, side: Side, value: str, rupees: str) -> None:
    assert charged(order, side, value) == rupees


def test_a_new_rate_counts_from_its_day_on() -> None:
    # STT on the sale of a future rose from 0.02 % to 0.05 %: 300 rupees more on ten lakh
    before = Decimal(charged(FUTURE, Side.SELL, "1000000", date(2026, 3, 31)))
    after = Decimal(charged(FUTURE, Side.SELL, "1000000", date(2026, 4, 1)))

    assert after - before == 300


def test_before_all_rates_the_oldest_is_the_guess() -> None:
    assert charged(OPTION, Side.BUY, "10000", date(2000, 1, 3)) == charged(OPTION, Side.BUY, "10000")


def test_nothing_filled_costs_nothing() -> None:
    assert charged(FUTURE, Side.BUY, "0") == "0"


@given(orders, st.sampled_from(Side), values, values, days)
def test_charges_are_never_negative_and_never_fall_with_the_value(
    order: Chargeable, side: Side, one: Decimal, other: Decimal, day: date
) -> None:
    small, large = (estimate(TARIFF, order, side=side, value=value, day=day) for value in sorted((one, other)))

    assert 0 <= small <= large
