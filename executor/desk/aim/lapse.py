"""Entries do not wait for ever: unsent ones end with their freshness, working ones with `entry_ttl`.

What filled is kept; the rest is cancelled by `want`, because its leg is no longer wanted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.desk.book import Draft
from executor.desk.rails import ENTRY_LIFE
from executor.domain.bracket import Leg, Role
from executor.domain.messages import IntentState
from executor.domain.order import UNSEEN, OrderState

#: How long a market-like entry may rest at the broker.
ENTRY_TTL = timedelta(seconds=10)


def lapse_entries(draft: Draft) -> None:
    for bracket in draft.live_brackets():
        for leg in draft.legs_of(bracket.id, Role.ENTRY):
            reason = _lapsed(draft, leg) if leg.wanted else None
            if reason:
                draft.put(replace(leg, wanted=False, reason=reason))
                draft.note("lapsed", leg.cause, reason)


def _lapsed(draft: Draft, leg: Leg) -> str | None:
    orders = draft.orders_of(leg.id)
    newest = orders[-1] if orders else None
    if newest is not None and newest.state is OrderState.NOT_PLACED:
        return "it never appeared at the broker"
    placing = draft.placing(newest.id) if newest else None
    if newest is None or placing is None or placing.state in {IntentState.READY, IntentState.REFUSED}:
        signal = draft.signals.get(leg.cause)
        if signal is not None and draft.now - signal.fired_at > ENTRY_LIFE:
            age = (draft.now - signal.fired_at).total_seconds()
            return f"it could not be sent in time: {age:.0f} s after it was fired"
        return None
    if newest.state in UNSEEN or placing.sending_at is None or newest.remaining == 0:
        return None
    if draft.now - placing.sending_at > ENTRY_TTL:
        return f"not filled within {ENTRY_TTL.seconds} s"
    return None
