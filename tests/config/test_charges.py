"""The file of charges: complete for everything that can be traded, and strict."""

from __future__ import annotations

import pytest

from executor.config.charges import load_tariff
from executor.domain.charges import Charge, Chargeable
from executor.domain.instrument import ContractClass, Segment
from executor.domain.strategy import Product
from executor.errors import ConfigError

ROW = """
[[charge]]
what = "tax"
valid_from = 2026-04-01
segments = ["NFO"]
kinds = ["INDEX_OPTION"]
sell = 0.15
"""
OPTION = Chargeable(Segment.NFO, ContractClass.INDEX_OPTION, Product.INTRADAY)
_EQUITY: list[ContractClass] = [
    kind for kind in ContractClass if kind is not ContractClass.CASH and not kind.startswith("COMMODITY")
]
_TRADED: dict[Segment, list[ContractClass]] = {
    Segment.NSE: [ContractClass.CASH],
    Segment.BSE: [ContractClass.CASH],
    Segment.NFO: _EQUITY,
    Segment.BFO: _EQUITY,
    Segment.MCX: [ContractClass.COMMODITY_FUTURE, ContractClass.COMMODITY_OPTION],
}


def test_every_charge_is_told_for_everything_that_can_be_traded() -> None:
    traded = [(segment, kind) for segment, kinds in _TRADED.items() for kind in kinds]
    wanted = {(charge, Chargeable(*place, of)) for charge in Charge for place in traded for of in Product}

    assert wanted - set(load_tariff()) == set()


def test_rates_stand_in_the_order_of_their_days_however_the_file_has_them() -> None:
    later = ROW.replace("2026", "2027").replace("0.15", "0.2")

    rates = load_tariff(later + ROW)[Charge.TAX, OPTION]

    assert [(rate.valid_from.year, str(rate.sell)) for rate in rates] == [(2026, "0.15"), (2027, "0.2")]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ROW.replace("0.15", "-0.15"), "charge.0.sell"),
        (ROW.replace("2026-04-01", '"soon"'), "charge.0.valid_from is 'soon'; give a date"),
        (ROW.replace('"tax"', '"fee"'), "charge.0.what"),
        (ROW.replace('["NFO"]', "[]"), "charge.0.segments"),
        (ROW + "share = 1\n", "charge.0.share is no field"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_wrong(wrong: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"charges\.toml") as error:
        load_tariff(wrong)

    assert told in str(error.value)
