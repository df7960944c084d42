"""What others do in the account: a hand in the broker's app, the broker's own square-off, another program.

Their trades are charged to our newest bracket first, with an alarm, when both hold: foreign orders of the day filled
against our side, and a positions read begun after the last fill shows the account netting less than we hold. Neither
alone proves anything: an empty or late answer is not "flat" (DESIGN: Exits, the promise 6); one that knows of fewer
units traded today than the order book is of before, whenever it was asked for. What is bought or sold beyond that is
not ours and is never touched.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from executor.desk.book import Draft
from executor.desk.rows import CHARGED, FOREIGN
from executor.domain.bracket import Bracket, Role
from executor.domain.calendar import trading_day
from executor.domain.order import Order, Side
from executor.domain.strategy import Product

#: A positions read tells of fills that are at least this old; the broker tells their times in whole seconds.
_SETTLED = timedelta(seconds=1)
#: Books lagged 15 s in bad moments (smartapi.md 9); what positions tell so long after the last fill counts as it is.
_CAUGHT_UP = timedelta(seconds=20)


def charge_outside(draft: Draft) -> None:
    for group in _groups(draft):
        suspected = max(suspected_outside(draft, bracket) for bracket in group)
        if suspected <= 0 or not _positions_tell(draft, group[0]) or awaits_holdings(draft, group[0]):
            continue
        missing = sum(draft.holding(bracket).held for bracket in group) - _netted(draft, group[0])
        _charge(draft, group, min(suspected, missing))


def suspected_outside(draft: Draft, bracket: Bracket) -> int:
    """Units by which foreign orders may have closed a bracket: filled today against its side since it was opened, and
    charged to nobody yet.
    """
    against = [
        order
        for order in draft.watched(FOREIGN)
        if order.day == draft.day
        and (order.instrument, order.product) == (bracket.instrument, bracket.product)
        and order.side is bracket.side.opposite
    ]
    if not against:
        return 0
    charged = sum(_charged_today(draft, other) for other in draft.watched(CHARGED) if _is_like(other, bracket))
    since = sum(_filled_since(draft, order, _held_from(draft, bracket) - _SETTLED) for order in against)
    return min(sum(order.filled for order in against) - charged, since - _charged_today(draft, bracket))


def _held_from(draft: Draft, bracket: Bracket) -> datetime:
    """From when on others may have closed a bracket: its first fill, where all of them are known. They are told by the
    broker's clock, as those of others are; ours may be ahead (day 3040) or behind (day 399) of it.
    """
    entries = [order for _, order in draft.orders_of_bracket(bracket.id, Role.ENTRY) if order.filled]
    told = [fill.at for order in entries for fill in draft.fills_of(order)]
    is_carried = trading_day(bracket.opened_at) < draft.day
    if is_carried or not told or _unexplained(draft, bracket):
        return min((bracket.opened_at, *told))
    return min(told)


def is_unclear(draft: Draft, bracket: Bracket) -> bool:
    """Whether others may have closed what is held and no read of positions has told yet: an exit would go too far."""
    known = _positions_tell(draft, bracket) and not awaits_holdings(draft, bracket)
    return suspected_outside(draft, bracket) > 0 and not known


def awaits_holdings(draft: Draft, bracket: Bracket) -> bool:
    """Whether shares that were owned before the day may have been sold, and no read has told how many those are."""
    return bracket.product is Product.DELIVERY and draft.evidence.morning.owned_at is None


def _charged_today(draft: Draft, bracket: Bracket) -> int:
    """Units charged to a bracket of today. Of one that was carried it is told nowhere which were charged when: none
    counts, so that what others sold yesterday hides nothing of today; what is missing then decides alone.
    """
    return bracket.outside if trading_day(bracket.opened_at) == draft.day else 0


def _filled_since(draft: Draft, order: Order, at: datetime) -> int:
    """What of an order may have filled at or after a time: what no known fill places before it."""
    return order.filled - sum(fill.quantity for fill in draft.fills_of(order) if fill.at < at)


def _groups(draft: Draft) -> list[list[Bracket]]:
    """Brackets that hold something, newest first, by contract, product and side."""
    groups: dict[tuple[object, ...], list[Bracket]] = {}
    for bracket in sorted(draft.live_brackets(), key=lambda row: row.id, reverse=True):
        if draft.holding(bracket).held > 0:
            groups.setdefault((bracket.instrument, bracket.product, bracket.side), []).append(bracket)
    return list(groups.values())


def _is_like(bracket: Bracket, like: Bracket) -> bool:
    return (bracket.instrument, bracket.product, bracket.side) == (like.instrument, like.product, like.side)


def _positions_tell(draft: Draft, like: Bracket) -> bool:
    """Whether the positions are those after the last fill, as far as a contract's trades against a bracket show."""
    read, filled = draft.evidence.positions_at, draft.evidence.filled_at
    if read is None or filled is None:
        return read is not None
    if read >= _traded_at(draft, like, filled) + _CAUGHT_UP:
        return True
    # which fill came first, theirs or ours, is known by the broker's times alone
    explained = not _unexplained(draft, like)
    return explained and read >= filled + _SETTLED and _told(draft, like) >= _filled_against(draft, like)


