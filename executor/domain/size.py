"""How many units: from the rule of alert or strategy to whole lots, with the arithmetic in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import assert_never

from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import ContractsAre, Size, SizeKind, Strategy


@dataclass(frozen=True, slots=True)
class Units:
    """Whole lots in units, and how they came about ("asked 3 lots of 65 ⇒ 195")."""

    quantity: int
    words: str


def units_of(
    size: Size, *, strategy: Strategy, lot: int, price: Decimal, risk: Decimal | None, cap: int | None
) -> Units | Refusal:
    """Units for an entry, or for a part that leaves (`cap` None), rounded down to whole lots; over the cap, or nothing,
    is refused.

    `price` is the most a unit may be worth when it fills, `risk` the rupees it then loses when the stop hits (None: no
    stop).
    """
    found = _asked(size, strategy, lot, price=price, risk=risk)
    if isinstance(found, Refusal):
        return found
    asked, how = found
    quantity = whole_lots(asked, lot)
    capped = "" if cap is None else f", cap {cap}"
    words = f"asked {size.value.normalize():f} {_NAMES[size.kind]}{how}, lot {lot}{capped} ⇒ {quantity}"
    if quantity <= 0:
        return Refusal(RefusalCode.SIZE_ZERO, words)
    if cap is not None and quantity > cap:
        return Refusal(RefusalCode.SIZE_OVER_LIMIT, words)
    return Units(quantity, words)


def part_of(held: int, *, now: Decimal, prev: Decimal, lot: int, coming: int = 0) -> Units:
    """Units of a reduction by ratio now ÷ prev of what we hold; whole lots stay, to flat when now is flat. What is
    still `coming` the chart has already: it counts as held, and is not to come any more.
    """
    stay = min(held, whole_lots((held + coming) * now / prev, lot)) if prev else 0
    rest = f" and {coming} are withdrawn" if coming else ""
    changed = f"chart {prev.normalize():f} → {now.normalize():f}"
    return Units(held - stay, f"held {held}, {changed} ⇒ {held - stay} leave{rest}")


def whole_lots(asked: Decimal, lot: int) -> int:
    """The units in whole lots not above `asked`."""
    return int((asked / lot).to_integral_value(ROUND_FLOOR)) * lot


_NAMES = {kind: kind.value.replace("_", " ") for kind in SizeKind} | {
    SizeKind.NOTIONAL: "rupees",
    SizeKind.PERCENT_OF_CAPITAL: "% of the capital",
    SizeKind.RISK: "rupees at risk",
}


def _asked(
    size: Size, strategy: Strategy, lot: int, *, price: Decimal, risk: Decimal | None
) -> tuple[Decimal, str] | Refusal:
    """Units before rounding, and what was put in."""
    match size.kind:
        case SizeKind.QUANTITY:
            return size.value, ""
        case SizeKind.LOTS:
            return size.value * lot, ""
        case SizeKind.NOTIONAL:
            return size.value / price, f" at {price}"
        case SizeKind.PERCENT_OF_CAPITAL:
            if strategy.capital is None:
                return Refusal(RefusalCode.SIZE_UNDECLARED, "the strategy has no capital")
            return strategy.capital * size.value / 100 / price, f" {strategy.capital:f} at {price}"
        case SizeKind.RISK:
            if not risk:
                return Refusal(RefusalCode.SIZE_UNDECLARED, "a size by risk needs a stop")
            return size.value / risk, f", {risk.normalize():f} a unit"
        case SizeKind.CONTRACTS:
            if strategy.contracts_are is None:
                return Refusal(RefusalCode.SIZE_UNDECLARED, "the strategy does not say what contracts are")
            units = size.value * lot if strategy.contracts_are is ContractsAre.LOTS else size.value
            return units, f" ({strategy.contracts_are})"
        case _:
            assert_never(size.kind)
