"""Aim at less: a full exit sets the bracket's goal FLAT, a partial one adds an EXIT leg. Rails do not apply."""

from __future__ import annotations

from dataclasses import replace

from executor.desk import hours, prices, rails
from executor.desk.aim.pick import shows
from executor.desk.book import Draft
from executor.desk.lanes import touch
from executor.desk.legs import add_leg
from executor.desk.outcome import end_signal, may_fill, withdraw
from executor.desk.targets import leaving_quantity
from executor.domain.bracket import Bracket, Goal, Leg, Role
from executor.domain.calendar import trading_day
from executor.domain.ids import SignalId
from executor.domain.instrument import InstrumentKey, Price
from executor.domain.levels import stop_trigger
from executor.domain.messages import Resolved
from executor.domain.record import Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Outcome, Signal, SignalState
from executor.domain.size import Units, part_of, units_of
from executor.domain.strategy import SizeKind, Strategy


def aim_exit(draft: Draft, resolved: Resolved, *, ask: Ask, lane: Lane, bracket: Bracket, part: bool) -> None:
    """Close what the lane holds, or a part of it. A stale exit of the day runs if the lane saw nothing newer."""
    signal = resolved.signal
    if too_late(draft, signal, lane):
        end_signal(draft, signal, Outcome.EXPIRED, Refusal(RefusalCode.STALE, rails.age_words(draft, signal.fired_at)))
        return
    if hours.is_squared_off(draft, bracket) and not draft.calendar.is_open(bracket.instrument.segment, draft.now):
        detail = "an INTRADAY position does not pass its day; what is held still the broker closes"
        end_signal(draft, signal, Outcome.NOTHING_TO_DO, Refusal(RefusalCode.SQUARED_OFF, detail))
        return
    if ask.position is None and _entered_with(draft, signal, bracket):
        detail = "an exit does not close what an entry of the same moment opened"
        end_signal(draft, signal, Outcome.NOTHING_TO_DO, Refusal(RefusalCode.NOTHING_HELD, detail))
        return
    held = draft.holding(bracket).held
    coming = sum(_unfilled(draft, leg) for leg in _coming(draft, signal, bracket))
    all_of_it = Units(held, f"all {held} held leave")
    units = leaving_units(draft, ask, resolved.strategy, bracket, coming=coming) if part else all_of_it
    if isinstance(units, Refusal):
        end_signal(draft, signal, Outcome.REFUSED, units)
        return
    if not part or units.quantity >= held - leaving_quantity(draft, bracket):
        close(draft, bracket, closer=signal.id, reason=f"signal {signal.id}")
    else:
        _reduce(draft, signal, ask, bracket, units.quantity)
    told = prices.told_price(draft, ask.price, signal.fired_at) if shows(resolved, bracket) else None
    seen = prices.seen_price(draft, bracket.instrument)
    if told is not None and seen is None and not _is_under_limit(draft, bracket.instrument):
        draft.learn(prices={**draft.evidence.prices, bracket.instrument: Price(told, signal.fired_at)})
    words = units.words + rails.passed(draft, ask=ask, strategy=resolved.strategy, bracket=bracket)
    working = replace(signal, state=SignalState.WORKING, plan=words)
    draft.put(working, before=signal)
    draft.note("plan", signal.id, f"exit: {words}")
    touch(draft, lane, signal.fired_at, exit_fired=True)
    if part and not draft.closed_by(signal.id) and not draft.legs_by_cause(signal.id):
        end_signal(draft, working, Outcome.FILLED, None, reason=f"done: {units.words}")


def _reduce(draft: Draft, signal: Signal, ask: Ask, bracket: Bracket, units: int) -> None:
    """Let units leave. By ratio the chart has less than it entered: what has not come of that is not to come."""
    if ask.position is not None:
        for leg in _coming(draft, signal, bracket):
            withdraw(draft, leg, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED, f"reduced by signal {signal.id}"))
    if units:
        add_exit(draft, bracket, cause=signal.id, quantity=units)


def _coming(draft: Draft, signal: Signal, bracket: Bracket) -> list[Leg]:
    """The entries that a signal finds still filling, and that were fired before it."""
    legs = [leg for leg in draft.legs_of(bracket.id, Role.ENTRY) if leg.wanted and may_fill(draft, leg)]
    return [leg for leg in legs if draft.signals[leg.cause].fired_at <= signal.fired_at]


def close(draft: Draft, bracket: Bracket, *, closer: str | None, reason: str) -> None:
    """Set a bracket's goal FLAT; entries and partial exits of it are no longer wanted."""
    draft.put(replace(bracket, goal=Goal.FLAT, closer=closer, closing_reason=reason))
    for leg in draft.legs_of(bracket.id, Role.ENTRY, Role.EXIT):
        if leg.wanted:
            withdraw(draft, leg, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED, "the position is being closed"))


def _unfilled(draft: Draft, leg: Leg) -> int:
    return leg.quantity - sum(order.filled for order in draft.orders_of(leg.id))


def open_exits(draft: Draft, bracket: Bracket) -> list[Leg]:
    """Partial exits that have not left yet."""
    return [
        leg
        for leg in draft.legs_of(bracket.id, Role.EXIT)
        if leg.wanted and sum(order.filled for order in draft.orders_of(leg.id)) < leg.quantity
    ]


def too_late(draft: Draft, signal: Signal, lane: Lane) -> bool:
    """Whether an exit is stale: of another day, or the lane has seen something newer since."""
    if not rails.is_stale(draft, signal):
        return False
    if trading_day(signal.fired_at) != draft.day:
        return True
    return lane.last_fired_at is not None and lane.last_fired_at > signal.fired_at


def _entered_with(draft: Draft, signal: Signal, bracket: Bracket) -> bool:
    """Whether the bracket's first entry was fired at the very moment of this exit (DESIGN: Exits)."""
    entry = draft.signals.get(draft.legs_of(bracket.id, Role.ENTRY)[0].cause)
    return entry is not None and entry.fired_at == signal.fired_at


def _is_under_limit(draft: Draft, contract: InstrumentKey) -> bool:
    """Whether a loss limit looks at a contract's price: it believes quotes alone, or an alert could halt everything."""
    return any(draft.brackets[one].instrument == contract for one in draft.evidence.entered)


def leaving_units(draft: Draft, ask: Ask, strategy: Strategy, bracket: Bracket, *, coming: int = 0) -> Units | Refusal:
    """Units that a reduction asks to leave; by ratio, of what is not leaving yet and what is still `coming`, where the
    chart tells prev → now.
    """
    held, average = draft.holding(bracket).held, draft.holding(bracket).average
    if ask.position is not None:
        held -= leaving_quantity(draft, bracket)
        now, prev = ask.position.now_size, ask.position.prev_size
        return part_of(held, now=now, prev=prev, lot=bracket.lot, coming=coming)
    if average is None:
        return Units(held, f"all {held} held leave")
    stop = stop_trigger(bracket.stop_loss, average, bracket.side, tick=bracket.tick) if bracket.stop_loss else average
    size, risk = ask.size or strategy.size, abs(average - stop)
    if size.kind is SizeKind.RISK and not risk:
        return Units(held, f"all {held} held leave: at their stop they risk nothing")
    return units_of(size, strategy=strategy, lot=bracket.lot, price=average, risk=risk, cap=None)


def add_exit(draft: Draft, bracket: Bracket, *, cause: SignalId, quantity: int) -> None:
    """Let a part of a position leave: stop and targets shrink first, then it is sold."""
    add_leg(draft, bracket, Role.EXIT, cause=cause, quantity=quantity)
