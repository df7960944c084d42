"""Merge what the broker shows of orders and trades into ours; whatever nobody knows is foreign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.desk import feed, hours
from executor.desk.book import Draft
from executor.domain.bracket import Role
from executor.domain.calendar import trading_day
from executor.domain.ids import OrderId, is_tag
from executor.domain.intent import IntentKind, IntentState, SettledBy
from executor.domain.order import TERMINAL, FillReport, Order, OrderState, Report, merge
from executor.domain.record import Fill, ReportRow

#: `seen_at` is for the page: it is written when it is this much older.
_SHOW_SEEN = timedelta(seconds=10)


def absorb_report(draft: Draft, report: Report) -> None:
    """Merge one report into its order, by broker id, else by tag; an order nobody knows is foreign."""
    order = _order_of(draft, report)
    if order is None:
        _adopt(draft, report)
        return
    told = _ended_with_its_market(draft, order, report)
    merged = feed.with_newest_terms(draft, order, merge(feed.revived(draft, order, told), told), report)
    feed.compare(draft, order, merged, told)
    if merged != order or _is_due(draft, order):
        merged = replace(merged, seen_at=draft.now)
        draft.put(merged)
    _keep_report(draft, report, order.id)
    _settle_by_report(draft, merged)
    if merged.filled != order.filled:
        draft.learn(filled_at=draft.now)
    if (merged.state, merged.filled) != (order.state, order.filled):
        draft.note("order", order.id, _words(merged))
    if merged.state is OrderState.EXPIRED and merged.state is not order.state and _is_stop(draft, merged):
        text = f"{merged.symbol}: its stop ended with the market; what is held has none until the next open"
        draft.note("night", order.id, text)
    if merged.state != order.state and was_taken_away(draft, merged):
        text = f"{merged.symbol}: an order of {merged.sent_quantity} was cancelled, not by us"
        draft.note("taken_away", order.id, text, alarm=True)


def is_of_today(draft: Draft, report: Report) -> bool:
    """Whether a report is about this day; the broker's list should be, but may be yesterday's before it is renewed."""
    return report.updated_at is None or trading_day(report.updated_at) == draft.day


def was_taken_away(draft: Draft, order: Order) -> bool:
    """Whether an order of ours was cancelled without our asking: by a hand, the exchange or the risk desk (F-39)."""
    cancelled = order.leg is not None and order.state is OrderState.CANCELLED
    return cancelled and not _asked_to_cancel(draft, order)


def _asked_to_cancel(draft: Draft, order: Order) -> bool:
    return any(one.kind is IntentKind.CANCEL and one.sending_at for one in draft.intents_of(order.id))


def _ended_with_its_market(draft: Draft, order: Order, report: Report) -> Report:
    """An order that the market's close or closing auction ended has expired, whatever the book calls it (F-73)."""
    at = report.updated_at or draft.now
    if report.state is not OrderState.CANCELLED or hours.takes_stops(draft, report.instrument.segment, at):
        return report
    return report if _asked_to_cancel(draft, order) else replace(report, state=OrderState.EXPIRED)


def _is_stop(draft: Draft, order: Order) -> bool:
    return order.leg is not None and draft.legs[order.leg].role is Role.STOP


def _is_due(draft: Draft, order: Order) -> bool:
    """Whether the page should learn that a living order was seen again."""
    if order.state in TERMINAL or order.seen_at is None:
        return False
    return draft.now - order.seen_at > _SHOW_SEEN


def _order_of(draft: Draft, report: Report) -> Order | None:
    """The order meant. A tag that another order of the broker bears already is a twin's: that one is foreign."""
    known = draft.order_by_broker_id(draft.day, report.broker_id)
    if known is not None:
        return known
    tagged = draft.order_by_tag(report.tag) if report.tag is not None else None
    return tagged if tagged is not None and tagged.day == draft.day and not tagged.shown else None


def _sent_before(draft: Draft, report: Report) -> Order | None:
    """The order of an earlier day that came after its close: the broker keeps it for this one (smartapi.md 2.7)."""
    sent = draft.order_by_tag(report.tag) if report.tag is not None else None
    if sent is None or sent.day >= draft.day or sent.broker_id not in {None, report.broker_id}:
        return None
    return sent if not sent.filled and report.updated_at is not None else None  # else it may be yesterday's own row


def _adopt(draft: Draft, report: Report) -> None:
    """Keep an order that has no row today: one of ours that was sent after a close is its leg's, any other foreign."""
    before = _sent_before(draft, report)
    order = Order(
        id=OrderId(draft.ids.new()),
        leg=before.leg if before else None,
        account=draft.account,
        day=draft.day,
        attempt=before.attempt if before else 0,
        tag=None,  # its report keeps it; the column is for tags that we gave
        instrument=report.instrument,
        symbol=report.symbol,
        side=report.side,
        product=report.product,
        type=report.type,
        sent_quantity=report.quantity,
        sent_price=report.price,
        sent_trigger=report.trigger,
        created_at=draft.now,
        broker_id=report.broker_id,
    )
    draft.put(replace(merge(order, report), seen_at=draft.now))
    if report.filled:
        draft.learn(filled_at=draft.now)
    _keep_report(draft, report, order.id)
    if before is not None:
        text = f"{report.symbol}: an order of {before.day} came after the close, the broker keeps it for today"
        draft.note("parked", order.id, text, alarm=True)
        return
    text = f"an order that is not ours: {report.side} {report.quantity} {report.symbol}, tag {report.tag or 'none'}"
    draft.note("foreign", order.id, text, alarm=is_tag(report.tag))


def _keep_report(draft: Draft, report: Report, order: OrderId) -> None:
    if not draft.knows_report(report.hash):
        row = ReportRow(
            account=draft.account,
            day=draft.day,
            hash=report.hash,
            source=report.source,
            broker_id=report.broker_id,
            order=order,
            raw=report.raw,
            at=draft.now,
        )
        draft.put(row)


def _settle_by_report(draft: Draft, order: Order) -> None:
    """A report ends the doubt about an intent when it shows what the intent asked for, or that the order ended."""
    intent = draft.unsettled(order.id)
    if intent is None or intent.state is IntentState.READY:
        return
    request = intent.request
    shown = (order.working_type, order.working_quantity, order.working_price, order.working_trigger)
    asked = (request.type, request.quantity, request.price, request.trigger)
    match intent.kind:
        case IntentKind.PLACE:
            settled = True
        case IntentKind.MODIFY:
            settled = order.state in TERMINAL or shown == asked
        case IntentKind.CANCEL:
            settled = order.state in TERMINAL
    if settled:
        outcome = intent.outcome or "ACCEPTED"
        draft.put(replace(intent, state=IntentState.ACCEPTED, outcome=outcome, settled_by=SettledBy.REPORT))


def absorb_fill(draft: Draft, told: FillReport) -> None:
    day = trading_day(told.at)
    if (day, told.broker_id, told.fill_id) in draft.fills:
        return
    order = draft.order_by_broker_id(day, told.broker_id)
    fill = Fill(
        account=draft.account,
        day=day,
        broker_id=told.broker_id,
        fill_id=told.fill_id,
        order=order.id if order else None,
        quantity=told.quantity,
        price=told.price,
        at=told.at,
        raw=told.raw,
    )
    draft.put(fill)
    if order is not None:
        draft.note("fill", order.id, f"{told.quantity} {order.symbol} at {told.price}")


def _words(order: Order) -> str:
    text = f" ({order.text})" if order.text else ""
    average = f" at {order.average}" if order.filled and order.average is not None else ""
    return f"{order.state}: {order.filled} of {order.working_quantity} filled{average}{text}"
