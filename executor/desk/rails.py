"""What stops entries. Exits pass all of it, which is recorded; a rule returns a refusal, it does not raise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal

from executor.desk import hours
from executor.desk.book import Draft
from executor.desk.outcome import taken, waits
from executor.desk.slices import MOST, largest, pieces
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.calendar import clock_time, trading_day
from executor.domain.instrument import Instrument, Segment, charted
from executor.domain.messages import Resolved
from executor.domain.plan import EntryPlan
from executor.domain.record import Halt, HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Signal
from executor.domain.strategy import AccountRails, Rails, Strategy

#: How long an entry may wait from its fire time, in all places together (DESIGN: fired_at + 60 s).
ENTRY_LIFE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Cap:
    """The most units that one entry may have, and the rail that says so."""

    units: int
    rail: str


# -- before there is a price ---------------------------------------------------------------------------------------


def entry_refused(draft: Draft, *, ask: Ask, strategy: Strategy, contract: Instrument, lane: Lane) -> Refusal | None:
    """The first rail that stops an entry, in the order in which a person would ask."""
    refusals = _refusals(draft, ask, strategy, lane.key, contract.key.segment)
    return next(iter(refusals), None) or hours.entry_too_late(draft, ask=ask, strategy=strategy, contract=contract)


def passed(draft: Draft, *, ask: Ask, strategy: Strategy, bracket: Bracket) -> str:
    """What would stop an entry at this moment and does not stop an exit, in words; empty when nothing would."""
    refusals = _refusals(draft, ask, strategy, bracket.lane, bracket.instrument.segment)
    found = [refusal.sentence for refusal in refusals if refusal.code is not RefusalCode.CLOSED]
    return f"; passes: {'; '.join(found)}" if found else ""


def _refusals(draft: Draft, ask: Ask, strategy: Strategy, lane: str, segment: Segment) -> list[Refusal]:
    rails, account = strategy.rails, draft.evidence.account_rails
    found = [
        None if strategy.enabled else Refusal(RefusalCode.STRATEGY_OFF, strategy.name),
        halted(draft, strategy=strategy.name, lane=lane),
        _ticker_refused(ask, strategy),
        _hours_refused(draft, rails, segment),
        _cooling_down(draft, strategy),
        _trades_refused(draft, rails, strategy.name),
        _trades_refused(draft, account, None),
        _open_refused(draft, rails, strategy.name, lane=lane),
        _open_refused(draft, account, None, lane=lane),
    ]
    return [refusal for refusal in found if refusal is not None]


def is_stale(draft: Draft, signal: Signal) -> bool:
    return draft.now - signal.fired_at > ENTRY_LIFE


def age_words(draft: Draft, fired_at: datetime) -> str:
    return f"{(draft.now - fired_at).total_seconds():.0f} s after it was fired"


def _ticker_refused(ask: Ask, strategy: Strategy) -> Refusal | None:
    asked = {charted(ask.ticker), charted(f"{ask.exchange}:{ask.ticker}")}
    if asked & {charted(ticker) for ticker in strategy.rails.tickers}:
        return None
    allowed = ", ".join(sorted(strategy.rails.tickers))
    return Refusal(RefusalCode.TICKER_NOT_ALLOWED, f"{ask.exchange}:{ask.ticker}; allowed: {allowed}")


def _hours_refused(draft: Draft, rails: Rails, segment: Segment) -> Refusal | None:
    if not draft.calendar.is_open(segment, draft.now):
        if trading_day(draft.now) > draft.calendar.valid_until:
            return Refusal(RefusalCode.CLOSED, f"the calendar ends on {draft.calendar.valid_until}: extend it")
        return Refusal(RefusalCode.CLOSED, f"{segment} at {clock_time(draft.now):%H:%M} IST")
    begins = rails.enter_from or draft.calendar.entries_from(segment, draft.day) or time.max
    ends = rails.enter_until or draft.calendar.entries_until(segment, draft.day) or time.min
    if not begins <= clock_time(draft.now) < ends:
        hours = f"{begins:%H:%M}–{ends:%H:%M}"
        return Refusal(RefusalCode.OUTSIDE_WINDOW, f"it is {clock_time(draft.now):%H:%M}, entries run {hours}")
    return None


def _cooling_down(draft: Draft, strategy: Strategy) -> Refusal | None:
    pause = timedelta(seconds=strategy.rails.cooldown)
    if not pause:
        return None
    closed = [row.closed_at for row in draft.closed_with_loss(strategy.name) if row.closed_at is not None]
    if not closed or draft.now - max(closed) >= pause:
        return None
    lost, free = clock_time(max(closed)), clock_time(max(closed) + pause)
    return Refusal(RefusalCode.COOL_DOWN, f"a loss at {lost:%H:%M:%S}, entries again at {free:%H:%M:%S}")


def _trades_refused(draft: Draft, rails: Rails | AccountRails, strategy: str | None) -> Refusal | None:
    """Every entry leg of the day counts, whatever became of it, but those that never left."""
    if rails.max_trades is None:
        return None
    today = sum(leg.wanted or _left(draft, leg) for leg in draft.entries_today(strategy))
    if today < rails.max_trades:
        return None
    return Refusal(RefusalCode.TRADES_A_DAY, f"{today} today, allowed {rails.max_trades} for {_whose(strategy)}")


def _open_refused(draft: Draft, rails: Rails | AccountRails, strategy: str | None, *, lane: str) -> Refusal | None:
    """Positions beside this lane's own: an add opens none, and a reversal waits until its first half is closed."""
    if rails.max_open is None:
        return None
    others = [row for row in draft.live_brackets() if row.lane != lane and strategy in (None, row.strategy)]
    if len(others) < rails.max_open:
        return None
    return Refusal(RefusalCode.TOO_MANY_OPEN, f"{len(others)} open, allowed {rails.max_open} for {_whose(strategy)}")


