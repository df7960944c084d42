"""The rows of the instrument file: all text but the last field, tick and strike times a hundred (smartapi.md 8.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from executor.simulator.exchange.instrument import Instrument

#: Futures and options of currencies in three weeks and of farm products in one: what a row of each looks like.
_CURRENCIES = (("USDINR", "84.50"), ("EURINR", "91.25"), ("GBPINR", "107.00"), ("JPYINR", "55.75"))
_FARM = (("DHANIYA", "DHANIYA"), ("JEERAUNJHA", "JEERA"), ("TURMERIC", "TURMERIC"), ("GUARSEED10", "GUARSEED"))
_QUARTER = Decimal("0.25")


def rows(listed: Iterable[Instrument]) -> list[dict[str, Any]]:
    """Return the rows of instruments."""
    return [row_of(instrument) for instrument in listed]


def row_of(instrument: Instrument) -> dict[str, Any]:
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
        "is_cas_enabled": instrument.in_closing_auction,
    }


def strangers(today: date, *, currencies: int = 8, farm: int = 4) -> Iterator[dict[str, Any]]:
    """Yield the rows that nobody here trades: old index tokens, test rows, references, currencies, farm products."""
    far = f"{today + timedelta(days=3650):%d%b%Y}".upper()
    for token, name in (("26000", "NIFTY"), ("26009", "BANKNIFTY")):
        yield _row(token, name, name, lotsize="-1", tick_size="-1.000000")
    yield _row("999001", "051NSETEST36FUT", "051NSETEST", exch_seg="NFO", instrumenttype="FUTSTK", expiry=far)
    yield _row("999002", "011NSETEST-EQ", "011NSETEST")
    yield _row("999003", "MIBOR", "MIBOR", exch_seg="NFO", instrumenttype="UNDIRT", tick_size="0.000000")
    expiry = today + timedelta(days=30)
    yield from _currencies(expiry, currencies)
    yield from _farm(expiry, farm)


def _currencies(expiry: date, count: int) -> Iterator[dict[str, Any]]:
    """Options lie on a ladder, a quarter apart; their strikes are scaled by ten million (smartapi.md 8.2)."""
    kinds = {"exch_seg": "CDS", "expiry": f"{expiry:%d%b%Y}".upper(), "tick_size": "0.250000"}
    for number in range(count):
        name, spot = _CURRENCIES[number % len(_CURRENCIES)]
        place = number // len(_CURRENCIES)
        if place == 0:
            symbol = f"{name}{expiry:%y%b}FUT".upper()
            yield _row(f"{number + 1}", symbol, name, instrumenttype="FUTCUR", **kinds)
            continue
        strike = Decimal(spot) + (place // 2) * _QUARTER
        right = "CE" if place % 2 else "PE"
        symbol = f"{name}{expiry:%y%b}{str(strike).replace('.', '')}{right}".upper()
        scaled = {"strike": f"{strike * 10**7:.6f}", "instrumenttype": "OPTCUR"}
        yield _row(f"{number + 1}", symbol, name, **scaled, **kinds)


def _farm(expiry: date, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        symbol, name = _FARM[number % len(_FARM)]
        day = expiry + timedelta(days=number // len(_FARM))
        kinds = {"exch_seg": "NCDEX", "instrumenttype": "FUTCOM", "strike": ""}
        yield _row(f"{number + 1}", f"{symbol}{day:%d%b%Y}".upper(), name, expiry=f"{day:%d%b%Y}".upper(), **kinds)


def _row(token: str, symbol: str, name: str, **more: str) -> dict[str, Any]:
    return {
        "token": token,
        "symbol": symbol,
        "name": name,
        "expiry": "",
        "strike": "-1.000000",
        "lotsize": "1",
        "instrumenttype": "",
        "exch_seg": "NSE",
        "tick_size": "5.000000",
        "freeze_qty": "0",
        "is_cas_enabled": False,
        **more,
    }
