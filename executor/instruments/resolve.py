"""From a ticker to the one instrument it means, looked up and never built from strings.

Invariant: more than one possible meaning is a refusal, and so is none; both name the nearest that there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.option import OptionChain, OptionRule
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll
from executor.instruments.lookup import MasterLookup
from executor.instruments.ticker import CashTicker, contract_refused, norm, read_ticker

#: Series in which a share is traded by its plain name, the usual one first; BE is trade for trade (smartapi.md 8.2).
_SERIES = ("EQ", "BE")
_NEAREST = 3
_NEAREST_CONTRACT = Roll()
_LOOKED_AT = 4000


@dataclass(frozen=True, slots=True)
class Asked:
    """A chart's ticker, and how its strategy turns it into a contract.

    `contract` is the alert's own word for what a continuous ticker stands for (syminfo.current_contract): it comes
    before the roll. With an `option` rule the ticker is the underlying, and the answer its options of one expiry.
    """

    exchange: str
    ticker: str
    contract: str | None = None
    roll: Roll = _NEAREST_CONTRACT
    option: OptionRule | None = None


def resolve(
    asked: Asked,
    lookup: MasterLookup,
    *,
    now: datetime,  # noqa: ARG001
    calendar: Calendar,  # noqa: ARG001
) -> Instrument | OptionChain | Refusal:
    """Find the instrument of a chart's ticker, or of Angel One's own symbol such as SBIN-EQ."""
    wanted = read_ticker(asked.exchange, asked.ticker)
    if isinstance(wanted, Refusal):
        return wanted
    own = lookup.find_by_symbol(wanted.segment, wanted.text) if "-" in wanted.text else []
    if len(own) == 1 and own[0].kind is Kind.CASH:
        return own[0]
    found = lookup.find_by_alias(norm(wanted.text), [wanted.segment])
    shares = [share for share in found if share.kind is Kind.CASH]
    if shares:
        return _the_one(wanted, shares)
    if found:
        return Refusal(RefusalCode.TICKER_NOT_TRADABLE, f"{wanted.full} is the index {found[0].symbol}")
    return contract_refused(wanted) or _unknown(wanted, lookup)


def _the_one(wanted: CashTicker, shares: Sequence[Instrument]) -> Instrument | Refusal:
    """The share in the first series that has one; `M_M` fits M&M and M-M, and then only an exact name decides."""
    for series in _SERIES if wanted.segment is Segment.NSE else ("",):
        traded = [share for share in shares if share.series == series]
        exact = [share for share in traded if share.symbol.removesuffix(f"-{series}") == wanted.text]
        if len(traded) == 1 or len(exact) == 1:
            return (exact or traded)[0]
        if traded:
            return Refusal(RefusalCode.TICKER_AMBIGUOUS, f"{wanted.full} may be {_symbols(traded)}")
    return Refusal(
        RefusalCode.TICKER_AMBIGUOUS, f"{wanted.full} is in no usual series; send the one you mean: {_symbols(shares)}"
    )


def _unknown(wanted: CashTicker, lookup: MasterLookup) -> Refusal:
    alias = norm(wanted.text)
    near = difflib.get_close_matches(alias, lookup.aliases_like(alias[:1], _LOOKED_AT), n=_NEAREST, cutoff=0.6)
    nearest = f"; nearest: {', '.join(near)}" if near else ""
    return Refusal(RefusalCode.TICKER_UNKNOWN, f"{wanted.full}{nearest}")


def _symbols(shares: Sequence[Instrument]) -> str:
    return ", ".join(sorted(share.symbol for share in shares))
