"""From a ticker to the one instrument it means, or to the options that its rule chooses among.

Everything is looked up by its parts, nothing is built from strings. Invariants: more than one possible meaning is a
refusal, and so is none, both name the nearest that there are; derivatives are taken from today's table only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from executor.domain.calendar import Calendar
from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.option import OptionChain, OptionRule
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll, RollKind
from executor.instruments import derivative
from executor.instruments.cash import ambiguous, indices_of, share_of, unknown
from executor.instruments.freshness import stale
from executor.instruments.lookup import MasterLookup
from executor.instruments.option import chain_of, name_under
from executor.instruments.roll import Turn, next_turn
from executor.instruments.ticker import (
    DERIVATIVES,
    CashTicker,
    ContinuousTicker,
    DatedTicker,
    OptionTicker,
    OwnTicker,
    Parts,
    read_ticker,
)
from executor.instruments.underlyings import Index, index_of, name_of_root

#: What Angel One's symbols of contracts end in, and no chart's tickers do.
_OWN = re.compile(r".*\d.*(CE|PE)|.+FUT", re.ASCII)
#: How charts say that there is no current contract: Pine's `na` as text.
_NOTHING = frozenset({"", "NA", "NAN"})
_NEAREST_CONTRACT = Roll()


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
    asked: Asked, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | OptionChain | Refusal:
    """Find what a chart's ticker means, or Angel One's own symbol such as SBIN-EQ or NIFTY01DEC2624000CE."""
    wanted = read_ticker(asked.exchange, asked.ticker)
    if isinstance(wanted, Refusal):
        return wanted
    if not isinstance(wanted, ContinuousTicker) and _contract(asked) not in (None, wanted.full):
        detail = f"{wanted.full}: the alert's contract {asked.contract} is something else than its ticker"
        return Refusal(RefusalCode.TICKER_AMBIGUOUS, detail)
    found = _charted(wanted, asked, lookup, now=now, calendar=calendar)
    if isinstance(found, Refusal):
        return found
    if (derivative.is_contract(found) or asked.option) and (refusal := _stale(lookup, now, calendar)):
        return refusal
    if asked.option is None:
        return _tradable(wanted, found)
    return _options(wanted, found, asked.option, lookup, now=now, calendar=calendar)


def shown(
    asked: Asked, contract: Instrument | Refusal, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | None:
    """What the chart of a continuous ticker shows where that is not the contract it means here, if it means one.

    A chart turns to the next contract when the nearest is over; a strategy's roll or an alert's own `contract` may
    name another one, whose price the chart does not tell.
    """
    wanted = read_ticker(asked.exchange, asked.ticker)
    if not isinstance(wanted, ContinuousTicker):
        return None
    near = derivative.continuous(wanted, _NEAREST_CONTRACT, lookup, now=now, calendar=calendar)
    if not isinstance(near, Instrument):
        return None
    return None if isinstance(contract, Instrument) and near.key == contract.key else near


def next_meaning(asked: Asked, lookup: MasterLookup, *, now: datetime, calendar: Calendar) -> Turn | None:
    """From when a continuous ticker means the next contract; None where it means none, or the ticker is no such."""
    wanted = read_ticker(asked.exchange, asked.ticker)
    if not isinstance(wanted, ContinuousTicker) or asked.roll.kind is RollKind.REFUSE or _contract(asked):
        return None
    futures = derivative.futures_under(wanted.segment, wanted.root, wanted.full, lookup)
    return (
        None if isinstance(futures, Refusal) else next_turn(futures, wanted.n, asked.roll, now=now, calendar=calendar)
    )


def _charted(
    wanted: Parts, asked: Asked, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | Refusal:
    """The row that a chart shows; for an index the index's own."""
    own = _own(wanted, lookup)
    if isinstance(own, Refusal):
        return own
    match wanted:
        case _ if own is not None:
            return derivative.alive(own, wanted.full, now=now, calendar=calendar)
        case OwnTicker():
            return _not_own(wanted)
        case CashTicker():
            return _cash(wanted, lookup)
        case ContinuousTicker():
            return _continuous(wanted, asked, lookup, now=now, calendar=calendar)
        case DatedTicker():
            found = derivative.dated(wanted, lookup, now=now, calendar=calendar)
        case OptionTicker():
            found = derivative.option(wanted, lookup, now=now, calendar=calendar)
    return _or_share(wanted, found, lookup)


def _own(wanted: Parts, lookup: MasterLookup) -> Instrument | Refusal | None:
    """A contract by Angel One's own symbol."""
    if isinstance(wanted, ContinuousTicker | DatedTicker | OptionTicker) or not _OWN.fullmatch(wanted.text):
        return None
    segment = DERIVATIVES.get(wanted.segment, wanted.segment)
    found = [row for row in lookup.find_by_symbol(segment, wanted.text) if derivative.is_contract(row)]
    return ambiguous(wanted.full, found) if len(found) > 1 else next(iter(found), None)


