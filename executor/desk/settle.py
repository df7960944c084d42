"""Settle doubts: orders that never appeared, changes without effect, orders that appeared late.

NOT_PLACED is our verdict after clean reads begun 0.5, 1.5, 3, 5, 8 and 13 s after the send; running out of time is
not proof, reading the book is. A stop may be tried again after the first three: a second stop is cancelled on
sight, an unprotected position is worse (reliability.md 0.3). So may an order that undoes what overshot: that
position nobody asked for, and it is to be gone within 10 s (F-34).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from executor.desk.book import Draft
from executor.desk.reports import was_taken_away
from executor.desk.rows import OPEN_ORDERS, UNSETTLED
from executor.domain.bracket import BracketState, Goal, Role
from executor.domain.intent import Intent, IntentKind, IntentState, SettledBy
from executor.domain.order import DOUBTFUL, WORKING, Order, OrderState

SCHEDULE = tuple(timedelta(seconds=s) for s in (0.5, 1.5, 3, 5, 8, 13))
STOP_SCHEDULE = SCHEDULE[:3]
#: What the broker took with an id is in its book sooner or later; a book lagged 15 s in bad moments (smartapi.md 9).
TAKEN_SCHEDULE = (*SCHEDULE, timedelta(seconds=20), timedelta(seconds=30))
#: A change is without effect when books begun this long after it was sent still show the old values.
CHANGE_SCHEDULE = (timedelta(seconds=2), timedelta(seconds=4))
#: The first of an order is sent again sooner: a repeated change harms nobody, a stop that is too small does.
FIRST_CHANGE_SCHEDULE = (timedelta(seconds=0.5), timedelta(seconds=1.5))


def settle(draft: Draft) -> None:
    _end_the_day(draft)
    for order in draft.watched(OPEN_ORDERS):
        if order.state in DOUBTFUL and order.leg is not None:
            _settle_absent(draft, order)
    for intent in draft.watched(UNSETTLED):
        if intent.kind is not IntentKind.PLACE:
            _settle_change(draft, intent)
    _wind_up_late(draft)


def _end_the_day(draft: Draft) -> None:
    """Orders live one day: what was working or in doubt when it ended has ended with it (F-73)."""
    for order in draft.watched(OPEN_ORDERS):
        if order.day >= draft.day or order.state is OrderState.INITIALIZED:
            continue
        draft.put(replace(order, state=OrderState.EXPIRED, text=order.text or "the day ended"))
        for intent in draft.intents_of(order.id):
            if intent.settled_by is None:
                draft.put(replace(intent, settled_by=SettledBy.READS))
        if order.leg is not None:
            draft.note("expired", order.id, f"{order.symbol}: an order of {order.day} ended with its day")


def covered(reads: Iterable[datetime], since: datetime, schedule: Iterable[timedelta]) -> bool:
    """Whether there is one clean read, in order, begun no earlier than each point of the schedule."""
    remaining = iter(sorted(reads))
    return all(any(read >= since + point for read in remaining) for point in schedule)


def _settle_absent(draft: Draft, order: Order) -> None:
    placing = draft.placing(order.id)
    if placing is None or placing.sending_at is None or placing.state is IntentState.SENDING:
        return
    assert order.leg is not None, "only our own orders are in doubt"
    leg = draft.legs[order.leg]
    role, undoes = leg.role, leg.role is Role.EXIT and leg.side is draft.brackets[leg.bracket].side
    schedule = STOP_SCHEDULE if role is Role.STOP or undoes else SCHEDULE
    if order.broker_id is not None:
        schedule = TAKEN_SCHEDULE
    if not covered(draft.evidence.clean_reads, placing.sending_at, schedule):
        return
    why = f"not at the broker after {len(schedule)} clean reads; its send: {placing.outcome}"
    draft.put(replace(order, state=OrderState.NOT_PLACED, text=why))
    for intent in draft.intents_of(order.id):
        if intent.settled_by is None:
            draft.put(replace(intent, settled_by=SettledBy.READS))
    draft.note(
        "not_placed", order.id, f"{role} of {order.symbol}: the order never appeared", alarm=role is not Role.ENTRY
    )


def _settle_change(draft: Draft, intent: Intent) -> None:
    """A modify or cancel that books do not show came to nothing (F-71); want decides what follows."""
    if intent.sending_at is None or intent.state not in {IntentState.ACCEPTED, IntentState.UNKNOWN}:
        return
    again = any(one.settled_by is SettledBy.READS for one in draft.intents_of(intent.order))
    schedule = CHANGE_SCHEDULE if again else FIRST_CHANGE_SCHEDULE
    if covered(draft.evidence.clean_reads, intent.sending_at, schedule):
        outcome = f"{intent.outcome}; the book shows no effect"
        draft.put(replace(intent, outcome=outcome, settled_by=SettledBy.READS))
        draft.note("no_effect", intent.order, f"{intent.kind} had no effect", alarm=True)


def _wind_up_late(draft: Draft) -> None:
    """Reopen a CLOSED bracket that an order or fill reached late: goal FLAT, recovered."""
    reached = [draft.bracket_of(order) for order in draft.watched(OPEN_ORDERS) if order.state in WORKING]
    late = {row.id for row in (*reached, *draft.holding_brackets()) if row and row.state is BracketState.CLOSED}
    for bracket in (draft.brackets[one] for one in sorted(late)):
        reason = "an order of it appeared after it was closed"
        draft.put(replace(bracket, state=BracketState.CLOSING, goal=Goal.FLAT, recovered=True, closing_reason=reason))
        draft.note("recovered", bracket.id, f"{bracket.symbol}: {reason}; it is wound up", alarm=True)


#: Refusals that say nothing about the order itself: it was not looked at. How often an entry is tried again after each.
PASSING = {"REFUSED NEVER_SENT": 3, "REFUSED SESSION": 1, "REFUSED RATE": 1}


def refused_how(intent: Intent | None) -> str:
    """The kind of refusal that ended an intent: a key of PASSING, or something else."""
    return (intent.outcome or "").split(":")[0] if intent is not None and intent.state is IntentState.REFUSED else ""


def passing_refusal(intent: Intent | None) -> bool:
    return refused_how(intent) in PASSING


def is_refused(draft: Draft, order: Order) -> bool:
    """Whether broker or exchange looked at an order of ours today and refused it."""
    refused = order.day == draft.day and order.state is OrderState.REJECTED and order.filled == 0
    return refused and not passing_refusal(draft.placing(order.id))


def is_lost(draft: Draft, order: Order) -> bool:
    """Whether an order of today was refused, rejected or taken away: reasons why its leg should not ask for ever."""
    return is_refused(draft, order) or (order.day == draft.day and was_taken_away(draft, order))


def failures_of(draft: Draft, orders: Iterable[Order]) -> list[Intent]:
    """The newest sends in a row that came to nothing, newest first: what damps `want`."""
    sent = [(i, order) for order in orders for i in draft.intents_of(order.id) if i.sending_at is not None]
    failed: list[Intent] = []
    for intent, order in sorted(sent, key=lambda pair: pair[0].id, reverse=True):
        came_to_nothing = intent.state is IntentState.REFUSED or intent.settled_by is SettledBy.READS
        if not (came_to_nothing or is_lost(draft, order)):
            break
        failed.append(intent)
    return failed
