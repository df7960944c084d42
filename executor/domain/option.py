"""Options on an underlying: which rule chooses the contract, and the listed contracts it chooses among."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.instrument import Instrument


class OptionType(StrEnum):
    """What is traded; `auto` buys a call where the chart is long and a put where it is short."""

    CE = "CE"
    PE = "PE"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class OptionRule:
    """How an underlying's alert becomes an option's contract, as the alert or the strategy words it.

    `strike`: ATM, ATM+1 (one listed strike higher), OTM2, ITM1, a strike such as 24000, or PREMIUM120 (the one whose
    price is nearest to ₹120). `expiry`: nearest, weekly, next-weekly, monthly or a date. An expiry fewer than
    `min_days` calendar days away is not taken.
    """

    type: OptionType
    strike: str
    expiry: str
    min_days: int = 0


@dataclass(frozen=True, slots=True)
class OptionChain:
    """The listed options, calls and puts, of the one expiry that a rule means. The strike is chosen by price, once,
    when the bracket opens. `underlying` is what the chart shows: an index, a share or a future.
    """

    underlying: Instrument
    contracts: tuple[Instrument, ...]
    rule: OptionRule
