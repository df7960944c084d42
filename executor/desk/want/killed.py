"""A bracket under `kill`: no order from an alert, a job or a rail. Stops for what is filled are still placed.

Working entries are cancelled. A stop that rests stays and follows the fills; when nothing is held any more, what
still rests goes, because it could open a position. `kill --everything` has ended the legs themselves: their orders go.
"""

from __future__ import annotations

from executor.desk.book import Draft
from executor.desk.want.difference import Cancel, Need
from executor.desk.want.entry import withdrawing
from executor.desk.want.pair import stop_needs
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.intent import PermitClass


def killed_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    held = draft.holding(bracket).held
    needs: list[Need] = []
    for leg in draft.legs_of(bracket.id):
        if leg.role is Role.ENTRY:
            needs += withdrawing(draft, bracket, leg)
        elif held <= 0 or not leg.wanted:
            needs += _cancelling(draft, leg)
        elif leg.role is Role.STOP:
            needs += stop_needs(draft, bracket, leg, held)
    return needs


def _cancelling(draft: Draft, leg: Leg) -> list[Need]:
    resting = [order for order in draft.orders_of(leg.id) if draft.may_rest(order) and order.broker_id]
    return [Cancel(order, PermitClass.PROTECT) for order in resting]
