"""Aim at an entry: rails, price, plan; then a bracket with its legs, or one more entry leg of the one that is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from executor.desk import carried, hours, rails
from executor.desk.aim.pick import Picked, example_of, lacking, pick
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
from executor.domain.plan import EntryPlan, plan_entry
from executor.domain.record import HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Outcome, Signal, SignalState
from executor.domain.strategy import Gap, Protection


def aim_entry(draft: Draft, resolved: Resolved, *, ask: Ask, lane: Lane, chart: Side) -> bool:
    """Open or add the chart's way; False while it must wait: for session, book or price, for positions carried over
    night, or for the bracket before it to close.
    """
    signal, strategy = resolved.signal, resolved.strategy
    if lane.last_exit_fired_at is not None and signal.fired_at < lane.last_exit_fired_at:
        end_entry(draft, signal, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED))
        return True
    bracket = draft.bracket_of_lane(lane.key)
    example = example_of(resolved, bracket)
    if hours.about_to_open(draft, example.key.segment):
        return False
    refusal = rails.entry_refused(draft, ask=ask, strategy=strategy, contract=example, lane=lane)
    if refusal := refusal or rails.halted_then(draft, resolved, *HaltKind):
        end_entry(draft, signal, Outcome.REFUSED, refusal)
        return True
    if give_up_if_stale(draft, signal, lacks=lacking(draft, resolved, bracket)):
        return True
    blind = not draft.evidence.reconciled or draft.evidence.failed_reads >= BLIND
    if blind or carried.come_first(draft) or (bracket is not None and bracket.goal is Goal.FLAT):
        return False
    picked = pick(draft, resolved, ask=ask, chart=chart, bracket=bracket)
    if isinstance(picked, Refusal):
        end_entry(draft, signal, Outcome.REFUSED, picked)
    elif picked is not None:
        _plan(draft, resolved, picked, ask=ask, lane=lane, chart=chart, bracket=bracket)
    return picked is not None


def give_up_if_stale(draft: Draft, signal: Signal, *, lacks: str = "") -> bool:
    """End an entry that waited past its life; `lacks` is what it has no price of."""
    if not rails.is_stale(draft, signal):
        return False
    age = rails.age_words(draft, signal.fired_at)
    refusal = Refusal(RefusalCode.NO_PRICE, f"none of {lacks}, {age}") if lacks else Refusal(RefusalCode.STALE, age)
    end_entry(draft, signal, Outcome.EXPIRED, refusal)
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
    picked: Picked,
    *,
    ask: Ask,
    lane: Lane,
    chart: Side,
    bracket: Bracket | None,
) -> None:
    signal, strategy = resolved.signal, resolved.strategy
    plan = _planned(draft, resolved, picked, ask=ask, bracket=bracket)
    if isinstance(plan, Refusal):
        end_entry(draft, signal, Outcome.REFUSED, plan)
        return
    if bracket is None:
        bracket = _open_bracket(draft, signal, plan, picked.contract, chart=chart, gap=strategy.gap)
    else:
        draft.put(replace(bracket, stop_loss=plan.stop, underlying=plan.underlying or bracket.underlying))
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
    words = f"{picked.words}; {plan.words}" if picked.words else plan.words
    draft.put(replace(signal, state=SignalState.WORKING, plan=words), before=signal)
    draft.note("plan", signal.id, words)
    touch(draft, lane, signal.fired_at, exit_fired=False)


def _planned(
    draft: Draft, resolved: Resolved, picked: Picked, *, ask: Ask, bracket: Bracket | None
) -> EntryPlan | Refusal:
    """The plan, or the rail that stops it now that quantity and price are known."""
    strategy, cap = resolved.strategy, rails.largest_order(draft, resolved.strategy)
    if bracket is not None and (refusal := _stopped_out(draft, bracket, picked.last)):
        return refusal
    plan = plan_entry(
        ask=ask,
        strategy=strategy,
        contract=picked.contract,
        side=picked.side,
        last=picked.last,
        cap=cap.units,
        shown=picked.shown,
        adds=bracket,
    )
    if isinstance(plan, Refusal):
        return rails.named(plan, cap)
    if bracket is not None and Protection.NONE is bracket.protection is not plan.protection:
        return Refusal(RefusalCode.NO_STOP, "a person has taken that of what is held")
    return rails.plan_refused(draft, strategy, bracket, plan, contract=picked.contract) or plan


def _stopped_out(draft: Draft, bracket: Bracket, last: Decimal) -> Refusal | None:
    """Why nothing is added: the price has passed the stop of what is held, which leaves or has left unseen."""
    trigger = carried.trigger_of(draft, bracket)
    if trigger is None or (last - trigger) * bracket.side.sign > 0:
        return None
    return Refusal(RefusalCode.STOP_WRONG_SIDE, f"that of what is held, {trigger}, last price {last}")


def _open_bracket(
    draft: Draft, signal: Signal, plan: EntryPlan, contract: Instrument, *, chart: Side, gap: Gap
) -> Bracket:
    bracket = Bracket(
        id=BracketId(draft.ids.new()),
        lane=signal.lane,
        account=draft.account,
        strategy=signal.strategy,
        instrument=contract.key,
        symbol=contract.symbol,
        name=contract.name,
        tick=contract.tick,
        lot=contract.lot,
        kind=contract.contract_class,
        expiry=contract.expiry,
        freeze=contract.freeze,
        product=plan.product,
        side=plan.side,
        chart=chart,
        protection=plan.protection,
        stop_loss=plan.stop,
        trail=plan.trail,
        breakeven_after=plan.breakeven_after,
        gap=gap,
        opened_at=draft.now,
        underlying=plan.underlying,
    )
    draft.put(bracket)
    if plan.protection is not Protection.NONE:
        add_leg(draft, bracket, Role.STOP, cause=signal.id, quantity=plan.quantity, trigger=plan.trigger)
    for target, price in plan.targets:
        add_leg(draft, bracket, Role.TARGET, cause=signal.id, quantity=plan.quantity, price=price, target=target)
    return bracket
