"""Follow the price: trailing stops and break-even move the stop nearer, a target that is reached under `single` leaves.

The stop becomes a price that only ever moves towards the market; `want` moves the order at the broker by modify.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from executor.desk import carried, prices, rails
from executor.desk.aim.leave import add_exit
from executor.desk.book import Draft
from executor.desk.slices import slices_held
from executor.desk.targets import leaving_quantity, open_targets, reached
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.ids import SignalId
from executor.domain.intent import IntentKind
from executor.domain.levels import breaks_even, stop_trigger, trailed
from executor.domain.order import Side
from executor.domain.price import on_tick
from executor.domain.strategy import Level, LevelKind, Protection

#: Trailing stops share the broker's writes: the n-th move within an hour waits n half seconds, at most this many
#: seconds, times the stops that trail. So all together stay near 500 moves an hour, however many they are. A stop in
#: slices is so many stops, which move together.
_TURN_MAX = 7
_HOUR = timedelta(hours=1)


def follow(draft: Draft) -> None:
    for bracket in draft.live_brackets():
        if bracket.goal is not Goal.OPEN or draft.holding(bracket).held <= 0 or _must_not(draft, bracket):
            continue
        if bracket.trail is None and bracket.breakeven_after is None and bracket.protection is not Protection.SINGLE:
            continue
        last = prices.seen_price(draft, bracket.instrument)
        if last is not None:
            _move_stop(draft, bracket, last)
            _leave_at_targets(draft, draft.brackets[bracket.id], last)
        elif bracket.trail is not None or bracket.breakeven_after is not None:
            _look(draft, bracket)


def _look(draft: Draft, bracket: Bracket) -> None:
    if draft.calendar.is_open(bracket.instrument.segment, draft.now):
        prices.ask_price(draft, bracket.instrument, bracket.symbol)


def _must_not(draft: Draft, bracket: Bracket) -> bool:
    killed = rails.killed(draft, strategy=bracket.strategy, lane=bracket.lane) is not None
    return killed or carried.in_question(draft, bracket) or carried.waits(draft, bracket)


def _move_stop(draft: Draft, bracket: Bracket, last: Decimal) -> None:
    average = draft.holding(bracket).average
    if bracket.stop_loss is None or average is None:
        return
    stands = stop_trigger(bracket.stop_loss, average, bracket.side, tick=bracket.tick)
    moved, why = stands, ""
    if bracket.breakeven_after is not None and breaks_even(bracket.breakeven_after, average, last, bracket.side):
        even = on_tick(average, bracket.tick, up=bracket.side is Side.BUY)
        if (even - stands) * bracket.side.sign > 0 and (last - even) * bracket.side.sign > 0:
            moved, why = even, "break-even"
    if bracket.trail is not None and _is_its_turn(draft, bracket):
        follows = trailed(bracket.trail, moved, last, bracket.side, tick=bracket.tick)
        if follows is not None and (last - follows) * bracket.side.sign > 0:
            moved, why = follows, "trailing"
    if why:
        draft.put(replace(bracket, stop_loss=Level(LevelKind.PRICE, moved)))
        draft.note("stop_moved", bracket.id, f"{bracket.symbol}: stop {stands} → {moved} ({why}, last price {last})")


def _is_its_turn(draft: Draft, bracket: Bracket) -> bool:
    """Whether a trailing stop may move again: entries, targets and the other stops need writes too."""
    orders = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)]
    sent = [one.sending_at for o in orders for one in draft.intents_of(o.id) if one.kind is IntentKind.MODIFY]
    recent = [at for at in sent if at is not None and draft.now - at < _HOUR]
    trailing = sum(slices_held(draft, one) for one in draft.live_brackets() if one.trail is not None)
    moves = len(recent) / slices_held(draft, bracket)
    turn = timedelta(seconds=trailing * min(moves / 2, _TURN_MAX))
    return not recent or draft.now - max(recent) >= turn


def _leave_at_targets(draft: Draft, bracket: Bracket, last: Decimal) -> None:
    """A part whose target trades leaves; the last part is the resting stop itself, turned by `want`."""
    if bracket.protection is not Protection.SINGLE:
        return
    keep = draft.holding(bracket).held - leaving_quantity(draft, bracket)
    for leg, units in open_targets(draft, bracket, keep):
        if 0 < units < keep and reached(draft, bracket, leg, last):
            keep -= units
            add_exit(draft, bracket, cause=SignalId(leg.id), quantity=units)
            draft.note("target", bracket.id, f"{bracket.symbol}: {units} leave, their target traded at {last}")
