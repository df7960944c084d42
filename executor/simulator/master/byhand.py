"""The instruments that are written down one by one (smartapi.md 8).

They hold each kind of row that a reader of the real file must cope with: names with `&` and hyphens, a stock in the
BE series only, one in EQ and BE, the same name on NSE and BSE, indices (among them two that are easily taken for each
other), tokens that repeat across segments, a fractional strike, contracts of NFO, BFO and MCX. Each walks by itself:
reports and seeds of many runs depend on their tokens and prices, so none of these is ever changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.master.days import THURSDAY, TUESDAY, Days

#: What a future costs more for each month.
_CARRY = Decimal("0.006")

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
_MORE_CASH = (
    ("NSE", "3063", "VEDL-EQ", "0.05", 510000, "460.00"),
    ("BSE", "500520", "M&M", "0.05", 0, "3600.00"),
    ("BSE", "532977", "BAJAJ-AUTO", "0.05", 0, "9050.00"),
)
_CAUTIONED = ("VARUNTEX-EQ",)
_WITH_DERIVATIVES = frozenset(
    {"SBIN", "RELIANCE", "INFY", "TCS", "HDFCBANK", "TATASTEEL", "BAJAJ-AUTO", "M&M", "BHARTIARTL", "VEDL"}
)

#: exchange, token, symbol, name, start price
_INDICES = (
    ("NSE", "99926000", "Nifty 50", "NIFTY", "25000.00"),
    ("NSE", "99926009", "Nifty Bank", "BANKNIFTY", "56000.00"),
    ("BSE", "99919000", "SENSEX", "SENSEX", "82000.00"),
)
_MORE_INDICES = (
    ("NSE", "99926037", "Nifty Fin Service", "FINNIFTY", "27000.00"),
    ("NSE", "99926074", "NIFTY MID SELECT", "MIDCPNIFTY", "13500.00"),
    ("NSE", "99926013", "Nifty Next 50", "NIFTYNXT50", "69000.00"),
    ("NSE", "99926011", "NIFTY MIDCAP 100", "NIFTY MIDCAP 100", "60000.00"),
    ("NSE", "99926017", "India VIX", "INDIA VIX", "12.50"),
    ("BSE", "99919012", "BANKEX", "BANKEX", "63000.00"),
    ("BSE", "99919047", "SNSX50", "SNSX50", "26000.00"),
    ("MCX", "99920000", "MCXCRUDEX", "MCXCRUDEX", "4900.00"),
    ("MCX", "99920001", "MCXGOLDEX", "MCXGOLDEX", "124000.00"),
)

#: What contracts follow, by their name.
UNDERLYINGS: Mapping[str, InstrumentKey] = MappingProxyType(
    {name: (exchange, token) for exchange, token, _, name, _ in (*_INDICES, *_MORE_INDICES)}
    | {symbol.removesuffix("-EQ"): (exchange, token) for exchange, token, symbol, *_ in _CASH if symbol.endswith("-EQ")}
    | {"VEDL": ("NSE", "3063"), "SENSEX50": ("BSE", "99919047"), "GOLDM": ("MCX", "99920001")}
    | {"CRUDEOIL": ("MCX", "467001"), "CRUDEOILM": ("MCX", "467001"), "NATURALGAS": ("MCX", "467011")}
)


#: strike, price of the call, of the put
_RELIANCE_OPTIONS = (("1400", "43", "22"), ("1420", "31", "30"), ("1440", "21", "41"))
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

    def futures(
        self, tokens: Iterable[str], expiries: Iterable[date], *, tick: str, start: str
    ) -> Iterator[Instrument]:
        """Yield the futures of several months; each stands a little above the one before it."""
        for month, (token, expiry) in enumerate(zip(tokens, expiries, strict=True)):
            ticks = int(Decimal(start) * (1 + month * _CARRY) / Decimal(tick))
            yield self.future(token, expiry, tick=tick, start=str(ticks * Decimal(tick)))

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


def by_hand(days: Days) -> tuple[list[Instrument], list[Instrument]]:
    """Return the instruments that are written down here, and those that came later; contracts expire from today on."""
    first = [*_cash(_CASH), *_indices(_INDICES), *_nfo(days), *_bfo(days), *_mcx(days)]
    return first, [*_cash(_MORE_CASH), *_indices(_MORE_INDICES)]


def following(instrument: Instrument) -> Instrument:
    """Have a contract that walks by itself follow its underlying instead, where that is listed."""
    if not instrument.expiry or instrument.underlying is not None or instrument.kind == "FUTCOM":
        return instrument
    return replace(instrument, underlying=UNDERLYINGS[instrument.name])


def _cash(listed: Iterable[tuple[str, str, str, str, int, str]]) -> Iterator[Instrument]:
    for exchange, token, symbol, tick, freeze, start in listed:
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
            in_closing_auction=exchange == "NSE" and name in _WITH_DERIVATIVES and symbol.endswith("-EQ"),
        )


def _indices(listed: Iterable[tuple[str, str, str, str, str]]) -> Iterator[Instrument]:
    for exchange, token, symbol, name, start in listed:
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


def _nfo(days: Days) -> Iterator[Instrument]:
    months = days.months(TUESDAY)
    nifty = _Family("NFO", "NIFTY", "IDX", lot=65, freeze=1801)
    bank = _Family("NFO", "BANKNIFTY", "IDX", lot=30, freeze=601)
    reliance = _Family("NFO", "RELIANCE", "STK", lot=500, freeze=50001)
    sbin = _Family("NFO", "SBIN", "STK", lot=750, freeze=75001)
    infy = _Family("NFO", "INFY", "STK", lot=400, freeze=40001)
    vedanta = _Family("NFO", "VEDL", "STK", lot=1150, freeze=46001)
    yield from nifty.futures(("53001", "53002", "53003"), months, tick="0.10", start="25080")
    yield from bank.futures(("53009", "53010", "53011"), months, tick="0.20", start="56190")
    yield from reliance.futures(("2885", "53022", "53023"), months, tick="0.10", start="1426")
    yield from sbin.futures(("53031", "53032", "53033"), months, tick="0.05", start="823")
    yield from infy.futures(("53041", "53042", "53043"), months, tick="0.10", start="1516")
    for first, expiry in ((44000, days.weeks(TUESDAY)[0]), (44200, days.weeks(TUESDAY)[1])):
        yield from _strikes(nifty, first, expiry, strikes=_NIFTY_OPTIONS)
    yield vedanta.option("71200", months[0], strike="462.5", right="CE", start="14.5")
    yield from _strikes(reliance, 71300, months[0], strikes=_RELIANCE_OPTIONS)


def _strikes(
    family: _Family, first: int, expiry: date, *, strikes: Iterable[tuple[str, str, str]]
) -> Iterator[Instrument]:
    """Yield call and put of each strike; the tokens of the puts lie a hundred above those of the calls."""
    for token, (strike, call, put) in enumerate(strikes, first):
        yield family.option(f"{token}", expiry, strike=strike, right="CE", start=call)
        yield family.option(f"{token + 100}", expiry, strike=strike, right="PE", start=put)


def _bfo(days: Days) -> Iterator[Instrument]:
    weekly, monthly = days.weeks(THURSDAY)[0], days.months(THURSDAY)[0]
    sensex = _Family("BFO", "SENSEX", "IDX", lot=20, freeze=1001)
    future = sensex.future("82001", monthly, tick="0.05", start="82240")
    yield replace(future, symbol=f"SENSEX{monthly:%y%b}FUT".upper())
    code = f"{weekly:%y}{'123456789OND'[weekly.month - 1]}{weekly:%d}"
    for token, right, start in (("82100", "CE", "410"), ("82101", "PE", "365")):
        option = sensex.option(token, weekly, strike="82000", right=right, start=start)
        yield replace(option, symbol=f"SENSEX{code}82000{right}")


def crude_months(days: Days) -> list[date]:
    """When the futures of crude oil and gas that are written down here expire."""
    return [days.after(days.today + timedelta(days=20 + 30 * month), THURSDAY) for month in range(3)]


def _mcx(days: Days) -> Iterator[Instrument]:
    months = crude_months(days)
    crude = _Family("MCX", "CRUDEOIL", "COM", lot=100, freeze=10001)
    gas = _Family("MCX", "NATURALGAS", "COM", lot=1250, freeze=60001)
    yield from crude.futures(("467001", "467002", "467003"), months, tick="1.00", start="5650")
    yield from gas.futures(("467011", "467012", "467013"), months, tick="0.10", start="265")
    option = crude.option("467100", months[0] - timedelta(days=3), strike="5650", right="CE", start="145")
    yield replace(option, kind="OPTFUT", tick=Decimal("0.10"))
