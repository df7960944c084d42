"""Which books to read now, and whose prices to listen to. The books are the truth; without a feed that is trusted
they are read as fast as the limits allow.
"""

from __future__ import annotations

from datetime import timedelta

from executor.desk import carried, prices
from executor.desk.book import Draft
from executor.desk.outside import awaits_holdings, suspected_outside
from executor.desk.rows import NOT_PLACED, OPEN_ORDERS, UNSETTLED
from executor.domain.bracket import Bracket
from executor.domain.order import DOUBTFUL, OrderState
from executor.domain.reading import Query, QueryKind

#: Read while something works, is held or is in doubt; the broker's limit is one a second.
BUSY = timedelta(seconds=1.1)
#: Read instead while the order feed is trusted (DESIGN: Reading).
TOLD = timedelta(seconds=5)
#: So long the feed may take to tell what became of something that was sent.
_TELLS = timedelta(seconds=1)
#: Read when nothing does: it shows that the session lives, and what others do in the account.
IDLE = timedelta(seconds=30)
#: After so many order books in a row that failed or shrank nothing new is begun (F-26).
BLIND = 3


def due_reads(draft: Draft) -> None:
    watching = prices.to_watch(draft)
    if watching != draft.evidence.watching:
        draft.learn(watching=watching)
    if not draft.evidence.session_open:
        return
    _read_if_due(draft, QueryKind.ORDER_BOOK, _order_book_interval(draft))
    if QueryKind.TRADES not in draft.evidence.read or _fills_unexplained(draft):
        _read_if_due(draft, QueryKind.TRADES, BUSY)
    needed = carried.to_read(draft)
    in_doubt = bool(_traded_by_others(draft)) or QueryKind.POSITIONS in needed
    _read_if_due(draft, QueryKind.POSITIONS, BUSY if in_doubt else IDLE)
    if QueryKind.HOLDINGS in needed or any(awaits_holdings(draft, row) for row in _traded_by_others(draft)):
        _read_if_due(draft, QueryKind.HOLDINGS, BUSY)


def _read_if_due(draft: Draft, kind: QueryKind, interval: timedelta) -> None:
    query = Query(kind)
    asked = draft.evidence.asked_at.get(query)
    if asked is None or kind not in draft.evidence.read or draft.now - asked >= interval:
        draft.ask(query)


def _order_book_interval(draft: Draft) -> timedelta:
    """How often the order book is read: by what there is to see, and who tells of it besides."""
    feed = draft.evidence.feed
    if feed.up_since is not None and not feed.checked:
        return BUSY  # what the feed missed is read at once
    if not _is_busy(draft):
        return IDLE
    return TOLD if feed.is_trusted and not _is_in_doubt(draft) else BUSY


def _is_in_doubt(draft: Draft) -> bool:
    """Whether the feed should have told by now what became of something sent, or a position lacks its stop."""
    late = draft.now - _TELLS
    sent = [intent for intent in draft.watched(UNSETTLED) if intent.sending_at is not None]
    placed = [draft.placing(order.id) for order in draft.watched(OPEN_ORDERS) if order.state in DOUBTFUL]
    waits = [one.sending_at for one in (*sent, *placed) if one is not None and one.sending_at is not None]
    return any(at <= late for at in waits) or any(at <= late for at in draft.evidence.unprotected_since.values())


def _is_busy(draft: Draft) -> bool:
    if any(draft.calendar.is_open(row.instrument.segment, draft.now) for row in draft.live_brackets()):
        return True
    return any(
        order.state is not OrderState.NOT_PLACED or draft.was_sent(order.id)
        for order in (*draft.watched(OPEN_ORDERS), *draft.watched(NOT_PLACED))
        if order.day == draft.day and order.leg is not None
    )


def _traded_by_others(draft: Draft) -> list[Bracket]:
    """What somebody else may have closed of what we hold: positions tell, and holdings."""
    held = [bracket for bracket in draft.live_brackets() if draft.holding(bracket).held > 0]
    return [bracket for bracket in held if suspected_outside(draft, bracket) > 0]


def _fills_unexplained(draft: Draft) -> bool:
    """Whether an order of the day has filled more than its known fills tell."""
    return any(order.day == draft.day for order in draft.unexplained())
