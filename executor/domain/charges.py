"""What an order costs beside its price: an estimate from published rates, never what the contract note will say.

Brokerage is by order, so an order of one day is the unit. Left out, because nothing here knows them: depository
charges of a delivery's sale, interest of a margin loan, call and square-off fees, the tax on an exercised option.
A delivery that is left on its day is estimated as one that stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from executor.domain.instrument import ContractClass, Segment
from executor.domain.order import Side
from executor.domain.strategy import Product

PAISA = Decimal("0.01")
_NONE = Decimal(0)
_PERCENT = Decimal(100)


class Charge(StrEnum):
    """`TAX` is STT or CTT, `REGULATOR` the turnover fee of SEBI; GST is on brokerage, exchange and regulator."""

    BROKERAGE = "brokerage"
    TAX = "tax"
    EXCHANGE = "exchange"
    REGULATOR = "regulator"
    STAMP = "stamp"
    GST = "gst"


#: What GST is levied on.
_GST_ON = (Charge.BROKERAGE, Charge.EXCHANGE, Charge.REGULATOR)


class Chargeable(NamedTuple):
    """What decides which rates an order has."""

    segment: Segment
    kind: ContractClass
    product: Product


@dataclass(frozen=True, slots=True)
class Rate:
    """Percent of the value of a purchase or a sale, from a day on; rupees `least` and `most` an order."""

    valid_from: date
    buy: Decimal
    sell: Decimal
    least: Decimal = _NONE
    most: Decimal | None = None

    def of(self, value: Decimal, side: Side) -> Decimal:
        """Rupees on a value above zero."""
        found = max(self.least, value * (self.buy if side is Side.BUY else self.sell) / _PERCENT)
        return found if self.most is None else min(found, self.most)


#: The rates of each charge on each kind of order, oldest first.
Tariff = Mapping[tuple[Charge, Chargeable], tuple[Rate, ...]]


def estimate(tariff: Tariff, order: Chargeable, *, side: Side, value: Decimal, day: date) -> Decimal:
    """Estimate all charges on what one order filled on one day, in rupees, rounded to the paisa; `value` in rupees."""
    if value <= 0:
        return _NONE
    rates = {charge: _rate(tariff[charge, order], day) for charge in Charge if (charge, order) in tariff}
    gst = rates.pop(Charge.GST, None)
    each = {charge: rate.of(value, side) for charge, rate in rates.items()}
    taxed = sum((each.get(charge, _NONE) for charge in _GST_ON), _NONE)
    on_top = gst.of(taxed, side) if gst is not None else _NONE
    return (sum(each.values(), _NONE) + on_top).quantize(PAISA, ROUND_HALF_UP)


def _rate(rates: tuple[Rate, ...], day: date) -> Rate:
    """The newest that began by this day; before all of them the oldest is the best guess."""
    return next((rate for rate in reversed(rates) if rate.valid_from <= day), rates[0])
