"""Positions whose stops a person took away: `kill --everything` ends them, `protect --stop` gives one again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from executor.domain.bracket import Role
from executor.domain.command import CommandKind, CommandState
from tests.campaigns.people import Ordered

if TYPE_CHECKING:
    from tests.campaigns.truth import Truth


def taken_from(truth: Truth, order: Ordered) -> list[Any]:
    """The brackets that a kill of everything found open."""
    made_at = truth.commands[order.id].made_at
    return [
        row
        for row in truth.brackets
        if order.covers(row.strategy) and row.opened_at <= made_at and (row.closed_at or made_at) >= made_at
    ]


def set_by_people(truth: Truth) -> set[tuple[str, Decimal]]:
    """The stops that people set: of which bracket, and where."""
    told = [one.arguments for one in truth.ordered if one.kind is CommandKind.PROTECT and "stop" in one.arguments]
    return {(one["bracket"], Decimal(one["stop"])) for one in told}


def wanted_bare(truth: Truth, share: str, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches in which a person wanted what is held of a share at that time without a stop."""
    bracket = _held_of(truth, share, at) if any(order.everything for order in truth.ordered) else None
    for order in truth.ordered:
        if order.everything and bracket in {row.id for row in taken_from(truth, order)}:
            given = (one.at for one in truth.ordered if one.at > order.at and _gives_stop(truth, one, bracket))
            yield order.at, min(given, default=truth.end)


def _held_of(truth: Truth, share: str, at: datetime) -> str | None:
    """The bracket that the last entry until then was of."""
    tags = [fill["tag"] for fill in truth.fills_of(share) if datetime.fromisoformat(fill["at"]) <= at]
    legs = [truth.legs.get(tag[1:14]) for tag in tags]
    entries = [leg.bracket for leg in legs if leg is not None and leg.role == Role.ENTRY]
    return entries[-1] if entries else None


def _gives_stop(truth: Truth, order: Ordered, bracket: str | None) -> bool:
    is_done = truth.commands[order.id].state == CommandState.DONE
    told = order.arguments
    return order.kind is CommandKind.PROTECT and is_done and told["bracket"] == bracket and "stop" in told
