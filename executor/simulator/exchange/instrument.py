"""What is traded: one row of the master as the exchange understands it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

#: Prices of an index move in this step; its master row says 0 (smartapi.md 8.2).
_INDEX_TICK = Decimal("0.05")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

InstrumentKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One contract. Tokens are unique only together with the exchange (smartapi.md 8.1)."""

    exchange: str
    token: str
    symbol: str
    name: str
    kind: str  #: the master's instrument type: "" for cash, OPTIDX, FUTSTK, AMXIDX, ...
    lot: int
    tick: Decimal  #: rupees; 0 for an index
    freeze: int  #: the first quantity refused; 0 = none
    start: Decimal  #: the price its walk begins with
    expiry: str = ""  #: as the master spells it: 29DEC2026
    strike: Decimal | None = None  #: rupees
    cautioned: bool = False  #: under surveillance: needs the client's consent
    in_closing_auction: bool = False  #: a share with derivatives, on NSE
    underlying: InstrumentKey | None = None  #: what its price follows; None = it walks by itself

    @property
    def key(self) -> InstrumentKey:
        return (self.exchange, self.token)

    @property
    def is_index(self) -> bool:
        return self.kind == "AMXIDX"

    @property
    def is_traded(self) -> bool:
        """False for what has a price only: an index, a commodity's spot."""
        return self.kind not in ("AMXIDX", "COMDTY")

    @property
    def is_cash(self) -> bool:
        return self.kind == ""

    @property
    def is_option(self) -> bool:
        return self.kind.startswith("OPT")

    @property
    def is_stock(self) -> bool:
        """True for the derivative of a single stock."""
        return self.kind.endswith("STK")

    @property
    def is_commodity(self) -> bool:
        return self.exchange == "MCX"

    @property
    def is_trade_to_trade(self) -> bool:
        return self.is_cash and self.symbol.rpartition("-")[2] in ("BE", "BZ", "ST")

    @property
    def expires(self) -> date | None:
        """Its last day of trading; None for what has none."""
        if not self.expiry:
            return None
        return date(int(self.expiry[5:]), _MONTHS.index(self.expiry[2:5]) + 1, int(self.expiry[:2]))

    @property
    def option_type(self) -> str:
        return self.symbol[-2:] if self.is_option else ""

    @property
    def step(self) -> Decimal:
        """The smallest move of its price, also where the master gives none."""
        return self.tick or _INDEX_TICK

    def floor(self, price: Decimal) -> Decimal:
        return (price / self.step).to_integral_value(ROUND_FLOOR) * self.step

    def ceil(self, price: Decimal) -> Decimal:
        return (price / self.step).to_integral_value(ROUND_CEILING) * self.step

    def ticks(self, price: Decimal) -> int:
        return int((price / self.step).to_integral_value(ROUND_HALF_EVEN))
