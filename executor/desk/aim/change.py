"""Alerts that change what is there: `cancel` withdraws entries, `modify` moves stop and targets, `flatten` leaves all.

A stop only ever moves nearer by an alert; a person's `protect` may set it where he likes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from executor.desk import prices, rails
from executor.desk.aim.leave import close
from executor.desk.aim.pick import seen_spot, shown_beside, turned
from executor.desk.book import Draft
from executor.desk.lanes import touch
from executor.desk.legs import add_leg
from executor.desk.outcome import end_signal, may_fill, withdraw
from executor.domain.aims import unclear
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.levels import stop_trigger, target_price
from executor.domain.messages import Resolved
from executor.domain.plan import nearer_trail
from executor.domain.record import Halt, HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Outcome, Signal, SignalState
from executor.domain.strategy import Level, LevelKind, LevelOf, Protection, Strategy, Target
from executor.domain.underlying import Underlying, stop_at, target_at, whose


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


@dataclass(frozen=True, slots=True)
class _Change:
    """What a `modify` asks of a bracket, and the prices that it is compared with; `spot` where one of its levels is of
    the underlying.
    """

    ask: Ask
    strategy: Strategy
    bracket: Bracket
    average: Decimal
    last: Decimal
    what: Underlying | None
    spot: Decimal | None

    def watched(self, of: LevelOf | None) -> tuple[Underlying, Decimal] | None:
        """The underlying and its price, for a level of it."""
        if self.what is None or self.spot is None or whose(of, self.strategy, self.what) is LevelOf.CONTRACT:
            return None
        return self.what, self.spot

    def stop(self, level: Level) -> Decimal:
        return stop_trigger(level, self.average, self.bracket.side, tick=self.bracket.tick)

    def target(self, target: Target) -> Decimal:
        if found := self.watched(target.of):
            return target_at(target.level, found[1], found[0].side)
        return target_price(target.level, self.average, self.bracket.side, tick=self.bracket.tick)


def modify(draft: Draft, resolved: Resolved, *, ask: Ask, bracket: Bracket) -> bool:
    """Move stop and targets of what is held; False while there is no price to compare them with."""
    signal = resolved.signal
    if rails.is_stale(draft, signal):
        refusal = Refusal(RefusalCode.STALE, rails.age_words(draft, signal.fired_at))
        end_signal(draft, signal, Outcome.EXPIRED, refusal)
        return True
    what = shown_beside(resolved, bracket)
    refused = unclear(ask, resolved.strategy, what) or turned(resolved, ask, bracket)
    change = None if refused else _compared(draft, resolved, ask, bracket, what)
    if change is None and refused is None:
        return False
    refused = refused or (_refused(change) if change else None)
    if refused or change is None:
        end_signal(draft, signal, Outcome.REFUSED, refused)
        return True
    told = [*_move_stop(draft, change), *_set_targets(draft, signal, change)]
    end_signal(draft, signal, Outcome.FILLED, None, reason=f"done: {', '.join(told)}")
    return True


def _compared(draft: Draft, resolved: Resolved, ask: Ask, bracket: Bracket, what: Underlying | None) -> _Change | None:
    """The change with the prices it needs; None while they are to come."""
    strategy, average = resolved.strategy, draft.holding(bracket).average
    last = prices.seen_price(draft, bracket.instrument)
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
    said = [ask.stop_of] if ask.stop_loss else []
    said += [target.of for target in ask.take_profit]
    watched = what is not None and any(whose(of, strategy, what) is LevelOf.UNDERLYING for of in said)
    spot = seen_spot(draft, what) if what is not None and watched else None
    if last is None or average is None or (watched and spot is None):
        return None
    return _Change(ask, strategy, bracket, average, last, what, spot)


def _refused(change: _Change) -> Refusal | None:
    ask, bracket = change.ask, change.bracket
    if not (ask.stop_loss or ask.take_profit or ask.trail or ask.breakeven_after):
        return Refusal(RefusalCode.BAD_FIELD, "modify names neither stop_loss nor take_profit")
    moves = ask.stop_loss or ask.trail or ask.breakeven_after
    if moves and (bracket.protection is Protection.NONE or bracket.stop_loss is None):
        return Refusal(RefusalCode.NO_STOP, "this position runs without one")
    if refused := _stop_refused(change, ask.stop_loss) if ask.stop_loss else None:
        return refused
    for target in ask.take_profit:
        price, found = change.target(target), change.watched(target.of)
        if found and found[0].reaches(price, found[1]):
            return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price} of {found[0].symbol}, it is at {found[1]}")
        if not found and (price - change.last) * bracket.side.sign <= 0:
            return Refusal(RefusalCode.TARGET_WRONG_SIDE, f"target {price}, last price {change.last}")
    total = sum(target.share for target in ask.take_profit)
    return Refusal(RefusalCode.TARGET_SHARES, f"{total:f} percent") if total > 100 else None


def _stop_refused(change: _Change, level: Level) -> Refusal | None:
    if found := change.watched(change.ask.stop_of):
        what, spot = found
        asked = stop_at(level, spot, what.side)
        if what.stop is not None and (asked - what.stop) * what.side.sign < 0:
            return Refusal(RefusalCode.STOP_LOOSER, f"asked {asked} of {what.symbol}, it stands at {what.stop}")
        if replace(what, stop=asked).stopped(spot):
            return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {asked} of {what.symbol}, which is at {spot}")
        return None
    assert change.bracket.stop_loss is not None, "a bracket without a stop is refused before"
    sign = change.bracket.side.sign
    asked, stands = change.stop(level), change.stop(change.bracket.stop_loss)
    if (asked - stands) * sign < 0:
        return Refusal(RefusalCode.STOP_LOOSER, f"asked {asked}, it stands at {stands}")
    if (change.last - asked) * sign <= 0:
        return Refusal(RefusalCode.STOP_WRONG_SIDE, f"stop {asked}, last price {change.last}")
    return None


def _move_stop(draft: Draft, change: _Change) -> list[str]:
    ask, bracket = change.ask, change.bracket
    moved = replace(
        bracket,
        trail=nearer_trail(ask.trail, bracket.trail, change.last),
        breakeven_after=ask.breakeven_after or bracket.breakeven_after,
    )
    told = ["the stop trails"] if moved.trail != bracket.trail else []
    told += ["break-even is set"] if moved.breakeven_after != bracket.breakeven_after else []
    if ask.stop_loss and (found := change.watched(ask.stop_of)):
        what = replace(found[0], stop=stop_at(ask.stop_loss, found[1], found[0].side))
        moved = replace(moved, underlying=what)
        told.append(f"stop of {what.symbol} to {what.stop}")
    elif ask.stop_loss:
        price = change.stop(ask.stop_loss)
        moved = replace(moved, stop_loss=Level(LevelKind.PRICE, price))
        told.append(f"stop to {price}")
    draft.put(moved)
    return told


def _set_targets(draft: Draft, signal: Signal, change: _Change) -> list[str]:
    """New targets take the place of those that have not been reached."""
    ask, bracket = change.ask, change.bracket
    if not ask.take_profit:
        return []
    for leg in draft.legs_of(bracket.id, Role.TARGET):
        if leg.wanted:
            draft.put(replace(leg, wanted=False, reason=f"replaced by signal {signal.id}"))
    stands = draft.brackets[bracket.id]
    if stands.underlying is None and any(change.watched(one.of) for one in ask.take_profit):
        draft.put(replace(stands, underlying=change.what))  # its chart has rolled on: what it shows now is watched
    priced = [(change.target(one), _fixed(change, one)) for one in ask.take_profit]
    for price, target in sorted(priced, key=lambda pair: _order(change, *pair)):
        held = draft.holding(bracket).held
        add_leg(draft, bracket, Role.TARGET, cause=signal.id, quantity=held, price=price, target=target)
    return [f"targets to {', '.join(str(price) for price, _ in priced)}"]


def _fixed(change: _Change, target: Target) -> Target:
    """A target of the underlying is that price from now on."""
    if change.watched(target.of) is None:
        return replace(target, of=None)
    return Target(Level(LevelKind.PRICE, change.target(target)), target.share, LevelOf.UNDERLYING)


def _order(change: _Change, price: Decimal, target: Target) -> tuple[bool, Decimal]:
    """The nearest first, those of the contract before those of the underlying."""
    found = change.watched(target.of)
    return found is not None, price * (found[0].side if found else change.bracket.side).sign
