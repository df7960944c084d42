"""What an order would need and cost: margin/v1/batch and brokerage/v1/estimateCharges (smartapi.md 2.15)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Side
from executor.simulator.exchange.positions import money_needed
from executor.simulator.simulation import Simulation
from executor.simulator.wire.answers import Answer, Call, refused, success

_MOST_POSITIONS = 50
#: Of the value: what the exchange takes, and the stamp duty of a purchase. Round figures: an estimate of an estimate.
_EXCHANGE_SHARE, _STAMP_SHARE = Decimal("0.00003"), Decimal("0.00015")
_BROKERAGE, _GST_SHARE = Decimal(20), Decimal("0.18")


def margin(simulation: Simulation, call: Call) -> Answer:
    """Answer what the positions would tie up together; spreads bring no benefit here."""
    rows = (call.body or {}).get("positions")
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_POSITIONS:
        return refused("AB1007", "INVALID PARAMETERS")
    needs = [_need(simulation, row) for row in rows]
    if None in needs:
        return refused("AB1018", "Failed to get symbol details")
    found = [need for need in needs if need is not None]
    sums = {part: sum((need.get(part, Decimal(0)) for need in found), Decimal(0)) for part in _PARTS}
    components = {part: float(value) for part, value in sums.items()}
    return success({"totalMarginRequired": float(sum(sums.values())), "marginComponents": components | _UNUSED})


_PARTS = ("netPremium", "spanMargin", "deliveryMargin", "nonNFOMargin")
_UNUSED = {"marginBenefit": 0, "totOptionsPremium": 0}


def charges(simulation: Simulation, call: Call) -> Answer:
    """Answer what orders would cost beside their price, part by part."""
    rows = (call.body or {}).get("orders")
    if not isinstance(rows, list) or not rows:
        return refused("AB1007", "INVALID PARAMETERS")
    found = [_asked(simulation, row, quantity="quantity") for row in rows]
    if None in found:
        return refused("AB1018", "Failed to get symbol details")
    each = [_summary(value, row) for (_, value), row in zip(filter(None, found), rows, strict=True)]
    total = {name: sum(one[name] for one in each) for name in ("total_charges", "trade_value")}
    names = [part["name"] for part in each[0]["breakup"]]
    breakup = [_part(name, sum(one["breakup"][n]["amount"] for one in each)) for n, name in enumerate(names)]
    return success({"summary": {**total, "breakup": breakup}, "charges": each})


def _need(simulation: Simulation, row: Any) -> dict[str, Decimal] | None:
    asked = _asked(simulation, row, quantity="qty")
    if asked is None or row.get("tradeType") not in tuple(Side):
        return None
    instrument, value = asked
    side, product = Side(row["tradeType"]), str(row.get("productType"))
    need = money_needed(instrument, side, product=product, quantity=1, price=value)
    if instrument.is_option and side is Side.BUY:
        return {"netPremium": need}
    if product == "DELIVERY":
        return {"deliveryMargin": need}
    return {"nonNFOMargin" if instrument.exchange != "NFO" else "spanMargin": need}


def _asked(simulation: Simulation, row: Any, *, quantity: str) -> tuple[Instrument, Decimal] | None:
    """The contract of a row and the value of the trade; None for what there is not."""
    if not isinstance(row, Mapping):
        return None
    key = (str(row.get("exchange")), str(row.get("token")))
    if key not in simulation.exchange.walks:
        return None
    try:
        value = Decimal(str(row.get(quantity))) * Decimal(str(row.get("price")))
    except InvalidOperation:
        return None
    return simulation.exchange.walk(key).instrument, value


def _summary(value: Decimal, row: Mapping[str, Any]) -> dict[str, Any]:
    brokerage = Decimal(0) if row.get("product_type") == "DELIVERY" else min(_BROKERAGE, value * Decimal("0.0003"))
    taken = value * _EXCHANGE_SHARE
    stamp = value * _STAMP_SHARE if row.get("transaction_type") == "BUY" else Decimal(0)
    taxes = (brokerage + taken) * _GST_SHARE
    parts = {"Angel One Brokerage": brokerage, "External Charges": taken + stamp, "Taxes": taxes}
    return {
        "total_charges": float(round(brokerage + taken + stamp + taxes, 4)),
        "trade_value": float(value),
        "breakup": [_part(name, float(round(amount, 4))) for name, amount in parts.items()],
    }


def _part(name: str, amount: float) -> dict[str, Any]:
    return {"name": name, "amount": amount, "msg": "", "breakup": []}
