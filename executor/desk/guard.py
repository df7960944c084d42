"""What must always hold, checked from state at every event: filled > 0 ⇒ a working stop for it.

15 s without one is an alarm, 30 s a forced exit (DESIGN: the promise, 3). A stop counts only if the book showed it.
While the market is closed, and in the closing auction, there are no stops at the broker (DAY orders), and nothing is
forced; nor where a person has to decide first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from executor.desk import carried, hours, prices, stops
from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.desk.settle import is_refused
from executor.desk.slices import slices_held
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.ids import BracketId
from executor.domain.order import WORKING, Order, OrderState, OrderType
from executor.domain.strategy import Protection

ALARM = timedelta(seconds=15)
FORCED_EXIT = timedelta(seconds=30)
#: A stop refused or rejected this often will not be taken: leave. Of a position in slices, for each of them.
STOP_ATTEMPTS = 2


def guard(draft: Draft) -> None:
    since: dict[BracketId, datetime] = {}
    alarmed: set[tuple[BracketId, str]] = set()
    for bracket in draft.live_brackets():
        if not is_exposed(draft, bracket):
            continue
        if not hours.takes_stops(draft, bracket.instrument.segment) or carried.in_question(draft, bracket):
            continue
        since[bracket.id] = draft.evidence.unprotected_since.get(bracket.id, draft.now)
        age = draft.now - since[bracket.id]
        if bracket.goal is Goal.OPEN and (reason := _force(draft, bracket, age)):
            close(draft, bracket, closer=bracket.closer, reason=reason)
            draft.note("forced_exit", bracket.id, f"{bracket.symbol}: {reason}", alarm=True)
        alarmed |= {told for told in draft.evidence.alarmed if told[0] == bracket.id}
        if (alarm := _alarm(draft, bracket, age)) and (bracket.id, alarm[0]) not in alarmed:
            alarmed.add((bracket.id, alarm[0]))
            draft.note(alarm[0], bracket.id, f"{bracket.symbol}: {alarm[1]}", alarm=True)
    draft.learn(unprotected_since=since, alarmed=frozenset(alarmed))


def is_exposed(draft: Draft, bracket: Bracket) -> bool:
    """Whether more is held than working stops cover, or more has left than came in."""
    held = draft.holding(bracket).held
    meant = bracket.protection is Protection.NONE and bracket.goal is Goal.OPEN
    return held < 0 or (not meant and held > stopped_quantity(draft, bracket))


def stopped_quantity(draft: Draft, bracket: Bracket) -> int:
    """Units covered by stops that the book showed waiting for their trigger."""
    orders = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)]
    resting = [o for o in orders if o.state is OrderState.ACCEPTED and o.working_type is OrderType.STOP_LIMIT]
    return sum(order.remaining for order in resting)


def _force(draft: Draft, bracket: Bracket, unprotected: timedelta) -> str:
    """Why the position must be left now; empty while there is hope for its stop."""
    lost = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP) if is_refused(draft, order)]
    if len(lost) >= STOP_ATTEMPTS * slices_held(draft, bracket):
        return f"its stop was refused {len(lost)} times: {lost[-1].text}"
    if reason := stops.passed(draft, bracket):
        return reason
    if unprotected > prices.WALK and _has_started(draft, bracket):
        return "its stop triggered but did not fill"
    return f"no stop was working for {unprotected.seconds} s" if unprotected > FORCED_EXIT else ""


def _alarm(draft: Draft, bracket: Bracket, unprotected: timedelta) -> tuple[str, str] | None:
    """Kind and text of what a person has to know of."""
    held = draft.holding(bracket).held
    if held < 0:
        return "reversed", f"{-held} more left than came in; they are undone"
    if unprotected > ALARM and bracket.goal is Goal.FLAT and (exit_ := _resting_exit(draft, bracket)):
        return "rests", f"{held} held, their exit rests at {exit_.working_price} and nobody takes it (a circuit limit?)"
    if unprotected > ALARM:
        return "unprotected", f"{held} held, no working stop for {ALARM.seconds} s"
    return None


def _resting_exit(draft: Draft, bracket: Bracket) -> Order | None:
    """The limit order that leaves the position, where the book showed it working."""
    pairs = draft.orders_of_bracket(bracket.id)
    leaving = [order for leg, order in pairs if leg.side is not bracket.side and order.state in WORKING]
    return next((order for order in leaving if order.working_type is OrderType.LIMIT), None)


def _has_started(draft: Draft, bracket: Bracket) -> bool:
    """Whether a stop triggered or filled in part: from then on it is a limit order that the price may leave."""
    started = {OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED}
    return any(order.state in started for _, order in draft.orders_of_bracket(bracket.id, Role.STOP))
