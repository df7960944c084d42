"""A position that goes on under another product: bought for the day, kept for delivery. A person wants it, no rule."""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.instrument import Segment
from executor.domain.intent import Call, Refused, Unknown
from executor.domain.strategy import Product


@dataclass(frozen=True, slots=True)
class Conversion:
    """Convert `quantity` units, above zero, of what the account nets in a contract under product `old`."""

    segment: Segment
    symbol: str
    old: Product
    new: Product
    quantity: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The broker said that it did it; its positions show it."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of it, and the calls that were made."""

    answer: Taken | Refused | Unknown
    calls: tuple[Call, ...]