def _told(draft: Draft, like: Bracket) -> int:
    """Units of a bracket's contract and product that the positions say were traded against its side today."""
    rows = [row for row in draft.evidence.positions if (row.instrument, row.product) == (like.instrument, like.product)]
    return sum(row.sold if like.side is Side.BUY else row.bought for row in rows)


def _filled_against(draft: Draft, like: Bracket) -> int:
    """The same by the order book, ours and those of others."""
    return sum(order.filled for order in _of_today(draft, like) if order.side is like.side.opposite)


def _traded_at(draft: Draft, like: Bracket, filled: datetime) -> datetime:
    """When a bracket's contract and product last traded; not known while fills lack: as late as any of the account."""
    if _unexplained(draft, like):
        return filled
    return max((fill.at for order in _of_today(draft, like) for fill in draft.fills_of(order)), default=filled)


def _unexplained(draft: Draft, like: Bracket) -> bool:
    """Whether fills lack of the day's orders of a bracket's contract and product."""
    return bool({order.id for order in _of_today(draft, like)} & {order.id for order in draft.unexplained()})


def _of_today(draft: Draft, like: Bracket) -> list[Order]:
    """The day's orders of a bracket's contract and product, ours and those of others."""
    wanted = (draft.day, like.instrument, like.product)
    return [order for order in draft.orders.values() if (order.day, order.instrument, order.product) == wanted]


def _netted(draft: Draft, like: Bracket) -> int:
    """What the account nets in the direction of a bracket, without what others of ours hold against it."""
    found = [
        position.quantity * like.side.sign
        for position in draft.evidence.positions
        if (position.instrument, position.product) == (like.instrument, like.product)
    ]
    others = [
        draft.holding(bracket).held
        for bracket in draft.live_brackets()
        if (bracket.instrument, bracket.product, bracket.side) == (like.instrument, like.product, like.side.opposite)
    ]
    owned = draft.evidence.morning.owned.get(like.instrument, 0) if like.product is Product.DELIVERY else 0
    return max(0, sum(found) + sum(others) + (owned if like.side is Side.BUY else 0))


def _charge(draft: Draft, group: list[Bracket], quantity: int) -> None:
    for bracket in group:
        taken = min(quantity, draft.holding(bracket).held, suspected_outside(draft, bracket))
        if taken > 0:
            draft.put(replace(bracket, outside=bracket.outside + taken))
            text = f"{bracket.symbol}: {taken} of ours were closed outside; {draft.holding(bracket).held} are held now"
            draft.note("outside", bracket.id, text, alarm=True)
        quantity -= taken
