"""As many rows as the real file has, in its proportions, from shares and commodities that do not exist.

Nothing is kept of them but how they are made: a row is a function of its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.master.days import THURSDAY, TUESDAY, Days
from executor.simulator.master.family import Family
from executor.simulator.master.universe import REAL, Facts, before, families, stock_family

#: What share of the rows each segment has, in thousandths; BSE's shares take the rest.
_NSE, _NFO, _BFO, _MCX, _CDS, _NCDEX = 50, 520, 220, 95, 50, 5
#: How many shares have derivatives on either exchange; families' numbers go on from 300.
_STOCKS, _STOCKS_ON_BSE, _FIRST = 200, 120, 300
_COMMODITIES = ("GOLD", "SILVER", "SILVERM", "SILVERMIC", "GOLDPETAL", "COPPER", "ZINC", "ALUMINIUM", "LEAD", "NICKEL")
_SYLLABLES = ("KA", "RI", "MO", "TE", "SU", "VA", "NI", "LO", "PE", "DU", "SHA", "BHI", "GO", "ME", "RU", "TA", "YA")
_LETTERS = 4
#: Series beside EQ: one share in five has one of them.
_SERIES = ("BE", "SM", "ST", "GB", "SG", "N1", "IV", "BZ")
#: Coprime to everything it is taken by, so that neighbours look unlike.
_SCATTER = 7919


@dataclass(frozen=True, slots=True)
class Shares:
    """Rows of cash (or of commodities' spot prices), numbered from 0; the first `with_derivatives` have contracts."""

    number: int
    exchange: str
    count: int
    with_derivatives: int = 0

    def __iter__(self) -> Iterator[Instrument]:
        return (self._row(number) for number in range(self.count))

    def find(self, token: str) -> Instrument | None:
        number = int(token[3:])
        return self._row(number) if number < self.count else None

    def key(self, number: int) -> InstrumentKey:
        return (self.exchange, f"{self.number}{number:06d}")

    def _row(self, number: int) -> Instrument:
        name, is_spot = _COMMODITIES[number] if self.exchange == "MCX" else _name(number), self.exchange == "MCX"
        return Instrument(
            exchange=self.exchange,
            token=self.key(number)[1],
            symbol=f"{name}-{self._series(number)}" if self.exchange == "NSE" else name,
            name=name,
            kind="COMDTY" if is_spot else "",
            lot=1,
            tick=Decimal("0.05"),
            freeze=100_001 if self.exchange == "NSE" else 0,
            start=Decimal(_spot(number)),
            in_closing_auction=number < self.with_derivatives,
        )

    def _series(self, number: int) -> str:
        has_own = number >= self.with_derivatives and number % 5 == 0
        return _SERIES[number // 5 % len(_SERIES)] if has_own else "EQ"


class RealSize:
    """The blocks of a file of about `size` rows."""

    def __init__(self, days: Days, size: int) -> None:
        self._days = days
        self._nse = Shares(901, "NSE", size * _NSE // 1000, with_derivatives=_STOCKS)
        self.strangers = {"currencies": size * _CDS // 1000, "farm": size * _NCDEX // 1000}
        named = list(families(days, REAL))
        made: list[Family] = []
        for exchange, part in (("NFO", _NFO), ("BFO", _BFO), ("MCX", _MCX)):
            room = size * part // 1000 - sum(_length(one) for one in named if one.exchange == exchange)
            made += self._commodities(room) if exchange == "MCX" else self._stocks(exchange, room)
        spots = Shares(902, "MCX", len(_COMMODITIES))
        others = sum(map(_length, [*named, *made])) + self._nse.count + spots.count + sum(self.strangers.values())
        shares_of_bse = Shares(901, "BSE", max(_STOCKS, size - others))
        self.blocks: list[Family | Shares] = [self._nse, shares_of_bse, spots, *named, *made]

    def _stocks(self, exchange: str, room: int) -> Iterator[Family]:
        weekday, count = (TUESDAY, _STOCKS) if exchange == "NFO" else (THURSDAY, _STOCKS_ON_BSE)
        months = tuple(self._days.months(weekday))
        width = _width(room // count, expiries=len(months))
        for number in range(count):
            yield stock_family(
                exchange,
                _facts(number, _name(number), width),
                months=months,
                ahead=REAL,
                underlying=self._nse.key(number),
            )

    def _commodities(self, room: int) -> Iterator[Family]:
        months = tuple(self._days.monthly(19))
        spots = Shares(902, "MCX", len(_COMMODITIES))
        for number, name in enumerate(_COMMODITIES):
            _, _, spot, lot, freeze, step, _, width = _facts(
                number, name, _width(room // len(_COMMODITIES), expiries=len(months))
            )
            yield Family(
                number=_FIRST + number,
                exchange="MCX",
                name=name,
                suffix="COM",
                underlying=spots.key(number),
                spot=Decimal(spot),
                lot=lot,
                freeze=freeze,
                step=Decimal(step),
                width=width,
                tick=Decimal("1.00"),
                futures=months,
                options=tuple(before(self._days, one) for one in months),
            )


def _name(number: int) -> str:
    """A name that no share has: four syllables."""
    code, text = number * _SCATTER % len(_SYLLABLES) ** _LETTERS, ""
    for _ in range(_LETTERS):
        code, syllable = divmod(code, len(_SYLLABLES))
        text += _SYLLABLES[syllable]
    return text


def _spot(number: int) -> int:
    return 200 + number * _SCATTER % 3800


def _facts(number: int, name: str, width: int) -> Facts:
    """A lot is worth about eight lakh rupees; strikes lie half a percent apart."""
    spot = _spot(number)
    lot = max(25, 800_000 // spot // 25 * 25)
    return (_FIRST + number, name, str(spot), lot, 100 * lot + 1, str(Decimal(max(1, spot // 100)) / 2), "0.05", width)


def _length(family: Family) -> int:
    return len(family.futures) + len(family.options) * 2 * (2 * family.width + 1)


def _width(room: int, *, expiries: int) -> int:
    """How many strikes to either side fill so many rows."""
    return max(3, ((room - expiries) // expiries // 2 - 1) // 2)
