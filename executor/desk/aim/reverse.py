"""Turn a position over: leave it, and when that is confirmed enter the other side; never one order of double size.

The state is the store's: a signal that closed a bracket and has not ended is in its second half (F-37). The second
half is an entry under all rails; what it is refused for does not undo the first.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from executor.desk import rails
from executor.desk.aim.enter import end_entry
from executor.desk.aim.leave import close, leaving_units, too_late
from executor.desk.aim.pick import turns_freely
from executor.desk.book import Draft
from executor.desk.lanes import touch
from executor.desk.meaning import Meant, Purpose
from executor.desk.outcome import end_signal
from executor.domain.bracket import Bracket, BracketState
from executor.domain.ids import SignalId
from executor.domain.messages import Resolved
from executor.domain.record import Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask, Outcome, Signal, SignalState
from executor.domain.size import Units
from executor.domain.strategy import Size, SizeKind


def first_half(draft: Draft, resolved: Resolved, *, ask: Ask, lane: Lane, bracket: Bracket) -> None:
    """Leave what is held; a stale reverse of the day does so too, if the lane saw nothing newer."""
    signal = resolved.signal
    if too_late(draft, signal, lane):
        end_signal(draft, signal, Outcome.EXPIRED, Refusal(RefusalCode.STALE, rails.age_words(draft, signal.fired_at)))
        return
    close(draft, bracket, closer=signal.id, reason=f"reversed by signal {signal.id}")
    passed = rails.passed(draft, ask=ask, strategy=resolved.strategy, bracket=bracket)
    draft.note("plan", signal.id, f"reverse: {draft.holding(bracket).held} held leave first{passed}")
    touch(draft, lane, signal.fired_at, exit_fired=True)


def second_half(draft: Draft, signal: Signal) -> Meant:
    return Meant(Purpose.ENTER, draft.closed_by(signal.id)[0].chart.opposite)


def is_leaving(draft: Draft, signal: Signal) -> bool:
    """Whether the first half is not confirmed yet: the second waits for it, also to be refused."""
    return any(bracket.state is not BracketState.CLOSED for bracket in draft.closed_by(signal.id))


def overtaken(draft: Draft, leaving: Signal, behind: list[Resolved]) -> None:
    """End entries that still wait where an exit of what they would have entered has come."""
    for one in behind:
        if one.signal.id != leaving.id:
            refusal = Refusal(RefusalCode.SUPERSEDED, f"signal {leaving.id} left the position meanwhile")
            end_entry(draft, one.signal, Outcome.SUPERSEDED, refusal)
            draft.learn(waiting={key: row for key, row in draft.evidence.waiting.items() if key != one.signal.id})


def stay_flat(draft: Draft, bracket: Bracket, *, why: str) -> bool:
    """End the entry half that waits for a bracket to close, where a person leaves; whether there was one. After a start
    it may not have been read again: then its row tells.
    """
    waiting = draft.evidence.waiting.get(SignalId(bracket.closer or ""))
    signal = waiting.signal if waiting else draft.signals.get(bracket.closer)
    if signal is None or signal.state is not SignalState.RECEIVED:
        return False
    end_entry(draft, signal, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED, why))
    draft.learn(waiting={key: row for key, row in draft.evidence.waiting.items() if key != signal.id})
    return True


def crosses(draft: Draft, resolved: Resolved, ask: Ask, bracket: Bracket) -> bool:
    """Whether a larger `sell` (or `buy`) of a size of its own goes through zero, where it may.

    One by risk does not: what an entry would risk a unit has nothing to do with the stop of what is held.
    """
    if ask.position is not None or ask.size is None or not turns_freely(resolved, ask):
        return False
    if ask.size.kind is SizeKind.RISK:
        return False
    units = leaving_units(draft, ask, resolved.strategy, bracket)
    return isinstance(units, Units) and units.quantity > draft.holding(bracket).held > 0


def entry_ask(draft: Draft, resolved: Resolved, ask: Ask) -> Ask:
    """What the entry half asks: of a chart's contracts those that it holds now, of a larger sell what is left of it.

    The order that turns a chart over is for both sides, also where the first of them was never held here.
    """
    turned = draft.closed_by(resolved.signal.id)
    if ask.size is None:
        return ask
    if ask.position is not None:
        turns = ask.size.kind is SizeKind.CONTRACTS and ask.position.now is not ask.position.prev
        return replace(ask, size=Size(SizeKind.CONTRACTS, ask.position.now_size)) if turns else ask
    if ask.action is Action.REVERSE or not turned:
        return ask
    units = leaving_units(draft, ask, resolved.strategy, turned[0])
    asked = units.quantity if isinstance(units, Units) else 0
    left = sum(draft.holding(bracket).left for bracket in turned)
    return replace(ask, size=Size(SizeKind.QUANTITY, Decimal(max(asked - left, 0))))
