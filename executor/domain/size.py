"""How many units: from the rule of alert or strategy to whole lots, with the arithmetic in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Size, SizeKind


@dataclass(frozen=True, slots=True)
class Units:
    """Whole lots in units, and how they came about ("asked 3 lots of 65 ⇒ 195")."""

    quantity: int
    words: str


def units_of(size: Size, *, lot: int, cap: int) -> Units | Refusal:
    """Units for an entry: rounded down to whole lots. More than the cap, or nothing left, is a refusal."""
    asked = size.value * lot if size.kind is SizeKind.LOTS else size.value
    quantity = whole_lots(asked, lot)
    words = f"asked {size.value.normalize():f} {size.kind}, lot {lot}, cap {cap} ⇒ {quantity}"
    if quantity <= 0:
        return Refusal(RefusalCode.SIZE_ZERO, words)
    if quantity > cap:
        return Refusal(RefusalCode.SIZE_OVER_LIMIT, words)
    return Units(quantity, words)


def part_of(held: int, *, now: Decimal, prev: Decimal, lot: int) -> Units:
    """Units of a reduction by ratio now ÷ prev of what we hold; whole lots stay, to flat when now is flat."""
    stay = whole_lots(held * now / prev, lot) if prev else 0
    return Units(held - stay, f"held {held}, chart {prev.normalize():f} → {now.normalize():f} ⇒ {held - stay} leave")


def whole_lots(asked: Decimal, lot: int) -> int:
    """The units in whole lots not above `asked`."""
    return int((asked / lot).to_integral_value(ROUND_FLOOR)) * lot
