"""Rows in the shape of Angel One's instrument file, made up, and a table of them in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from executor.broker.smartapi.master import read_row
from executor.clock import IST
from executor.config.calendar import load_calendar
from executor.domain.instrument import Kind
from executor.instruments.resolve import Asked, resolve
from executor.instruments.ticker import alias_of

#: A Wednesday morning.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=IST)
CALENDAR = load_calendar(None)


def row(**fields):
    """A share of NSE unless told otherwise."""
    usual = {
        "token": "77001",
        "symbol": "KAVERI-EQ",
        "name": "KAVERI",
        "expiry": "",
        "strike": "-1.000000",
        "lotsize": "1",
        "instrumenttype": "",
        "exch_seg": "NSE",
        "tick_size": "5.000000",
        "freeze_qty": "90001",
        "is_cas_enabled": False,
    }
    return {key: value for key, value in {**usual, **fields}.items() if value is not None}


def share(symbol, token, **fields):
    return row(symbol=symbol, name=symbol.rpartition("-")[0], token=token, **fields)


def bse_share(symbol, token):
    return row(symbol=symbol, name=symbol, token=token, exch_seg="BSE", freeze_qty="0")


def index(symbol, name, token, segment="NSE"):
    zero = {"strike": "0.000000", "tick_size": "0.000000", "freeze_qty": "0", "instrumenttype": "AMXIDX"}
    return row(symbol=symbol, name=name, token=token, exch_seg=segment, **zero)


SENTINEL_ROWS = (share("SBIN-EQ", "3045"), share("RELIANCE-EQ", "2885"), bse_share("SBIN", "500112"))


#: Later than any day of a test: a table that is never stale unless a test says so.
_ALWAYS = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Loaded:
    at: datetime


class MasterInMemory:
    """The read side of the store's master, over the rows of a file."""

    def __init__(self, rows: Iterable[dict], *, at: datetime | None = _ALWAYS) -> None:
        """`at`: when the table was fetched; None when there is none."""
        self._rows = [(found, alias_of(found)) for found in map(read_row, rows)]
        self._load = Loaded(at) if at else None

    def current_load(self):
        return self._load

    def find_by_key(self, key):
        return next((found for found, _ in self._rows if found.key == key), None)

    def find_by_alias(self, alias, segments):
        return [found for found in self._under(alias, *segments) if found.expiry is None]

    def find_by_symbol(self, segment, symbol):
        return [found for found, _ in self._rows if found.symbol == symbol and found.key.segment == segment]

    def futures_of(self, segment, alias):
        return [found for found in self._under(alias, segment) if found.kind is Kind.FUTURE]

    def expiries_of(self, segment, alias):
        return list({found.expiry for found in self._options(segment, alias)})

    def options_of(self, segment, alias, expiry):
        return [found for found in self._options(segment, alias) if found.expiry == expiry]

    def option_of(self, segment, alias, expiry, strike, right):
        listed = self.options_of(segment, alias, expiry)
        return [found for found in listed if (found.strike, found.right) == (strike, right)]

    def aliases_like(self, prefix, limit):
        return sorted({own for found, own in self._rows if own.startswith(prefix) and not found.expiry})[:limit]

    def names_like(self, prefix, limit):
        return sorted({own for found, own in self._rows if own.startswith(prefix) and found.expiry})[:limit]

    def _under(self, alias, *segments):
        return [found for found, own in self._rows if own == alias and found.key.segment in segments]

    def _options(self, segment, alias):
        return [found for found in self._under(alias, segment) if found.kind is Kind.OPTION]


def meant(exchange, ticker, lookup, *, now=None, **more):
    """What a ticker means at a moment, by the built-in calendar."""
    asked = Asked(exchange, ticker, **more)
    return resolve(asked, lookup, now=now or NOW, calendar=CALENDAR)
