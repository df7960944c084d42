"""The contracts of one underlying, made by rule: each is known by its token, and none is made before it is asked for.

Invariant: a contract has the same token on every day and in every size of the file. It is made of the family's number,
the day of expiry and the place on the ladder of strikes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from executor.simulator.exchange.instrument import Instrument, InstrumentKey

#: The place on the ladder that is a future's; the middle of the ladder, of which each strike has two.
_FUTURE, _MIDDLE = 999, 249
#: BSE's letter for a month in the symbol of a weekly option (smartapi.md 8.2).
_MONTH_LETTERS = "123456789OND"
_NO_PRICE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Family:
    """Futures and options of one underlying; `width` strikes lie on either side of `spot`."""

    number: int  #: three digits, one for each family of an exchange
    exchange: str
    name: str
    suffix: str  #: IDX, STK or COM
    underlying: InstrumentKey
    spot: Decimal
    lot: int
    freeze: int
    step: Decimal  #: between two strikes
    width: int
    tick: Decimal  #: of futures; options have 0.05 but for commodities
    futures: tuple[date, ...] = ()
    options: tuple[date, ...] = ()
    months: frozenset[date] = frozenset()  #: those of `options` that are monthly: BSE spells them otherwise

    def __iter__(self) -> Iterator[Instrument]:
        for expiry in self.futures:
            yield self._future(expiry)
        for expiry in self.options:
            for place in range(-self.width, self.width + 1):
                if self._strike(place) > 0:
                    yield self._option(expiry, place, "CE")
                    yield self._option(expiry, place, "PE")

    def find(self, token: str) -> Instrument | None:
        """Return the contract of a token that begins with this family's number."""
        day, index = int(token[3:6]), int(token[6:])
        if index == _FUTURE:
            return next((self._future(one) for one in self.futures if _code(one) == day), None)
        place, right = index // 2 - _MIDDLE, "PE" if index % 2 else "CE"
        expiry = next((one for one in self.options if _code(one) == day), None)
        if expiry is None or abs(place) > self.width or self._strike(place) <= 0:
            return None
        return self._option(expiry, place, right)

    def _strike(self, place: int) -> Decimal:
        return (self.spot // self.step + place) * self.step

    def _future(self, expiry: date) -> Instrument:
        native = self.exchange == "BFO"
        return self._contract(
            expiry,
            _FUTURE,
            symbol=f"{self.name}{_spelt(expiry, '%y%b' if native else '%d%b%y')}FUT",
            kind=f"FUT{self.suffix}",
            tick=self.tick,
        )

    def _option(self, expiry: date, place: int, right: str) -> Instrument:
        strike = self._strike(place)
        is_commodity = self.suffix == "COM"
        return self._contract(
            expiry,
            2 * (place + _MIDDLE) + (right == "PE"),
            symbol=f"{self.name}{self._day(expiry)}{strike.normalize():f}{right}",
            kind="OPTFUT" if is_commodity else f"OPT{self.suffix}",
            tick=Decimal("0.10") if is_commodity else Decimal("0.05"),
            strike=strike,
        )

    def _day(self, expiry: date) -> str:
        """The day of expiry as an option's symbol has it."""
        if self.exchange != "BFO":
            return _spelt(expiry, "%d%b%y")
        if expiry in self.months:
            return _spelt(expiry, "%y%b")
        return f"{expiry:%y}{_MONTH_LETTERS[expiry.month - 1]}{expiry:%d}"

    def _contract(
        self, expiry: date, place: int, *, symbol: str, kind: str, tick: Decimal, strike: Decimal | None = None
    ) -> Instrument:
        return Instrument(
            exchange=self.exchange,
            token=f"{self.number}{_code(expiry):03d}{place:03d}",
            symbol=symbol,
            name=self.name,
            kind=kind,
            lot=self.lot,
            tick=tick,
            freeze=self.freeze,
            start=_NO_PRICE,  # it follows
            expiry=_spelt(expiry, "%d%b%Y"),
            strike=strike,
            underlying=self.underlying,
        )


@cache
def _spelt(expiry: date, form: str) -> str:
    return f"{expiry:{form}}".upper()


def _code(expiry: date) -> int:
    """Three digits of a day, different within a thousand days."""
    return expiry.toordinal() % 1000