def _cash(wanted: CashTicker, lookup: MasterLookup) -> Instrument | Refusal:
    if index := index_of(wanted.segment, wanted.text):
        return _index_row(wanted, index, lookup)
    share = share_of(wanted, lookup)
    if share is not None:
        return share
    rows = indices_of(wanted, lookup)
    if len(rows) > 1:
        return ambiguous(wanted.full, rows)
    if rows:
        return rows[0]
    if _OWN.fullmatch(wanted.text):
        detail = f"{wanted.full} is spelled as no contract of Angel One; TradingView writes NIFTY261201C24000, NIFTY1!"
        return Refusal(RefusalCode.NOT_LISTED, detail)
    if wanted.segment is Segment.MCX:
        detail = f"{wanted.full} is no contract; name one, such as {wanted.text}1!"
        return Refusal(RefusalCode.TICKER_NOT_TRADABLE, detail)
    return unknown(wanted, lookup)


def _index_row(wanted: CashTicker, index: Index, lookup: MasterLookup) -> Instrument | Refusal:
    rows = [
        row for alias in index.rows for row in lookup.find_by_alias(alias, [index.exchange]) if row.kind is Kind.INDEX
    ]
    if len(rows) > 1:
        return ambiguous(wanted.full, rows)
    return rows[0] if rows else Refusal(RefusalCode.TICKER_UNKNOWN, f"{wanted.full}: the index has no row of its own")


def _continuous(
    wanted: ContinuousTicker, asked: Asked, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | Refusal:
    if contract := _contract(asked):
        return _named(wanted, contract, lookup, now=now, calendar=calendar)
    if asked.roll.kind is RollKind.REFUSE:
        return Refusal(RefusalCode.ROLL_REFUSED, wanted.full)
    return derivative.continuous(wanted, asked.roll, lookup, now=now, calendar=calendar)


def _contract(asked: Asked) -> str | None:
    """What the alert calls its contract, with an exchange; None where it names none."""
    text = (asked.contract or "").strip().upper()
    if text in _NOTHING:
        return None
    return text if ":" in text else f"{asked.exchange.strip().upper()}:{text}"


def _named(
    wanted: ContinuousTicker, contract: str, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | Refusal:
    """The contract that the alert itself names: a dated future of the very name that is charted."""
    exchange, _, ticker = contract.partition(":")
    named = read_ticker(exchange, ticker)
    if isinstance(named, Refusal):
        return named
    if not isinstance(named, DatedTicker) or _root(named) != _root(wanted):
        detail = f"{wanted.full}: the alert's contract {contract} is no dated future of {wanted.root}"
        return Refusal(RefusalCode.TICKER_AMBIGUOUS, detail)
    return derivative.dated(named, lookup, now=now, calendar=calendar)


def _or_share(
    wanted: DatedTicker | OptionTicker, found: Instrument | Refusal, lookup: MasterLookup
) -> Instrument | Refusal:
    """A contract, unless a share has this very name: alone it is meant, beside the contract nobody can tell."""
    exchange, _, text = wanted.full.partition(":")
    if exchange == Segment.MCX:
        return found
    share = share_of(CashTicker(Segment(exchange), text), lookup)
    if share is None or isinstance(share, Refusal):
        return share or found
    return share if isinstance(found, Refusal) else ambiguous(wanted.full, [share, found])


def _tradable(wanted: Parts, found: Instrument) -> Instrument | Refusal:
    if found.kind is not Kind.INDEX:
        return found
    index = _index(wanted)
    root = next(iter(index.roots), index.derivatives) if index else ""
    way = f"trade {root}1!, or options by a rule (`--option`)" if root else "no contracts are listed on it"
    hint = f"; {index.hint}" if index and index.hint else ""
    return Refusal(RefusalCode.TICKER_NOT_TRADABLE, f"{wanted.full} is the index {found.symbol}: {way}{hint}")


def _options(
    wanted: Parts, found: Instrument, rule: OptionRule, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> OptionChain | Refusal:
    if found.kind is Kind.OPTION:
        return Refusal(RefusalCode.NO_OPTIONS, f"{wanted.full} is an option already; chart its underlying")
    index = _index(wanted)
    name = name_under(found) if found.kind is not Kind.INDEX else index.derivatives if index else ""
    if not name:
        hint = f"; {index.hint}" if index and index.hint else ""
        return Refusal(RefusalCode.NO_OPTIONS, f"no options are listed on the index {found.symbol}{hint}")
    return chain_of(found, name, rule, lookup, now=now, calendar=calendar)


def _index(wanted: Parts) -> Index | None:
    return index_of(wanted.segment, wanted.text) if isinstance(wanted, CashTicker) else None


def _root(wanted: ContinuousTicker | DatedTicker) -> tuple[Segment, str]:
    return wanted.segment, name_of_root(wanted.segment, wanted.root)


def _not_own(wanted: OwnTicker) -> Refusal:
    detail = f"{wanted.full} is no symbol of Angel One; TradingView's {{{{exchange}}}} is NSE or BSE"
    return Refusal(RefusalCode.NOT_LISTED, detail)


def _stale(lookup: MasterLookup, now: datetime, calendar: Calendar) -> Refusal | None:
    why = stale(lookup.current_load(), calendar, now)
    return Refusal(RefusalCode.STALE_MASTER, why.rstrip(".")) if why else None
