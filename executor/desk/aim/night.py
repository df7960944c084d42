"""What a day's end and its morning do to positions: square-off, expiry, gap, what is missing or is another thing.

Nothing is forced while the market is closed; only what the exchange has settled is closed then. What is level-
triggered here comes true after a restart as well: a square-off that was missed is made up for at the next look.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from executor.desk import carried, hours, prices
from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.domain.bracket import Bracket, Goal
from executor.domain.calendar import clock_time
from executor.domain.expiry import must_leave
from executor.domain.levels import stop_trigger
from executor.domain.strategy import Gap, Level, LevelKind


def night(draft: Draft) -> None:
    for bracket in draft.judged():
        if hours.has_expired(draft, bracket):
            _settle(draft, bracket)
        elif carried.to_be_matched(draft, bracket) and not carried.in_question(draft, bracket):
            _match(draft, bracket)
    for bracket in draft.judged():
        is_open = hours.opened_at(draft, bracket.instrument.segment) is not None
        if bracket.goal is Goal.OPEN and is_open and not carried.in_question(draft, bracket):
            _leave_in_time(draft, bracket)


def _settle(draft: Draft, bracket: Bracket) -> None:
    """The exchange has settled what was held of a contract that ended; at which price its books do not tell us."""
    held = draft.holding(bracket).held
    assert bracket.expiry is not None, "only what has an expiry expires"
    reason = f"expired {bracket.expiry:%d %b %Y}, settled by the exchange"
    if bracket.goal is Goal.OPEN or held:
        close(draft, bracket, closer=bracket.closer, reason=reason)
        draft.put(replace(draft.brackets[bracket.id], outside=bracket.outside + held))
        draft.note("settled", bracket.id, f"{bracket.symbol}: {reason}; {held} were held", alarm=held != 0)


def _match(draft: Draft, bracket: Bracket) -> None:
    """Halt the lane of what is not found, or is another thing; an INTRADAY position has ended with its day."""
    morning, lost = draft.evidence.morning, carried.missing(draft, bracket)
    seen = {one: at for one, at in morning.missing.items() if one != bracket.id}
    if lost:
        seen[bracket.id] = morning.missing.get(bracket.id, draft.now)
    draft.learn(morning=replace(morning, missing=seen))
    if lost and not carried.is_proved(draft, bracket):
        return
    if lost and hours.is_squared_off(draft, bracket):
        draft.put(replace(bracket, outside=bracket.outside + lost))
        text = f"{bracket.symbol}: {lost} were squared off by the broker while nobody watched, at a price unknown here"
        draft.note("outside", bracket.id, text, alarm=True)
        return
    if lost:
        held = draft.holding(bracket).held
        _halt(draft, bracket, "missing", f"{lost} of {held} are not in the account's positions or holdings")
    elif hours.opened_at(draft, bracket.instrument.segment) and (words := carried.unlike(draft, bracket)):
        _halt(draft, bracket, "changed", f"{words}: a split, a bonus? No stop is placed at the old prices")


def _halt(draft: Draft, bracket: Bracket, kind: str, why: str) -> None:
    draft.put(replace(draft.lanes[bracket.lane], halted=True))
    remedy = f"nothing is sent for it until you decide: executor exit, or executor protect {bracket.id} --stop PRICE"
    draft.note(
        kind, bracket.id, f"{bracket.symbol}: {why}; {remedy}, or executor resume to go on as before", alarm=True
    )


def _leave_in_time(draft: Draft, bracket: Bracket) -> None:
    held = draft.holding(bracket).held
    delivered = must_leave(draft.calendar, bracket, now=draft.now)
    if hours.is_squared_off(draft, bracket):
        close(draft, bracket, closer=None, reason=f"square-off at {clock_time(draft.now):%H:%M}")
        draft.note("square_off", bracket.id, f"{bracket.symbol}: {held} held leave before the broker squares them off")
    elif delivered:
        close(draft, bracket, closer=None, reason=delivered)
        draft.note("forced_exit", bracket.id, f"{bracket.symbol}: {held} held leave: {delivered}", alarm=held != 0)
    elif hours.takes_stops(draft, bracket.instrument.segment) and carried.to_be_matched(draft, bracket):
        _look_at_gap(draft, bracket)


def _look_at_gap(draft: Draft, bracket: Bracket) -> None:
    """Before the first stop of the day: a price that has passed it already means to leave, or a stop anew (F-75)."""
    trigger, last = carried.trigger_of(draft, bracket), carried.first_price(draft, bracket)
    if trigger is None:
        return
    if last is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)
        return
    if carried.waits(draft, bracket) or (last - trigger) * bracket.side.sign > 0:
        return
    again = _stop_again(draft, bracket, last) if bracket.gap is Gap.STOP_AGAIN else None
    told = f"{bracket.symbol}: gap, the first price {last} lies beyond the stop {trigger}"
    if again is None:
        close(draft, bracket, closer=None, reason=f"gap: first price {last}, stop {trigger}")
        draft.note("gap", bracket.id, f"{told}; it leaves", alarm=True)
    else:
        draft.put(replace(bracket, stop_loss=Level(LevelKind.PRICE, again)))
        draft.note("gap", bracket.id, f"{told}; a stop is placed again at {again}", alarm=True)


def _stop_again(draft: Draft, bracket: Bracket, last: Decimal) -> Decimal | None:
    """Where a stop can rest after a gap: as far from the first price as it was meant to be; None where nowhere."""
    level, average = bracket.stop_loss, draft.holding(bracket).average
    if bracket.trail is not None:
        level = bracket.trail.distance
    elif level is not None and level.kind is LevelKind.PRICE and average is not None:
        level = Level(LevelKind.POINTS, (average - level.value) * bracket.side.sign)
    if level is None or level.value <= 0:
        return None
    again = stop_trigger(level, last, bracket.side, tick=bracket.tick)
    return again if again > 0 and (last - again) * bracket.side.sign > 0 else None
