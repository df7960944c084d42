"""The order feed beside the book: early but unsure. What it tells is merged like a book's row; how far it can be
relied on is judged by the books, which stay the truth (DESIGN: Reading).

A feed may answer pings and tell nothing; frames may be lost, doubled or late; and it may be ahead of a book that lags.
So a change that a book shows first has to be told by the feed within two seconds, else it is in doubt until it is
first again; and a book that lacks what the feed told already is behind: it proves nothing, but nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from executor.desk.book import Draft
from executor.domain.ids import OrderId
from executor.domain.messages import FeedChanged
from executor.domain.order import TERMINAL, WORKING, Order, OrderState, Report, Source, state_told
from executor.domain.reading import Reading

#: So long after a book the feed may tell what the book shows.
_UNTOLD = timedelta(seconds=2)
#: So long a book may lag behind the feed; it lagged 15 s in bad moments (smartapi.md 9).
_UNBOOKED = timedelta(seconds=20)
#: An end that books go on denying for so long was none.
_DENIED = timedelta(seconds=60)
_ENDED = TERMINAL - {OrderState.FILLED}
_NEVER = datetime.min.replace(tzinfo=UTC)
_TERMS = ("working_type", "working_quantity", "working_price", "working_trigger")


def absorb_change(draft: Draft, event: FeedChanged) -> None:
    """The feed came up, and what it missed is to be read; or it went down."""
    _learn(draft, up_since=draft.now if event.up else None, checked=False, untold={})
    how = "up" if event.up else "down, order books are read every second"
    draft.note("feed", draft.account, f"the order feed is {how}: {event.why}")


def weigh(draft: Draft) -> None:
    """Doubt a feed that did not tell what a book showed two seconds ago."""
    late = [order for order, since in draft.evidence.feed.untold.items() if draft.now - since > _UNTOLD]
    if late:
        _learn(draft, untold={}, doubted=True)
        text = f"the order feed did not tell of {len(late)} orders that the book shows; it is read every second"
        draft.note("feed", draft.account, text)


def begin_day(draft: Draft) -> None:
    """Forget the orders of yesterday."""
    _learn(draft, untold={}, unbooked={}, denied={}, dated={})


def with_newest_terms(draft: Draft, order: Order, merged: Order, report: Report) -> Order:
    """The merged order, with the terms it had where the report is older than what told them."""
    known = draft.evidence.feed.dated.get(order.id)
    if not order.shown or known is None or report.updated_at is None or report.updated_at >= known:
        return merged
    return replace(merged, **{name: getattr(order, name) for name in _TERMS})


def compare(draft: Draft, order: Order, merged: Order, report: Report) -> None:
    """Keep what a report says about feed and book: who was first, and who is still to come."""
    feed = draft.evidence.feed
    if order.leg is None or (feed.up_since is None and not feed.unbooked):
        return
    changed = (merged.state, merged.filled) != (order.state, order.filled)
    learned: dict[str, Any] = {}
    if report.updated_at is not None and report.updated_at > feed.dated.get(order.id, _NEVER):
        learned["dated"] = {**feed.dated, order.id: report.updated_at}
    if report.source is Source.FEED:
        if not order.shown:
            learned["unbooked"] = {**feed.unbooked, order.id: draft.now}
        if changed:
            learned["doubted"] = False
        if order.id in feed.untold and state_told(report) is merged.state and report.filled >= merged.filled:
            learned["untold"] = _without(feed.untold, order.id)
    else:
        if order.id in feed.unbooked:
            learned["unbooked"] = _without(feed.unbooked, order.id)
        if changed and feed.checked:
            learned["untold"] = {order.id: draft.now, **feed.untold}
    if learned:
        _learn(draft, **learned)


def revived(draft: Draft, order: Order, report: Report) -> Order:
    """The order as it stands; alive again when books deny that it ended for longer than one may lag: they are the truth
    and a frame was wrong. Else its stop would be placed a second time, and both could sell.
    """
    if report.source is not Source.BOOK:
        return order
    denied, told = draft.evidence.feed.denied, state_told(report)
    since = denied.get(order.id, draft.now)
    if order.state not in _ENDED or told not in WORKING:
        if order.id in denied:
            _learn(draft, denied=_without(denied, order.id))
        return order
    _learn(draft, denied={**denied, order.id: since})
    if draft.now - since <= _DENIED:
        return order
    text = f"{order.symbol}: an order was told to be {order.state}, books go on showing it {told}"
    draft.note("feed", order.id, text, alarm=True)
    return replace(order, state=told)


def may_lack(draft: Draft, order: Order) -> bool:
    """Whether a book may still lack this order: only the feed has told of it, and not long ago."""
    since = draft.evidence.feed.unbooked.get(order.id)
    return since is not None and draft.now - since <= _UNBOOKED


def is_behind(draft: Draft, reading: Reading) -> bool:
    """Whether an order book lacks what the feed had told when it was begun."""
    told = {report.broker_id for report in reading.reports}
    unbooked = draft.evidence.feed.unbooked
    return any(since < reading.began_at and draft.orders[one].broker_id not in told for one, since in unbooked.items())


def check(draft: Draft, reading: Reading) -> None:
    """An order book begun since the feed came up has shown what was missed; from here on the feed must tell."""
    feed = draft.evidence.feed
    if feed.up_since is not None and not feed.checked and reading.began_at >= feed.up_since:
        _learn(draft, checked=True)


def _learn(draft: Draft, **fields: Any) -> None:
    draft.learn(feed=replace(draft.evidence.feed, **fields))


def _without(times: Mapping[OrderId, datetime], order: OrderId) -> dict[OrderId, datetime]:
    return {one: since for one, since in times.items() if one != order}
