from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.matching import protected_price
from executor.simulator.exchange.orders import Side
from executor.simulator.master import instruments


def _listed(exchange: str, token: str) -> Instrument:
    listed = {instrument.key: instrument for instrument in instruments(date(2026, 11, 25))}
    return listed[(exchange, token)]


@pytest.mark.parametrize(
    ("exchange", "token", "ltp", "buy", "sell"),
    [
        ("NSE", "2885", "2400", "2412.00", "2388.00"),  # cash 0.5 %
        ("NFO", "53001", "25000", "25125.00", "24875.00"),  # index future 0.5 %
        ("NFO", "2885", "1400", "1414.00", "1386.00"),  # stock future 1 %
        ("NFO", "44000", "8", "9.60", "6.40"),  # index option 20, 10, 5, 2.5 %
        ("NFO", "44000", "10", "11.00", "9.00"),
        ("NFO", "44000", "40", "42.00", "38.00"),
        ("NFO", "44000", "100", "102.50", "97.50"),
        ("NFO", "71200", "8", "11.20", "4.80"),  # stock option: twice that
        ("MCX", "467001", "5600", "5656.00", "5544.00"),  # commodity future 1 %
        ("MCX", "467100", "100", "102.50", "97.50"),
    ],
)
def test_market_is_protected_by_the_band_of_its_kind(exchange, token, ltp, buy, sell):
    instrument = _listed(exchange, token)

    prices = [protected_price(instrument, side, ltp=Decimal(ltp)) for side in Side]

    assert prices == [Decimal(buy), Decimal(sell)]


def test_protected_price_lies_on_the_tick_on_the_far_side_and_above_zero():
    instrument = _listed("NSE", "3045")

    prices = [protected_price(instrument, side, ltp=Decimal("810.05")) for side in Side]

    assert prices == [Decimal("814.15"), Decimal("805.95")]
    assert protected_price(instrument, Side.SELL, ltp=Decimal("0.05")) == Decimal("0.05")
