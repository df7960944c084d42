"""The parts of a TradingView `exchange:ticker` (tradingview.md B): read, never built.

A form that could also be a share's name (WINDF2026) is read as a contract here; `resolve` asks for a share as well and
refuses what is both. Whether the parts are listed is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from executor.domain.instrument import Instrument, Kind, Segment, in_time
from executor.domain.refusal import Refusal, RefusalCode

#: Where the contracts of a chart's exchange are listed.
DERIVATIVES = {Segment.NSE: Segment.NFO, Segment.BSE: Segment.BFO, Segment.MCX: Segment.MCX}

#: Traded somewhere, but not by this executor: the reason stands in the refusal.
_ELSEWHERE = {
    "CDS": "currencies are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only",
    "NCDEX": "farm contracts are not traded here: Angel One's order page names NSE, BSE, NFO, BFO and MCX only",
    "NSEIX": "GIFT Nifty is another exchange's contract; chart NSE:NIFTY1!",
    "": "the exchange is missing; send {{exchange}}",
}
_CURRENCIES = frozenset({"USDINR", "EURINR", "GBPINR", "JPYINR", "EURUSD", "GBPUSD", "USDJPY"})
_MONTH_LETTERS = "FGHJKMNQUVXZ"
_MOST_CONTINUOUS = 2

_CONTINUOUS = re.compile(r"(.+)(\d)!", re.ASCII)
_DATED = re.compile(rf"(.+)([{_MONTH_LETTERS}])(20\d\d)", re.ASCII)
_OPTION = re.compile(r"(.+)(\d{6})([CP])(\d{1,7}(?:\.\d{1,2})?)", re.ASCII)
_NAME = re.compile(r"[A-Z0-9&_.! -]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class CashTicker:
    """A share or an index, by name, by Angel One's symbol, or by BSE's number."""

    segment: Segment
    text: str

    @property
    def full(self) -> str:
        return f"{self.segment}:{self.text}"


@dataclass(frozen=True, slots=True)
class OwnTicker:
    """A derivative in Angel One's own spelling; it is looked up as it stands."""

    segment: Segment
    text: str
    full: str


@dataclass(frozen=True, slots=True)
class ContinuousTicker:
    """NIFTY1!: the nth future that is not over; `segment` is where it is listed."""

    segment: Segment
    root: str
    n: int
    full: str


@dataclass(frozen=True, slots=True)
class DatedTicker:
    """NIFTYX2026: the future of a month."""

    segment: Segment
    root: str
    year: int
    month: int
    full: str


@dataclass(frozen=True, slots=True)
class OptionTicker:
    """NIFTY261201C24000: `right` is CE or PE, `strike` in rupees."""

    segment: Segment
    root: str
    expiry: date
    strike: Decimal
    right: str
    full: str


Parts = CashTicker | OwnTicker | ContinuousTicker | DatedTicker | OptionTicker


def read_ticker(exchange: str, ticker: str) -> Parts | Refusal:
    """Read what a chart shows; refuse what is certainly nothing that Angel One trades."""
    exchange, text = exchange.strip().upper(), ticker.strip().upper()
    full = f"{exchange}:{text}"
    if refusal := _exchange_refused(exchange, full):
        return refusal
    segment = Segment(exchange)
    if not _NAME.fullmatch(text):
        return _not_tradable(f"{full}: a ticker has letters, digits, & _ - . and !; send {{{{ticker}}}} as it is")
    if segment not in DERIVATIVES:
        return OwnTicker(segment, text, full)
    return _contract(segment, text, full) or CashTicker(segment, text)


def norm(name: str) -> str:
    """The alias under which names are compared: TradingView writes `_` for what is no letter or digit."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def alias_of(instrument: Instrument) -> str:
    """The alias it is found under: a share's symbol without its series, the name of everything else."""
    if instrument.kind is Kind.CASH:
        return norm(base_of(instrument))
    return norm(instrument.name or instrument.symbol)


def base_of(share: Instrument) -> str:
    """A share's symbol without its series."""
    return share.symbol.removesuffix(f"-{share.series}") if share.series else share.symbol


def spells(text: str, name: str) -> bool:
    """Whether a chart may write a name so: `_` stands for any sign, every other character for itself."""
    pairs = zip(text, name.upper(), strict=False)
    return len(text) == len(name) and all(a == b or (a == "_" and not b.isalnum()) for a, b in pairs)


def _exchange_refused(exchange: str, full: str) -> Refusal | None:
    if in_time(exchange) != exchange:
        return _not_tradable(f"{full} is a delayed feed; chart {in_time(exchange)} in real time")
    if exchange in tuple(Segment):
        return None
    return _not_tradable(f"{full}: {_ELSEWHERE.get(exchange, f'Angel One does not trade on {exchange}')}")


def _contract(segment: Segment, text: str, full: str) -> Parts | Refusal | None:
    """The parts of a derivative; None when it has the form of none."""
    if found := _CONTINUOUS.fullmatch(text):
        return _currency(found[1], full) or _continuous(DERIVATIVES[segment], found[1], int(found[2]), full)
    if "!" in text:
        return _not_tradable(f"{full}: a continuous future ends in 1! or 2!")
    if found := _OPTION.fullmatch(text):
        return _currency(found[1], full) or _option(DERIVATIVES[segment], found, full)
    if found := _DATED.fullmatch(text):
        month = _MONTH_LETTERS.index(found[2]) + 1
        dated = DatedTicker(DERIVATIVES[segment], found[1], int(found[3]), month, full)
        return _currency(found[1], full) or dated
    return _currency(text, full)


def _currency(root: str, full: str) -> Refusal | None:
    """Currencies are charted under NSE (tradingview.md B3)."""
    return _not_tradable(f"{full}: {_ELSEWHERE['CDS']}") if root in _CURRENCIES else None


def _continuous(segment: Segment, root: str, n: int, full: str) -> ContinuousTicker | Refusal:
    if 1 <= n <= _MOST_CONTINUOUS:
        return ContinuousTicker(segment, root, n, full)
    return _not_tradable(f"{full}: only 1! and 2! are continuous futures; name the month, such as {root}X2026")


def _option(segment: Segment, found: re.Match[str], full: str) -> OptionTicker | Refusal:
    digits, strike = found[2], Decimal(found[4])
    try:
        expiry = date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return Refusal(RefusalCode.NOT_LISTED, f"{full}: {digits} is no date (YYMMDD)")
    if not strike:
        return Refusal(RefusalCode.NOT_LISTED, f"{full}: an option has a strike above zero")
    return OptionTicker(segment, found[1], expiry, strike, f"{found[3]}E", full)


def _not_tradable(detail: str) -> Refusal:
    return Refusal(RefusalCode.TICKER_NOT_TRADABLE, detail)
