"""Aim at an entry: rails, price, plan; then a bracket with its legs, or one more entry leg of the one that is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from executor.desk import carried, prices, rails
from executor.desk.book import Draft
from executor.desk.lanes import touch
from executor.desk.legs import add_leg
from executor.desk.outcome import end_signal
from executor.desk.reads import BLIND
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.ids import BracketId
from executor.domain.instrument import Instrument
from executor.domain.messages import Resolved
from executor.domain.order import Side
from executor.domain.plan import EntryPlan, plan_entry, stop_with_add
from executor.domain.record import Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Outcome, Signal, SignalState
from executor.domain.strategy import Gap, Protection


def aim_entry(draft: Draft, resolved: Resolved, *, ask: Ask, lane: Lane, contract: Instrument, side: Side) -> bool:
    """Open or add; False while it must wait: for session, book or price, for positions carried over night, or
    for the bracket before it to close."""
    signal, strategy = resolved.signal, resolved.strategy
    if lane.last_exit_fired_at is not None and signal.fired_at < lane.last_exit_fired_at:
        end_entry(draft, signal, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED))
        return True
    refusal = rails.entry_refused(draft, ask=ask, strategy=strategy, contract=contract, lane=lane)
    if refusal:
        end_entry(draft, signal, Outcome.REFUSED, refusal)
        return True
    if give_up_if_stale(draft, signal):
        return True
    bracket = draft.bracket_of_lane(lane.key)
    blind = not draft.evidence.reconciled or draft.evidence.failed_reads >= BLIND
    if blind or carried.come_first(draft) or (bracket is not None and bracket.goal is Goal.FLAT):
        return False
    last = prices.seen_price(draft, contract.key) or prices.told_price(draft, ask.price, signal.fired_at)
    if last is None:
        prices.ask_price(draft, contract.key, contract.symbol)
        return False
    _plan(draft, resolved, ask=ask, lane=lane, contract=contract, side=side, last=last, bracket=bracket)
    return True


def give_up_if_stale(draft: Draft, signal: Signal) -> bool:
    """End an entry that waited past its life."""
    if not rails.is_stale(draft, signal):
        return False
    end_entry(draft, signal, Outcome.EXPIRED, Refusal(RefusalCode.STALE, rails.age_words(draft, signal.fired_at)))
    return True


def end_entry(draft: Draft, signal: Signal, outcome: Outcome, refusal: Refusal) -> None:
    """End a signal that enters nothing; of a reverse whose first half left the position that is said."""
    left = sum(draft.holding(bracket).left for bracket in draft.closed_by(signal.id))
    if left:
        outcome = Outcome.PARTLY_FILLED
        refusal = replace(refusal, detail=f"{left} left, the entry half was not made; {refusal.detail}")
    end_signal(draft, signal, outcome, refusal)


def _plan(
    draft: Draft,
    resolved: Resolved,
    *,
    ask: Ask,
    lane: Lane,
    contract: Instrument,
    side: Side,
    last: Decimal,
    bracket: Bracket | None,
) -> None:
    signal, strategy = resolved.signal, resolved.strategy
    cap = rails.largest_order(draft, strategy)
    plan = plan_entry(ask=ask, strategy=strategy, contract=contract, side=side, last=last, cap=cap.units)
    if isinstance(plan, Refusal):
        end_entry(draft, signal, Outcome.REFUSED, rails.named(plan, cap))
        return
    if bracket is not None and Protection.NONE is bracket.protection is not plan.protection:
        end_entry(
            draft, signal, Outcome.REFUSED, Refusal(RefusalCode.NO_STOP, "a person has taken that of what is held")
        )
        return
    if refusal := rails.plan_refused(draft, strategy, bracket, plan, freeze=contract.freeze):
        end_entry(draft, signal, Outcome.REFUSED, refusal)
        return
    if bracket is None:
        bracket = _open_bracket(draft, signal, plan, contract, gap=strategy.gap)
    else:
        draft.put(replace(bracket, stop_loss=stop_with_add(plan.stop, bracket.stop_loss, last, side)))
    add_leg(
        draft,
        bracket,
        Role.ENTRY,
        cause=signal.id,
        quantity=plan.quantity,
        price=plan.entry.limit,
        trigger=plan.entry.trigger,
        lasts=plan.entry.lasts,
    )
    draft.put(replace(signal, state=SignalState.WORKING, plan=plan.words), before=signal)
    draft.note("plan", signal.id, plan.words)
    touch(draft, lane, signal.fired_at, exit_fired=False)


def _open_bracket(draft: Draft, signal: Signal, plan: EntryPlan, contract: Instrument, *, gap: Gap) -> Bracket:
    bracket = Bracket(
        id=BracketId(draft.ids.new()),
        lane=signal.lane,
        account=draft.account,
        strategy=signal.strategy,
        instrument=contract.key,
        symbol=contract.symbol,
        tick=contract.tick,
        lot=contract.lot,
        kind=contract.contract_class,
        expiry=contract.expiry,
        freeze=contract.freeze,
        product=plan.product,
        side=plan.side,
        protection=plan.protection,
        stop_loss=plan.stop,
        trail=plan.trail,
        breakeven_after=plan.breakeven_after,
        gap=gap,
        opened_at=draft.now,
    )
    draft.put(bracket)
    if plan.protection is not Protection.NONE:
        add_leg(draft, bracket, Role.STOP, cause=signal.id, quantity=plan.quantity, trigger=plan.trigger)
    for target, price in plan.targets:
        add_leg(draft, bracket, Role.TARGET, cause=signal.id, quantity=plan.quantity, price=price, target=target)
    return bracket
