"""Settle doubts: orders that never appeared, changes without effect, orders that appeared late.

NOT_PLACED is our verdict after clean reads begun 0.5, 1.5, 3, 5, 8 and 13 s after the send; running out of time is
not proof, reading the book is. A stop may be tried again after the first three: a second stop is cancelled on
sight, an unprotected position is worse (reliability.md 0.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from executor.desk.book import Draft
from executor.domain.bracket import Bracket, BracketState, Goal, Role
from executor.domain.messages import Intent, IntentKind, IntentState, SettledBy
from executor.domain.order import DOUBTFUL, WORKING, Order, OrderState

SCHEDULE = tuple(timedelta(seconds=s) for s in (0.5, 1.5, 3, 5, 8, 13))
STOP_SCHEDULE = SCHEDULE[:3]
#: A change is without effect when books begun this long after it was sent still show the old values.
CHANGE_SCHEDULE = (timedelta(seconds=2), timedelta(seconds=4))


def settle(draft: Draft) -> None:
    for order in list(draft.orders.values()):
        if order.leg is None:
            continue
        if order.state in DOUBTFUL and order.working_quantity is None:
            _settle_absent(draft, order)
        _settle_change(draft, order)
    for bracket in list(draft.brackets.values()):
        _wind_up_late(draft, bracket)


def covered(reads: Iterable[datetime], since: datetime, schedule: Iterable[timedelta]) -> bool:
    """Whether there is one clean read, in order, begun no earlier than each point of the schedule."""
    remaining = iter(sorted(reads))
    return all(any(read >= since + point for read in remaining) for point in schedule)


def _settle_absent(draft: Draft, order: Order) -> None:
    placing = draft.placing(order.id)
    if placing is None or placing.sending_at is None or placing.state in {IntentState.READY, IntentState.SENDING}:
        return
    assert order.leg is not None
    role = draft.legs[order.leg].role
    schedule = STOP_SCHEDULE if role is Role.STOP else SCHEDULE
    if not covered(draft.evidence.clean_reads, placing.sending_at, schedule):
        return
    draft.put(replace(order, state=OrderState.NOT_PLACED, text=f"not at the broker after {len(schedule)} clean reads"))
    for intent in draft.intents_of(order.id):
        if intent.settled_by is None:
            draft.put(replace(intent, settled_by=SettledBy.READS))
    draft.note(
        "not_placed", order.id, f"{role} of {order.symbol}: the order never appeared", alarm=role is not Role.ENTRY
    )


def _settle_change(draft: Draft, order: Order) -> None:
    """A modify or cancel that books do not show came to nothing (F-71); want decides what follows."""
    intent = draft.unsettled(order.id)
    if intent is None or intent.kind is IntentKind.PLACE or intent.sending_at is None:
        return
    if intent.state not in {IntentState.ACCEPTED, IntentState.UNKNOWN}:
        return
    if covered(draft.evidence.clean_reads, intent.sending_at, CHANGE_SCHEDULE):
        outcome = f"{intent.outcome}; the book shows no effect"
        draft.put(replace(intent, outcome=outcome, settled_by=SettledBy.READS))
        draft.note("no_effect", order.id, f"{intent.kind} had no effect", alarm=True)


def _wind_up_late(draft: Draft, bracket: Bracket) -> None:
    """Reopen a CLOSED bracket that an order or fill reached late: goal FLAT, recovered."""
    if bracket.state is not BracketState.CLOSED:
        return
    working = any(order.state in WORKING for _, order in draft.orders_of_bracket(bracket.id))
    if not working and draft.holding(bracket).held == 0:
        return
    reopened = replace(
        bracket,
        state=BracketState.CLOSING,
        goal=Goal.FLAT,
        recovered=True,
        closing_reason="an order of it appeared after it was closed",
    )
    draft.put(reopened)
    draft.note("recovered", bracket.id, f"{bracket.symbol}: an order appeared late; it is wound up", alarm=True)


#: Refusals that say nothing about the order itself: it was not looked at, and may be sent again.
_PASSING = ("REFUSED NEVER_SENT", "REFUSED SESSION", "REFUSED RATE")


def passing_refusal(intent: Intent | None) -> bool:
    return intent is not None and intent.outcome is not None and intent.outcome.startswith(_PASSING)


def failures_of(draft: Draft, orders: Iterable[Order]) -> list[Intent]:
    """The newest intents in a row that were refused, rejected or without effect, newest first: what damps `want`."""
    intents = sorted(((i, o) for o in orders for i in draft.intents_of(o.id)), key=lambda pair: pair[0].id)
    failed: list[Intent] = []
    for intent, order in reversed(intents):
        rejected = order.state is OrderState.REJECTED and order.filled == 0
        if not (rejected or intent.state is IntentState.REFUSED or intent.settled_by is SettledBy.READS):
            break
        failed.append(intent)
    return failed
