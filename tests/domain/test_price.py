"""Bands, slippage and limits of every class of contract: on the tick, and never beyond what is allowed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from executor.domain.instrument import ContractClass
from executor.domain.order import Side
from executor.domain.price import band_of, entry_limit, marketable, nearer, on_tick, slippage_of, stop_limit
from tests.domain.given import a_contract, classes, prices, sides, ticks

TICK = Decimal("0.05")


@pytest.mark.parametrize("kind", ContractClass)
def test_a_contract_is_of_the_class_that_its_kind_name_and_segment_tell(kind: ContractClass) -> None:
    assert a_contract(kind).contract_class is kind


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (ContractClass.CASH, "0.005"),
        (ContractClass.STOCK_FUTURE, "0.01"),
        (ContractClass.INDEX_FUTURE, "0.005"),
        (ContractClass.COMMODITY_FUTURE, "0.01"),
    ],
)
def test_cash_and_futures_have_one_band_at_any_price(kind: ContractClass, part: str) -> None:
    """smartapi.md 4.2."""
    assert {band_of(kind, Decimal(last)) for last in ("0.05", "9", "20", "50", "24000")} == {Decimal(part)}


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (ContractClass.INDEX_OPTION, ("0.20", "0.10", "0.05", "0.025")),
        (ContractClass.STOCK_OPTION, ("0.40", "0.20", "0.10", "0.05")),
        (ContractClass.COMMODITY_OPTION, ("0.20", "0.10", "0.05", "0.025")),
    ],
)
def test_the_band_of_an_option_narrows_in_steps_of_its_price(kind: ContractClass, parts: tuple[str, ...]) -> None:
    """smartapi.md 4.2; at an edge the narrower of the two bands counts."""
    on_steps = [("0.05", 0), ("9.95", 0), ("10", 1), ("19.95", 1), ("20", 2), ("49.95", 2), ("50", 3), ("900", 3)]

    found = [band_of(kind, Decimal(last)) for last, _ in on_steps]

    assert found == [Decimal(parts[step]) for _, step in on_steps]


def test_the_brokers_own_example_of_a_protected_price() -> None:
    """smartapi.md 4.2: cash, last price 2400, buy."""
    assert marketable(Decimal(2400), Side.BUY, tick=TICK, kind=ContractClass.CASH) == Decimal(2412)
    assert marketable(Decimal(2400), Side.SELL, tick=TICK, kind=ContractClass.CASH) == Decimal(2388)


@pytest.mark.parametrize(
    ("kind", "reference", "rupees"),
    [
        (ContractClass.CASH, "1000", "3"),
        (ContractClass.INDEX_FUTURE, "24000", "36"),
        (ContractClass.STOCK_FUTURE, "1000", "1.5"),
        (ContractClass.COMMODITY_FUTURE, "70000", "105"),
        (ContractClass.INDEX_OPTION, "100", "3"),
        (ContractClass.STOCK_OPTION, "30", "1"),
        (ContractClass.COMMODITY_OPTION, "7", "1"),
        (ContractClass.INDEX_OPTION, "33.30", "1"),
        (ContractClass.INDEX_OPTION, "33.35", "1.0005"),
    ],
)
def test_slippage_is_by_class_and_for_options_a_rupee_at_least(
    kind: ContractClass, reference: str, rupees: str
) -> None:
    """DESIGN: Entry life."""
    assert slippage_of(kind, Decimal(reference)) == Decimal(rupees)


@pytest.mark.parametrize("reference", ["3", "6", "7", "9", "11.10", "13", "23", "29.95"])
def test_a_rupee_of_slippage_is_a_whole_one(reference: str) -> None:
    """No tick is lost to a division that does not end."""
    told = Decimal(reference)
    kind = ContractClass.STOCK_OPTION

    buy = entry_limit(told, told, Side.BUY, tick=TICK, kind=kind, slippage=None)
    sell = entry_limit(told, told, Side.SELL, tick=TICK, kind=kind, slippage=None)

    assert (buy, sell) == (told + 1, told - 1)


@given(prices, ticks)
def test_a_price_on_the_tick_is_the_nearest_on_the_asked_side(price: Decimal, tick: Decimal) -> None:
    up, down = on_tick(price, tick, up=True), on_tick(price, tick, up=False)

    assert up % tick == down % tick == 0
    assert price - tick < down <= price <= up < price + tick


@given(classes, prices, sides, ticks)
def test_a_marketable_price_is_the_last_one_on_the_tick_inside_the_band(
    kind: ContractClass, last: Decimal, side: Side, tick: Decimal
) -> None:
    price = marketable(last, side, tick=tick, kind=kind)

    assert price % tick == 0
    beyond = (price - last) * side.sign
    assert beyond <= last * band_of(kind, last) < beyond + tick


@given(classes, prices, prices, sides, ticks)
def test_an_entry_pays_at_most_band_and_slippage(
    kind: ContractClass, last: Decimal, told: Decimal, side: Side, tick: Decimal
) -> None:
    limit = entry_limit(last, told, side, tick=tick, kind=kind, slippage=None)
    own = entry_limit(last, told, side, tick=tick, kind=kind, slippage=Decimal("0.001"))

    rupees = {ContractClass.CASH: told * Decimal("0.003")}.get(kind, told * Decimal("0.0015"))
    if "OPTION" in kind:
        rupees = max(Decimal(1), told * Decimal("0.03"))
    assert limit % tick == own % tick == 0
    assert (limit - last) * side.sign <= last * band_of(kind, last)
    assert (limit - told) * side.sign <= rupees
    assert (own - told) * side.sign <= told * Decimal("0.001")


@given(classes, prices, sides, ticks)
def test_a_stops_limit_lies_beyond_its_trigger_by_at_most_twice_the_band(
    kind: ContractClass, price: Decimal, side: Side, tick: Decimal
) -> None:
    """`side` is that of the stop order."""
    trigger = on_tick(price, tick, up=True)

    gap = (stop_limit(trigger, side, tick=tick, kind=kind) - trigger) * side.sign

    assert 0 <= gap <= trigger * 2 * band_of(kind, trigger) < gap + tick


def test_the_nearer_limit_pays_less_or_asks_more() -> None:
    assert nearer(Decimal(99), Decimal(101), Side.BUY) == 99
    assert nearer(Decimal(99), Decimal(101), Side.SELL) == 101
