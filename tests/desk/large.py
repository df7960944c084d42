"""A position in slices, as the exchange tells of it: 60 units of which one order takes 24 at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.house import House

Sliced = Callable[..., House]
#: The first quantity refused; so 60 are three orders of 24, 24 and 12.
FREEZE = 25


def enter(house: House, units: int = 60) -> Any:
    signal = house.signal("buy", price="800", size={"quantity": str(units)})
    house.run(8)
    return signal


def open_units(rows: list[Any]) -> list[int]:
    """What each order may still trade, the largest first."""
    return sorted((row["quantity"] - row["filled"] for row in rows), reverse=True)


def stops(house: House) -> list[int]:
    return open_units(house.working(type="STOPLOSS_LIMIT"))


def none_is_too_large(house: House) -> bool:
    asked = house.requests("placeOrder") + house.requests("modifyOrder")
    return all(int(row["body"]["quantity"]) < FREEZE for row in asked) and all(
        row["quantity"] < FREEZE for row in house.orders()
    )
