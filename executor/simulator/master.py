"""A small instrument master, made for the day the simulation starts on (smartapi.md 8).

It holds each kind of row that a reader of the real file must cope with: names with `&` and hyphens, a stock in the
BE series only, one in EQ and BE, the same name on NSE and BSE, an index, tokens that repeat across segments, a
fractional strike, contracts of NFO, BFO and MCX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from executor.simulator.exchange.instrument import Instrument

_TUESDAY, _THURSDAY = 1, 3

#: exchange, token, symbol, tick, freeze, start price
_CASH = (
    ("NSE", "3045", "SBIN-EQ", "0.05", 420000, "820.00"),
    ("NSE", "2885", "RELIANCE-EQ", "0.10", 250000, "1420.00"),
    ("NSE", "1594", "INFY-EQ", "0.10", 230000, "1510.00"),
    ("NSE", "11536", "TCS-EQ", "0.10", 110000, "3120.00"),
    ("NSE", "1333", "HDFCBANK-EQ", "0.05", 340000, "985.00"),
    ("NSE", "3499", "TATASTEEL-EQ", "0.01", 1900000, "172.00"),
    ("NSE", "16669", "BAJAJ-AUTO-EQ", "1.00", 36000, "9050.00"),
    ("NSE", "2031", "M&M-EQ", "0.10", 92000, "3600.00"),
    ("NSE", "10604", "BHARTIARTL-EQ", "0.10", 160000, "2080.00"),
    ("NSE", "12018", "SUZLON-EQ", "0.01", 5600000, "58.00"),
    ("NSE", "14404", "SUZLON-BE", "0.01", 5600000, "58.00"),
    ("NSE", "18921", "KIRANVAS-BE", "0.05", 90000, "41.00"),
    ("NSE", "21034", "VARUNTEX-EQ", "0.01", 310000, "17.50"),
    ("BSE", "500112", "SBIN", "0.05", 0, "820.00"),
    ("BSE", "500325", "RELIANCE", "0.05", 0, "1420.00"),
    ("BSE", "500209", "INFY", "0.05", 0, "1510.00"),
    ("BSE", "532540", "TCS", "0.05", 0, "3120.00"),
    ("BSE", "500180", "HDFCBANK", "0.05", 0, "985.00"),
)
_CAUTIONED = ("VARUNTEX-EQ",)

#: exchange, token, symbol, name, start price
_INDICES = (
    ("NSE", "99926000", "Nifty 50", "NIFTY", "25000.00"),
    ("NSE", "99926009", "Nifty Bank", "BANKNIFTY", "56000.00"),
    ("BSE", "99919000", "SENSEX", "SENSEX", "82000.00"),
)


#: strike, price of the call, of the put
_NIFTY_OPTIONS = (
    ("24900", "190", "62"),
    ("25000", "128", "96"),
    ("25100", "79", "148"),
    ("25200", "44", "212"),
)


@dataclass(frozen=True, slots=True)
class _Family:
    """The derivatives of one underlying; symbols as the NSE and MCX rows spell them."""

    exchange: str
    name: str
    suffix: str  #: IDX, STK or COM
    lot: int
    freeze: int

    def future(self, token: str, expiry: date, *, tick: str, start: str) -> Instrument:
        return Instrument(
            exchange=self.exchange,
            token=token,
            symbol=f"{self.name}{expiry:%d%b%y}FUT".upper(),
            name=self.name,
            kind=f"FUT{self.suffix}",
            lot=self.lot,
            tick=Decimal(tick),
            freeze=self.freeze,
            start=Decimal(start),
            expiry=f"{expiry:%d%b%Y}".upper(),
        )

    def option(self, token: str, expiry: date, *, strike: str, right: str, start: str) -> Instrument:
        return replace(
            self.future(token, expiry, tick="0.05", start=start),
            symbol=f"{self.name}{expiry:%d%b%y}{strike}{right}".upper(),
            kind=f"OPT{self.suffix}",
            strike=Decimal(strike),
        )


def instruments(today: date) -> list[Instrument]:
    """Return all instruments of a master published on `today`; expiries lie on or after it."""
    return [*_cash(), *_indices(), *_nfo(today), *_bfo(today), *_mcx(today)]


def rows(listed: Iterable[Instrument]) -> list[dict[str, Any]]:
    """Return the file's rows: all text but the last field, tick and strike times a hundred (smartapi.md 8.1)."""
    return [_row(instrument) for instrument in listed]


