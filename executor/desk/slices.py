"""Freeze slices: one order may have fewer units than the exchange's freeze quantity; a larger leg is several orders.

A slice is an attempt of its leg (DESIGN 3a): a leg of more units than `largest` has several orders side by side, each
with a tag, an intent and a permit of its own. A position that fits into one order is handled by one order a leg, and
whatever else rests for that leg is a twin. For a sliced one quantities decide alone: what its orders may still trade
together, never how many they are.
"""

from __future__ import annotations

from decimal import Decimal

from executor.desk.book import Draft
from executor.domain.bracket import Bracket, Leg
from executor.domain.size import whole_lots

#: The most orders that a position may need. At 8 writes a second (`data/limits.toml`) its stops, or its exits, leave
#: within 2 s: the time in which an exit is priced anew, and with a book read a second inside the 5 s of fill → stop.
MOST = 16


def largest(freeze: int | None, lot: int) -> int | None:
    """The most units that one order may have, in whole lots; None where no limit is known."""
    return None if freeze is None else whole_lots(Decimal(freeze - 1), lot)


def largest_of(bracket: Bracket) -> int | None:
    """The most units of one order of a bracket; a lot at the least, for less cannot be sent."""
    units = largest(bracket.freeze, bracket.lot)
    return None if units is None else max(units, bracket.lot)


def pieces(units: int, most: int | None) -> list[int]:
    """Units cut into orders of at most `most`, the largest first."""
    if most is None or units <= most:
        return [units] if units > 0 else []
    return [most] * (units // most) + ([units % most] if units % most else [])


def slices_of(bracket: Bracket, units: int) -> int:
    """How many orders so many units are; one at the least."""
    return max(1, len(pieces(units, largest_of(bracket))))


def slices_held(draft: Draft, bracket: Bracket) -> int:
    """How many orders the greatest position of a bracket may have needed."""
    return slices_of(bracket, draft.holding(bracket).entered)


def in_slices(draft: Draft, leg: Leg) -> bool:
    """Whether several orders of a leg may rest side by side."""
    bracket = draft.brackets[leg.bracket]
    return max(slices_held(draft, bracket), slices_of(bracket, leg.quantity)) > 1