def _left(draft: Draft, leg: Leg) -> bool:
    return any(draft.was_sent(order.id) for order in draft.orders_of(leg.id))


def _whose(strategy: str | None) -> str:
    return "the account" if strategy is None else "the strategy"


# -- halts ---------------------------------------------------------------------------------------------------------


def halted(draft: Draft, *, strategy: str, lane: str) -> Refusal | None:
    """The halt in force that covers an entry, if there is one; a profit that is not known counts as one."""
    if covering := halts_over(draft, strategy=strategy, lane=lane):
        return _told(covering[0])
    known = draft.lanes.get(lane)
    if known and known.halted:
        return Refusal(RefusalCode.HALTED, f"the lane {known.ticker} is halted")
    unknown = draft.evidence.unknown_profit & _scopes(draft, strategy, lane)
    return Refusal(RefusalCode.PROFIT_UNKNOWN, ", ".join(sorted(unknown))) if unknown else None


def killed(draft: Draft, *, strategy: str, lane: str) -> Refusal | None:
    """The kill in force that covers a lane: no order from an alert, a job or a rail, exits included."""
    kills = [halt for halt in halts_over(draft, strategy=strategy, lane=lane) if halt.kind is HaltKind.KILL]
    return _told(kills[0]) if kills else None


def halted_then(draft: Draft, resolved: Resolved, *kinds: HaltKind) -> Refusal | None:
    """The halt of a kind that covered a signal when it was received, were it ended by now: nothing is made up for."""
    scopes = _scopes(draft, resolved.signal.strategy, resolved.signal.lane)
    covered = [halt for halt in resolved.halts if halt.scope in scopes and halt.kind in kinds]
    return _told(covered[0]) if covered else None


def halts_over(draft: Draft, *, strategy: str, lane: str) -> list[Halt]:
    """The halts in force that cover a lane."""
    scopes = _scopes(draft, strategy, lane)
    return [halt for halt in draft.halts if halt.scope in scopes]


def _scopes(draft: Draft, strategy: str, lane: str) -> set[str]:
    return {"ALL", f"account:{draft.account}", f"strategy:{strategy}", f"lane:{lane}"}


