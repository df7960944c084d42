"""Alerts that change what is there: `cancel` withdraws entries, `modify` moves stop and targets, `flatten` leaves all.

A stop only ever moves nearer by an alert; a person's `protect` may set it where he likes.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from executor.desk import prices, rails
from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.desk.lanes import touch
from executor.desk.legs import add_leg
from executor.desk.outcome import end_signal, may_fill, withdraw
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.levels import stop_trigger, target_price
from executor.domain.messages import Resolved
from executor.domain.plan import nearer_trail
from executor.domain.record import Halt, HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Outcome, Signal, SignalState
from executor.domain.strategy import Level, LevelKind, Protection


def cancel(draft: Draft, signal: Signal, lane: Lane, bracket: Bracket | None) -> None:
    """Withdraw the lane's entries that may still fill and are not newer; what has filled is kept with its stop."""
    legs = draft.legs_of(bracket.id, Role.ENTRY) if bracket else []
    older = [leg for leg in legs if draft.signals[leg.cause].fired_at <= signal.fired_at]
    coming = [leg for leg in older if leg.wanted and may_fill(draft, leg)]
    for leg in coming:
        withdraw(draft, leg, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED, f"cancelled by signal {signal.id}"))
    touch(draft, lane, signal.fired_at, exit_fired=True)
    if coming:
        end_signal(draft, signal, Outcome.FILLED, None, reason=f"done: {len(coming)} entries are withdrawn")
    else:
        end_signal(draft, signal, Outcome.NOTHING_TO_DO, Refusal(RefusalCode.NOTHING_HELD, "no entry is waiting"))


def flatten(draft: Draft, signal: Signal, lane: Lane) -> None:
    """Halt the alert's own strategy and leave all it holds (DESIGN: Words)."""
    why = f"flattened by signal {signal.id}"
    draft.halt(Halt(f"strategy:{signal.strategy}", HaltKind.HALT, draft.now, why, f"signal {signal.id}"))
    open_ones = [row for row in draft.live_brackets() if row.strategy == signal.strategy and row.goal is Goal.OPEN]
    for bracket in open_ones:
        close(draft, bracket, closer=signal.id, reason=why)
    touch(draft, lane, signal.fired_at, exit_fired=True)
    if open_ones:
        words = f"flatten: {len(open_ones)} positions leave; the strategy is halted until `resume`"
        draft.put(replace(signal, state=SignalState.WORKING, plan=words), before=signal)
        draft.note("plan", signal.id, words)
    else:
        detail = "the strategy holds nothing; it is halted until `resume`"
        end_signal(draft, signal, Outcome.NOTHING_TO_DO, Refusal(RefusalCode.NOTHING_HELD, detail))


def modify(draft: Draft, resolved: Resolved, *, ask: Ask, bracket: Bracket) -> bool:
    """Move stop and targets of what is held; False while there is no price to compare them with."""
    signal = resolved.signal
    if rails.is_stale(draft, signal):
        refusal = Refusal(RefusalCode.STALE, rails.age_words(draft, signal.fired_at))
        end_signal(draft, signal, Outcome.EXPIRED, refusal)
        return True
    average = draft.holding(bracket).average
    last = prices.seen_price(draft, bracket.instrument)
    if last is None or average is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
        return False
    refused = _refused(ask, bracket, average, last)
    if refused:
        end_signal(draft, signal, Outcome.REFUSED, refused)
        return True
    told = [*_move_stop(draft, ask, bracket, average, last), *_set_targets(draft, signal, ask, bracket, average)]
    end_signal(draft, signal, Outcome.FILLED, None, reason=f"done: {', '.join(told)}")
    return True


def _refused(ask: Ask, bracket: Bracket, average: Decimal, last: Decimal) -> Refusal | None:
    if not (ask.stop_loss or ask.take_profit or ask.trail or ask.breakeven_after):
        return Refusal(RefusalCode.BAD_FIELD, "modify names neither stop_loss nor take_profit")
    moves = ask.stop_loss or ask.trail or ask.breakeven_after
    if moves and (bracket.protection is Protection.NONE or bracket.stop_loss is None):
        return Refusal(RefusalCode.NO_STOP, "this position runs without one")
    sign = bracket.side.sign
    if ask.stop_loss and bracket.stop_loss:
        asked, stands = (_stop(level, bracket, average) for level in (ask.stop_loss, bracket.stop_loss))
        if (asked - stands) * sign < 0:
            return Refusal(RefusalCode.STOP_LOOSER, f"asked {asked}, it stands at {stands}")
        if (last - asked) * sign <= 0:
            return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {asked}, last price {last}")
    for target in ask.take_profit:
        price = target_price(target.level, average, bracket.side, tick=bracket.tick)
        if (price - last) * sign <= 0:
            return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price}, last price {last}")
    total = sum(target.share for target in ask.take_profit)
    return Refusal(RefusalCode.TARGET_SHARES, f"{total:f} percent") if total > 100 else None


def _stop(level: Level, bracket: Bracket, average: Decimal) -> Decimal:
    return stop_trigger(level, average, bracket.side, tick=bracket.tick)


def _move_stop(draft: Draft, ask: Ask, bracket: Bracket, average: Decimal, last: Decimal) -> list[str]:
    moved = replace(
        bracket,
        trail=nearer_trail(ask.trail, bracket.trail, last),
        breakeven_after=ask.breakeven_after or bracket.breakeven_after,
    )
    told = ["the stop trails"] if moved.trail != bracket.trail else []
    told += ["break-even is set"] if moved.breakeven_after != bracket.breakeven_after else []
    if ask.stop_loss:
        price = _stop(ask.stop_loss, bracket, average)
        moved = replace(moved, stop_loss=Level(LevelKind.PRICE, price))
        told.append(f"stop to {price}")
    draft.put(moved)
    return told


def _set_targets(draft: Draft, signal: Signal, ask: Ask, bracket: Bracket, average: Decimal) -> list[str]:
    """New targets take the place of those that have not been reached."""
    if not ask.take_profit:
        return []
    for leg in draft.legs_of(bracket.id, Role.TARGET):
        if leg.wanted:
            draft.put(replace(leg, wanted=False, reason=f"replaced by signal {signal.id}"))
    priced = [(target_price(one.level, average, bracket.side, tick=bracket.tick), one) for one in ask.take_profit]
    for price, target in sorted(priced, key=lambda pair: pair[0] * bracket.side.sign):
        held = draft.holding(bracket).held
        add_leg(draft, bracket, Role.TARGET, cause=signal.id, quantity=held, price=price, target=target)
    return [f"targets to {', '.join(str(price) for price, _ in priced)}"]
