"""What an expiry forbids: entering a contract shortly before it ends, and holding one that would be delivered."""

from __future__ import annotations

from datetime import date, datetime

from executor.domain.bracket import Bracket
from executor.domain.calendar import Calendar, trading_day
from executor.domain.instrument import ContractClass, Instrument

#: Delivered at expiry when they end in the money, with margins that rise from days before.
_DELIVERED = frozenset({ContractClass.STOCK_FUTURE, ContractClass.STOCK_OPTION})


def entry_ended(calendar: Calendar, contract: Instrument, *, now: datetime, on_expiry_day: bool) -> str:
    """Say why a contract may no longer be entered; empty while it may. `on_expiry_day` is the strategy's leave."""
    expiry, segment = contract.expiry, contract.key.segment
    if expiry is None:
        return ""
    if trading_day(now) > expiry:
        return f"{contract.symbol} expired on {_told(expiry)}"
    if contract.contract_class in _DELIVERED:
        last = calendar.stock_derivative_cut_off(expiry, segment)
        if trading_day(now) > last:
            return f"{contract.symbol} expires on {_told(expiry)} and is settled by delivery: last entry {_told(last)}"
    if contract.contract_class is ContractClass.INDEX_OPTION and not on_expiry_day:
        until = calendar.index_option_until(expiry)
        if now >= until:
            return f"{contract.symbol} expires today: entries end at {until:%H:%M}"
    return ""


def must_leave(calendar: Calendar, bracket: Bracket, *, now: datetime) -> str:
    """Say why what is held has to be left now; empty while it may stay."""
    if bracket.expiry is None or bracket.kind not in _DELIVERED:
        return ""
    by = calendar.leave_by(bracket.expiry, bracket.instrument.segment)
    if now < by:
        return ""
    return f"{bracket.symbol} expires on {_told(bracket.expiry)} and is settled by delivery: out by {by:%d %b %H:%M}"


def _told(day: date) -> str:
    return f"{day:%d %b %Y}"
