"""What a signal asks for becomes a goal of the book, or a recorded reason why not.

Signals of one lane run in the order in which they were fired, exits first; one that must wait holds back the
entries behind it. An exit passes every rail and never opens anything.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.desk import rails
from executor.desk.aim import change, enter, leave, reverse
from executor.desk.aim.pick import is_late, turns_freely
from executor.desk.book import Draft
from executor.desk.lanes import held_side, in_turn, lane_of_signal, left_here, touch
from executor.desk.meaning import Meant, Purpose, in_step, meaning, side_of, syncs
from executor.domain.bracket import Bracket, Goal
from executor.domain.calendar import clock_time
from executor.domain.ids import SignalId
from executor.domain.messages import Resolved
from executor.domain.order import Side
from executor.domain.record import HaltKind, Lane
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Ask, Held, Outcome, Signal, read_ask

#: How long an alert that does not fit what the lane holds waits for the one that is missing (DESIGN: Continuity).
_PATIENCE = timedelta(milliseconds=700)

#: What a chart may not ask for whose prices are late; it may still leave.
_BY_PRICE = frozenset({Purpose.ENTER, Purpose.MODIFY})


def aim_signals(draft: Draft) -> None:
    waited = list[Resolved]()
    for resolved in in_turn(draft, draft.evidence.waiting.values()):
        left = draft.evidence.waiting
        if resolved.signal.id not in left:  # an exit before it has ended it
            continue
        ahead = [one for one in waited if one.signal.lane == resolved.signal.lane and one.signal.id in left]
        if aim_signal(draft, resolved, ahead=ahead):
            draft.learn(waiting={k: v for k, v in draft.evidence.waiting.items() if k != resolved.signal.id})
        else:
            waited.append(resolved)


def aim_signal(draft: Draft, resolved: Resolved, *, ahead: list[Resolved]) -> bool:
    """Aim at what one signal asks; False when it must wait. `ahead` are those of its lane that wait before it."""
    signal, ask = resolved.signal, read_ask(resolved.signal.fields)
    lane = lane_of_signal(draft, signal)
    bracket = draft.bracket_of_lane(signal.lane)
    if draft.closed_by(signal.id):
        meant: Meant | Refusal = reverse.second_half(draft, signal)
    else:
        held = held_side(draft, bracket)
        if _waits_for_missing(draft, signal, ask, held):
            return False
        meant = _meant(resolved, ask, lane, held)
    kill = rails.killed(draft, strategy=signal.strategy, lane=signal.lane)
    if kill := kill or rails.halted_then(draft, resolved, HaltKind.KILL):
        meant = kill
    elif ask.unsupported:
        meant = Refusal(RefusalCode.UNSUPPORTED, ", ".join(ask.unsupported))
    elif isinstance(meant, Meant) and meant.purpose in _BY_PRICE and is_late(signal):
        meant = Refusal(RefusalCode.TICKER_NOT_TRADABLE, f"{signal.fields['exchange']} is a delayed feed")
    if ahead and _turns_nothing(ask, meant):
        return False  # what it turns over is still to be entered
    _sync(draft, lane, ask)
    if _is_exit(ask):
        reverse.overtaken(draft, signal, _left_behind(draft, signal, ask, bracket, ahead))
    if isinstance(meant, Refusal):
        _end_refused(draft, signal, _closing(meant, bracket), lane)
        return True
    return _aim(draft, resolved, meant, ask=ask, lane=lane, bracket=bracket, blocked=bool(ahead))


def _aim(
    draft: Draft, resolved: Resolved, meant: Meant, *, ask: Ask, lane: Lane, bracket: Bracket | None, blocked: bool
) -> bool:
    match meant.purpose:
        case Purpose.CANCEL:
            change.cancel(draft, resolved.signal, lane, bracket)
            return True
        case Purpose.FLATTEN:
            change.flatten(draft, resolved.signal, lane)
            return True
        case Purpose.ENTER:
            return _enter(draft, resolved, ask=ask, lane=lane, side=meant.side, blocked=blocked)
    assert bracket is not None, "a lane that holds a side has a bracket"
    match meant.purpose:
        case Purpose.MODIFY:
            return change.modify(draft, resolved, ask=ask, bracket=bracket)
        case Purpose.REVERSE:
            reverse.first_half(draft, resolved, ask=ask, lane=lane, bracket=bracket)
            return not draft.closed_by(resolved.signal.id)
        case _:
            part = meant.purpose is Purpose.REDUCE
            if part and reverse.crosses(draft, resolved, ask, bracket):
                reverse.first_half(draft, resolved, ask=ask, lane=lane, bracket=bracket)
                return not draft.closed_by(resolved.signal.id)
            leave.aim_exit(draft, resolved, ask=ask, lane=lane, bracket=bracket, part=part)
            return True


def _enter(draft: Draft, resolved: Resolved, *, ask: Ask, lane: Lane, side: Side, blocked: bool) -> bool:
    if reverse.is_leaving(draft, resolved.signal):
        return False
    bracket = draft.bracket_of_lane(lane.key)
    adds = bracket is not None and bracket.goal is Goal.OPEN
    if isinstance(resolved.contract, Refusal) and not adds:
        enter.end_entry(draft, resolved.signal, Outcome.REFUSED, resolved.contract)
        return True
    if bracket is not None and adds and bracket.chart is not side:
        refusal = Refusal(RefusalCode.SUPERSEDED, f"the lane has entered {bracket.chart} meanwhile")
        enter.end_entry(draft, resolved.signal, Outcome.SUPERSEDED, refusal)
        return True
    if blocked:
        return enter.give_up_if_stale(draft, resolved.signal)
    ask = reverse.entry_ask(draft, resolved, ask)
    return enter.aim_entry(draft, resolved, ask=ask, lane=lane, chart=side)


def _turns_nothing(ask: Ask, meant: Meant | Refusal) -> bool:
    """Whether an alert that says `reverse` alone finds nothing to reverse."""
    nothing = isinstance(meant, Refusal) and meant.code is RefusalCode.NOTHING_HELD
    return nothing and ask.action is Action.REVERSE and ask.position is None


def _is_exit(ask: Ask) -> bool:
    """Whether the chart is flat behind it; a MODIFY or a CANCEL that tells so takes nothing away."""
    if ask.action in {Action.MODIFY, Action.CANCEL}:
        return False
    return ask.position.now is Held.FLAT if ask.position else ask.action is Action.EXIT


def _left_behind(
    draft: Draft, signal: Signal, ask: Ask, bracket: Bracket | None, ahead: list[Resolved]
) -> list[Resolved]:
    """What an exit ends, whatever it finds to leave: a reverse whose entry half still waits, were it of the same
    second, and what its chart did before it. A bare exit of an entry's second is meant for what was before both.
    """
    closer = draft.evidence.waiting.get(SignalId(bracket.closer or "")) if bracket else None
    turning = [closer] if closer and closer.signal.fired_at <= signal.fired_at else []
    return [*turning, *(one for one in ahead if ask.position and one not in turning)]


def _meant(resolved: Resolved, ask: Ask, lane: Lane, held: Side | None) -> Meant | Refusal:
    opens = held is None and ask.action is Action.SELL and ask.position is None
    if opens and not turns_freely(resolved, ask):
        return Refusal(RefusalCode.NOTHING_HELD, "the strategy opens no shorts")
    return meaning(ask, held, synced=lane.synced)


def _waits_for_missing(draft: Draft, signal: Signal, ask: Ask, held: Side | None) -> bool:
    """Whether an alert is missing before this one and may still come; exits never wait for it."""
    if ask.position is None or ask.position.now is Held.FLAT or in_step(ask.position, held):
        return False
    return draft.now - signal.received_at < _PATIENCE


def _sync(draft: Draft, lane: Lane, ask: Ask) -> None:
    """A new strategy starts flat: the chart's position is known once it passes through flat or turns over."""
    if ask.position is not None and not lane.synced and syncs(ask.position):
        draft.put(replace(draft.lanes.get(lane.key, lane), synced=True))


