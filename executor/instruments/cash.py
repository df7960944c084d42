"""Shares: by TradingView's name, by Angel One's own symbol (SBIN-EQ), by a series (EMBASSY.RR), by BSE's number.

More than one possible meaning is a refusal that names them.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.refusal import Refusal, RefusalCode
from executor.instruments.lookup import MasterLookup
from executor.instruments.ticker import CashTicker, base_of, norm, spells

#: Series in which a share is traded by its plain name, the usual one first; BE is trade for trade (smartapi.md 8.2).
_SERIES = ("EQ", "BE")
_NEAREST = 3
_LOOKED_AT = 4000


def share_of(wanted: CashTicker, lookup: MasterLookup) -> Instrument | Refusal | None:
    """The share that a ticker means; a refusal where it may mean several; None where there is none."""
    named = [share for share in _listed(wanted, lookup) if spells(wanted.text, base_of(share))]
    exact = _exact(wanted, lookup)
    if not exact:
        return _of_series(wanted, named) if named else None
    others = [share for share in named if share.key not in {found.key for found in exact}]
    return ambiguous(wanted.full, [*exact, *others]) if len(exact) + len(others) > 1 else exact[0]


def indices_of(wanted: CashTicker, lookup: MasterLookup) -> list[Instrument]:
    """Rows of indices under this name."""
    return [row for row in lookup.find_by_alias(norm(wanted.text), [wanted.segment]) if row.kind is Kind.INDEX]


def unknown(wanted: CashTicker, lookup: MasterLookup) -> Refusal:
    """Nothing has this name: say so with the other exchange that has it, or the nearest there are."""
    alias = norm(wanted.text)
    elsewhere = [one for one in (Segment.NSE, Segment.BSE) if lookup.find_by_alias(alias, [one])]
    if elsewhere and wanted.segment not in elsewhere:
        return Refusal(RefusalCode.TICKER_UNKNOWN, f"{wanted.full}; {elsewhere[0]} lists it")
    like = close(alias, lookup.aliases_like(alias[:1], _LOOKED_AT))
    here = [one for one in like if lookup.find_by_alias(one, [wanted.segment])]
    return Refusal(RefusalCode.TICKER_UNKNOWN, f"{wanted.full}{nearest(here)}")


def close(alias: str, among: Sequence[str]) -> list[str]:
    """The few of some names that resemble one most."""
    return difflib.get_close_matches(alias, among, n=_NEAREST, cutoff=0.6)


def nearest(names: Sequence[str]) -> str:
    return f"; nearest: {', '.join(names)}" if names else ""


def ambiguous(full: str, found: Sequence[Instrument]) -> Refusal:
    return Refusal(RefusalCode.TICKER_AMBIGUOUS, f"{full} may be {symbols(found)}")


def symbols(found: Sequence[Instrument]) -> str:
    return ", ".join(sorted(row.symbol for row in found))


def _listed(wanted: CashTicker, lookup: MasterLookup) -> list[Instrument]:
    return [row for row in lookup.find_by_alias(norm(wanted.text), [wanted.segment]) if row.kind is Kind.CASH]


def _exact(wanted: CashTicker, lookup: MasterLookup) -> list[Instrument]:
    """Rows that are meant by a spelling of their own: a symbol with its series, a number of BSE."""
    if wanted.segment is Segment.BSE and wanted.text.isdecimal():
        found = lookup.find_by_key(InstrumentKey(Segment.BSE, wanted.text))
        return [found] if found and found.kind is Kind.CASH else []
    own = lookup.find_by_symbol(wanted.segment, wanted.text) if "-" in wanted.text else []
    base, dot, series = wanted.text.rpartition(".")
    if dot and wanted.segment is Segment.NSE:
        own += [
            row
            for row in lookup.find_by_alias(norm(base), [wanted.segment])
            if row.series == series and spells(base, base_of(row))
        ]
    return [row for row in own if row.kind is Kind.CASH and row.series]


def _of_series(wanted: CashTicker, named: Sequence[Instrument]) -> Instrument | Refusal:
    """The share in the first series that it has; `M_M` fits M&M and M-M alike, whatever series these are in."""
    usual = _SERIES if wanted.segment is Segment.NSE else ("",)
    traded = [share for share in named if share.series in usual]
    if len({base_of(share) for share in traded}) > 1:
        return ambiguous(wanted.full, traded)
    for series in usual:
        found = [share for share in traded if share.series == series]
        if found:
            return found[0] if len(found) == 1 else ambiguous(wanted.full, found)
    return Refusal(
        RefusalCode.TICKER_AMBIGUOUS, f"{wanted.full} is in no usual series; send the one you mean: {symbols(named)}"
    )
