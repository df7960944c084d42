"""What stops entries. Exits pass all of it; a rule returns a refusal, it does not raise."""

from __future__ import annotations

from datetime import datetime, timedelta

from executor.desk.book import Draft
from executor.desk.outcome import waits
from executor.domain.bracket import Bracket, Role
from executor.domain.calendar import clock_time, trading_day
from executor.domain.instrument import Instrument
from executor.domain.record import Halt, HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Signal
from executor.domain.strategy import Strategy

#: How long an entry may wait from its fire time, in all places together (DESIGN: fired_at + 60 s).
ENTRY_LIFE = timedelta(seconds=60)


def entry_refused(draft: Draft, *, ask: Ask, strategy: Strategy, contract: Instrument, lane: Lane) -> Refusal | None:
    """The first rail that stops an entry, in the order in which a person would ask."""
    if not strategy.enabled:
        return Refusal(RefusalCode.STRATEGY_OFF, strategy.name)
    return (
        halted(draft, strategy=strategy.name, lane=lane.key)
        or _ticker_refused(ask, strategy)
        or _hours_refused(draft, strategy, contract)
        or _trades_refused(draft, strategy)
    )


def largest_order(strategy: Strategy) -> int:
    """Units that one entry may have."""
    return min(strategy.rails.max_quantity, strategy.rails.max_order or strategy.rails.max_quantity)


def is_stale(draft: Draft, signal: Signal) -> bool:
    return draft.now - signal.fired_at > ENTRY_LIFE


def age_words(draft: Draft, fired_at: datetime) -> str:
    return f"{(draft.now - fired_at).total_seconds():.0f} s after it was fired"


def halted(draft: Draft, *, strategy: str, lane: str) -> Refusal | None:
    """The halt in force that covers an entry, if there is one."""
    if covering := _covering(draft, strategy, lane):
        return _told(covering[0])
    known = draft.lanes.get(lane)
    return Refusal(RefusalCode.HALTED, f"the lane {known.ticker} is halted") if known and known.halted else None


def over_quantity(draft: Draft, strategy: Strategy, bracket: Bracket | None, quantity: int) -> Refusal | None:
    """The largest position: what is held, what may still fill, and the new entry together."""
    if bracket is None:
        return None
    entries = draft.legs_of(bracket.id, Role.ENTRY)
    unsent = sum(leg.quantity for leg in entries if waits(draft, leg))
    coming = sum(order.remaining for leg in entries for order in draft.orders_of(leg.id) if draft.may_rest(order))
    total = draft.holding(bracket).held + coming + unsent + quantity
    if total > strategy.rails.max_quantity:
        return Refusal(RefusalCode.SIZE_OVER_LIMIT, f"{total} with what is held, allowed {strategy.rails.max_quantity}")
    return None


def killed(draft: Draft, *, strategy: str, lane: str) -> Refusal | None:
    """The kill in force that covers a lane: no order from an alert, a job or a rail, exits included."""
    kills = [halt for halt in _covering(draft, strategy, lane) if halt.kind is HaltKind.KILL]
    return _told(kills[0]) if kills else None


def _covering(draft: Draft, strategy: str, lane: str) -> list[Halt]:
    scopes = {"ALL", f"account:{draft.account}", f"strategy:{strategy}", f"lane:{lane}"}
    return [halt for halt in draft.halts if halt.scope in scopes]


def _told(halt: Halt) -> Refusal:
    return Refusal(RefusalCode.HALTED, f"{halt.kind} on {halt.scope}: {halt.why}")


def _ticker_refused(ask: Ask, strategy: Strategy) -> Refusal | None:
    if {ask.ticker, f"{ask.exchange}:{ask.ticker}"} & strategy.rails.tickers:
        return None
    allowed = ", ".join(sorted(strategy.rails.tickers))
    return Refusal(RefusalCode.TICKER_NOT_ALLOWED, f"{ask.exchange}:{ask.ticker}; allowed: {allowed}")


def _hours_refused(draft: Draft, strategy: Strategy, contract: Instrument) -> Refusal | None:
    if not draft.calendar.is_open(contract.key.segment, draft.now):
        if trading_day(draft.now) > draft.calendar.valid_until:
            return Refusal(RefusalCode.CLOSED, f"the calendar ends on {draft.calendar.valid_until}: extend it")
        return Refusal(RefusalCode.CLOSED, f"{contract.key.segment} at {clock_time(draft.now):%H:%M} IST")
    rails = strategy.rails
    if not rails.enter_from <= clock_time(draft.now) < rails.enter_until:
        hours = f"{rails.enter_from:%H:%M}–{rails.enter_until:%H:%M}"
        return Refusal(RefusalCode.OUTSIDE_WINDOW, f"it is {clock_time(draft.now):%H:%M}, entries run {hours}")
    return None


def _trades_refused(draft: Draft, strategy: Strategy) -> Refusal | None:
    """Every entry leg of the day counts, whatever became of it, but those that never left."""
    today = [
        leg
        for leg in draft.legs.values()
        if leg.role is Role.ENTRY
        and trading_day(leg.created_at) == draft.day
        and draft.brackets[leg.bracket].strategy == strategy.name
        and (leg.wanted or any(draft.was_sent(order.id) for order in draft.orders_of(leg.id)))
    ]
    if len(today) >= strategy.rails.max_trades:
        return Refusal(RefusalCode.TRADES_A_DAY, f"{len(today)} today, allowed {strategy.rails.max_trades}")
    return None
