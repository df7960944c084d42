"""Futures and options by their parts: looked up by name, expiry, strike and side, and never spelled (smartapi.md 8.2).

Invariant: what is returned has exactly the parts that were asked for. None, or more than one, is a refusal that names
what is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from executor.domain.calendar import Calendar, trading_day
from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Roll
from executor.instruments.cash import ambiguous, close, nearest
from executor.instruments.lookup import MasterLookup
from executor.instruments.option import told
from executor.instruments.roll import contract_on, ends_at, over
from executor.instruments.ticker import DERIVATIVES, ContinuousTicker, DatedTicker, OptionTicker, norm, spells
from executor.instruments.underlyings import name_of_root

_LOOKED_AT = 4000
_MOST_TOLD = 4
_NEAREST_STRIKES = 3
_NO = date.max


def is_contract(row: Instrument) -> bool:
    return row.kind in {Kind.FUTURE, Kind.OPTION}


def futures_under(segment: Segment, root: str, full: str, lookup: MasterLookup) -> list[Instrument] | Refusal:
    """All futures under the one name that a root means, the nearest first."""
    name = name_of_root(segment, root)
    rows = [row for row in lookup.futures_of(segment, norm(name)) if spells(name, row.name)]
    if not rows:
        return _no_name(segment, name, full, lookup, "futures")
    nearest_of = {row.name: row for row in sorted(rows, key=_expiry, reverse=True)}
    if len(nearest_of) > 1:
        return ambiguous(full, list(nearest_of.values()))
    days = [row.expiry for row in rows]
    if len(set(days)) < len(days):
        return ambiguous(full, [row for row in rows if days.count(row.expiry) > 1])
    return sorted(rows, key=_expiry)


def continuous(
    wanted: ContinuousTicker, roll: Roll, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> Instrument | Refusal:
    futures = futures_under(wanted.segment, wanted.root, wanted.full, lookup)
    if isinstance(futures, Refusal):
        return futures
    found = contract_on(futures, wanted.n, roll, now=now, calendar=calendar)
    if found is None:
        return _none_of(wanted.full, futures, now=now, calendar=calendar)
    return found


def dated(wanted: DatedTicker, lookup: MasterLookup, *, now: datetime, calendar: Calendar) -> Instrument | Refusal:
    futures = futures_under(wanted.segment, wanted.root, wanted.full, lookup)
    if isinstance(futures, Refusal):
        return futures
    of_month = [row for row in futures if row.expiry and (row.expiry.year, row.expiry.month) == _month(wanted)]
    if len(of_month) > 1:
        return ambiguous(wanted.full, of_month)
    if of_month:
        return alive(of_month[0], wanted.full, now=now, calendar=calendar)
    today = trading_day(now)
    if _month(wanted) < (today.year, today.month):
        return Refusal(RefusalCode.EXPIRED, f"{wanted.full} was of {wanted.month:02}/{wanted.year}")
    return _none_of(wanted.full, futures, now=now, calendar=calendar)


def option(wanted: OptionTicker, lookup: MasterLookup, *, now: datetime, calendar: Calendar) -> Instrument | Refusal:
    name, segment = name_of_root(wanted.segment, wanted.root), wanted.segment
    rows = lookup.option_of(segment, norm(name), wanted.expiry, wanted.strike, wanted.right)
    found = [row for row in rows if spells(name, row.name)]
    if len(found) > 1:
        return ambiguous(wanted.full, found)
    if found:
        return alive(found[0], wanted.full, now=now, calendar=calendar)
    if wanted.expiry < trading_day(now):
        return Refusal(RefusalCode.EXPIRED, f"{wanted.full} expired on {told(wanted.expiry)}")
    return _not_listed(wanted, name, lookup, now=now, calendar=calendar)


def alive(contract: Instrument, full: str, *, now: datetime, calendar: Calendar) -> Instrument | Refusal:
    """The contract itself while its last trading day has not ended."""
    if contract.expiry and over(contract, now=now, calendar=calendar):
        return Refusal(RefusalCode.EXPIRED, f"{full} is {contract.symbol}, which expired on {told(contract.expiry)}")
    return contract


def _none_of(full: str, futures: Sequence[Instrument], *, now: datetime, calendar: Calendar) -> Refusal:
    listed = [row.symbol for row in futures if not over(row, now=now, calendar=calendar)]
    there_are = f"there are {', '.join(listed)}" if listed else "all that there were have expired"
    return Refusal(RefusalCode.NOT_LISTED, f"{full}; {there_are}")


def _not_listed(wanted: OptionTicker, name: str, lookup: MasterLookup, *, now: datetime, calendar: Calendar) -> Refusal:
    """Why there is no such option: the first of name, expiry and strike that is not listed, and what is."""
    segment, alias = wanted.segment, norm(name)
    expiries = sorted(lookup.expiries_of(segment, alias))
    rows = lookup.options_of(segment, alias, wanted.expiry if wanted.expiry in expiries else max(expiries, default=_NO))
    named = [row for row in rows if spells(name, row.name)]
    if not named:
        return _no_name(segment, name, wanted.full, lookup, "options")
    if wanted.expiry not in expiries:
        alive = [day for day in expiries if now < ends_at(segment, day, calendar)]
        near = ", ".join(map(told, _around(wanted.expiry, alive)))
        detail = f"{wanted.full}: none expires on {told(wanted.expiry)}; expiries: {near or 'none'}"
        return Refusal(RefusalCode.NOT_LISTED, detail)
    of_side = [row for row in named if row.right == wanted.right]
    near_rows = sorted(of_side, key=lambda row: (abs((row.strike or 0) - wanted.strike), row.strike))
    strikes = ", ".join(row.symbol for row in near_rows[:_NEAREST_STRIKES])
    return Refusal(RefusalCode.NOT_LISTED, f"{wanted.full}; nearest: {strikes or 'none of this side'}")


def _no_name(segment: Segment, name: str, full: str, lookup: MasterLookup, what: str) -> Refusal:
    """No contract has this name on this segment: which other one has it, or the nearest names there are."""
    alias = norm(name)

    def has(one: Segment, other: str) -> bool:
        return bool(lookup.futures_of(one, other) or lookup.expiries_of(one, other))

    elsewhere = [
        exchange
        for exchange, one in DERIVATIVES.items()
        if one is not segment and has(one, norm(name_of_root(one, name)))
    ]
    like = close(alias, lookup.names_like(alias[:1], _LOOKED_AT))
    way = (
        f"; {elsewhere[0]} lists it"
        if elsewhere
        else nearest([one for one in like if one != name and has(segment, one)])
    )
    return Refusal(RefusalCode.TICKER_UNKNOWN, f"{full}: no {what} are listed under {name} on {segment}{way}")


def _around(day: date, among: Sequence[date]) -> list[date]:
    return sorted(sorted(among, key=lambda one: abs(one - day))[:_MOST_TOLD])


def _expiry(row: Instrument) -> date:
    return row.expiry or date.max


def _month(wanted: DatedTicker) -> tuple[int, int]:
    return wanted.year, wanted.month