def _closing(refusal: Refusal, bracket: Bracket | None) -> Refusal:
    """Say of a lane that holds nothing because it is being closed that it is."""
    if refusal.code is RefusalCode.NOTHING_HELD and bracket is not None and bracket.goal is Goal.FLAT:
        return Refusal(RefusalCode.ALREADY_CLOSING, bracket.closing_reason or "")
    return refusal


_NOTHING = frozenset({RefusalCode.NOTHING_HELD, RefusalCode.ALREADY_CLOSING, RefusalCode.NOT_STARTED})


def _missed(draft: Draft, signal: Signal, refusal: Refusal, lane: Lane) -> Refusal:
    """Tell a person that an alert is missing, where nothing else has ended what the chart still holds: its stop did."""
    change = read_ask(signal.fields).position
    left = left_here(draft, lane, side_of(change.prev)) if change else None
    if left is None or left.closed_at is None:
        draft.note("missed", signal.id, f"{lane.ticker}: an alert is missing; {refusal.detail}", alarm=True)
        return refusal
    at = clock_time(left.closed_at)
    return replace(refusal, detail=f"{refusal.detail}: it was left here at {at:%H:%M:%S}, {left.closing_reason}")


def _end_refused(draft: Draft, signal: Signal, refusal: Refusal, lane: Lane) -> None:
    outcome = Outcome.NOTHING_TO_DO if refusal.code in _NOTHING else Outcome.REFUSED
    if refusal.code is RefusalCode.MISSED_ENTRY:
        refusal = _missed(draft, signal, refusal, lane)
    enter.end_entry(draft, signal, outcome, refusal)
    nothing_left = refusal.code in {RefusalCode.NOTHING_HELD, RefusalCode.ALREADY_CLOSING}
    if nothing_left and signal.action is not Action.MODIFY:  # it is no exit: an entry that still waits goes on
        touch(draft, lane, signal.fired_at, exit_fired=True)
