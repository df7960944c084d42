"""Indices: what charts call them, under which name their derivatives are listed, and where their own row is found.

An exact table: the names resemble each other, and a wrong one is another index (tradingview.md B2: CNXMIDCAP is the
Midcap 100, NIFTY_MID_SELECT the index of MIDCPNIFTY). Options and futures of an index not named here do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.instrument import Segment


@dataclass(frozen=True, slots=True)
class Index:
    """`tickers` of its charts on an exchange; `derivatives`: the name of its contracts, "" where there are none.

    `roots`: what charts of its contracts begin with, the usual one first, where that is not the name alone. `rows`:
    aliases of its row in the master. `hint` is for who takes it for another one.
    """

    exchange: Segment
    tickers: tuple[str, ...]
    derivatives: str
    rows: tuple[str, ...]
    roots: tuple[str, ...] = ()
    hint: str = ""


_INDICES = (
    Index(Segment.NSE, ("NIFTY",), "NIFTY", ("NIFTY",)),
    Index(Segment.NSE, ("BANKNIFTY",), "BANKNIFTY", ("BANKNIFTY",)),
    Index(Segment.NSE, ("CNXFINANCE", "FINNIFTY"), "FINNIFTY", ("FINNIFTY",)),
    Index(Segment.NSE, ("NIFTY_MID_SELECT", "MIDCPNIFTY"), "MIDCPNIFTY", ("MIDCPNIFTY",)),
    Index(Segment.NSE, ("NIFTY_NEXT_50", "NIFTYNXT50"), "NIFTYNXT50", ("NIFTYNXT50",)),
    Index(
        Segment.NSE,
        ("CNXMIDCAP",),
        "",
        ("NIFTY_MIDCAP_100",),
        hint="the index of MIDCPNIFTY is NIFTY_MID_SELECT",
    ),
    Index(Segment.NSE, ("INDIAVIX",), "", ("INDIA_VIX", "INDIAVIX")),
    Index(Segment.BSE, ("SENSEX",), "SENSEX", ("SENSEX",), roots=("BSX",)),
    Index(Segment.BSE, ("BANKEX",), "BANKEX", ("BANKEX",), roots=("BKX",)),
    Index(Segment.BSE, ("SENSEX50", "SNSX50"), "SENSEX50", ("SENSEX50", "SNSX50"), roots=("SENSEX50", "SNSX50")),
)
_BY_TICKER = {(index.exchange, ticker): index for index in _INDICES for ticker in index.tickers}
_BY_ROOT = {(Segment.BFO, root): index.derivatives for index in _INDICES for root in index.roots}


def index_of(exchange: Segment, ticker: str) -> Index | None:
    """The index that a chart shows; None when it shows none that is named here."""
    return _BY_TICKER.get((exchange, ticker))


def name_of_root(segment: Segment, root: str) -> str:
    """The name under which a root's contracts are listed: its own, but for BSE's indices (BSX is SENSEX)."""
    return _BY_ROOT.get((segment, root), root)
