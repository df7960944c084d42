"""A small instrument master, made for the day the simulation starts on (smartapi.md 8).

It holds each kind of row that a reader of the real file must cope with: names with `&` and hyphens, a stock in the
BE series only, one in EQ and BE, the same name on NSE and BSE, an index, tokens that repeat across segments, a
fractional strike, contracts of NFO, BFO and MCX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
            exchange,
            token,
            symbol,
            name,
            "",
            1,
            Decimal(tick),
            freeze,
            Decimal(start),
            cautioned=symbol in _CAUTIONED,
        )


def _indices() -> Iterator[Instrument]:
    for exchange, token, symbol, name, start in _INDICES:
        yield Instrument(exchange, token, symbol, name, "AMXIDX", 1, Decimal(0), 0, Decimal(start))


def _nfo(today: date) -> Iterator[Instrument]:
    weekly, monthly = _next_weekday(today, _TUESDAY), _month_end(today, _TUESDAY)
    yield _future("NFO", "53001", "NIFTY", "FUTIDX", monthly, 65, "0.10", 1801, "25080.00")
    yield _future("NFO", "53009", "BANKNIFTY", "FUTIDX", monthly, 30, "0.20", 601, "56190.00")
    yield _future("NFO", "2885", "RELIANCE", "FUTSTK", monthly, 500, "0.10", 50001, "1426.00")
    for n, (strike, call, put) in enumerate(
        ((24900, "190", "62"), (25000, "128", "96"), (25100, "79", "148"), (25200, "44", "212"))
    ):
        yield _option("NFO", f"{44000 + n}", "NIFTY", "OPTIDX", weekly, str(strike), "CE", 65, 1801, call)
        yield _option("NFO", f"{44100 + n}", "NIFTY", "OPTIDX", weekly, str(strike), "PE", 65, 1801, put)
    yield _option("NFO", "71200", "VEDL", "OPTSTK", monthly, "462.5", "CE", 1150, 46001, "14.5")
    yield _option("NFO", "71201", "RELIANCE", "OPTSTK", monthly, "1420", "CE", 500, 50001, "31")


def _bfo(today: date) -> Iterator[Instrument]:
    weekly, monthly = _next_weekday(today, _THURSDAY), _month_end(today, _THURSDAY)
    symbol = f"SENSEX{monthly:%y%b}FUT".upper()
    yield _contract("BFO", "82001", symbol, "SENSEX", "FUTIDX", monthly, 20, "0.05", 1001, "82240")
    for token, kind, start in (("82100", "CE", "410"), ("82101", "PE", "365")):
        code = f"{weekly:%y}{'123456789OND'[weekly.month - 1]}{weekly:%d}"
        symbol = f"SENSEX{code}82000{kind}"
        yield _contract("BFO", token, symbol, "SENSEX", "OPTIDX", weekly, 20, "0.05", 1001, start, strike="82000")


def _mcx(today: date) -> Iterator[Instrument]:
    expiry = date(today.year, today.month, 19)
    if expiry < today:
        expiry = date(today.year + today.month // 12, today.month % 12 + 1, 19)
    yield _future("MCX", "467001", "CRUDEOIL", "FUTCOM", expiry, 100, "1.00", 10001, "5650.00")
    before = expiry - timedelta(days=3) if expiry - timedelta(days=3) >= today else expiry
    yield _option("MCX", "467100", "CRUDEOIL", "OPTFUT", before, "5650", "CE", 100, 10001, "145", "0.10")


def _future(
    exchange: str, token: str, name: str, kind: str, expiry: date, lot: int, tick: str, freeze: int, start: str
) -> Instrument:
    symbol = f"{name}{expiry:%d%b%y}FUT".upper()
    return _contract(exchange, token, symbol, name, kind, expiry, lot, tick, freeze, start)


def _option(
    exchange: str,
    token: str,
    name: str,
    kind: str,
    expiry: date,
    strike: str,
    right: str,
    lot: int,
    freeze: int,
    start: str,
    tick: str = "0.05",
) -> Instrument:
    symbol = f"{name}{expiry:%d%b%y}{strike}{right}".upper()
    return _contract(exchange, token, symbol, name, kind, expiry, lot, tick, freeze, start, strike=strike)


def _contract(
    exchange: str,
    token: str,
    symbol: str,
    name: str,
    kind: str,
    expiry: date,
    lot: int,
    tick: str,
    freeze: int,
    start: str,
    *,
    strike: str | None = None,
) -> Instrument:
    return Instrument(
        exchange,
        token,
        symbol,
        name,
        kind,
        lot,
        Decimal(tick),
        freeze,
        Decimal(start),
        expiry=f"{expiry:%d%b%Y}".upper(),
        strike=None if strike is None else Decimal(strike),
    )


def _next_weekday(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _month_end(today: date, weekday: int) -> date:
    """Return the last such weekday of this month, or of the next when it has passed."""
    found = _next_weekday(today, weekday)
    while (found + timedelta(days=7)).month == found.month:
        found += timedelta(days=7)
    return found
