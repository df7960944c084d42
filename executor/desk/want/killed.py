"""A bracket under `kill`: no order from an alert, a job or a rail. Stops for what is filled are still placed.

Working entries and exits are cancelled, a target shrinks with what is held. A stop that rests stays and follows the
fills, but covers nothing that an exit may still sell; when nothing is held any more, what still rests goes, because it
could open a position. `kill --everything` has ended the legs themselves: their orders go.
"""

from __future__ import annotations

from executor.desk.book import Draft
from executor.desk.slices import largest_of
from executor.desk.want.difference import Cancel, Need
from executor.desk.want.entry import withdrawing
from executor.desk.want.pair import shrink, stop_needs, to_cover
from executor.desk.want.share import share
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.intent import PermitClass
from executor.domain.order import WORKING


def killed_needs(draft: Draft, bracket: Bracket) -> list[Need]:
    held = draft.holding(bracket).held
    leaving, stopped = (_resting_units(draft, bracket, role) for role in (Role.EXIT, Role.STOP))
    keep = max(held - leaving, min(held, stopped))  # no new stop for what may still leave, but what rests stays
    needs: list[Need] = []
    for leg in draft.legs_of(bracket.id):
        if leg.role is Role.ENTRY:
            needs += withdrawing(draft, bracket, leg)
        elif held <= 0 or not leg.wanted or leg.role is Role.EXIT:
            needs += _cancelling(draft, leg)
        elif leg.role is Role.STOP:
            needs += stop_needs(draft, bracket, leg, to_cover(draft, bracket, leg, keep))
        elif leg.role is Role.TARGET:
            needs += _shrinking(draft, bracket, leg, held)
    return needs


def _resting_units(draft: Draft, bracket: Bracket, role: Role) -> int:
    """Units that orders of a role may still take out of the position."""
    pairs = draft.orders_of_bracket(bracket.id, role)
    return sum(order.remaining for leg, order in pairs if leg.side is not bracket.side and draft.may_rest(order))


def _shrinking(draft: Draft, bracket: Bracket, leg: Leg, held: int) -> list[Need]:
    """A resting target stays, but never for more than is held."""
    working = [order for order in draft.orders_of(leg.id) if order.state in WORKING]
    shares, _ = share(working, held, most=largest_of(bracket))
    return [change for order, units in shares if (change := shrink(order, units))]


def _cancelling(draft: Draft, leg: Leg) -> list[Need]:
    resting = [order for order in draft.orders_of(leg.id) if draft.may_rest(order) and order.broker_id]
    return [Cancel(order, PermitClass.PROTECT) for order in resting]
