"""The parts of a TradingView `exchange:ticker` (tradingview.md B).

This version trades the cash segments of NSE and BSE. Futures, options and delayed feeds are recognised only to be
refused with the right reason; a form that could also be a share's name counts only when no share has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.refusal import Refusal, RefusalCode

_CASH = (Segment.NSE, Segment.BSE)
_NOT_YET = ("NFO", "BFO", "MCX", "CDS", "NCDEX")
_DELAYED = "_DLY"

_CONTINUOUS = re.compile(r".+\d!", re.ASCII)
_DATED_FUTURE = re.compile(r"[A-Z0-9_&]*[A-Z_&][FGHJKMNQUVXZ]20\d\d", re.ASCII)
_OPTION = re.compile(r"[A-Z0-9_&]*[A-Z_&]\d{6}[CP]\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CashTicker:
    segment: Segment
    text: str

    @property
    def full(self) -> str:
        return f"{self.segment}:{self.text}"


def read_ticker(exchange: str, ticker: str) -> CashTicker | Refusal:
    """Read what a chart shows; refuse what is certainly no share of NSE or BSE."""
    exchange, text = exchange.strip().upper(), ticker.strip().upper()
    full = f"{exchange}:{text}"
    if exchange.endswith(_DELAYED):
        return Refusal(RefusalCode.TICKER_NOT_TRADABLE, f"{full} is a delayed feed; chart {exchange[:-4]} in real time")
    if exchange in _NOT_YET or _CONTINUOUS.fullmatch(text):
        return Refusal(RefusalCode.UNSUPPORTED, f"{full} is a derivative; shares of NSE and BSE are possible")
    if exchange not in _CASH:
        return Refusal(RefusalCode.TICKER_NOT_TRADABLE, f"{full}: Angel One does not trade on {exchange or 'no name'}")
    return CashTicker(Segment(exchange), text)


def contract_refused(ticker: CashTicker) -> Refusal | None:
    """Why a ticker that no share has is a contract's: dated futures and options."""
    if _OPTION.fullmatch(ticker.text):
        return Refusal(RefusalCode.UNSUPPORTED, f"{ticker.full} is an option; shares of NSE and BSE are possible")
    if _DATED_FUTURE.fullmatch(ticker.text):
        return Refusal(RefusalCode.UNSUPPORTED, f"{ticker.full} is a future; shares of NSE and BSE are possible")
    return None


def norm(name: str) -> str:
    """The alias under which names are compared: TradingView writes `_` for what is no letter or digit."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def alias_of(instrument: Instrument) -> str:
    """The alias it is found under: a share's symbol without its series, the name of everything else."""
    if instrument.kind is Kind.CASH:
        return norm(instrument.symbol.removesuffix(f"-{instrument.series}"))
    return norm(instrument.name or instrument.symbol)
