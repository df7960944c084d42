"""Which expiry of an underlying's options a rule means, and the listed contracts of it.

The strike is not chosen here: that takes prices, and is the desk's (domain/option). Expiries are those really listed,
never reckoned from weekdays: a holiday moves them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from executor.domain.calendar import Calendar, trading_day
from executor.domain.instrument import Instrument, Kind, Segment
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.refusal import Refusal, RefusalCode
from executor.instruments.lookup import MasterLookup
from executor.instruments.roll import ends_at
from executor.instruments.ticker import DERIVATIVES, base_of, norm

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOST_TOLD = 5


def chain_of(
    underlying: Instrument, name: str, rule: OptionRule, lookup: MasterLookup, *, now: datetime, calendar: Calendar
) -> OptionChain | Refusal:
    """The calls and puts under a name of the one expiry that a rule means."""
    segment = DERIVATIVES.get(underlying.key.segment, underlying.key.segment)
    alias = norm(name)
    expiries = expiries_on(underlying, lookup.expiries_of(segment, alias), lookup.futures_of(segment, alias))
    chosen = choose_expiry(sorted(expiries), rule, segment=segment, now=now, calendar=calendar)
    if isinstance(chosen, str):
        return Refusal(RefusalCode.NO_OPTIONS, f"{name} {chosen}")
    listed = [row for row in lookup.options_of(segment, alias, chosen) if row.name == name]
    if not listed:
        return Refusal(RefusalCode.NO_OPTIONS, f"{name} has no options that expire on {told(chosen)}")
    parts = [(row.strike, row.right) for row in listed]
    if len(set(parts)) < len(parts):
        twice = sorted(row.symbol for row in listed if parts.count((row.strike, row.right)) > 1)
        return Refusal(RefusalCode.TICKER_AMBIGUOUS, f"options of {name} are listed twice: {', '.join(twice[:4])}")
    contracts = tuple(sorted(listed, key=lambda row: (row.strike, row.right)))
    return OptionChain(underlying, contracts, rule)


def rule_of(alert: Mapping[str, Any]) -> OptionRule | None:
    """The rule that an alert brings itself, in its canonical fields."""
    found = alert.get("option")
    if found is None:
        return None
    return OptionRule(OptionType(found["type"]), found["strike"], found["expiry"], int(found.get("min_days", 0)))


def rule_between(own: OptionRule | None, strategys: OptionRule | None) -> OptionRule | Refusal | None:
    """The rule that counts: an alert's own comes first, and narrows what its strategy may trade. The strategy's side
    and its fewest days hold behind it. Where the strategy has no rule, the alert's token is what allows one.
    """
    if own is None or strategys is None:
        return own or strategys
    if strategys.type not in (OptionType.AUTO, own.type):
        asked = f"the alert asked {_told_rule(own)}"
        return Refusal(RefusalCode.OUTSIDE_BOUNDS, f"the strategy's options are {_told_rule(strategys)}, {asked}")
    return replace(own, min_days=max(own.min_days, strategys.min_days))


def name_under(underlying: Instrument) -> str:
    """The name under which a share's or a future's options are listed."""
    return base_of(underlying) if underlying.kind is Kind.CASH else underlying.name


def choose_expiry(
    expiries: Sequence[date], rule: OptionRule, *, segment: Segment, now: datetime, calendar: Calendar
) -> date | str:
    """The expiry that a rule means among those listed in order; else why there is none, in words."""
    today = trading_day(now)
    alive = [day for day in expiries if now < ends_at(segment, day, calendar)]
    far = [day for day in alive if (day - today).days >= rule.min_days]
    listed = f"expiries: {', '.join(map(told, alive[:_MOST_TOLD]))}" if alive else "none is listed"
    if _DATE.fullmatch(rule.expiry):
        return _exactly(rule, alive, far, listed)
    if not alive:
        return "has no listed options"
    kinds = {"nearest": far, "weekly": far, "next-weekly": far[1:], "monthly": _monthly(expiries, far)}
    if rule.expiry in ("weekly", "next-weekly") and set(alive) == set(_monthly(expiries, alive)):
        return f"has no weekly options; {listed}"
    if found := kinds[rule.expiry]:
        return found[0]
    least = f" at least {rule.min_days} days away" if rule.min_days else ""
    return f"has no {rule.expiry} expiry{least}; {listed}"


def expiries_on(underlying: Instrument, expiries: Sequence[date], futures: Sequence[Instrument]) -> Sequence[date]:
    """Of a commodity's options those that become the very future that is charted; of all others every one.

    An MCX option is exercised into the first future that expires with it or later.
    """
    last = underlying.expiry
    if underlying.key.segment is not Segment.MCX or last is None:
        return expiries
    before = [row.expiry for row in futures if row.expiry and row.expiry < last and row.name == underlying.name]
    since = max(before, default=date.min)
    return [day for day in expiries if since < day <= last]


def told(day: date) -> str:
    return f"{day:%d %b %Y}"


def _exactly(rule: OptionRule, alive: Sequence[date], far: Sequence[date], listed: str) -> date | str:
    try:
        wanted = date.fromisoformat(rule.expiry)
    except ValueError:
        return f"cannot expire on {rule.expiry}, which is no date"
    if wanted not in alive:
        return f"has no options that expire on {told(wanted)}; {listed}"
    if wanted not in far:
        return f"expires on {told(wanted)}, fewer than {rule.min_days} days away"
    return wanted


def _monthly(expiries: Sequence[date], among: Sequence[date]) -> list[date]:
    """Of some expiries those that are the last listed of their month."""
    last = {(day.year, day.month): day for day in sorted(expiries)}
    return [day for day in among if last[day.year, day.month] == day]


def _told_rule(rule: OptionRule) -> str:
    return f"{rule.type} {rule.strike} {rule.expiry}"
