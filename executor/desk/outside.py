"""What others do in the account: a hand in the broker's app, the broker's own square-off, another program.

Their trades are charged to our newest bracket first, with an alarm, when both hold: foreign orders of the day filled
against our side, and a positions read begun after the last fill shows the account netting less than we hold. Neither
alone proves anything: an empty or late answer is not "flat" (DESIGN: Exits, the promise 6). What is bought or sold
beyond that is not ours and is never touched.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.desk.book import Draft
from executor.desk.rows import CHARGED, FOREIGN
from executor.domain.bracket import Bracket

#: A positions read tells of fills that are at least this old.
_SETTLED = timedelta(seconds=1)


def charge_outside(draft: Draft) -> None:
    for group in _groups(draft):
        suspected = suspected_outside(draft, group[0])
        if suspected <= 0 or not _positions_are_newer(draft):
            continue
        missing = sum(draft.holding(bracket).held for bracket in group) - _netted(draft, group[0])
        _charge(draft, group, min(suspected, missing))


def suspected_outside(draft: Draft, like: Bracket) -> int:
    """Units that foreign orders filled today against the side of a bracket, and that nobody was charged for."""
    against = sum(
        order.filled
        for order in draft.watched(FOREIGN)
        if order.day == draft.day
        and (order.instrument, order.product) == (like.instrument, like.product)
        and order.side is like.side.opposite
    )
    charged = sum(bracket.outside for bracket in draft.watched(CHARGED) if _is_like(bracket, like))
    return against - charged


def _groups(draft: Draft) -> list[list[Bracket]]:
    """Brackets that hold something, newest first, by contract, product and side."""
    groups: dict[tuple[object, ...], list[Bracket]] = {}
    for bracket in sorted(draft.live_brackets(), key=lambda row: row.id, reverse=True):
        if draft.holding(bracket).held > 0:
            groups.setdefault((bracket.instrument, bracket.product, bracket.side), []).append(bracket)
    return list(groups.values())


def _is_like(bracket: Bracket, like: Bracket) -> bool:
    return (bracket.instrument, bracket.product, bracket.side) == (like.instrument, like.product, like.side)


def _positions_are_newer(draft: Draft) -> bool:
    read, filled = draft.evidence.positions_at, draft.evidence.filled_at
    return read is not None and (filled is None or read >= filled + _SETTLED)


def _netted(draft: Draft, like: Bracket) -> int:
    """What the account nets in the direction of a bracket."""
    found = [
        position.quantity * like.side.sign
        for position in draft.evidence.positions
        if (position.instrument, position.product) == (like.instrument, like.product)
    ]
    return max(0, sum(found))


def _charge(draft: Draft, group: list[Bracket], quantity: int) -> None:
    for bracket in group:
        taken = min(quantity, draft.holding(bracket).held)
        if taken > 0:
            draft.put(replace(bracket, outside=bracket.outside + taken))
            text = f"{bracket.symbol}: {taken} of ours were closed outside; {draft.holding(bracket).held} are held now"
            draft.note("outside", bracket.id, text, alarm=True)
        quantity -= taken
