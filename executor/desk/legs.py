"""Make a leg of a bracket: the one place where purposes come from."""

from __future__ import annotations

from decimal import Decimal

from executor.desk.book import Draft
from executor.domain.bracket import Bracket, Leg, Role
from executor.domain.ids import LegId, SignalId
from executor.domain.order import Side
from executor.domain.strategy import LevelOf, Target


def add_leg(
    draft: Draft,
    bracket: Bracket,
    role: Role,
    *,
    cause: SignalId,
    quantity: int,
    side: Side | None = None,
    price: Decimal | None = None,
    trigger: Decimal | None = None,
    lasts: int | None = None,
    target: Target | None = None,
) -> Leg:
    """Add a leg; without a `side` an ENTRY goes the bracket's way and everything else out of it."""
    leg = Leg(
        id=LegId(draft.ids.new()),
        bracket=bracket.id,
        account=draft.account,
        cause=cause,
        role=role,
        side=side or (bracket.side if role is Role.ENTRY else bracket.side.opposite),
        quantity=quantity,
        price=price,
        trigger=trigger,
        created_at=draft.now,
        lasts=lasts,
        level=target.level if target else None,
        share=target.share if target else None,
        of=(target.of if target else None) or LevelOf.CONTRACT,
    )
    draft.put(leg)
    return leg
