"""What must always hold, checked from state at every event: filled > 0 ⇒ a working stop for it.

15 s without one is an alarm, 30 s a forced exit (DESIGN: the promise, 3). A stop counts only if the book showed it.
"""

from __future__ import annotations

from datetime import timedelta

from executor.desk.aim.leave import close
from executor.desk.book import Draft
from executor.desk.settle import passing_refusal
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.order import OrderState, OrderType
from executor.domain.strategy import Protection

ALARM = timedelta(seconds=15)
FORCED_EXIT = timedelta(seconds=30)
#: A stop that triggered and did not fill is walked after this long (DESIGN: Protection).
WALK = timedelta(seconds=2)
#: A stop refused or rejected this often will not be taken: leave.
_STOP_ATTEMPTS = 2


def guard(draft: Draft) -> None:
    since = dict(draft.evidence.unprotected_since)
    live = {bracket.id: bracket for bracket in draft.live_brackets()}
    for gone in since.keys() - live.keys():
        del since[gone]
    for bracket in live.values():
        if not is_unprotected(draft, bracket):
            since.pop(bracket.id, None)
            continue
        started = since.setdefault(bracket.id, draft.now)
        _act(draft, bracket, unprotected=draft.now - started)
    if since != draft.evidence.unprotected_since:
        draft.learn(unprotected_since=since)


def is_unprotected(draft: Draft, bracket: Bracket) -> bool:
    """Whether more is held than working stops cover, in a bracket that is meant to be protected and kept."""
    if bracket.protection is Protection.NONE or bracket.goal is Goal.FLAT:
        return False
    return draft.holding(bracket).held > stopped_quantity(draft, bracket)


def stopped_quantity(draft: Draft, bracket: Bracket) -> int:
    """Units covered by stops that the book showed waiting for their trigger."""
    orders = [order for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)]
    resting = [o for o in orders if o.state is OrderState.ACCEPTED and o.working_type is OrderType.STOP_LIMIT]
    return sum(order.remaining for order in resting)


def _act(draft: Draft, bracket: Bracket, *, unprotected: timedelta) -> None:
    refused = [
        order
        for _, order in draft.orders_of_bracket(bracket.id, Role.STOP)
        if order.state is OrderState.REJECTED and not passing_refusal(draft.placing(order.id))
    ]
    if len(refused) >= _STOP_ATTEMPTS:
        reason = f"its stop was refused {len(refused)} times: {refused[-1].text}"
    elif unprotected > WALK and _has_started(draft, bracket):
        reason = "its stop triggered but did not fill"
    elif unprotected > FORCED_EXIT:
        reason = f"no stop was working for {unprotected.seconds} s"
    else:
        if unprotected > ALARM and bracket.id not in draft.evidence.alarmed:
            draft.learn(alarmed=draft.evidence.alarmed | {bracket.id})
            draft.note(
                "unprotected", bracket.id, f"{bracket.symbol}: no working stop for {ALARM.seconds} s", alarm=True
            )
        return
    close(draft, bracket, closer=bracket.closer, reason=reason)
    draft.note("forced_exit", bracket.id, f"{bracket.symbol}: {reason}", alarm=True)


def _has_started(draft: Draft, bracket: Bracket) -> bool:
    """Whether a stop triggered or filled in part: from then on it is a limit order that the price may leave."""
    started = {OrderState.TRIGGERED, OrderState.PARTIALLY_FILLED}
    return any(order.state in started for _, order in draft.orders_of_bracket(bracket.id, Role.STOP))