def _told(halt: Halt) -> Refusal:
    code = RefusalCode.LOSS_LIMIT if halt.kind is HaltKind.LOSS else RefusalCode.HALTED
    ended = f"; it ended at {clock_time(halt.ended_at):%H:%M:%S}, after this alert" if halt.ended_at else ""
    return Refusal(code, f"{halt.kind} on {halt.scope}: {halt.why}{ended}")


# -- when it is planned --------------------------------------------------------------------------------------------


def largest_order(draft: Draft, strategy: Strategy) -> Cap:
    """Units that one entry may have, by the narrowest of position, strategy and account."""
    rails, account = strategy.rails, draft.evidence.account_rails
    caps = [
        Cap(rails.max_quantity, "the strategy's largest position"),
        Cap(rails.max_order_quantity or rails.max_quantity, "the strategy's largest order"),
        Cap(account.max_order_quantity or rails.max_quantity, "the account's largest order"),
    ]
    return min(caps, key=lambda cap: cap.units)


def plan_refused(
    draft: Draft, strategy: Strategy, bracket: Bracket | None, plan: EntryPlan, *, contract: Instrument
) -> Refusal | None:
    """The rail that stops a planned entry: what is held, what may still fill and the new units together."""
    rails, account = strategy.rails, draft.evidence.account_rails
    position = plan.quantity + (_units(draft, bracket) if bracket else 0)
    if position > rails.max_quantity:
        return Refusal(RefusalCode.SIZE_OVER_LIMIT, f"{position} with what is held, allowed {rails.max_quantity}")
    if refusal := _over_freeze(contract, position):
        return refusal
    worth = position * plan.entry.dearest
    if rails.max_notional is not None and worth > rails.max_notional:
        return _too_dear(f"{position} at {plan.entry.dearest}", worth, rails.max_notional, "the strategy's position")
    if account.max_notional is not None:
        others = [row for row in draft.live_brackets() if bracket is None or row.id != bracket.id]
        worth += sum((_worth(draft, row) for row in others), Decimal(0))
        if worth > account.max_notional:
            return _too_dear(f"{len(others)} others with it", worth, account.max_notional, "the account's positions")
    return None


def _over_freeze(contract: Instrument, position: int) -> Refusal | None:
    """Why a position is too large to be sliced below the exchange's freeze quantity and protected in time (F-44)."""
    most = largest(contract.freeze, contract.lot)
    if most is None or position <= most * MOST:
        return None
    orders = f"that is {len(pieces(position, most))} orders of at most {most}" if most else "one lot is too large"
    detail = f"{position} with what is held: {orders}; allowed are {MOST} orders of fewer than {contract.freeze}"
    return Refusal(RefusalCode.OVER_FREEZE, detail)


def named(refusal: Refusal, cap: Cap) -> Refusal:
    """A refusal of a plan; one for its size names the rail that capped it."""
    if refusal.code is not RefusalCode.SIZE_OVER_LIMIT:
        return refusal
    return replace(refusal, detail=f"{refusal.detail}; {cap.rail} is {cap.units}")


def _too_dear(what: str, worth: Decimal, allowed: Decimal, rail: str) -> Refusal:
    detail = f"{what} are worth {worth:.2f}, allowed for {rail}: {allowed:f}"
    return Refusal(RefusalCode.NOTIONAL_OVER_LIMIT, detail)


def _units(draft: Draft, bracket: Bracket) -> int:
    """Units held, working or still to be sent."""
    entries = draft.legs_of(bracket.id, Role.ENTRY)
    unsent = sum(
        leg.quantity - sum(order.sent_quantity for order in taken(draft, leg)) for leg in entries if waits(draft, leg)
    )
    coming = sum(order.remaining for leg in entries for order in draft.orders_of(leg.id) if draft.may_rest(order))
    return abs(draft.holding(bracket).held) + coming + unsent


def _worth(draft: Draft, bracket: Bracket) -> Decimal:
    """What a position may be worth, at its average or the limits of its entries."""
    limits = [leg.price for leg in draft.legs_of(bracket.id, Role.ENTRY) if leg.price is not None]
    price = draft.holding(bracket).average or max(limits, default=Decimal(0))
    return _units(draft, bracket) * price
