"""What a signal asks for becomes a goal of the book, or a recorded reason why not.

Signals of one lane run in the order in which they were fired, exits first; one that must wait holds back the
entries behind it. An exit passes every rail and never opens anything.
"""

from __future__ import annotations

from executor.desk import rails
from executor.desk.aim import enter, leave
from executor.desk.book import Draft
from executor.desk.lanes import Purpose, held_side, lane_of_signal, meaning, touch
from executor.desk.outcome import end_signal
from executor.domain.bracket import Bracket, Goal
from executor.domain.messages import Resolved
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Outcome, Signal, read_ask
from executor.domain.strategy import Short


def aim_signals(draft: Draft) -> None:
    blocked: set[str] = set()
    for resolved in sorted(draft.evidence.waiting.values(), key=_order):
        lane = resolved.signal.lane
        if aim_signal(draft, resolved, blocked=lane in blocked):
            remaining = {k: v for k, v in draft.evidence.waiting.items() if k != resolved.signal.id}
            draft.learn(waiting=remaining)
        else:
            blocked.add(lane)


def aim_signal(draft: Draft, resolved: Resolved, *, blocked: bool) -> bool:
    """Aim at what one signal asks; False when it must wait."""
    signal, ask = resolved.signal, read_ask(resolved.signal.fields)
    lane = lane_of_signal(draft, signal)
    bracket = draft.bracket_of_lane(signal.lane)
    held = held_side(draft, bracket)
    meant = meaning(ask, held)
    if held is None and signal.action is Action.SELL and not _sells_short(resolved):
        meant = Refusal(RefusalCode.NOTHING_HELD, "the strategy opens no shorts")
    if kill := rails.killed(draft, strategy=signal.strategy, lane=signal.lane):
        meant = kill
    elif ask.unsupported:
        meant = Refusal(RefusalCode.UNSUPPORTED, ", ".join(ask.unsupported))
    if isinstance(meant, Refusal):
        _end_refused(draft, signal, _closing(meant, bracket))
        if meant.code is RefusalCode.NOTHING_HELD:
            touch(draft, lane, signal.fired_at, exit_fired=True)
        return True
    if meant.purpose is not Purpose.ENTER:
        assert bracket is not None, "a lane that holds a side has a bracket"
        leave.aim_exit(draft, resolved, ask=ask, lane=lane, bracket=bracket, part=meant.purpose is Purpose.REDUCE)
        return True
    if isinstance(resolved.contract, Refusal):
        _end_refused(draft, signal, resolved.contract)
        return True
    if blocked:
        return enter.give_up_if_stale(draft, signal)
    return enter.aim_entry(draft, resolved, ask=ask, lane=lane, contract=resolved.contract, side=meant.side)


def _order(resolved: Resolved) -> tuple[object, bool, str]:
    signal = resolved.signal
    return (signal.fired_at, signal.action is not Action.EXIT, signal.id)


def _sells_short(resolved: Resolved) -> bool:
    """A `sell` while nothing is held opens a short only where the strategy allows shorts; else it is a late exit."""
    asked_by_position = read_ask(resolved.signal.fields).position is not None
    return asked_by_position or resolved.strategy.short is not Short.NONE


def _closing(refusal: Refusal, bracket: Bracket | None) -> Refusal:
    """Say of a lane that holds nothing because it is being closed that it is."""
    if refusal.code is RefusalCode.NOTHING_HELD and bracket is not None and bracket.goal is Goal.FLAT:
        return Refusal(RefusalCode.ALREADY_CLOSING, bracket.closing_reason or "")
    return refusal


def _end_refused(draft: Draft, signal: Signal, refusal: Refusal) -> None:
    nothing = refusal.code in {RefusalCode.NOTHING_HELD, RefusalCode.ALREADY_CLOSING}
    end_signal(draft, signal, Outcome.NOTHING_TO_DO if nothing else Outcome.REFUSED, refusal)