def _row(instrument: Instrument) -> dict[str, Any]:
    strike = Decimal(-1) if instrument.strike is None else instrument.strike * 100
    return {
        "token": instrument.token,
        "symbol": instrument.symbol,
        "name": instrument.name,
        "expiry": instrument.expiry,
        "strike": f"{Decimal(0) if instrument.is_index else strike:.6f}",
        "lotsize": str(instrument.lot),
        "instrumenttype": instrument.kind,
        "exch_seg": instrument.exchange,
        "tick_size": f"{instrument.tick * 100:.6f}",
        "freeze_qty": str(instrument.freeze),
        "is_cas_enabled": False,
    }


def _cash() -> Iterator[Instrument]:
    for exchange, token, symbol, tick, freeze, start in _CASH:
        name = symbol.rpartition("-")[0] if exchange == "NSE" else symbol
        yield Instrument(
            exchange=exchange,
            token=token,
            symbol=symbol,
            name=name,
            kind="",
            lot=1,
            tick=Decimal(tick),
            freeze=freeze,
            start=Decimal(start),
            cautioned=symbol in _CAUTIONED,
        )


def _indices() -> Iterator[Instrument]:
    for exchange, token, symbol, name, start in _INDICES:
        yield Instrument(
            exchange=exchange,
            token=token,
            symbol=symbol,
            name=name,
            kind="AMXIDX",
            lot=1,
            tick=Decimal(0),
            freeze=0,
            start=Decimal(start),
        )


def _nfo(today: date) -> Iterator[Instrument]:
    weekly, monthly = _next_weekday(today, _TUESDAY), _month_end(today, _TUESDAY)
    nifty = _Family("NFO", "NIFTY", "IDX", lot=65, freeze=1801)
    bank = _Family("NFO", "BANKNIFTY", "IDX", lot=30, freeze=601)
    reliance = _Family("NFO", "RELIANCE", "STK", lot=500, freeze=50001)
    vedanta = _Family("NFO", "VEDL", "STK", lot=1150, freeze=46001)
    yield nifty.future("53001", monthly, tick="0.10", start="25080")
    yield bank.future("53009", monthly, tick="0.20", start="56190")
    yield reliance.future("2885", monthly, tick="0.10", start="1426")
    for n, (strike, call, put) in enumerate(_NIFTY_OPTIONS):
        yield nifty.option(f"{44000 + n}", weekly, strike=strike, right="CE", start=call)
        yield nifty.option(f"{44100 + n}", weekly, strike=strike, right="PE", start=put)
    yield vedanta.option("71200", monthly, strike="462.5", right="CE", start="14.5")
    yield reliance.option("71201", monthly, strike="1420", right="CE", start="31")


def _bfo(today: date) -> Iterator[Instrument]:
    weekly, monthly = _next_weekday(today, _THURSDAY), _month_end(today, _THURSDAY)
    sensex = _Family("BFO", "SENSEX", "IDX", lot=20, freeze=1001)
    future = sensex.future("82001", monthly, tick="0.05", start="82240")
    yield replace(future, symbol=f"SENSEX{monthly:%y%b}FUT".upper())
    code = f"{weekly:%y}{'123456789OND'[weekly.month - 1]}{weekly:%d}"
    for token, right, start in (("82100", "CE", "410"), ("82101", "PE", "365")):
        option = sensex.option(token, weekly, strike="82000", right=right, start=start)
        yield replace(option, symbol=f"SENSEX{code}82000{right}")


def _mcx(today: date) -> Iterator[Instrument]:
    expiry = _next_weekday(today + timedelta(days=20), _THURSDAY)
    crude = _Family("MCX", "CRUDEOIL", "COM", lot=100, freeze=10001)
    yield crude.future("467001", expiry, tick="1.00", start="5650")
    option = crude.option("467100", expiry - timedelta(days=3), strike="5650", right="CE", start="145")
    yield replace(option, kind="OPTFUT", tick=Decimal("0.10"))


def _next_weekday(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _month_end(today: date, weekday: int) -> date:
    """Return the last such weekday of this month, or of the next when it has passed."""
    found = _next_weekday(today, weekday)
    while (found + timedelta(days=7)).month == found.month:
        found += timedelta(days=7)
    return found
