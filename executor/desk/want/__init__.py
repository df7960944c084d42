"""What must be working minus what is working. The only room where intents are made."""

from __future__ import annotations

from executor.desk import carried, hours, outside, rails
from executor.desk.book import Draft
from executor.desk.want.difference import Need, Place, emit
from executor.desk.want.entry import entry_needs
from executor.desk.want.flat import flat_needs
from executor.desk.want.killed import killed_needs
from executor.desk.want.pair import protection_needs
from executor.desk.want.single import single_needs
from executor.domain.bracket import Bracket, Goal, Role
from executor.domain.intent import Intent
from executor.domain.order import OrderState
from executor.domain.strategy import Protection


def want(draft: Draft) -> list[Intent]:
    """The intents that ask to leave now; none outside the session, and none before the account is reconciled.

    Until then READY intents stay as they are: whether they are still needed cannot be known.
    """
    if not draft.evidence.reconciled:
        return []
    needs: list[Need] = []
    for bracket in draft.judged():
        if draft.calendar.is_open(bracket.instrument.segment, draft.now):
            needs += _needs_now(draft, bracket)
    return emit(draft, needs)


def _needs_now(draft: Draft, bracket: Bracket) -> list[Need]:
    """What a bracket needs, less what cannot be or must not be sent at this time of its life."""
    if hours.has_expired(draft, bracket) or carried.in_question(draft, bracket) or carried.waits(draft, bracket):
        return []
    needs = _needs(draft, bracket)
    return [need for need in needs if not isinstance(need, Place) or _may_be_placed(draft, need)]


def _may_be_placed(draft: Draft, need: Place) -> bool:
    """Whether a new order may leave now. An exit waits while others may have sold what is held (F-40). In the closing
    auction an exit alone is asked for, until one was refused: it is the first order of the next session. In the last
    seconds too: what comes after the close would rest tomorrow.
    """
    is_exit, segment = need.leg.role is Role.EXIT, need.bracket.instrument.segment
    if is_exit and outside.is_unclear(draft, need.bracket):
        return False
    if not is_exit and hours.about_to_close(draft, segment):
        return False
    if hours.takes_stops(draft, segment):
        return True
    refused = [order for order in draft.orders_of(need.leg.id) if order.state is OrderState.REJECTED]
    return is_exit and not any(hours.in_auction(draft, segment, order.created_at) for order in refused)


def _needs(draft: Draft, bracket: Bracket) -> list[Need]:
    if rails.killed(draft, strategy=bracket.strategy, lane=bracket.lane):
        return killed_needs(draft, bracket)
    entries = entry_needs(draft, bracket)
    if bracket.goal is Goal.FLAT:
        return entries + flat_needs(draft, bracket)
    protection = single_needs if bracket.protection is Protection.SINGLE else protection_needs
    return entries + protection(draft, bracket)
